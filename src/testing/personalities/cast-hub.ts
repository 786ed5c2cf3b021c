import type { HubTraits } from '../ground/traits.ts';
import { standard } from './standard.ts';

/** How often a Cast hub sends a keepalive, in seconds. */
const KEEPALIVE_SECONDS = 10;

/**
 * A Cast hub of June 2026, for image viewers: it confirms every socket, also of endpoints that it does not know any more, tells no
 * current context, and no event to the one that sent it. That of April 2026 told the current context as a bare array:
 * `{ contextForm: 'array' }`.
 */
export const castHub: HubTraits = {
  ...standard,
  path: '/api/hub',
  draftPath: '/api/hub',
  discovery: undefined,
  leaseFields: ['hub.lease_seconds', 'hub.lease'],
  verifyInline: true,
  verificationFields: 'challenge-and-topic',
  challenge: 'secret',
  verifiesUnsubscription: 'never',
  webhookAnswer: 'subscription',
  unsubscribedStatus: 200,
  denials: 'untold',
  tellsRemovals: true,
  leases: false,
  unknownEndpoints: 'confirmed',
  confirmation: 'connection-established',
  keepalive: { form: 'json', seconds: KEEPALIVE_SECONDS },
  replay: false,
  publishAt: ['hub'],
  eventContext: 'array-or-object',
  matching: 'substring-any-case',
  spelledAs: 'published',
  echo: 'others',
  contextVersions: 'never',
  contextForm: 'none',
  content: undefined,
};
