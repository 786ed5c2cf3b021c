import type { HubTraits } from '../ground/traits.ts';
import { draft } from './draft.ts';

/** The .NET sandbox hub of 2019: the draft, written anew by .NET, and events that wait for every subscriber. */
export const netSandbox2019: HubTraits = {
  ...draft,
  path: '/api/hub',
  draftPath: '/api/hub',
  tokens: 'unknown',
  topics: 'any',
  cors: {},
  routing: 'by-path',
  errors: 'model-state',
  callbackJoin: 'nothing',
  challengesUnsubscription: false,
  repetition: 'adds',
  leases: false,
  publishTypes: ['*'],
  invalidEvent: 500,
  publishAnswer: { status: 200, body: 'empty' },
  echoFirst: true,
  withoutSubscribers: 'refused',
  vocabulary: undefined,
  matching: 'exact',
  isolation: 'by-topic-text',
  distribution: 'in-order',
  message: 'net',
  answers: 'ignored',
  contextForm: 'last-of-session',
};
