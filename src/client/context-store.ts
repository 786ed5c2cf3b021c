import type { ContextEntry } from '../events/context.ts';
import { CurrentContext } from '../events/current-context.ts';
import { anchorKey, canonicalKey, eventParts } from '../events/definitions.ts';
import type { Notification } from '../events/notification.ts';

/** The contexts of the session, as far as they are known. */
export interface SessionContext {
  /** The context that was opened last, unless it was closed; `null` when there is none. */
  readonly current: CurrentContext | null;
  /** The contexts that are open, the one that was opened last at the end. At most 64: a hub may never close any. */
  readonly open: readonly CurrentContext[];
}

interface Identified {
  readonly id?: string;
  readonly identifier?: unknown;
}

const resourceUnder = (key: string, context: readonly ContextEntry[]): Identified | undefined =>
  context.find((entry) => canonicalKey(entry.key) === key)?.resource as Identified | undefined;

/** What a resource is called by others: each of its identifiers, and nothing of them that cannot be compared at once. */
const identifiersOf = ({ identifier }: Identified): string[] =>
  [identifier].flat().flatMap((one) => {
    const { system = '', value } = (one ?? {}) as { system?: unknown; value?: unknown };
    return typeof system === 'string' && typeof value === 'string' ? [`${system}|${value}`] : [];
  });

const isSameAnchor = (one: Identified | undefined, other: Identified | undefined): boolean => {
  if (!one || !other) return false;
  if (one.id !== undefined && other.id !== undefined) return one.id === other.id;
  const known = identifiersOf(one);
  return identifiersOf(other).some((identifier) => known.includes(identifier));
};

/** A context that is open, with what is compared when another event comes. */
interface OpenContext {
  readonly context: CurrentContext;
  /** The resource type in lower case. */
  readonly resource: string;
  readonly anchor: Identified | undefined;
}

/**
 * How many contexts are kept as open: more than anybody works with. Hubs that never close any would fill the memory with them,
 * and every event would take longer than the one before.
 */
const MOST_OPEN = 64;

/** Keeps the contexts of the session, and the order of the events that made them. */
export class ContextStore {
  #open: readonly OpenContext[] = [];
  #current: CurrentContext | null = null;
  #latest: number | undefined;

  /** The contexts of the session. */
  get session(): SessionContext {
    return { current: this.#current, open: this.#open.map(({ context }) => context) };
  }

  /** When the newest event that was followed happened, in milliseconds since 1970. */
  get latest(): number | undefined {
    return this.#latest;
  }

  /** Whether an event opens or closes a context, so that its order matters. */
  static isContextChange({ name }: Pick<Notification, 'name'>): boolean {
    const verb = eventParts(name)?.verb;
    return verb === 'open' || verb === 'close' || name === 'Home-open';
  }

  /**
   * Whether an event is older than the one that made the current context (STU3, Event Notification). An event whose time
   * cannot be read is taken in the order in which it came.
   */
  isStale({ time }: Notification): boolean {
    return time !== undefined && this.#latest !== undefined && time < this.#latest;
  }

  /** Follows an open or a close that is not stale. */
  apply(notification: Notification): void {
    const { name, context, time } = notification;
    if (time !== undefined) this.#latest = time;
    const parts = eventParts(name);
    if (!parts) {
      this.#current = null;
      return;
    }
    const key = anchorKey(parts.resource);
    const anchor = resourceUnder(key, context);
    // A close of the draft does not say what it closes: it is what is current of that type.
    const isMeant = (open: OpenContext): boolean =>
      open.resource === parts.resource && (anchor ? isSameAnchor(open.anchor, anchor) : open.context === this.#current);
    const others = this.#open.filter((open) => !isMeant(open));
    if (parts.verb === 'close') {
      this.#open = others;
      if (!others.some((open) => open.context === this.#current)) this.#current = null;
      return;
    }
    const type = (anchor as { resourceType?: string } | undefined)?.resourceType ?? parts.resource;
    this.#current = new CurrentContext(type, context, notification);
    const opened = { context: this.#current, resource: parts.resource, anchor };
    this.#open = [...others.slice(-MOST_OPEN + 1), opened];
  }
}
