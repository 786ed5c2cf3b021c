import type { Notification } from '../../events/notification.ts';
import { ContextStore } from './context-store.ts';

/** What is remembered of an event that was delivered: the answer, for when the hub delivers it again. */
export interface Delivery {
  /** The status that was answered; `undefined` until then. */
  status: number | undefined;
  /** Repeated deliveries that wait for the answer. */
  readonly waiting: ((status: number) => void)[];
}

/** How many events are remembered at least: far more than a hub repeats, and little memory. */
const REMEMBERED = 512;

/** Among how many events a repetition under another id is looked for. */
const TWINS = 8;

const FOLLOWED = 200;
/** From here on, a status says that the app does not follow. */
const REFUSED = 400;

const isSameText = (one: unknown, other: unknown): boolean => {
  try {
    return JSON.stringify(one) === JSON.stringify(other);
  } catch {
    // Too deep to be compared.
    return false;
  }
};

const isTwin = (one: Notification, other: Notification): boolean =>
  one.timestamp !== '' &&
  one.timestamp === other.timestamp &&
  one.name === other.name &&
  isSameText(one.context, other.context);

/** How late the latest of some events happened, in milliseconds since 1970. */
interface Latest {
  /** Of those that open something. */
  opens: number;
  /** Of those that change no context. */
  others: number;
}

const nothing = (): Latest => ({ opens: Number.NEGATIVE_INFINITY, others: Number.NEGATIVE_INFINITY });

/** A close is neither: repeated it closes nothing, because what was opened again since is newer. */
const kindOf = (notification: Notification): keyof Latest | undefined => {
  if (!ContextStore.isContextChange(notification)) return 'others';
  return notification.name.endsWith('-close') ? undefined : 'opens';
};

/** Remembers the events that were delivered, so that each reaches the app once. */
export class Deliveries {
  // Forgotten by the generation: a map from which the oldest goes for each one that comes gets slower to search.
  #recent = new Map<string, Delivery>();
  #older: ReadonlyMap<string, Delivery> = new Map();
  #recentUntil = nothing();
  #olderUntil = nothing();
  readonly #forgottenUntil = nothing();
  /** The latest, in a ring: every event comes by. */
  readonly #latest: { readonly notification: Notification; readonly delivery: Delivery }[] = [];
  #next = 0;

  /** The earlier delivery with this id, if there was one. */
  find(id: string): Delivery | undefined {
    return this.#recent.get(id) ?? this.#older.get(id);
  }

  /**
   * Whether an event whose id is not known may be a repetition all the same: it is not newer than one of its kind that was
   * forgotten. Whoever has seen a signed message can send it again at any time. An event without a time is none.
   */
  mayBeForgotten(notification: Notification): boolean {
    const { time } = notification;
    const kind = kindOf(notification);
    return time !== undefined && kind !== undefined && time <= this.#forgottenUntil[kind];
  }

  /**
   * A recent delivery of the same event under another id: a hub of 2019 (P19) sends everything twice, and a change that was
   * refused is sent again (STU3, Request Context Change). Whoever refused it is asked again.
   */
  findTwin(notification: Notification): Delivery | undefined {
    return this.#latest.find(
      (other) => isTwin(other.notification, notification) && (other.delivery.status ?? FOLLOWED) < REFUSED,
    )?.delivery;
  }

  /** Remembers an event, and forgets the oldest. */
  remember(notification: Notification): Delivery {
    const delivery: Delivery = { status: undefined, waiting: [] };
    this.alias(notification, delivery);
    this.#latest[this.#next] = { notification, delivery };
    this.#next = (this.#next + 1) % TWINS;
    return delivery;
  }

  /** Remembers another id of an event that was delivered. */
  alias(notification: Notification, delivery: Delivery): void {
    const { id, time } = notification;
    this.#recent.set(id, delivery);
    const kind = kindOf(notification);
    if (time !== undefined && kind !== undefined) {
      // What changes no context orders nothing: a publisher whose clock is ahead must not keep the others out.
      const until = kind === 'opens' ? time : Math.min(time, Date.now());
      this.#recentUntil[kind] = Math.max(this.#recentUntil[kind], until);
    }
    if (this.#recent.size < REMEMBERED) return;
    for (const kind of ['opens', 'others'] as const)
      this.#forgottenUntil[kind] = Math.max(this.#forgottenUntil[kind], this.#olderUntil[kind]);
    this.#olderUntil = this.#recentUntil;
    this.#recentUntil = nothing();
    this.#older = this.#recent;
    this.#recent = new Map();
  }
}
