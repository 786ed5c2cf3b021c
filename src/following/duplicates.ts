import { fingerprintOf, instantOf, shortened } from '../events/fingerprint.ts';
import { changesContext, isOfContent } from '../events/kind.ts';
import type { Notification } from '../events/notification.ts';

/** What is remembered of an event that was delivered: the answer, for when the hub delivers it again. */
export interface Delivery {
  /** The status that was answered; `undefined` until then. */
  status: number | undefined;
  /** Whether the app decided against it after the hub had been answered. */
  isRefusedLate: boolean;
  /** Repeated deliveries that wait for the answer. */
  readonly waiting: ((status: number) => void)[];
  /** How many events had changed the context when this one had been followed. */
  readonly changes: number;
  /** When the event happened, in one form; empty where nobody has told yet. */
  instant: string;
  /** Whether it was found by asking, so that the hub has not been answered yet. */
  isFound: boolean;
}

/** What is known of an event from those before it. */
export interface Earlier {
  /** The delivery that it repeats: of the same id, name and content, or the same event under another id. */
  readonly delivery: Delivery | undefined;
  /** Whether another id was used for the repetition. */
  readonly isTwin: boolean;
  /** Whether its id was used for another event of its name. */
  readonly isIdReused: boolean;
  /** Whether it is the delivery's own act beyond doubt: both tell the same millisecond. */
  readonly isSameAct: boolean;
}

/** How many events are remembered at least: far more than a hub repeats, and little memory. */
const REMEMBERED = 512;

/** From here on, a status says that the app does not follow. */
export const REFUSED_FROM = 400;

/** How late the latest of some events happened, in milliseconds since 1970. */
interface Latest {
  /** Of those that open something. */
  opens: number;
  /** Of those that change no context. */
  others: number;
}

const nothing = (): Latest => ({ opens: Number.NEGATIVE_INFINITY, others: Number.NEGATIVE_INFINITY });

/** A close is neither: repeated it closes nothing, because what was opened again since is newer. */
const ageOf = ({ kind }: Notification): keyof Latest | undefined => {
  if (!changesContext(kind)) return 'others';
  return kind === 'close' ? undefined : 'opens';
};

/** A time that is told to the millisecond is that of one act. */
const isPrecise = (instant: string): boolean => Number.isFinite(Number(instant)) && Number(instant) % 1000 !== 0;

/** By what an event is remembered: bounded texts, whatever a hub sends. */
interface Keys {
  readonly content: string;
  readonly id: string;
  readonly key: string;
}

/** What was delivered, of one generation. */
interface Generation {
  /** By id, name and content. */
  readonly deliveries: Map<string, Delivery>;
  /** Changes of the context by content and time. */
  readonly acts: Map<string, Delivery>;
  /** By id and name: those that were used. */
  readonly ids: Set<string>;
  readonly until: Latest;
}

const generation = (): Generation => ({
  deliveries: new Map(),
  acts: new Map(),
  ids: new Set(),
  until: nothing(),
});

/** Whether the app did not follow, so that whoever sends it again wants the app to be asked again. */
export const isRefused = ({ status = 0, isRefusedLate }: Delivery): boolean => isRefusedLate || status >= REFUSED_FROM;

/**
 * Remembers the events that were delivered, so that each reaches the app once. What is the same event is told by its id, its
 * name and its content: there are publishers with one id for all, and hubs that derive one event from another under its id.
 */
export class Duplicates {
  // A whole generation is forgotten at once: a map that loses its oldest entry for each new one gets slower to search.
  #recent = generation();
  #older: Generation | undefined;
  readonly #forgottenUntil = nothing();
  /** The event that changed the context last, and the one that came last. */
  #lastChange: { readonly content: string; readonly delivery: Delivery } | undefined;
  #last: { readonly content: string; readonly delivery: Delivery } | undefined;
  #hasReusedIds = false;
  /** The keys of the event that was looked for last, and is remembered next. */
  #sought: { readonly notification: Notification; readonly keys: Keys } | undefined;

  /** Whether an id stands for more than one event in this session, so that it tells nothing by itself. */
  get hasReusedIds(): boolean {
    return this.#hasReusedIds;
  }

