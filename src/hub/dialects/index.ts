import { FhircastError } from '../../errors.ts';
import { ballot } from './ballot.ts';
import type { Dialect, DialectName } from './dialect.ts';
import { draft } from './draft.ts';
import { stu1 } from './stu1.ts';
import { stu2 } from './stu2.ts';
import { stu3 } from './stu3.ts';

const DIALECTS: Readonly<Record<DialectName, Dialect>> = { draft, ballot, stu1, stu2, stu3 };

/**
 * The dialect with a name.
 *
 * @param name its name
 * @throws FhircastError `option-invalid` when there is no such dialect
 */
export function dialectOf(name: DialectName): Dialect {
  if (!Object.keys(DIALECTS).includes(name)) throw new FhircastError('option-invalid', { at: 'dialect' });
  return DIALECTS[name];
}
