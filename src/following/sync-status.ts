import type { FhircastEvent } from '../events/event.ts';
import { changesContext, kindOf } from '../events/kind.ts';
import { canonicalName } from '../events/names.ts';
import { after, type Timer, unref } from '../web/timers.ts';
import type { ClientState } from './state.ts';
import {
  type Refusal,
  type SyncDoubt,
  type SyncFacts,
  type SyncStanding,
  type SyncStatus,
  standingOf,
} from './sync-facts.ts';

/** A subscriber has 10 seconds to object (STU3, Event Notification Response), and its objection has to travel. */
export const OBJECTION_WITHIN_MS = 12_000;

/** What the hub is told of an event that this app has not decided about in time. It is no refusal, when it comes back. */
export const NOT_DECIDED = 'This app has not decided yet whether it follows.';

/** How many of a kind are remembered: more than a session has at a time. Whoever sends more must not fill the memory. */
const REMEMBERED = 64;

const NONE: readonly never[] = [];
const NOT_SUBSCRIBED = { state: 'disconnected', reason: 'not-subscribed' } as const;

const appended = <T>(list: readonly T[], one: T): readonly T[] =>
  list.includes(one) ? list : [...list.slice(1 - REMEMBERED), one];

/** Keeps {@link SyncStatus} up to date, and tells of its changes. */
export class SyncTracker {
  readonly #changed: (status: SyncStatus) => void;
  readonly #subscriberName: string;
  #status: SyncStatus = { ...NOT_SUBSCRIBED, since: Date.now(), objections: 'unheard' };
  #facts: SyncFacts = {
    disconnected: NOT_SUBSCRIBED.reason,
    doubt: 'catching-up',
    refusals: NONE,
    undecided: NONE,
    hearsObjections: false,
  };
  /** The event that made the context to which refusals refer, under every id that it was sent with. */
  #eventIds: readonly string[] = [];
  /** The events of earlier contexts. What is said of them is over. */
  #pastIds: readonly string[] = [];
  /** Whether the current context was found by asking: its event may have another id. */
  #isFound = false;
  #current: unknown;
  /** How often objections may have been missed. */
  #gaps = 0;
  #silence: Timer;

  /**
   * @param subscriberName this app's own
   * @param changed called after every change
   */
  constructor(subscriberName: string, changed: (status: SyncStatus) => void) {
    this.#subscriberName = subscriberName;
    this.#changed = changed;
  }

  get status(): SyncStatus {
    return this.#status;
  }

  /** Whether the context is the hub's, as far as this app can know. */
  get isKnown(): boolean {
    return !this.#facts.disconnected && this.#facts.doubt === undefined;
  }

  /** The same as long as no objection can have been missed; `undefined` while none can be heard. */
  get hearing(): number | undefined {
    return this.#status.objections === 'heard' ? this.#gaps : undefined;
  }

  /** The client went into a state. */
  entered(state: ClientState): void {
    if (state === 'active') return this.#set({ disconnected: undefined });
    this.#gaps++;
    const reason = state === 'idle' ? NOT_SUBSCRIBED.reason : state === 'reconnecting' ? 'connection-lost' : state;
    // While the hub is asked, it stays as it was.
    this.#set({ disconnected: reason === 'subscribing' ? this.#facts.disconnected : reason, doubt: 'catching-up' });
  }

  /** Whether the hub sends SyncErrors to this app is known now, or has changed. */
  hears(hearsObjections: boolean): void {
    if (!hearsObjections) this.#gaps++;
    this.#set({ hearsObjections });
  }

  /** Events may have been missed. Another doubt that there is already stays. */
  behind(): void {
    this.#set({ doubt: this.#facts.doubt ?? 'catching-up' });
  }

  /** Nothing was missed. Any doubt but `catching-up` stays. */
  caughtUp(): void {
    if (this.#facts.doubt === 'catching-up') this.established();
  }

  /** The context may not be the hub's: an event of it was not followed. */
  doubted(doubt: SyncDoubt): void {
    this.#set({ doubt });
  }

  /** An event or an answer of the hub says which context the session has, and it is the one that is known here. */
  established(): void {
    this.#set({ doubt: undefined });
  }

  /**
   * An open or a close was followed: whoever refused the context before is asked anew.
   *
   * @param current the current context after it. A close, or an open that the hub derived, may leave it as it was
   */
  contextChanged({ id, name, source }: FhircastEvent, current?: unknown): void {
    const isOther = name === 'Home-open' || current === undefined || current !== this.#current;
    this.#current = current;
    if (!isOther) {
      this.#eventIds = appended(this.#eventIds, id);
      return;
    }
    clearTimeout(this.#silence);
    for (const past of this.#eventIds) this.#pastIds = appended(this.#pastIds, past);
    this.#eventIds = [id];
    this.#isFound = source === 'resync';
    // What is being asked has still to be answered; but whatever was not followed before an open, is over with it.
    const doubt = this.#facts.doubt === 'catching-up' || name.endsWith('-close') ? this.#facts.doubt : undefined;
    // Whoever did not follow an open still shows something else when that is closed: `shows()` tells.
    const refusals = name.endsWith('-close') ? this.#facts.refusals.filter(({ isSelf }) => isSelf) : NONE;
    this.#set({ refusals: refusals.length > 0 ? refusals : NONE, undecided: NONE, doubt });
  }

  /**
   * This app has decided about all that came.
   *
   * @param isCurrent whether it shows what is current. It does not where it refused, also when what it refused has been closed since
   */
  shows(isCurrent: boolean): void {
    const { refusals } = this.#facts;
    const others = refusals.filter(({ isSelf }) => !isSelf);
    if (isCurrent) {
      if (others.length < refusals.length) this.#set({ refusals: others });
    } else if (others.length === refusals.length) {
      const self = { subscriber: this.#subscriberName, isSelf: true, diagnostics: undefined };
      this.#set({ refusals: withRefusal(refusals, self) });
    }
  }

  /**
   * Somebody did not follow, or several.
   *
   * @param follows whether this app is subscribed to an event, by its canonical name
   * @returns whether it is about an event that this client has not followed, so that the hub has to be asked
   */
  objected({ id, syncErrors }: FhircastEvent, follows: (name: string) => boolean = () => true): boolean {
    let { refusals } = this.#facts;
    let isDoubt = false;
    for (const { eventId, eventName, subscriber, diagnostics } of syncErrors.slice(0, REMEMBERED)) {
      const isSelf = subscriber === this.#subscriberName;
      if (isSelf && diagnostics === NOT_DECIDED) continue;
      // Before STU2 a SyncError has the id of the event that it is about, and does not name it otherwise.
      const about = eventId ?? (this.isCurrent(id) || this.#pastIds.includes(id) ? id : undefined);
      if (about === undefined || this.#eventIds.length === 0 || this.isCurrent(about)) {
        refusals = withRefusal(refusals, { subscriber, isSelf, diagnostics });
        continue;
      }
      const name = eventName && canonicalName(eventName);
      // What is said of an earlier context is over with it; and what this app does not follow, it has not missed.
      if (this.#pastIds.includes(about)) continue;
      if (name && !(changesContext(kindOf(name)) && follows(name))) continue;
      if (this.#isFound) refusals = withRefusal(refusals, { subscriber, isSelf, diagnostics });
      else isDoubt = true;
    }
    if (refusals !== this.#facts.refusals) clearTimeout(this.#silence);
    this.#set(isDoubt ? { refusals, doubt: 'event-doubted' } : { refusals });
    return isDoubt;
  }

  /** This app did not follow an event. */
  refusedByUs({ id }: FhircastEvent, diagnostics: string | undefined): void {
    if (!this.isCurrent(id)) return;
    clearTimeout(this.#silence);
    const refusal = { subscriber: this.#subscriberName, isSelf: true, diagnostics };
    this.#set({ refusals: withRefusal(this.#facts.refusals, refusal), undecided: this.#undecidedWithout(id) });
  }

  /** The hub has been answered that this app has an event and is still at work on it. */
  undecided({ id }: FhircastEvent): void {
    if (this.isCurrent(id)) this.#set({ undecided: appended(this.#facts.undecided, id) });
  }

  /** This app follows an event after all. */
  decided({ id }: FhircastEvent): void {
    this.#set({ undecided: this.#undecidedWithout(id) });
  }

  /** Whether an event is one of those that made the current context. */
  isCurrent(eventId: string): boolean {
    return this.#eventIds.includes(eventId);
  }

  /**
   * The same context was sent again because somebody did not follow. Who is silent now, follows.
   *
   * @param isCurrent whether it is the current one. Nobody is asked anew about an earlier one
   */
  sentAgain(eventId: string, isCurrent = true): void {
    if (!isCurrent) {
      this.#pastIds = appended(this.#pastIds, eventId);
      return;
    }
    this.#eventIds = appended(this.#eventIds, eventId);
    clearTimeout(this.#silence);
    this.#silence = after(OBJECTION_WITHIN_MS, () => this.#set({ refusals: NONE }));
    unref(this.#silence);
  }

  /** Nothing is told any more. */
  close(): void {
    clearTimeout(this.#silence);
  }

  #undecidedWithout(eventId: string): readonly string[] {
    return this.#facts.undecided.filter((id) => id !== eventId);
  }

  /** Every transition there is. */
  #set(change: Partial<SyncFacts>): void {
    const names = Object.keys(change) as (keyof SyncFacts)[];
    // Most events change nothing of it.
    if (names.every((name) => change[name] === this.#facts[name])) return;
    this.#facts = { ...this.#facts, ...change };
    const { disconnected, hearsObjections } = this.#facts;
    const before = this.#status;
    const standing = standingOf(this.#facts);
    const objections = !disconnected && hearsObjections ? 'heard' : 'unheard';
    const isSameState = standing.state === before.state;
    if (isSameState && objections === before.objections && detailOf(standing) === detailOf(before)) return;
    this.#status = Object.freeze({ ...standing, since: isSameState ? before.since : Date.now(), objections });
    this.#changed(this.#status);
  }
}

/** What is told beside the state. */
const detailOf = (standing: SyncStanding): unknown =>
  'reason' in standing ? standing.reason : standing.state === 'refused' ? standing.by : undefined;

/** An app that objects twice is listed once, with its newest reason. This app's own reason stays: it says more than the hub's. */
function withRefusal(refusals: readonly Refusal[], refusal: Refusal): readonly Refusal[] {
  const known = refusals.find(({ subscriber }) => subscriber === refusal.subscriber);
  if (!known && refusals.length >= REMEMBERED) return refusals;
  const diagnostics = known?.diagnostics && known.isSelf ? known.diagnostics : refusal.diagnostics;
  return Object.freeze([...refusals.filter((one) => one !== known), Object.freeze({ ...refusal, diagnostics })]);
}
