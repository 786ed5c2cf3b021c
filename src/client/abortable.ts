import { FhircastError } from '../errors.ts';

/**
 * Rejects with `aborted` as soon as a signal says so.
 *
 * @param promise what is waited for; it goes on by itself
 * @param signal ends the wait
 */
export const abortable = <T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(new FhircastError('aborted'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
};
