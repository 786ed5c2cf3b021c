import { randomUUID } from 'node:crypto';
import { anchorAndAction, type HubEvent } from '../ground/hub-event.ts';
import { instant } from '../ground/instant.ts';
import { anchorIdIn } from '../ground/resource-key.ts';

/** A context that was opened and not closed. */
export interface OpenContext {
  /** The resource type of the anchor, such as `Patient`. */
  readonly type: string;
  /** The event that opened it. */
  readonly event: Readonly<HubEvent>;
  /** The version that the hub gave to it. */
  readonly versionId: string;
}

/** What is open in a session (STU3: open contexts accumulate, the last opened is current, closing it leaves none). */
export class CurrentContext {
  #open: OpenContext[] = [];
  #current: OpenContext | undefined;
  /** When the current context was opened, or the session went home. */
  #establishedAt = Number.NEGATIVE_INFINITY;
  /** When each context was last closed: an older open of it may come late. */
  readonly #closedAt = new Map<string, number>();
  readonly #order: 'by-time' | 'as-they-come';

  /** @param order whether an event that is older than what it would change counts, when it comes later */
  constructor(order: 'by-time' | 'as-they-come' = 'by-time') {
    this.#order = order;
  }

  /** The current context, if there is one. Home means none. */
  get current(): OpenContext | undefined {
    return this.#current?.type.toLowerCase() === 'home' ? undefined : this.#current;
  }

  /** Every open context, the oldest first. */
  get open(): readonly OpenContext[] {
    return this.#open;
  }

  /** What somebody who joins late is told: the latest open context of each type, the oldest first. */
  latestOfEachType(): OpenContext[] {
    return this.#open.filter(
      (context, index) => !this.#open.slice(index + 1).some((later) => sameType(later, context.type)),
    );
  }

  /**
   * Follows an event: one that is older than the open of the current context changes nothing, nor does an open that is older
   * than the last close of the same.
   *
   * @param versionId the version of what it opens
   * @returns the event as it is to be sent, an open one with its version
   */
  follow(event: HubEvent, versionId: string = randomUUID()): HubEvent {
    const { anchor, action } = anchorAndAction(event.name);
    if (action !== 'open' && action !== 'close') return event;
    // Without a time, nothing is older than anything.
    const at = this.#order === 'by-time' ? instant(event.timestamp) : Number.NaN;
    const key = `${anchor.toLowerCase()}/${anchorIdIn(event.context, anchor)}`;
    const stale = at < this.#establishedAt || (action === 'open' && at < (this.#closedAt.get(key) ?? at));
    if (action === 'close') {
      if (!stale) this.#close(anchor, event);
      if (!stale && !Number.isNaN(at)) this.#closedAt.set(key, at);
      return event;
    }
    if (!stale && !Number.isNaN(at)) this.#establishedAt = at;
    const versioned = { ...event, versionId };
    if (!stale) {
      this.#remove(
        (context) =>
          sameType(context, anchor) && anchorIdIn(context.event.context, anchor) === anchorIdIn(event.context, anchor),
      );
      this.#current = { type: anchor, event: versioned, versionId };
      this.#open.push(this.#current);
    }
    return versioned;
  }

  #close(anchor: string, event: HubEvent): void {
    const id = anchorIdIn(event.context, anchor);
    // A close of the draft names no patient: it means the latest.
    const latest = this.#open.filter((context) => sameType(context, anchor)).at(-1);
    const closed = this.#remove((context) =>
      id === undefined
        ? context === latest
        : sameType(context, anchor) && anchorIdIn(context.event.context, anchor) === id,
    );
    if (this.#current !== undefined && closed.includes(this.#current)) this.#current = undefined;
  }

  #remove(which: (context: OpenContext) => boolean): OpenContext[] {
    const removed = this.#open.filter(which);
    this.#open = this.#open.filter((context) => !removed.includes(context));
    return removed;
  }
}

function sameType(context: OpenContext, anchor: string): boolean {
  return context.type.toLowerCase() === anchor.toLowerCase();
}
