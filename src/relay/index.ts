/**
 * `fhircast-client/relay`: hubs that deliver by webhook alone, for web pages.
 *
 * @packageDocumentation
 */

export type { NodeHeaders, NodeRequest, NodeResponse } from '../callback/node-http.ts';
export type {
  CallbackEndpoint,
  CallbackOwner,
  CallbackRegistration,
  CallbackSession,
  WebhookChannelFactory,
} from '../channels/callback.ts';
export { ChannelError, FhircastError } from '../errors/errors.ts';
export type { RelayStorage } from './page-storage.ts';
export { createRelay, type Relay } from './relay.ts';
export { type RelayChannel, type RelayChannelOptions, relayChannel } from './relay-channel.ts';
export type { RelayOptions } from './relay-options.ts';
