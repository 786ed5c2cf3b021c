import { after, type Timer } from '../web/timers.ts';
import { type Backoff, backoffMs, longestWaitMs } from './backoff.ts';

/** Counts the attempts that failed, and waits before the next one. */
export class Retry {
  readonly #backoff: Backoff;
  readonly #act: () => void;
  #timer: Timer;
  #isWaiting = false;
  /** How many attempts failed in a row. */
  #attempts = 0;

  /** @param act makes the next attempt */
  constructor(backoff: Backoff, act: () => void) {
    this.#backoff = backoff;
    this.#act = act;
  }

  /** Whether the next attempt waits. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Whether as many attempts have failed as are allowed. */
  get isExhausted(): boolean {
    return this.#attempts > this.#backoff.attempts;
  }

  /** An attempt failed in a way that may pass. */
  failed(): void {
    this.#attempts++;
  }

  /**
   * A connection was lost. One that did not last as long as the wait before it has not ended what made the client wait.
   *
   * @param lastedMs how long it lasted, in milliseconds
   * @param leastMs how long it had to last at least, in milliseconds
   */
  lost(lastedMs: number, leastMs = 0): void {
    if (lastedMs > Math.max(leastMs, longestWaitMs(this.#backoff, this.#attempts))) this.#attempts = 0;
    this.#attempts++;
  }

  /**
   * Makes the next attempt later.
   *
   * @param retryAfterMs what the hub asked for, in milliseconds
   * @param mostMs the longest that may be waited, in milliseconds
   */
  later(retryAfterMs: number | undefined, mostMs = Number.POSITIVE_INFINITY): void {
    const delay = backoffMs(this.#backoff, this.#attempts, retryAfterMs);
    if (this.isWaiting) return;
    this.#isWaiting = true;
    this.#timer = after(Math.min(delay, mostMs), () => this.now());
  }

  /** Makes the next attempt at once. */
  now(): void {
    this.clear();
    this.#act();
  }

  /** The next attempt is not made. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#isWaiting = false;
  }
}
