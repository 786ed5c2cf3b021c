import type { ContextEntry } from '../../events/context.ts';
import { CurrentContext } from '../../events/current-context.ts';
import { anchorKey, canonicalKey, eventParts } from '../../events/definitions.ts';
import type { Notification } from '../../events/notification.ts';

/** The contexts of the session, as far as they are known. */
export interface SessionContext {
  /** The context that was opened last, unless it was closed; `null` when there is none. */
  readonly current: CurrentContext | null;
  /** The contexts that are open, the one that was opened last at the end. At most 64: a hub may never close any. */
  readonly open: readonly CurrentContext[];
  /**
   * What the open contexts tell of without its having been opened: an Encounter-open tells the patient, too. It is gone with
   * the context that told of it.
   */
  readonly implied: readonly CurrentContext[];
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

/** What a resource is known by, for comparing contexts that came by different ways. */
const nameOf = ({ resource, reference }: ContextEntry): string => {
  const known = (resource ?? {}) as Identified;
  const { reference: target } = (reference ?? {}) as { reference?: unknown };
  return String(known.id ?? (typeof target === 'string' ? target : identifiersOf(known)));
};

/** What an event opens or closes. */
const anchorName = (resource: string, context: readonly ContextEntry[]): string => {
  const entry = context.find(({ key }) => canonicalKey(key) === anchorKey(resource));
  return `${resource} ${entry ? nameOf(entry) : ''}`;
};

/** Which resources a context is of, whatever is said about them. Shared content is none of them. */
const resourcesOf = (context: readonly ContextEntry[]): string =>
  context
    .map((entry) => [canonicalKey(entry.key), entry] as const)
    .filter(([key]) => key !== 'content')
    .map(([key, entry]) => `${key} ${nameOf(entry)}`)
    .sort()
    .join();

/**
 * Whether two contexts are of the same resources.
 *
 * @param isExact whether two versions of one context are two
 */
export function isSameContext(
  one: Pick<CurrentContext, 'context' | 'versionId'>,
  other: Pick<CurrentContext, 'context' | 'versionId'>,
  isExact = false,
): boolean {
  if (isExact && one.versionId !== undefined && other.versionId !== undefined) return one.versionId === other.versionId;
  return resourcesOf(one.context) === resourcesOf(other.context);
}

/** A context that is open, with what is compared when another event comes. */
interface OpenContext {
  readonly context: CurrentContext;
  /** The resource type in lower case. */
  readonly resource: string;
  readonly anchor: Identified | undefined;
  /** Whether the hub told of it on the connection of the moment. */
  isTold: boolean;
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
  #since: number | undefined;
  /** When what was closed lately was closed. */
  readonly #closed = new Map<string, number>();
  #changes = 0;
  /** How many of the opens to come may leave one among the open contexts that has no time. */
  #undated = 0;

  /** The contexts of the session. */
  get session(): SessionContext {
    const open = this.#open;
    return {
      current: this.#current,
      open: open.map(({ context }) => context),
      // Few apps read it, and every event would pay for it.
      get implied() {
        return impliedBy(open);
      },
    };
  }

  /** The current context; `null` when there is none. */
  get current(): CurrentContext | null {
    return this.#current;
  }

  /** How many events were followed. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether the hub told of the current context on the connection of the moment. */
  get isCurrentTold(): boolean {
    return this.#open.some(({ context, isTold }) => isTold && context === this.#current);
  }

