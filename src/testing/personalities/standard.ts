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
  keepEndpoints: false,
  replay: true,
  vocabulary: undefined,
  contextVersions: 'by-topic',
  syncErrors: 'everybody',
  publishAt: ['hub', 'session'],
  publishTypes: ['application/json', 'application/fhir+json'],
  contextForm: 'by-path',
  discovery: 'STU3',
};
