import type { HubTraits } from '../ground/traits.ts';
import { VERB_FIRST_NAMES } from '../ground/vocabulary.ts';
import { standard } from './standard.ts';

/** The January 2019 draft: webhooks, and a session that is a URL. Whoever does not follow is nobody's business. */
export const draft: HubTraits = {
  ...standard,
  launchForm: 'draft',
  draftPath: standard.path,
  // WebSub, section 5.1: fields that a hub does not know are ignored.
  channelType: 'unknown',
  channels: ['webhook'],
  secret: 'always',
  eventsOfUnsubscription: 'required',
  verifiesUnsubscription: 'always',
  replay: false,
  vocabulary: VERB_FIRST_NAMES,
  contextVersions: 'never',
  syncErrors: 'nobody',
  publishAt: ['session'],
  publishTypes: ['application/json'],
  contextForm: 'envelope',
  content: undefined,
  discovery: undefined,
};
