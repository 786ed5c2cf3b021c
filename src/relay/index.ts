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
export { ChannelError, FhircastError } from '../errors.ts';
export { type RelayChannel, type RelayChannelOptions, relayChannel } from './channel.ts';
export type { RelayStorage } from './kept.ts';
export type { RelayOptions } from './options.ts';
export { createRelay, type Relay } from './relay.ts';
