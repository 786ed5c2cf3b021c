import type { ContextEntry } from '../events/context.ts';
import { MOST_SPECIFIC } from '../events/context-list.ts';
import { CurrentContext } from '../events/current-context.ts';
import { anchorKey, canonicalKey, eventParts } from '../events/definitions.ts';
import {
  type Identity,
  identityOf,
  isNamed,
  isNamedBy,
  isOtherResource,
  isSameContext,
  isSameResource,
} from '../events/identity.ts';
import type { Notification } from '../events/notification.ts';
import type { ShownStep } from './shown.ts';

/** The contexts of the session, as far as they are known. The object is the same until something of it changes, and it is frozen. */
export interface SessionContext {
  /** The context that was opened last, unless it was closed; `null` when there is none. */
  readonly current: CurrentContext | null;
  /**
   * The contexts that are open, the one that was opened last at the end. At most 64, and 32 million characters of messages: a hub may
   * never close any.
   */
  readonly open: readonly CurrentContext[];
  /**
   * What the open contexts tell of without its having been opened: an Encounter-open tells the patient, too. It is gone with
   * the context that told of it.
   */
  readonly implied: readonly CurrentContext[];
}

const entryUnder = (key: string, context: readonly ContextEntry[]): ContextEntry | undefined =>
  context.find((entry) => canonicalKey(entry.key) === key);

/** Under this name a study stands for its report, whose own ids and identifiers are others. */
const asReport = ({ id, identifiers }: Identity): Identity => ({
  id: undefined,
  identifiers: [...(id === undefined ? [] : [`study|${id}`]), ...identifiers.map((one) => `study ${one}`)],
});

/** The study of a report. */
const studyIn = (resource: string, context: readonly ContextEntry[]): Identity | undefined => {
  const entry = resource === 'diagnosticreport' ? entryUnder('study', context) : undefined;
  const study = entry && identityOf(entry);
  return study && isNamed(study) ? study : undefined;
};

/** What an event opens or closes: its anchor, or the study of a report that comes without it. `undefined` where it does not say. */
const anchorIn = (resource: string, context: readonly ContextEntry[]): Identity | undefined => {
  const entry = entryUnder(anchorKey(resource), context);
  if (entry) return identityOf(entry);
  const study = studyIn(resource, context);
  return study && asReport(study);
};

/** Whether two events about reports are of one, as far as their studies tell: one of them has no anchor. */
const areOfOneStudy = (resource: string, one: readonly ContextEntry[], other: readonly ContextEntry[]): boolean => {
  const key = anchorKey(resource);
  if (entryUnder(key, one) && entryUnder(key, other)) return false;
  const [ours, theirs] = [studyIn(resource, one), studyIn(resource, other)];
  return ours !== undefined && theirs !== undefined && isNamedBy(ours, theirs);
};

/** A context that is open, with what is compared when another event comes. */
export interface OpenContext {
  readonly context: CurrentContext;
  /** The resource type in lower case. */
  readonly resource: string;
  readonly anchor: Identity;
  /** How long the message was that opened it, in characters. */
  readonly length: number;
  /** Whether the hub told of it on the connection of the moment. */
  isTold: boolean;
  /** Its newest version, by whichever event (STU3, content sharing). */
  versionId: string | undefined;
}

/** The latest ones, as far as they fit beside a new one. The last of them may be what a new one is derived from, and stays. */
const fitting = <T extends { readonly length: number }>(open: readonly T[], length: number): readonly T[] => {
  let text = length;
  let count = 0;
  for (const one of [...open].reverse()) {
    text += one.length;
    if (count > 0 && (text > MOST_TEXT || count >= MOST_OPEN - 1)) break;
    count++;
  }
  return open.slice(open.length - count);
};

/** A context that was current, and what took its place. */
interface Displaced {
  readonly context: CurrentContext;
  /** How long its message was, in characters. */
  readonly length: number;
  readonly by: 'open' | 'home';
  /** When that happened, in milliseconds since 1970. */
  readonly at: number | undefined;
}

