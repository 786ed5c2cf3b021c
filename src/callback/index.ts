/**
 * `fhircast-client/callback`: where a hub's webhooks arrive.
 *
 * @packageDocumentation
 */
export type {
  CallbackEndpoint,
  CallbackOwner,
  CallbackRegistration,
  CallbackSession,
  Denial,
  Verification,
  WebhookChannelFactory,
} from '../channels/callback.ts';
export { openWebhookChannel } from '../channels/webhook-channel.ts';
export { FhircastError, SignatureError } from '../errors/errors.ts';
export { type CallbackEndpointOptions, createCallbackEndpoint } from './callback-endpoint.ts';
export type { CallbackHandler, CallbackRouter, LostReason, RouterOptions } from './callback-router.ts';
export { type Hmac, nodeHmac, platformHmac, type SignatureMethod, webHmac } from './hmac.ts';
export type { HttpCallbackEndpoint } from './http-endpoint.ts';
export { MemoryRouter } from './memory-router.ts';
export type { NodeHeaders, NodeRequest, NodeResponse } from './node-http.ts';
export type { CallbackAnswer, CallbackRequest } from './request.ts';
export { signatureFault } from './signature.ts';
export type { CallbackOutcome } from './subscription-handler.ts';
