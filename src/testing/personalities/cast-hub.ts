import type { HubTraits } from '../traits.ts';
import { standard } from './standard.ts';

/** How often a Cast hub sends a keepalive, in seconds. */
const KEEPALIVE_SECONDS = 10;

/**
 * A Cast hub of June 2026, for image viewers: it confirms every socket, also of endpoints that it does not know any more, tells no
 * current context, and no event to the one that sent it.
 */
export const castHub: HubTraits = {
  ...standard,
  path: '/api/hub',
  draftPath: '/api/hub',
  discovery: undefined,
  unsubscribedStatus: 200,
  denials: 'untold',
  leases: false,
  unknownEndpoints: 'confirmed',
  confirmation: 'connection-established',
  keepalive: { form: 'json', seconds: KEEPALIVE_SECONDS },
  replay: false,
  publishAt: ['hub'],
  matching: 'substring',
  spelledAs: 'published',
  echo: 'others',
  contextVersions: 'never',
  contextForm: 'none',
};
