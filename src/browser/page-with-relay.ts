/** What a page without a bundler gets that follows hubs which deliver by webhook alone. */
export { openWebhookChannel } from '../channels/webhook.ts';
export { relayChannel } from '../relay/channel.ts';
export * from './page.ts';