/** When something was closed, in milliseconds since 1970. */
interface Closed {
  readonly resource: string;
  readonly anchor: Identity;
  readonly at: number;
}

/** How a context that the hub was asked for stands to what its events told. */
export type Standing =
  /** It is current. */
  | 'current'
  /** An event has opened it, and a later one has left it: the hub keeps it all the same. */
  | 'left'
  /** It may be one that `Home-open` has left, or the same opened again. */
  | 'unclear'
  /** It is the very event that another open has displaced here: the hub took them in another order, or has not come so far. */
  | 'displaced'
  /** No event told of it. */
  | 'news';

/**
 * How many contexts are kept as open: more than anybody works with. Hubs that never close any would fill the memory with them,
 * and every event would take longer than the one before.
 */
const MOST_OPEN = 64;
/** How long all messages may be, together, that opened what is kept as open, in characters. */
const MOST_TEXT = 32 * 1024 * 1024;
/** How many contexts are remembered that were current. */
const MOST_DISPLACED = 8;

/** From the most specific one on: an open of one of them tells of those behind it, too. */
const SPECIFIC = /* @__PURE__ */ MOST_SPECIFIC.map((type) => type.toLowerCase());

/** A hub that opens what another open implies does it at once. In milliseconds. */
const ONE_ACT_MS = 1_000;

/** Keeps the contexts of the session, and the order of the events that made them. */
export class ContextStore {
  #open: readonly OpenContext[] = [];
  #current: CurrentContext | null = null;
  #latest: number | undefined;
  #since: number | undefined;
  /** When what was closed lately was closed. */
  #closed: readonly Closed[] = [];
  #displaced: readonly Displaced[] = [];
  #changes = 0;
  /** When the event arrived that made the current context, by the clock of this machine. */
  #arrivedAt = 0;
  /** Whether the current context was found by asking, and has told no time. */
  #isUndatedFinding = false;
  /** What was closed since the current context was opened, and was not it. One hub has no context after any close. */
  #othersClosed = false;
  #snapshot = { open: this.#open, session: new KnownContexts(null, this.#open) };
  #step: ShownStep = (shown) => shown;

