import { FhircastError, type FhircastErrorCode } from '../errors/errors.ts';
import { inTime } from './timers.ts';

/** How long a part may take to load, in milliseconds. */
const LOAD_WITHIN_MS = 15_000;

/**
 * Waits for a part of the package, or another package, that is loaded only when it is needed. A redeployment or a proxy may keep
 * it from loading.
 *
 * @param loading the import
 * @param at the part's name
 * @param codeOf what its failure means. Default: it may come later
 * @throws FhircastError `part-not-loaded`, or with the code that `codeOf` gives
 */
export async function loaded<T>(
  loading: Promise<T>,
  at: string,
  codeOf: (cause: unknown) => FhircastErrorCode | undefined = () => undefined,
): Promise<T> {
  const late = (cause?: unknown) => new FhircastError('part-not-loaded', { at, cause, retryable: true });
  try {
    return await inTime(loading, LOAD_WITHIN_MS, late, undefined, late);
  } catch (cause) {
    if (cause instanceof FhircastError) throw cause;
    const code = codeOf(cause);
    throw code ? new FhircastError(code, { cause }) : late(cause);
  }
}
