import type { FhircastEvent } from '../../src/index.ts';
import type { Invariant } from './invariants.ts';
import type { Ledger } from './ledger.ts';
import { anchorOf, impliedBy } from './subjects.ts';

/** What an observer needs. */
export interface ObserverOptions {
  readonly ledger: Ledger;
  /** The topics of the session. */
  readonly topics: readonly string[];
  /** Whether events may overtake each other on their way, and their times do not tell. */
  readonly mayBeOvertaken: boolean;
  /**
   * What may come again after something else, where the hub sends each event under two ids: a close, which does no harm, or
   * anything where times tell no more than the second. Nothing in the copy tells it from another act.
   */
  readonly twins: 'none' | 'closes' | 'all';
  /** Whether the app says that it may not be in step. */
  isBehind(): boolean;
  /** Whether times tell the order, and the hub's answers are no older than its events. */
  readonly timesTell: boolean;
  /** Whether this is current in the hub; nothing, where there is no anchor. */
  isCurrent(anchor: string | undefined): boolean;
  /** Called with every breach. */
  breached(invariant: Invariant, what: string): void;
}

/** One listener of an app: holds what it sees against what it saw before, and against the hub's order. */
export class Observer {
  readonly #options: ObserverOptions;
  /** The places in the hub's order of what was seen, and the contents of what has none. */
  readonly #seen = new Set<number | string>();
  /** The places of what the app did not follow. It may be asked again at any time. */
  readonly #notFollowed = new Set<number>();
  /** The places of what was found by asking. Its event may come after others, where times do not tell. */
  readonly #found = new Set<number>();
  /** What was found by asking, ever. */
  readonly #foundAnchors = new Set<string>();
  /** How often each thing was seen done to each anchor. */
  readonly #sights = new Map<string, number>();
  /** The place of what was seen last of an anchor. */
  readonly #latest = new Map<string, number>();
  /** The place of the latest open that was seen. */
  #shown = Number.NEGATIVE_INFINITY;
  /** What that open is about. */
  #shownAnchor: string | undefined;
  /** What is opened besides by the open that was seen last. */
  #implied: readonly string[] = [];
  /** Opens that a hub may have derived from the one before: only the hub can say what is current after them. */
  readonly #seemDerived = new Set<number>();
  #left = false;
  #count = 0;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** How many events it saw that open or close something. */
  get count(): number {
    return this.#count;
  }

  /** The app has left: nothing may be seen any more. */
  leave(): void {
    this.#left = true;
  }

