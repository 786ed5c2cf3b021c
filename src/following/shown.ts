import type { CurrentContext } from '../events/current-context.ts';

/**
 * What an event does to what an app shows, if the app follows it.
 *
 * @param shown what the app shows before; `null` for nothing
 * @returns what it shows afterwards
 */
export type ShownStep = (shown: CurrentContext | null) => CurrentContext | null;

/** An event that changes the context, and what the app has decided about it. */
export interface ShownDecision {
  readonly step: ShownStep;
  /** How long its message was, in characters. */
  readonly length: number;
  /** Whether the app follows; `undefined` until it has decided. */
  follows: boolean | undefined;
}

/** So many events can still be refused late. What came before them stays as it was decided. */
const REMEMBERED = 8;
/** So many wait for a decision, and for what came after them. */
const MOST = 64;
/** How long their messages may be, together, in characters. */
const MOST_TEXT = 32 * 1024 * 1024;

/** Keeps what the app shows: the events of the session in the order of their arrival, without those that the app did not follow. */
export class Shown {
  /** What the app showed before the decisions that are remembered. */
  #before: CurrentContext | null = null;
  #decisions: readonly ShownDecision[] = [];
  #context: CurrentContext | null = null;

  /** The context that the app shows. */
  get context(): CurrentContext | null {
    return this.#context;
  }

  /**
   * An event came that changes the context. It counts when the app has decided to follow.
   *
   * @param length of its message, in characters
   */
  add(step: ShownStep, length = 0): ShownDecision {
    const decision: ShownDecision = { step, length, follows: undefined };
    this.#decisions = this.#decisions.concat(decision);
    for (let isLong = this.#isLong; isLong || this.#decisions.length > REMEMBERED; isLong = this.#isLong) {
      const [oldest, ...others] = this.#decisions;
      const isDecided = oldest?.follows !== undefined;
      // What the app may still follow, and what came after it, is kept. Otherwise the one before would be shown as if it stayed.
      if (!oldest || others.length === 0 || (!isDecided && !isLong && others.length < MOST)) break;
      // Of so many, nobody knows any more what the app shows, until the next one.
      this.#before = isDecided ? after(this.#before, [oldest]) : null;
      this.#decisions = others;
    }
    return decision;
  }

  /** Whether the app has decided about the event that came last. */
  get isDecided(): boolean {
    return this.#decisions[this.#decisions.length - 1]?.follows !== undefined;
  }

  get #isLong(): boolean {
    return this.#decisions.reduce((sum, { length }) => sum + length, 0) > MOST_TEXT;
  }

  /** The app has decided, or has changed its mind. */
  decide(decision: ShownDecision, follows: boolean): void {
    decision.follows = follows;
    this.#context = after(this.#before, this.#decisions);
  }
}

const after = (before: CurrentContext | null, decisions: readonly ShownDecision[]): CurrentContext | null =>
  decisions.reduce((shown, { step, follows }) => (follows ? step(shown) : shown), before);