  /**
   * What is known of an event.
   *
   * @param changes how many events changed the context until now
   * @param hub `sendsTwice`: whether it sends each event twice, under two ids. Others do not, and two equal events that change
   *   no context are two. `mayReplay`: whether it may be sending again what was open before the connection
   */
  find(
    notification: Notification,
    changes: number,
    { sendsTwice = false, mayReplay = false }: { readonly sendsTwice?: boolean; readonly mayReplay?: boolean } = {},
  ): Earlier {
    const keys = keysOf(notification);
    this.#sought = { notification, keys };
    const { content, id, key } = keys;
    const instant = instantOf(notification);
    const isChange = changesContext(notification.kind);
    const same = this.#recent.deliveries.get(key) ?? this.#older?.deliveries.get(key);
    // With another time it is the same as long as nothing came between. Then somebody has opened it once more, under an old id.
    if (same && (same.instant === instant || (isChange && same.changes === changes)))
      return {
        delivery: same,
        isTwin: false,
        isIdReused: false,
        isSameAct: same.instant === instant && isPrecise(instant),
      };
    const isIdReused = this.#recent.ids.has(id) || this.#older?.ids.has(id) === true;
    // Two updates may be alike: their versions tell them apart.
    const last = isChange ? this.#lastChange : sendsTwice && !isOfContent(notification.kind) ? this.#last : undefined;
    // Where nobody says when it happened, or no more than in which second, it may have happened twice.
    const isLast = instant !== '' && last?.content === content && last.delivery.instant === instant;
    const act = isChange && instant !== '' ? this.#actOf(`${content}\n${instant}`) : undefined;
    const twin = isLast ? last.delivery : mayReplay || isPrecise(instant) ? act : undefined;
    return { delivery: twin, isTwin: twin !== undefined, isIdReused, isSameAct: false };
  }

  #actOf(act: string): Delivery | undefined {
    return this.#recent.acts.get(act) ?? this.#older?.acts.get(act);
  }

  /**
   * Whether an event that is not known may be a repetition all the same: it is not newer than one of its kind that was
   * forgotten. Whoever has seen a signed message can send it again at any time. An event without a time is none.
   */
  mayBeForgotten(notification: Notification): boolean {
    const { time } = notification;
    const age = ageOf(notification);
    return time !== undefined && age !== undefined && time <= this.#forgottenUntil[age];
  }

  /**
   * Forgets what happened until some time: it was delivered to somebody before.
   *
   * @param time milliseconds since 1970
   */
  forgetUntil(time: number): void {
    this.#forgottenUntil.opens = Math.max(this.#forgottenUntil.opens, time);
    this.#forgottenUntil.others = Math.max(this.#forgottenUntil.others, time);
  }

  /**
   * Remembers an event, and forgets the oldest.
   *
   * @param changes how many events changed the context until now, this one included
   * @param isFound whether it was found by asking
   */
  remember(notification: Notification, changes: number, isFound = false): Delivery {
    const instant = instantOf(notification);
    const delivery: Delivery = { status: undefined, isRefusedLate: false, waiting: [], changes, instant, isFound };
    this.alias(notification, delivery);
    return delivery;
  }

  /** Remembers another message of an event that was delivered: the one that tells of it now. */
  alias(notification: Notification, delivery: Delivery): void {
    const { time, kind } = notification;
    const content = this.#keep(notification, delivery);
    const { acts, until } = this.#recent;
    // What was found by asking has often no time, and its event has.
    delivery.instant ||= instantOf(notification);
    this.#last = { content, delivery };
    if (changesContext(kind)) {
      this.#lastChange = this.#last;
      if (delivery.instant !== '') acts.set(`${content}\n${delivery.instant}`, delivery);
    }
    const age = ageOf(notification);
    // What changes no context orders nothing: a publisher whose clock is ahead must not keep the others out.
    if (time !== undefined && age !== undefined)
      until[age] = Math.max(until[age], age === 'opens' ? time : Math.min(time, Date.now()));
    this.#forgetOldest();
  }

  /** Remembers by its id a message that was taken for an event that was delivered, for when it comes once more. */
  know(notification: Notification, delivery: Delivery): void {
    this.#keep(notification, delivery);
    this.#forgetOldest();
  }

  /** @returns the content of the message, in short */
  #keep(notification: Notification, delivery: Delivery): string {
    const { content, id, key } = this.#sought?.notification === notification ? this.#sought.keys : keysOf(notification);
    this.#sought = undefined;
    const { deliveries, ids } = this.#recent;
    this.#hasReusedIds ||=
      (ids.has(id) || this.#older?.ids.has(id) === true) && !deliveries.has(key) && !this.#older?.deliveries.has(key);
    deliveries.set(key, delivery);
    ids.add(id);
    return content;
  }

  #forgetOldest(): void {
    if (this.#recent.deliveries.size < REMEMBERED) return;
    const { opens, others } = this.#older?.until ?? nothing();
    this.#forgottenUntil.opens = Math.max(this.#forgottenUntil.opens, opens);
    this.#forgottenUntil.others = Math.max(this.#forgottenUntil.others, others);
    this.#older = this.#recent;
    this.#recent = generation();
  }
}

const keysOf = (notification: Notification): Keys => {
  const content = fingerprintOf(notification);
  const id = shortened(`${notification.id}\n${notification.name}`);
  return { content, id, key: `${id}\n${content}` };
};
