import type { Notification } from '../../events/notification.ts';

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

/** Remembers the events that were delivered, so that each reaches the app once. */
export class Deliveries {
  // Forgotten by the generation: a map from which the oldest goes for each one that comes gets slower to search.
  #recent = new Map<string, Delivery>();
  #older: ReadonlyMap<string, Delivery> = new Map();
  /** The latest, in a ring: every event comes by. */
  readonly #latest: { readonly notification: Notification; readonly delivery: Delivery }[] = [];
  #next = 0;

  /** The earlier delivery with this id, if there was one. */
  find(id: string): Delivery | undefined {
    return this.#recent.get(id) ?? this.#older.get(id);
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
    this.alias(notification.id, delivery);
    this.#latest[this.#next] = { notification, delivery };
    this.#next = (this.#next + 1) % TWINS;
    return delivery;
  }

  /** Remembers another id of an event that was delivered. */
  alias(id: string, delivery: Delivery): void {
    this.#recent.set(id, delivery);
    if (this.#recent.size < REMEMBERED) return;
    this.#older = this.#recent;
    this.#recent = new Map();
  }
}
