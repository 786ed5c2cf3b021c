/** The longest delay that timers of all platforms keep, in milliseconds. A longer one would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A timer that was set; `undefined` for one that never fires. */
export type Timer = ReturnType<typeof setTimeout> | undefined;

/**
 * Sets a timer. One that is longer than the platform can keep fires as late as it can.
 *
 * @param ms how long, in milliseconds; `Infinity` for never
 * @param act what is done then
 */
export const after = (ms: number, act: () => void): Timer =>
  ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(act, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));

/**
 * Does something again and again, without keeping a process alive.
 *
 * @param ms how often, in milliseconds
 * @param act what is done
 */
export const every = (ms: number, act: () => void): Timer => {
  const timer = setInterval(act, Math.min(ms, LONGEST_TIMER_MS));
  unref(timer);
  return timer;
};

/**
 * Waits, without keeping a process alive.
 *
 * @param ms how long, in milliseconds
 * @param signal ends the wait
 */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = after(ms, done);
    unref(timer);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });

/**
 * Waits for what an app or a platform has promised, and no longer than a signal and a time allow: not everybody settles.
 *
 * @param promised what is waited for. It goes on by itself
 * @param ms how long, in milliseconds; `Infinity` for ever
 * @param late makes the error for what takes too long
 * @param signal ends the wait
 * @param aborted makes the error for what was ended
 */
export const inTime = <T>(
  promised: PromiseLike<T>,
  ms: number,
  late: () => Error,
  signal: AbortSignal | null | undefined,
  aborted: () => Error,
): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const abort = () => {
      settle();
      reject(aborted());
    };
    const timer = after(ms, () => {
      settle();
      reject(late());
    });
    signal?.addEventListener('abort', abort);
    promised.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
    if (signal?.aborted) abort();
  });

/** A timer that does not keep a process alive. Pages have no such thing, and need none. */
export const unref = (timer: Timer): void => (timer as { unref?: () => void } | undefined)?.unref?.();
