import type { Habits } from './dialect.ts';

/** What every version of the specification expects, but for what a dialect says otherwise. */
export const habits: Habits = {
  acknowledgements: 'all',
  publishTo: 'hub',
  // The sandbox hubs drop an event that comes as application/fhir+json and say 200. A hub that wants it answers 415.
  contentType: 'application/json',
  namesWebhooks: true,
  unsubscribesByEvents: false,
  unsubscribesByEndpoint: false,
  namesSubscriberTwice: false,
  subscribesBy: 'form',
  bindPath: undefined,
  sendsEndpoint: false,
  confirms: true,
  confirmedBy: 'confirmation',
  answersHandshake: false,
  rewriteEndpoint: undefined,
  unsubscribeEnds: 'itself',
  verifiesUnsubscribe: false,
  spellings: 'own',
  unverifiedSignatures: false,
  keepsContext: true,
  derivesEvents: false,
  closeClears: false,
  sendsTwice: false,
  anonymousOpen: false,
};
