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
    const timer = setTimeout(done, ms);
    unref(timer);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });

/** A timer that does not keep a process alive. Pages have no such thing, and need none. */
export const unref = (timer: ReturnType<typeof setTimeout>): void => (timer as { unref?: () => void }).unref?.();