  /** The contexts of the session. */
  get session(): SessionContext {
    const { open, session } = this.#snapshot;
    if (open === this.#open && session.current === this.#current) return session;
    this.#snapshot = { open: this.#open, session: new KnownContexts(this.#current, this.#open) };
    return this.#snapshot.session;
  }

  /** What the open or close that was followed last does to what an app shows that follows it, too. */
  get step(): ShownStep {
    return this.#step;
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

  /** Whether nothing is current because of a Home-open. */
  get isAtHome(): boolean {
    return this.#current === null && this.#displaced[this.#displaced.length - 1]?.by === 'home';
  }

  /** Whether something else was closed since the current context was opened. */
  get othersClosed(): boolean {
    return this.#othersClosed;
  }

  /** The connection was lost: what is open may have been closed. */
  gap(): void {
    for (const open of this.#open) open.isTold = false;
    this.#othersClosed = false;
  }

  /**
   * The hub told again of an event that is known.
   *
   * @returns whether it told so of something that had been open before the connection of the moment: it replays
   */
  told({ name, context }: Pick<Notification, 'name' | 'context'>): boolean {
    const parts = eventParts(name);
    const anchor = parts?.verb === 'open' ? anchorIn(parts.resource, context) : undefined;
    let isReplay = false;
    for (const open of anchor && parts ? this.#named(parts.resource, anchor, context) : []) {
      isReplay ||= !open.isTold;
      open.isTold = true;
    }
    return isReplay;
  }

  /** Whether an event is the open of the current context, which was found by asking and has told no time. */
  isAdopted({ kind, context }: Pick<Notification, 'kind' | 'context'>): boolean {
    return kind === 'open' && this.#isUndatedFinding && this.isCurrent(context);
  }

  /** Whether a context is of the same resources as the current one. */
  isCurrent(context: readonly ContextEntry[]): boolean {
    return this.#current !== null && isSameContext(this.#current.context, context);
  }

  /**
   * Whether content that does not name its report can be that of the current one: it contradicts nothing of it.
   *
   * @param context of an update or a select without its anchor
   */
  mayBeOfCurrent({ name, context }: Pick<Notification, 'name' | 'context'>): boolean {
    const current = this.#current;
    if (current?.type.toLowerCase() !== eventParts(name)?.resource) return false;
    return context.every((entry) => {
      const key = canonicalKey(entry.key);
      const known = IMPLIED[key] && current?.context.filter((one) => canonicalKey(one.key) === key);
      if (!known || known.length === 0) return true;
      return known.some((one) => !isOtherResource(identityOf(one), identityOf(entry)));
    });
  }

  /**
   * Takes the version that an event tells of what is open.
   *
   * @returns whether the event is about the current context
   */
  note({ name, context, versionId }: Pick<Notification, 'name' | 'context' | 'versionId'>): boolean {
    const parts = eventParts(name);
    const meant = parts ? this.meant(parts.resource, context) : [];
    for (const open of meant) open.versionId = versionId ?? open.versionId;
    return meant.some((open) => open.context === this.#current);
  }

  /** Whether an event closes something that is open. */
  wouldClose({ name, context }: Pick<Notification, 'name' | 'context'>): boolean {
    const parts = eventParts(name);
    return parts?.verb === 'close' && this.meant(parts.resource, context).length > 0;
  }

  /** Whether an event closes something that was opened later, by their times. */
  wouldCloseNewer({ name, context, time }: Pick<Notification, 'name' | 'context' | 'time'>): boolean {
    const parts = eventParts(name);
    if (parts?.verb !== 'close' || time === undefined) return false;
    return this.meant(parts.resource, context).some((open) => (open.context.time ?? time) > time);
  }

  /**
   * How a context that the hub was asked for stands to what its events told. A hub may keep what was left: one does so after
   * Home-open. Its version is not what it is known by alone, because each update changes it; two that agree are one.
   *
   * @param keepsLeft whether the hub is known to keep what Home-open has left
   */
  standing(found: CurrentContext, keepsLeft = false): Standing {
    if (this.isCurrent(found.context)) return 'current';
    const before = this.#displaced.filter(({ context }) => isSameContext(context.context, found.context));
    if (before.length === 0) return 'news';
    const isIt = ({ context }: Displaced) =>
      (found.id !== undefined && found.id === context.id && found.time === context.time) ||
      (found.id === undefined && found.versionId !== undefined && found.versionId === context.versionId);
    const last = before[before.length - 1];
    // Of what happened in one second, or nobody knows when, nobody knows here which came first.
    const { at, context: { time = Number.NEGATIVE_INFINITY } = {} } = last ?? {};
    const isInOrder = keepsLeft || (at !== undefined && at > time);
    const isAtHome = last?.by === 'home' && this.#current === null && isInOrder;
    if (before.some(isIt)) return isAtHome ? 'left' : 'displaced';
    return isAtHome && found.id === undefined && found.versionId === undefined ? 'unclear' : 'news';
  }

  /**
   * What must have been closed while there was no connection, seen from what the hub told of since: the context of each type
   * that was opened last, and the current one.
   *
   * @param found the current context
   */
  untold(found: CurrentContext | null): readonly CurrentContext[] {
    const isFound = ({ context }: OpenContext) => found !== null && isSameContext(context.context, found.context);
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
    this.#isUndatedFinding = false;
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

  /**
   * Whether an event is older than the one that established the current context (STU3, Event Notification), or than a close of
   * the same. An event whose time cannot be read is taken in the order in which it came.
   */
  isStale({ name, context, time }: Pick<Notification, 'name' | 'context' | 'time'>): boolean {
    if (time === undefined) return false;
    if (this.#since !== undefined && time < this.#since) return true;
    const parts = this.#closed.length > 0 ? eventParts(name) : undefined;
    const anchor = parts && anchorIn(parts.resource, context);
    if (!anchor) return false;
    return this.#closed.some(
      (closed) => closed.resource === parts.resource && time < closed.at && isSameResource(closed.anchor, anchor),
    );
  }

  /**
   * Whether the hub derived an open from the one that made the current context: it opens what that one told of, and has its id and
   * comes with it or, from a hub that does so, an id of its own. Then what was opened stays the most specific.
   *
   * @param derives whether the hub is known to derive events with ids of their own
   */
  isDerived({ id, kind, name, context, time }: Notification, derives: boolean): boolean {
    const current = this.#current;
    const opened = this.#open[this.#open.length - 1];
    const parts = kind === 'open' ? eventParts(name) : undefined;
    if (!current || !parts || opened?.context !== current) return false;
    const [theirs, ours] = [SPECIFIC.indexOf(parts.resource), SPECIFIC.indexOf(opened.resource)];
    if (theirs <= ours || ours < 0) return false;
    // An id alone says nothing: some publishers have one for all events.
    const isAtOnce = Date.now() - this.#arrivedAt <= ONE_ACT_MS;
    const hasTheId = id === current.id && (isAtOnce || (time !== undefined && time === current.time));
    if (!hasTheId && !(derives && isAtOnce)) return false;
    const anchor = anchorIn(parts.resource, context);
    const key = anchorKey(parts.resource);
    return (
      anchor !== undefined &&
      current.context.some((entry) => canonicalKey(entry.key) === key && isSameResource(identityOf(entry), anchor))
    );
  }

  /**
   * Follows an open or a close that is not stale.
   *
   * @param isDerived whether the hub derived it from what is current, which stays so
   * @param isFound whether it was found by asking
   * @returns `false` for a close of what is not known to be open: its open must have been missed
   */
  apply(notification: Notification, isDerived = false, isFound = false): boolean {
    const { name, context, time, length = 0 } = notification;
    this.#changes++;
    if (time !== undefined) this.#latest = Math.max(time, this.#latest ?? time);
    const parts = eventParts(name);
    if (parts?.verb === 'close') return this.#close(parts.resource, notification);
    // What seems derived may be an act of its own: what happened before it is doubtful.
    this.#since = isDerived && time !== undefined ? Math.max(time, this.#since ?? time) : (time ?? this.#since);
    if (!parts) {
      this.#leave('home', time);
      this.#step = () => null;
      return true;
    }
    const anchor = anchorIn(parts.resource, context) ?? { id: undefined, identifiers: [] };
    const entry = entryUnder(anchorKey(parts.resource), context);
    const named = name.slice(0, name.lastIndexOf('-'));
    const type = (entry?.resource as { resourceType?: string } | undefined)?.resourceType ?? named;
    const opened = {
      context: new CurrentContext(type, context, notification),
      resource: parts.resource,
      anchor,
      length,
      isTold: true,
      versionId: notification.versionId,
    };
    const meant = isNamed(anchor) ? this.#named(parts.resource, anchor, context) : [];
    const others = fitting(
      this.#open.filter((open) => !meant.includes(open)),
      length,
    );
    const derivedFrom = isDerived ? this.#current : null;
    // What it was derived from stays, unless the app does not show that.
    this.#step = (shown) => (shown && shown === derivedFrom ? shown : opened.context);
    if (isDerived) {
      this.#open = [...others.slice(0, -1), opened, ...others.slice(-1)];
      return true;
    }
    this.#leave('open', time);
    this.#current = opened.context;
    this.#isUndatedFinding = isFound && time === undefined;
    this.#arrivedAt = Date.now();
    this.#open = others.concat(opened);
    return true;
  }

  #close(resource: string, { context, time }: Notification): boolean {
    const anchor = anchorIn(resource, context);
    const before = this.#open;
    const meant = this.meant(resource, context);
    const closes = (shown: CurrentContext): boolean => {
      if (meant.some((open) => open.context === shown)) return true;
      // What the app did not close with the others, it still shows.
      const isOpen = before.some((open) => open.context === shown);
      const theirs = isOpen || !anchor ? undefined : anchorIn(resource, shown.context);
      if (!anchor || !theirs || shown.type.toLowerCase() !== resource) return false;
      return (
        (theirs.id !== undefined && theirs.id === anchor.id) ||
        isNamedBy(theirs, anchor) ||
        areOfOneStudy(resource, shown.context, context)
      );
    };
    this.#step = (shown) => (shown && closes(shown) ? null : shown);
    if (meant.length > 0) this.#open = before.filter((open) => !meant.includes(open));
    if (meant.some((open) => open.context === this.#current)) this.#current = null;
    else if (this.#current) this.#othersClosed = true;
    if (anchor && isNamed(anchor) && time !== undefined) {
      const others = this.#closed.filter(
        (closed) => closed.resource !== resource || !isSameResource(closed.anchor, anchor),
      );
      // What overtook its own open on the way must not be opened by it.
      this.#closed = [...others, { resource, anchor, at: time }].slice(-MOST_OPEN);
    }
    return meant.length > 0;
  }

  /**
   * The open contexts that an event is about. One that names nothing means the current one, if that is of its type.
   *
   * @param resource the type of its anchor in lower case
   */
  meant(resource: string, context: readonly ContextEntry[]): readonly OpenContext[] {
    const anchor = anchorIn(resource, context);
    if (anchor) return this.#named(resource, anchor, context);
    return this.#open.filter((open) => open.resource === resource && open.context === this.#current);
  }

  /**
   * The open contexts that an event names. By its id, and only where no open context has that by an identifier: another system
   * has other ids. A report that comes or came without its anchor is known by its study.
   */
  #named(resource: string, anchor: Identity, context: readonly ContextEntry[]): readonly OpenContext[] {
    const ofType = this.#open.filter((open) => open.resource === resource);
    const byId = ofType.filter((open) => open.anchor.id !== undefined && open.anchor.id === anchor.id);
    if (byId.length > 0) return byId;
    const byIdentifier = ofType.filter((open) => isNamedBy(open.anchor, anchor));
    if (byIdentifier.length > 0) return byIdentifier;
    return ofType.filter((open) => areOfOneStudy(resource, open.context.context, context));
  }

  #leave(by: Displaced['by'], at: number | undefined): void {
    const context = this.#current;
    if (context) {
      const length = this.#open.find((open) => open.context === context)?.length ?? 0;
      this.#displaced = fitting(this.#displaced.slice(1 - MOST_DISPLACED), length).concat({ context, length, by, at });
    }
    this.#current = null;
    this.#othersClosed = false;
  }
}

/** What apps see of a store. It is made anew after each change, and frozen. */
class KnownContexts implements SessionContext {
  readonly current: CurrentContext | null;
  readonly open: readonly CurrentContext[];
  readonly #contexts: readonly OpenContext[];
  #implied: readonly CurrentContext[] | undefined;

  constructor(current: CurrentContext | null, contexts: readonly OpenContext[]) {
    this.current = current;
    this.open = Object.freeze(contexts.map(({ context }) => context));
    this.#contexts = contexts;
    Object.freeze(this);
  }

  // Few apps read it, and every event would pay for it.
  get implied(): readonly CurrentContext[] {
    this.#implied ??= Object.freeze(impliedBy(this.#contexts));
    return this.#implied;
  }
}

/** The types that other contexts tell of, by their keys. */
const IMPLIED: Readonly<Record<string, string>> = { patient: 'Patient', encounter: 'Encounter', study: 'ImagingStudy' };

/** What open contexts tell of beside their anchors, the latest at the end, unless it is open itself. */
function impliedBy(open: readonly OpenContext[]): CurrentContext[] {
  const known = new Map<string, CurrentContext>();
  const nameIn = (key: string, entry: ContextEntry) => {
    const { id, identifiers } = identityOf(entry);
    return `${key} ${id ?? identifiers}`;
  };
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
