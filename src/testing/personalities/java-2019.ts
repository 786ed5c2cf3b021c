import type { HubTraits } from '../ground/traits.ts';
import { draft } from './draft.ts';

/**
 * A Java hub of January 2019: the draft, subscribed to by JSON at the session's URL. It sends everything twice, and signs it so
 * that nobody can check it.
 */
export const java2019: HubTraits = {
  ...draft,
  routing: 'by-content',
  vocabulary: undefined,
  matching: 'exact',
  message: 'java',
  copies: 2,
  signature: 'swapped',
  contextStatus: 202,
};
