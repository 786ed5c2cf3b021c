import type { CurrentContext } from '../events/current-context.ts';
import { isSameContext } from '../events/identity.ts';
import { canonicalName } from '../events/names.ts';
import type { Notification } from '../events/notification.ts';
import type { ContextStore } from '../following/context-store.ts';
import type { Answer, Inbox } from '../following/inbox.ts';
import { SERVER_ERROR } from '../web/status.ts';

/** An event that waits until the hub has said whether it is older than what the app has. */
interface Held {
  readonly notification: Notification;
  readonly answer: Answer;
  /** Whether its time says so. */
  readonly isStale: boolean;
}

/** What was adopted. Often nobody knows when it was made. */
interface Adopted {
  readonly context: CurrentContext | null;
  /** What was closed with it. */
  readonly closed: readonly CurrentContext[];
  readonly until: number;
}

/** For so long an event may be under way, in milliseconds: no hub waits longer for its answer. */
const UNDER_WAY_MS = 10_000;

/** More events than any hub sends while it is asked. What comes beyond them is not held. */
const MOST_HELD = 64;
/** How long all of them may be, together, in characters. */
const MOST_TEXT = 32 * 1024 * 1024;

const isAfter = (notification: Notification, context: CurrentContext | null): boolean =>
  context?.time !== undefined && notification.time !== undefined && notification.time > context.time;

const isEventOf = (notification: Notification, verb: string, context: CurrentContext): boolean =>
  notification.name === canonicalName(`${context.type}-${verb}`) &&
  isSameContext(notification.context, context.context);

/**
 * Events that wait for the hub's word. Some were under way while the current context was asked for: the answer has no time, so
 * that nobody can tell by it whether such an event is older. Some are older by their times than what the app has, and clocks
 * differ. The hub is asked again, and its answer decides.
 */
export class LateEvents {
  readonly #inbox: Inbox;
  readonly #contexts: ContextStore;
  #adopted: Adopted | undefined;
  #held: Held[] = [];
  #dropped = 0;

  constructor({ inbox, contexts }: { readonly inbox: Inbox; readonly contexts: ContextStore }) {
    this.#inbox = inbox;
    this.#contexts = contexts;
  }

  /** Whether events wait. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** How many events wait. */
  get held(): number {
    return this.#held.length;
  }

  /** How many events were dropped because of what the hub answered. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Something was adopted. Where it has a time, that orders what follows, but for what happened at the same time. */
  begin(context: CurrentContext | null, closed: readonly CurrentContext[]): void {
    this.#adopted = { context, closed, until: Date.now() + UNDER_WAY_MS };
  }

  /**
   * Holds an event that is older by its time than what the app has.
   *
   * @returns whether it is held
   */
  hold(notification: Notification, answer: Answer): boolean {
    if (this.#isFull(notification)) return false;
    this.#held.push({ notification, answer, isStale: true });
    return true;
  }

  #isFull({ length = 0 }: Notification): boolean {
    const text = this.#held.reduce((sum, { notification }) => sum + (notification.length ?? 0), length);
    return this.#held.length >= MOST_HELD || text > MOST_TEXT;
  }

