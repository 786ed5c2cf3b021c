import type { HubTraits } from '../ground/traits.ts';
import { standard } from './standard.ts';

/** What all versions of the community's JavaScript sandbox hub share: it looks at nothing, and trips over that later. */
const jsSandbox: HubTraits = {
  ...standard,
  path: '/api/hub/',
  draftPath: '/api/hub/',
  socketPath: '/bind',
  tokens: 'unknown',
  topics: 'any',
  bodyLimit: 100 * 1024,
  routing: 'by-path',
  discovery: undefined,
  errors: 'html',
  checksSubscriptions: false,
  readsJsonSubscriptions: true,
  verifyInline: true,
  verificationFields: 'challenge-and-topic',
  challenge: 'secret',
  verifiedBy: 'last-200',
  repetition: 'adds',
  denials: 'untold',
  leases: false,
  unknownEndpoints: 'accepted',
  keepEndpoints: 'always',
  replay: false,
  publishAt: ['session'],
  publishTypes: ['application/json'],
  invalidEvent: 'unnoticed',
  publishAnswer: { status: 200, body: 'ok' },
  spelledAs: 'published',
  distribution: 'stumbling',
  message: 'original',
  callbackFailure: 'crash',
  answers: 'ignored',
  syncErrors: 'nobody',
  contextVersions: 'never',
  content: undefined,
};

/** The JavaScript sandbox hub of December 2018: the draft, and websockets whose endpoint the app makes up. */
export const jsSandbox2018: HubTraits = {
  ...jsSandbox,
  launchForm: 'draft',
  cors: {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Headers': 'Origin, X-Requested-With, Content-Type, Accept',
  },
  endpointIn: 'nowhere',
  endpointBy: 'subscriber',
  unsubscription: 'ends-relatives',
  confirmation: 'bound',
  frames: 'events-or-crash',
  matching: 'substring',
  isolation: 'none',
  contextForm: 'last-of-all',
};

/** How often the sandbox hub of 2024 sends a heartbeat, in seconds. */
const HEARTBEAT_SECONDS = 15;

/** The JavaScript sandbox hub of June 2024: STU3, as far as it goes, with conferences. */
export const jsSandbox2024: HubTraits = {
  ...jsSandbox,
  cors: {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Headers': 'Origin, X-Requested-With, Content-Type, Accept,Authorization',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  },
  // Its configuration says where it is, and nobody has changed that.
  endpointHost: 'localhost',
  secretByDefault: true,
  unsubscription: 'closes-namesakes',
  rebinds: false,
  dropsUnconnected: true,
  confirmation: 'bound-with-lease',
  frames: 'events',
  heartbeat: { seconds: HEARTBEAT_SECONDS, id: 'JS SANDBOX', tellsPeriod: false },
  matching: 'substring-any-case',
  isolation: 'by-topic-text',
  conferences: true,
  contextForm: 'last-of-topic',
};
