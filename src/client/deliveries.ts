import type { Notification } from '../events/notification.ts';

/** What is remembered of an event that was delivered: the answer, for when the hub delivers it again. */
export interface Delivery {
  /** The status that was answered; `undefined` until then. */
  status: number | undefined;
  /** Repeated deliveries that wait for the answer. */
  readonly waiting: ((status: number) => void)[];
}

/** How many events are remembered at least: far more than a hub repeats, and little memory. */
const REMEMBERED = 512;

const isTwin = (one: Notification, other: Notification): boolean =>
  one.timestamp !== '' &&
  one.timestamp === other.timestamp &&
  one.name === other.name &&
  JSON.stringify(one.context) === JSON.stringify(other.context);

/** Remembers the events that were delivered, so that each reaches the app once. */
export class Deliveries {
  // Forgotten by the generation: a map from which the oldest goes for each one that comes gets slower to search.
  #recent = new Map<string, Delivery>();
  #older: ReadonlyMap<string, Delivery> = new Map();
  #last: { readonly notification: Notification; readonly delivery: Delivery } | undefined;

  /** The earlier delivery with this id, if there was one. */
  find(id: string): Delivery | undefined {
    return this.#recent.get(id) ?? this.#older.get(id);
  }

  /** The delivery just before, when it is the same event under another id: a hub of 2019 (P19) sends everything twice. */
  findTwin(notification: Notification): Delivery | undefined {
    return this.#last && isTwin(this.#last.notification, notification) ? this.#last.delivery : undefined;
  }

  /** Remembers an event, and forgets the oldest. */
  remember(notification: Notification): Delivery {
    const delivery: Delivery = { status: undefined, waiting: [] };
    this.#recent.set(notification.id, delivery);
    this.#last = { notification, delivery };
    if (this.#recent.size >= REMEMBERED) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    return delivery;
  }
}