  /**
   * The listener was given an event.
   *
   * @param isFollowed whether the app follows it. What it does not follow, it may be asked about again
   */
  see(event: FhircastEvent, isFollowed: boolean): void {
    const { topics, breached } = this.#options;
    const title = titleOf(event);
    if (this.#left) breached('leaks', `${title} after the app had left`);
    if (!topics.includes(event.topic)) breached('topic', `${title} of another session`);
    const anchor = anchorOf(event.name, event.context);
    const isOpen = event.name.endsWith('-open');
    if (anchor !== undefined || isOpen) {
      this.#count++;
      this.#place(event, { title, anchor, isOpen, isFollowed });
    } else this.#once(`${event.id} ${event.name} ${event.timestamp} ${JSON.stringify(event.context)}`, title);
  }

  #place(
    event: FhircastEvent,
    {
      title,
      anchor,
      isOpen,
      isFollowed,
    }: { title: string; anchor: string | undefined; isOpen: boolean; isFollowed: boolean },
  ): void {
    const { ledger, mayBeOvertaken, timesTell, twins, breached } = this.#options;
    const places = ledger.placesOf(event);
    if (places.length === 0) {
      // What was asked for has no time.
      if (event.source === 'hub') breached('topic', `${title}, which nobody sent`);
      return;
    }
    const sights = (this.#sights.get(`${event.name} ${anchor}`) ?? 0) + 1;
    this.#sights.set(`${event.name} ${anchor}`, sights);
    const isUnseen = (place: number) => !this.#seen.has(place);
    const latest = this.#latest.get(anchor ?? '') ?? Number.NEGATIVE_INFINITY;
    const after = Math.max(latest, isOpen ? this.#shown : Number.NEGATIVE_INFINITY);
    const inOrder = places.find((place) => isUnseen(place) && place >= after);
    const place = inOrder ?? places.find(isUnseen);
    if (place === undefined) {
      // Whoever was led astray by the times comes back when the hub is asked.
      // Of several that are alike, what was found by asking may have been any.
      const isAlike = sights <= ledger.countOf(event);
      const isReturn = mayBeOvertaken || !timesTell || isAlike || places.some((one) => this.#seemDerived.has(one));
      const isFound = event.source === 'resync' || places.some((one) => this.#found.has(one));
      // One event in a thousand happens at a whole second, which may be all that its sender tells.
      const isCoarse = event.time !== undefined && event.time % 1000 === 0;
      const isAllowed = isFound ? isReturn : twins === 'all' || (twins === 'closes' && (!isOpen || isCoarse));
      if (!isAllowed) breached('once', `${title} again`);
      return;
    }
    const isAskedAgain = this.#notFollowed.has(place);
    (isFollowed ? this.#seen : this.#notFollowed).add(place);
    if (event.source === 'resync') this.#found.add(place);
    if (event.source === 'resync' && anchor !== undefined) this.#foundAnchors.add(anchor);
    // The hub may have told of another one that is alike, and has not been seen.
    const isToldOf = isOpen && sights < ledger.countOf(event);
    const isExcused = mayBeOvertaken || isAskedAgain || isToldOf || this.#isHarmless(event, place >= latest);
    if (inOrder === undefined && !isExcused)
      breached('order', `${title} came to the hub before what was ${place < latest ? `seen of ${anchor}` : 'shown'}`);
    if (anchor !== undefined) this.#latest.set(anchor, Math.max(place, latest));
    if (!isOpen) return;
    if (place > this.#shown) {
      this.#shown = place;
      this.#shownAnchor = anchor;
    }
    // What was derived leaves current what it was derived from.
    if (anchor !== undefined && this.#implied.includes(anchor)) this.#seemDerived.add(place);
    else this.#implied = impliedBy(event.context).filter((one) => one !== anchor);
  }

  /**
   * Whether an open may come after a later one, because the hub has decided so: it is what is current there, or the open from
   * which the later one was derived; or the app says that it does not know.
   */
  #isHarmless({ name, context }: FhircastEvent, isNewestOfAnchor: boolean): boolean {
    const { isBehind, isCurrent, timesTell } = this.#options;
    const anchor = anchorOf(name, context);
    if (isCurrent(anchor)) return true;
    // Where the hub has no context, it does not matter by which of two closes that is left which was shown.
    if (name.endsWith('-close') && anchor === this.#shownAnchor && isCurrent(undefined)) return true;
    // What was found by asking has often no time, so that a close that comes late is not known to be older.
    const isOfFound = anchor !== undefined && this.#foundAnchors.has(anchor);
    if (isOfFound && (isBehind() || name.endsWith('-close'))) return true;
    if (!isNewestOfAnchor) return false;
    if (!timesTell && isBehind()) return true;
    return this.#shownAnchor !== undefined && impliedBy(context).includes(this.#shownAnchor);
  }

  #once(content: string, title: string): void {
    if (this.#seen.has(content)) this.#options.breached('once', `${title} again`);
    this.#seen.add(content);
  }
}

/** An event in words: `Patient-open ada-quill #1f2e (resync)`. */
export function titleOf(event: FhircastEvent): string {
  const anchor = anchorOf(event.name, event.context)?.split('/')[1] ?? '';
  const source = event.source === 'resync' ? ' (resync)' : '';
  return `${event.name} ${anchor} #${event.id.slice(0, 8)}${source}`.replace('  ', ' ');
}
