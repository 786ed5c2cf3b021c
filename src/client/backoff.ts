/** The first wait is at most this long, in milliseconds. */
const FIRST_MS = 500;
/** No wait is longer, in milliseconds. */
const LONGEST_MS = 30_000;

/**
 * How long to wait before the next attempt: exponential with full jitter, so that the clients of a hub that restarts do not
 * come back all at once.
 *
 * @param attempt how many attempts failed, from 1
 * @param retryAfterMs what the hub asked for, in milliseconds; never waits less
 * @param random a number from 0 to 1
 * @returns milliseconds
 */
export function backoffMs(attempt: number, retryAfterMs = 0, random = Math.random()): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 16));
  return Math.max(retryAfterMs, random * ceiling);
}
