import type { HubTraits } from '../ground/traits.ts';
import { LOWER_CASE_NAMES } from '../ground/vocabulary.ts';
import { draft } from './draft.ts';

/** STU1: webhooks, and a session that is an opaque topic. Its text has no current context. */
export const stu1: HubTraits = {
  ...draft,
  launchForm: 'stu',
  vocabulary: LOWER_CASE_NAMES,
  syncErrors: 'others',
  // The text says the hub's URL, and its examples the session's.
  publishAt: ['hub', 'session'],
  syncErrorIds: 'failed-event',
  contextForm: 'none',
};
