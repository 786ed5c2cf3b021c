import type { FhircastErrorCode } from '../errors/errors.ts';

/**
 * What cannot be opened, started or followed as it is. It has the shape of a `FhircastError`, and is a class of its own, so that this
 * entry point brings nothing of the client. It never holds a value.
 */
export class RadiologyError extends Error {
  /** The name of the class. */
  override name = 'RadiologyError';
  /** The stable identifier: `change-invalid` for a context, `option-invalid` for an argument. */
  readonly code: FhircastErrorCode;
  /** What is missing or cannot be used, by its place: `patient.identifier (MR)`. */
  readonly missing: readonly string[];
  /** The same as one text. */
  readonly at: string;

  constructor(code: FhircastErrorCode, missing: readonly string[]) {
    const at = missing.join(', ');
    super(`${code} (${at})`);
    this.code = code;
    this.missing = missing;
    this.at = at;
  }
}

/**
 * Refuses an argument that cannot be used.
 *
 * @param isUsable whether it can
 * @param at its name
 * @throws RadiologyError `option-invalid`
 */
export const need = (isUsable: unknown, at: string): void => {
  if (!isUsable) throw new RadiologyError('option-invalid', [at]);
};
