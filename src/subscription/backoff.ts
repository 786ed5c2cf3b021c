/** How a client comes back after a failure that may pass. */
export interface ReconnectOptions {
  /**
   * The first wait is at most this long, in milliseconds. Each one after it may be twice as long.
   *
   * @default 500
   */
  firstMs?: number;
  /**
   * No wait is longer, in milliseconds, unless the hub asks for more by `Retry-After`.
   *
   * @default 30000
   */
  longestMs?: number;
  /**
   * How many attempts may fail in a row before the client gives up and is `denied`.
   *
   * @default Infinity
   */
  attempts?: number;
}

/** {@link ReconnectOptions} with every default filled in. */
export type Backoff = Readonly<Required<ReconnectOptions>>;

/** Fills in what is not said. */
export const backoffOf = (options: ReconnectOptions = {}): Backoff => ({
  firstMs: 500,
  longestMs: 30_000,
  attempts: Number.POSITIVE_INFINITY,
  ...options,
});

/**
 * The longest wait before the next attempt.
 *
 * @param attempt how many attempts failed, from 1
 * @returns milliseconds
 */
export const longestWaitMs = ({ firstMs, longestMs }: Backoff, attempt: number): number =>
  Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 16));

/**
 * How long to wait before the next attempt: exponential with full jitter, so that the clients of a hub that restarts do not
 * come back all at once.
 *
 * @param attempt how many attempts failed, from 1
 * @param retryAfterMs what the hub asked for, in milliseconds; never waits less
 * @param random a number from 0 to 1
 * @returns milliseconds
 */
export function backoffMs(backoff: Backoff, attempt: number, retryAfterMs = 0, random = Math.random()): number {
  return Math.max(retryAfterMs, random * longestWaitMs(backoff, attempt));
}
