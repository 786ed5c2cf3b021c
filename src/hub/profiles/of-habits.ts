import type { HubProfile } from './profile.ts';

/** For hubs that take every status but 200 for a refusal, 202 too, and tell everyone: 200 is answered in its place. */
export const okOnly: HubProfile = { name: 'okOnly', acknowledgements: '200-only' };

/** For hubs that bear no answer on a websocket. They do not hear whether the app follows. */
export const noAcknowledgements: HubProfile = { name: 'noAcknowledgements', acknowledgements: 'none' };

/** For hubs that take events at the session's URL alone. */
export const publishToSession: HubProfile = { name: 'publishToSession', publishTo: 'session' };

/** For hubs that take events as `application/fhir+json` alone and do not answer 415 to others. */
export const fhirJson: HubProfile = { name: 'fhirJson', contentType: 'application/fhir+json' };

/** For hubs that wait for their endpoint to be sent back when the socket opens. */
export const endpointSentBack: HubProfile = { name: 'endpointSentBack', sendsEndpoint: true };

/** For hubs that never confirm a websocket: an open socket counts. */
export const noConfirmation: HubProfile = { name: 'noConfirmation', confirms: false };

/** For hubs that give websocket URLs on a host that is not theirs: the hub's own host is put in its place. */
export const endpointOnHubHost: HubProfile = { name: 'endpointOnHubHost', rewriteEndpoint: 'hub-host' };

/** For hubs that compare names to the letter: every published spelling is subscribed to. */
export const everySpelling: HubProfile = { name: 'everySpelling', spellings: 'every' };

/** For hubs that know webhooks alone by a request without `hub.channel.type`. */
export const unnamedWebhooks: HubProfile = { name: 'unnamedWebhooks', namesWebhooks: false };

/** For webhooks of hubs that know STU1 with the February 2020 ballot's `hub.channel.type`, and want it. */
export const namedWebhooks: HubProfile = { name: 'namedWebhooks', namesWebhooks: true };

/** For hubs that unsubscribe from events by name. */
export const unsubscribeByEvents: HubProfile = { name: 'unsubscribeByEvents', unsubscribesByEvents: true };

/** For hubs whose answer to a request for the current context is not to be relied on: it is never taken for an event. */
export const unreliableContext: HubProfile = { name: 'unreliableContext', keepsContext: false };

/**
 * Takes notifications by webhook whose signature is missing, malformed or wrong. **Whoever learns the callback URL can then
 * open any patient in the app.** For hubs that cannot sign, in networks where nobody else can reach the callback.
 */
export const unverifiedSignatures: HubProfile = { name: 'unverifiedSignatures', unverifiedSignatures: true };
