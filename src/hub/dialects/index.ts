import { ballot } from './ballot.ts';
import type { Dialect } from './dialect.ts';
import { draft } from './draft.ts';
import { stu3 } from './stu3.ts';

const DIALECTS = { draft, ballot, stu3 };

/**
 * The dialect with a name.
 *
 * @param name its name; STU3 when there is none
 */
export const dialectOf = (name: Dialect['id'] = 'stu3'): Dialect => DIALECTS[name];
