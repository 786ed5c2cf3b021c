import type { HubTraits } from '../traits.ts';
import { standard } from './standard.ts';

/** What Medplum's two endpoints share: websockets, on which everything of the topic is sent and no answer is minded. */
const medplum: HubTraits = {
  ...standard,
  socketPath: '/ws/fhircast',
  channelType: 'required',
  channels: ['websocket'],
  eventsOfUnsubscription: 'required',
  unsubscription: 'denies-all',
  denials: 'frame',
  leases: false,
  keepEndpoints: 'always',
  confirmation: 'empty-fields',
  heartbeat: { seconds: 10, tellsPeriod: true },
  answers: 'ignored',
  replay: false,
  matching: 'every-event',
  spelledAs: 'published',
  contextVersions: 'always',
  syncErrors: 'nobody',
  contextKeeping: 'last-opened',
  errors: 'operation-outcome',
};

/** Medplum's STU2 endpoint: it answers events with 201 and JSON, and the current context is a bare array. */
export const medplumStu2: HubTraits = {
  ...medplum,
  path: '/fhircast/STU2',
  draftPath: '/fhircast/STU2',
  publishAnswer: { status: 201, body: 'json' },
  contextForm: 'array',
  discovery: 'STU2',
};

/** Medplum's STU3 endpoint, in the version that answers events with 200. */
export const medplumStu3: HubTraits = {
  ...medplum,
  path: '/fhircast/STU3',
  draftPath: '/fhircast/STU3',
  publishAnswer: { status: 200, body: 'json' },
  contextForm: 'sparse-object',
};
