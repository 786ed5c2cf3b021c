import { draft } from './draft.ts';
import type { SpecificationText } from './exchange.ts';

/** Every text of the specification whose examples were gone through. */
export const TEXTS: readonly SpecificationText[] = [draft];
