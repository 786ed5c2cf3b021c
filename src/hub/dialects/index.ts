import { ballot } from './ballot.ts';
import type { Dialect, DialectName } from './dialect.ts';
import { draft } from './draft.ts';
import { stu3 } from './stu3.ts';

const DIALECTS: Readonly<Record<DialectName, Dialect>> = { draft, ballot, stu3 };

/**
 * The dialect with a name.
 *
 * @param name its name; STU3 when there is none
 */
export const dialectOf = (name: DialectName = 'stu3'): Dialect => DIALECTS[name];
