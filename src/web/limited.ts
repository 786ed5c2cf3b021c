import { aborted } from '../errors/errors.ts';
import { inTime } from './timers.ts';

/**
 * Does something that may never end by itself, and no longer than a signal and a time allow. Then it is told to stop, by the signal that
 * it is given, and not waited for.
 *
 * @param ms how long, in milliseconds; `Infinity` for ever
 * @param outer ends it
 * @param act what is done
 * @param late makes the error for what takes too long. Default: `aborted`
 * @throws FhircastError `aborted`
 */
export async function limited<T>(
  ms: number,
  outer: AbortSignal | null | undefined,
  act: (signal: AbortSignal) => Promise<T>,
  late: () => Error = aborted,
): Promise<T> {
  if (outer?.aborted) throw aborted();
  const life = new AbortController();
  try {
    return await inTime(act(life.signal), ms, late, outer, aborted);
  } catch (error) {
    life.abort();
    throw error;
  }
}
