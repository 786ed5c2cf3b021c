import { joinUrl } from '../url.ts';
import type { Dialect } from './dialect.ts';
import { habits } from './habits.ts';

/** STU3 (3.0.0): an opaque session, websockets, and STU2's webhooks where a hub still has them. */
export const stu3: Dialect = {
  ...habits,
  id: 'stu3',
  channel: 'websocket',
  discovery: true,
  sendsSyncErrors: true,
  replaysContext: true,
  contextForm: 'object',
  notFoundIsNoContext: false,
  anonymousClose: false,
  subscribeFields: (request) => ({
    'hub.channel.type': request.channel,
    'hub.channel.endpoint': request.endpoint,
    'hub.callback': request.callback,
    'hub.secret': request.callback && request.secret,
    'hub.topic': request.topic,
    'hub.events': request.events.join(','),
    'hub.lease_seconds': request.leaseSeconds?.toString(),
    'subscriber.name': request.subscriberName,
  }),
  unsubscribeFields: (request) => ({
    'hub.channel.type': request.channel,
    'hub.channel.endpoint': request.endpoint,
    'hub.callback': request.callback,
    'hub.topic': request.topic,
  }),
  sessionUrl: (hubUrl, topic) => joinUrl(hubUrl, encodeURIComponent(topic)),
  isOurTopic: (ours, theirs) => ours === theirs,
  spell: (name) => [name],
};
