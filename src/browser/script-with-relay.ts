/** What a page without a bundler gets that follows hubs which deliver by webhook alone. */
export { openWebhookChannel } from '../channels/webhook-channel.ts';
export { relayChannel } from '../relay/relay-channel.ts';
export * from './script.ts';
