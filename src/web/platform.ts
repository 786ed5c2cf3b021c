import { FhircastError } from '../errors/errors.ts';

/** The client works nowhere without these. Some embedded browsers lack one. */
const NEEDED = ['URL', 'URLSearchParams', 'AbortController', 'TextDecoder', 'crypto'] as const;

/**
 * Says which part of the platform is missing, before its absence is taken for a fault of the hub or the EHR.
 *
 * @param names globals
 * @throws FhircastError `platform-missing`
 */
export function requirePlatform(names: readonly string[] = NEEDED): void {
  const missing = names.find((name) => (globalThis as Record<string, unknown>)[name] === undefined);
  if (missing) throw new FhircastError('platform-missing', { at: missing });
}