  /** The connection was lost: what is open may have been closed. */
  gap(): void {
    for (const open of this.#open) open.isTold = false;
  }

  /** The hub told again of an event that is known. */
  told({ id, versionId }: Pick<Notification, 'id' | 'versionId'>): void {
    for (const open of this.#open)
      if (open.context.id === id || (versionId !== undefined && open.context.versionId === versionId))
        open.isTold = true;
  }

  /** Whether an event is the one of an open context that was found by asking, which has told its version but not its time. */
  isAdopted({ name, versionId }: Notification): boolean {
    if (this.#undated === 0 || versionId === undefined || eventParts(name)?.verb !== 'open') return false;
    return this.#open.some(({ context }) => context.time === undefined && context.versionId === versionId);
  }

  /**
   * What must have been closed while there was no connection, seen from what the hub told of since: the context of each type
   * that was opened last, and the current one.
   *
   * @param found the current context
   */
  untold(found: CurrentContext | null): readonly CurrentContext[] {
    const isFound = ({ context }: OpenContext) => found !== null && isSameContext(context, found);
    const told = this.#open.map((open) => open.isTold || isFound(open));
    const isNew = found !== null && !this.#open.some(isFound);
    return this.#open
      .filter(({ resource }, index) => {
        // Where a later one of its type was told of, an earlier one is not told of, open or not.
        const isHidden = this.#open.some((later, i) => i > index && told[i] && later.resource === resource);
        return !told[index] && !isHidden && !(isNew && found.type.toLowerCase() === resource);
      })
      .map(({ context }) => context);
  }

  /** An event that was followed in the order of its arrival has told its time after all. */
  date({ time }: Pick<Notification, 'time'>): void {
    if (time === undefined) return;
    this.#latest = Math.max(time, this.#latest ?? time);
    this.#since = Math.max(time, this.#since ?? time);
  }

  /** When the newest event that was followed happened, in milliseconds since 1970. */
  get latest(): number | undefined {
    return this.#latest;
  }

  /** When the event happened that established the current context, or that there is none, in milliseconds since 1970. */
  get since(): number | undefined {
    return this.#since;
  }

  /** Whether an event opens or closes a context, so that its order matters. */
  static isContextChange({ name }: Pick<Notification, 'name'>): boolean {
    const verb = eventParts(name)?.verb;
    return verb === 'open' || verb === 'close' || name === 'Home-open';
  }

  /**
   * Whether an event is older than the one that established the current context (STU3, Event Notification), or than a close of
   * the same. An event whose time cannot be read is taken in the order in which it came.
   */
  isStale({ name, context, time }: Notification): boolean {
    if (time === undefined) return false;
    if (this.#since !== undefined && time < this.#since) return true;
    if (this.#closed.size === 0) return false;
    const parts = eventParts(name);
    const closedAt = parts && this.#closed.get(anchorName(parts.resource, context));
    return closedAt !== undefined && time < closedAt;
  }

  /**
   * Follows an open or a close that is not stale.
   *
   * @returns `false` for a close of what is not known to be open: its open must have been missed
   */
  apply(notification: Notification): boolean {
    const { name, context, time } = notification;
    this.#changes++;
    if (time !== undefined) this.#latest = Math.max(time, this.#latest ?? time);
    const parts = eventParts(name);
    if (parts?.verb !== 'close') this.#since = time ?? this.#since;
    if (!parts) {
      this.#current = null;
      return true;
    }
    const key = anchorKey(parts.resource);
    const anchor = resourceUnder(key, context);
    // A close of the draft does not say what it closes: it is what is current of that type.
    const isMeant = (open: OpenContext): boolean =>
      open.resource === parts.resource && (anchor ? isSameAnchor(open.anchor, anchor) : open.context === this.#current);
    const others = this.#open.filter((open) => !isMeant(open));
    if (parts.verb === 'close') {
      const isKnown = others.length < this.#open.length;
      this.#open = others;
      if (!others.some((open) => open.context === this.#current)) this.#current = null;
      if (anchor && time !== undefined) this.#remember(anchorName(parts.resource, context), time);
      return isKnown;
    }
    const type = (anchor as { resourceType?: string } | undefined)?.resourceType ?? parts.resource;
    this.#current = new CurrentContext(type, context, notification);
    const opened = { context: this.#current, resource: parts.resource, anchor, isTold: true };
    this.#open = [...others.slice(-MOST_OPEN + 1), opened];
    this.#undated = time === undefined ? MOST_OPEN : Math.max(0, this.#undated - 1);
    return true;
  }

  /** What overtook its own open on the way must not be opened by it. */
  #remember(anchor: string, closedAt: number): void {
    this.#closed.delete(anchor);
    this.#closed.set(anchor, closedAt);
    if (this.#closed.size <= MOST_OPEN) return;
    const [oldest = ''] = this.#closed.keys();
    this.#closed.delete(oldest);
  }
}

/** The types that other contexts tell of, by their keys. */
const IMPLIED: Readonly<Record<string, string>> = { patient: 'Patient', encounter: 'Encounter', study: 'ImagingStudy' };

/** What open contexts tell of beside their anchors, the latest at the end, unless it is open itself. */
function impliedBy(open: readonly OpenContext[]): CurrentContext[] {
  const known = new Map<string, CurrentContext>();
  const nameIn = (key: string, entry: ContextEntry) => `${key} ${nameOf(entry)}`;
  for (const { resource, context } of open) {
    const anchor = anchorKey(resource);
    for (const entry of context.context) {
      const key = canonicalKey(entry.key);
      const type = IMPLIED[key];
      if (!type || key === anchor || !entry.resource) continue;
      const name = nameIn(key, entry);
      known.delete(name);
      known.set(name, new CurrentContext(type, [entry], context));
    }
  }
  for (const { resource, context } of open)
    for (const entry of context.context)
      if (canonicalKey(entry.key) === anchorKey(resource)) known.delete(nameIn(canonicalKey(entry.key), entry));
  return [...known.values()];
}
