import { aborted } from '../errors/errors.ts';
import { inTime } from './timers.ts';

/**
 * Rejects with `aborted` as soon as a signal says so.
 *
 * @param promise what is waited for; it goes on by itself
 * @param signal ends the wait
 */
export const abortable = <T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
  signal ? inTime(promise, Number.POSITIVE_INFINITY, aborted, signal, aborted) : promise;
