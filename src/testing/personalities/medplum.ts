import type { ContentTrait } from '../ground/content-traits.ts';
import type { HubTraits } from '../ground/traits.ts';
import { standard } from './standard.ts';
import { standardContent } from './standard-content.ts';

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
  content: undefined,
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

/** Medplum's STU3 endpoint before 5.1.29: all of a topic have one endpoint, and all are told a denial when one leaves. */
export const medplum2025: HubTraits = { ...medplumStu3, endpointFor: 'topic' };

/** How Medplum shares content: of reports alone, 400 for whatever it does not take, and a close that ends nothing. */
const medplumContent: ContentTrait = {
  ...standardContent,
  anchors: ['DiagnosticReport'],
  statuses: { version: 400, notOpen: 400, notCurrent: 400, invalid: 400 },
  repeatedIds: 'judged',
  deletesOfUnknown: 'refused',
  deletesOfOpened: 'take-change-back',
  fullUrls: 'lost',
  afterClose: 'kept',
  reopenedVersion: 'same',
};

/**
 * Medplum's STU3 endpoint in mid 2026: whoever leaves without the field `endpoint` ends everybody's subscriptions. It shares
 * content.
 */
export const medplum2026: HubTraits = {
  ...medplumStu3,
  unsubscription: 'by-endpoint-field',
  content: medplumContent,
};

/**
 * Medplum's STU3 endpoint in August 2026: an endpoint for each subscription, filtered events, others that are derived from them,
 * SyncErrors for everybody, and heartbeats for those that ask for them.
 */
export const medplumAugust2026: HubTraits = {
  ...medplum2026,
  publishAnswer: { status: 202, body: 'json' },
  renewal: 'new-endpoint',
  denials: 'frame-and-end',
  heartbeat: { seconds: 10, tellsPeriod: true, onlyIfSubscribed: true },
  matching: 'one-event',
  derivedEvents: { ids: 'own', order: 'after' },
  answers: 'awaited',
  syncErrors: 'everybody',
  syncErrorsReach: 'every-subscriber',
};

/**
 * Medplum's STU3 endpoint in August 2026, as a reporting AI uses it: it opens reports by the accession number of their study.
 * Without a report there is nothing of which content could be kept: updates are sent on.
 */
export const radAi: HubTraits = { ...medplumAugust2026, reports: 'by-study', content: undefined };

/**
 * The R4 proof of concept on Medplum: all of a topic have one endpoint, whoever does not answer is out, Home-open is a 400, an
 * endpoint that is not known is denied for no topic, and a changed list of events does not reach an open socket.
 */
export const medplumR4: HubTraits = {
  ...medplum,
  path: '/fhircast/R4',
  draftPath: '/fhircast/R4',
  endpointFor: 'topic',
  renewal: 'unheard',
  unsubscription: 'its-own',
  eventsOfUnsubscription: 'optional',
  unknownEndpoints: 'denied',
  keepEndpoints: 'never',
  confirmation: 'standard',
  publishAnswer: { status: 202, body: 'json' },
  matching: 'one-event',
  derivedEvents: { ids: 'own', order: 'after' },
  home: 'refused',
  answers: 'awaited',
  unanswered: 'ends',
  syncErrors: 'everybody',
  contextForm: 'sparse-object',
};
