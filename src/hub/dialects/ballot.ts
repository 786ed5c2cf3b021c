import type { Dialect } from './dialect.ts';
import { draft } from './draft.ts';

/** The May 2019 ballot: the draft under another launch parameter, with an event for what went wrong. */
export const ballot: Dialect = { ...draft, id: 'ballot', sendsSyncErrors: true };