  /**
   * Takes an event that may be older than what was adopted.
   *
   * @returns whether it was taken
   */
  takes(notification: Notification, answer: Answer): boolean {
    if (this.#contexts.isAdopted(notification)) {
      this.#inbox.recognize(notification, answer);
      return true;
    }
    const adopted = this.#adopted;
    if (!adopted) return false;
    const isOver = Date.now() > adopted.until && !this.isHolding;
    if (isOver || (adopted.closed.length === 0 && isAfter(notification, adopted.context))) {
      this.#adopted = undefined;
      return false;
    }
    if (adopted.context && isEventOf(notification, 'open', adopted.context)) {
      this.#inbox.recognize(notification, answer);
      // Its time orders everything.
      this.release();
      return true;
    }
    if (adopted.closed.some((context) => isEventOf(notification, 'close', context))) {
      this.#inbox.recognize(notification, answer);
      return true;
    }
    if (this.#isFull(notification)) answer(SERVER_ERROR);
    else this.#held.push({ notification, answer, isStale: false });
    return true;
  }

  /**
   * Decides what waits by an answer of the hub.
   *
   * @param found the current context
   * @param asked how many events waited when the hub was asked
   * @returns whether the answer still counts: what came after the event that it is about may be newer
   */
  settle(found: CurrentContext | null, asked: number): boolean {
    const adopted = this.#adopted?.context ?? null;
    const match = found ? this.#eventOf(found) : -1;
    const decided = this.#held.splice(0, Math.max(asked, match + 1));
    const isStill = found && adopted ? isSameContext(found.context, adopted.context) : found === adopted;
    // Before the events are followed: what their listeners do may come back here.
    if (match >= 0) this.#adopted = undefined;
    decided.forEach(({ notification, answer, isStale }, index) => {
      const { kind } = notification;
      const closes = (context: CurrentContext | null) => context !== null && isEventOf(notification, 'close', context);
      // Meanwhile a newer event may have opened the same.
      const isHere = isStale && this.#contexts.isCurrent(notification.context);
      const isOlder =
        kind === 'open'
          ? index !== match || isHere
          : kind === 'home'
            ? found !== null || (isStale && this.#contexts.current === null)
            : isStale
              ? closes(found) ||
                !this.#contexts.wouldClose(notification) ||
                ((found !== null || !isHere) && this.#contexts.wouldCloseNewer(notification))
              : isStill && closes(adopted);
      if (isOlder) {
        this.#dropped++;
        this.#inbox.drop(answer);
      } else this.#inbox.admit(notification, answer, isStale);
    });
    if (match < 0) return true;
    // What came after its event is in order again. But where its own time did not tell the order, others' do not either: the hub is
    // asked about them.
    this.release(decided[match]?.isStale);
    return false;
  }

  /**
   * An answer that no longer says what is current shows all the same which closes were older: what they close was open after
   * they had come.
   *
   * @param found what was current when the hub was asked
   * @param asked how many events waited when the hub was asked
   */
  disprove(found: CurrentContext | null, asked: number): void {
    if (!found) return;
    const isOlder = ({ notification, isStale }: Held, index: number) =>
      isStale && index < asked && isEventOf(notification, 'close', found);
    const older = this.#held.filter(isOlder);
    this.#held = this.#held.filter((held) => !older.includes(held));
    this.#dropped += older.length;
    for (const { answer } of older) this.#inbox.drop(answer);
  }

  /** Which of the events that wait made a context: of several opens of the same, that of its version, or the newest. */
  #eventOf(found: CurrentContext): number {
    let match = -1;
    let newest: Notification | undefined;
    for (const [index, { notification }] of this.#held.entries()) {
      if (!isEventOf(notification, 'open', found)) continue;
      const { versionId, time = Number.POSITIVE_INFINITY } = notification;
      if (found.versionId !== undefined && versionId === found.versionId) return index;
      // An earlier open of the same is not the one that the hub tells of.
      if (time < (found.time ?? newest?.time ?? Number.NEGATIVE_INFINITY)) continue;
      newest = notification;
      match = index;
    }
    return match;
  }

  /**
   * Judges what waits, and what comes, by its time alone.
   *
   * @param keepsStale whether what waits because of its time goes on waiting
   */
  release(keepsStale = false): void {
    this.#adopted = undefined;
    const held = this.#held;
    this.#held = keepsStale ? held.filter(({ isStale }) => isStale) : [];
    for (const { notification, answer, isStale } of held)
      if (!isStale) this.#inbox.take(notification, answer);
      // The hub was asked about it already.
      else if (!keepsStale) this.#inbox.admit(notification, answer, false);
  }

  /** The hub is asked on another connection: what it replays may be older than what was adopted. */
  renew(): void {
    if (this.#adopted) this.#adopted = { ...this.#adopted, until: Date.now() + UNDER_WAY_MS };
  }

  /** The connection ended, or the hub could not be asked: what waits is not followed, and the order of what comes is not known. */
  lost(): void {
    if (this.#adopted) this.#adopted = { ...this.#adopted, until: Number.POSITIVE_INFINITY };
    for (const { answer } of this.#held.splice(0)) answer(SERVER_ERROR);
  }
}
