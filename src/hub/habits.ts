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

/**
 * The habits of Medplum, which its answers show. An unsubscription has to list the events there, and to name `endpoint`: without
 * it, Medplum denies all subscriptions of the topic.
 */
export const medplumHabits: Partial<Habits> = {
  unsubscribesByEvents: true,
  unsubscribesByEndpoint: true,
  closeClears: true,
  derivesEvents: true,
};
