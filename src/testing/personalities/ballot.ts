import type { HubTraits } from '../ground/traits.ts';
import { draft } from './draft.ts';

/** The May 2019 ballot: the draft, with the session's URL in `hub.topic`, and SyncErrors that subscribers send. */
export const ballot: HubTraits = { ...draft, launchForm: 'ballot' };
