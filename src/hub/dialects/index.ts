import { FhircastError } from '../../errors.ts';
import { ballot } from './ballot.ts';
import type { Dialect, DialectName } from './dialect.ts';
import { draft } from './draft.ts';
import { stu3 } from './stu3.ts';

const DIALECTS: Readonly<Record<DialectName, Dialect>> = { draft, ballot, stu3 };

/**
 * The dialect with a name.
 *
 * @param name its name; STU3 when there is none
 * @throws FhircastError `option-invalid` when there is no such dialect
 */
export function dialectOf(name: DialectName = 'stu3'): Dialect {
  if (!Object.hasOwn(DIALECTS, name)) throw new FhircastError('option-invalid', { at: 'dialect' });
  return DIALECTS[name];
}
