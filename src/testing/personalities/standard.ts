import type { HubTraits } from '../traits.ts';

/**
 * The hub that a test gets unless it asks for another one: the January 2019 draft (by webhook) and STU3 (by websocket) at once
 * and in the same sessions. Every personality says only where it departs from it.
 */
export const standard: HubTraits = {
  launchForm: 'stu',
  path: '/hub',
  draftPath: '/draft',
  socketPath: '/socket',
  channelType: 'decides',
  channels: ['webhook', 'websocket'],
  secret: 'without-type',
  webhookFieldsOfWebsockets: 'ignored',
  eventsOfUnsubscription: 'optional',
  verifyInline: false,
  verifiesUnsubscription: 'without-type',
  endpointIn: 'json',
  unsubscription: 'its-own',
  denials: 'frame-and-close',
  leases: true,
  keepEndpoints: 'never',
  confirmation: 'standard',
  awaitsEndpoint: false,
  heartbeat: undefined,
  answers: 'awaited',
  followedBy: '2xx',
  replay: true,
  vocabulary: undefined,
  matching: 'one-event',
  spelledAs: 'subscribed',
  contextVersions: 'by-topic',
  syncErrors: 'everybody',
  publishAt: ['hub', 'session'],
  publishTypes: ['application/json', 'application/fhir+json'],
  publishAnswer: { status: 202, json: false },
  contextKeeping: 'open-contexts',
  contextForm: 'by-path',
  discovery: 'STU3',
  errors: 'text',
};
