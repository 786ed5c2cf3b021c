import { contextList } from '../context/list-of-contexts.ts';
import { type HttpAnswer, json } from '../ground/http-server.ts';
import type { HubEvent } from '../ground/hub-event.ts';
import type { HubTraits } from '../ground/traits.ts';
import type { Subscription } from './hub-subscription.ts';
import type { SubscribeRequest } from './subscribe-request.ts';

/**
 * The answer to a request for a websocket, which says where that is to be opened.
 *
 * @param open the opens of what is open now, the latest last, for a hub that tells of that at once
 */
export function tellEndpoint(
  endpoint: string,
  { endpointIn, contextsInAnswer }: HubTraits,
  open: readonly HubEvent[] = [],
): HttpAnswer {
  switch (endpointIn) {
    case 'json':
      return json(202, {
        'hub.channel.endpoint': endpoint,
        ...(contextsInAnswer ? { contexts: contextList(open.at(-1)) } : {}),
      });
    case 'content-location':
      return { status: 202, headers: { 'Content-Location': endpoint } };
    case 'nowhere':
      return { status: 202 };
    case 'body':
      return { status: 202, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: endpoint };
  }
}

/** The answer to a request for a webhook of a hub that tells the subscription as it keeps it, the secret too (Cast hubs). */
export function tellWebhook(
  { name, topic, events, leaseSeconds, delivery }: Subscription,
  { target }: SubscribeRequest,
): HttpAnswer {
  const callback = delivery.channel === 'webhook' ? delivery.callback : '';
  const subscription = {
    channel: 'webhook',
    endpoint: callback,
    callback,
    events: events.join(','),
    secret: target.channel === 'webhook' ? target.secret : undefined,
    topic,
    lease: leaseSeconds,
    subscriber: name,
  };
  return json(202, { status: 'subscribed', subscription });
}
