import { type HttpAnswer, json } from '../ground/http-server.ts';
import type { HubTraits } from '../ground/traits.ts';
import type { HubShared } from '../session/hub-state.ts';
import type { Subscription } from '../subscriptions/hub-subscription.ts';
import type { SubscribeRequest } from '../subscriptions/subscribe-request.ts';
import type { Subscriptions } from '../subscriptions/subscriptions.ts';

/** Whether a subscription of a hub that checks nothing is by websocket: any channel type means one, `webhook` included. */
export function isUncheckedWebSocket(fields: Readonly<Record<string, string>>): boolean {
  return fields['hub.channel.type'] !== undefined;
}

/**
 * Takes a subscription or an unsubscription as the JavaScript sandbox hubs do: whatever is in it, or is not.
 *
 * @param directory of the session whose topic it names
 */
export async function handleUnchecked(
  fields: Readonly<Record<string, string>>,
  directory: Subscriptions,
  { traits, shared, named }: { traits: HubTraits; shared: HubShared; named: (name: string) => void },
): Promise<HttpAnswer> {
  const isSubscription = fields['hub.mode'] === 'subscribe';
  const subscription = directory.make(
    readUnchecked(fields),
    { versioned: true, client: undefined, named },
    uncheckedFacts(fields, traits),
  );
  if (!isUncheckedWebSocket(fields) && !(await directory.asksCallback(subscription, isSubscription))) {
    return { status: 500, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: 'Internal Server Error' };
  }
  if (isSubscription) directory.admit(subscription);
  else if (traits.unsubscription === 'closes-namesakes') closeNamesakes(fields, shared);
  else removeRelatives(fields, shared);
  if (traits.endpointIn === 'nowhere') {
    return { status: 202, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: 'Accepted' };
  }
  const { delivery } = subscription;
  return json(202, {
    'hub.channel.endpoint': delivery.channel === 'websocket' ? delivery.endpoint : delivery.callback,
  });
}

function readUnchecked(fields: Readonly<Record<string, string>>): SubscribeRequest {
  const secret = fields['hub.secret'];
  const name = fields['subscriber.name'];
  const endpoint = fields['hub.channel.endpoint'];
  return {
    mode: fields['hub.mode'] === 'subscribe' ? 'subscribe' : 'unsubscribe',
    topic: fields['hub.topic'] ?? '',
    events: (fields['hub.events'] ?? '').split(','),
    ...(name === undefined ? {} : { name }),
    target: isUncheckedWebSocket(fields)
      ? { channel: 'websocket', ...(endpoint === undefined ? {} : { endpoint }) }
      : {
          channel: 'webhook',
          callback: fields['hub.callback'] ?? '',
          ...(secret === undefined ? {} : { secret }),
          verifyUnsubscribe: true,
        },
  };
}

function uncheckedFacts(fields: Readonly<Record<string, string>>, { secretByDefault }: HubTraits) {
  const givenName = fields['subscriber.name'];
  const lacks =
    fields['hub.events'] === undefined
      ? ('events' as const)
      : fields['hub.secret'] === undefined && !secretByDefault
        ? ('secret' as const)
        : undefined;
  return { ...(givenName === undefined ? {} : { givenName }), ...(lacks === undefined ? {} : { lacks }) };
}

/** In 2018: whoever has the same events or the same topic is gone, and nobody's socket is closed. */
function removeRelatives(fields: Readonly<Record<string, string>>, shared: HubShared): void {
  for (const { subscription } of shared.everybody()) {
    const sameEvents = subscription.events.join(',') === (fields['hub.events'] ?? '');
    if (sameEvents || subscription.topic === (fields['hub.topic'] ?? '')) subscription.remove();
  }
}

/** In 2024: sockets are closed by name or by endpoint, and the list stays as it is until an event or a heartbeat finds them so. */
function closeNamesakes(fields: Readonly<Record<string, string>>, shared: HubShared): void {
  for (const { subscription } of shared.everybody()) {
    if (isNamesake(subscription, fields) && subscription.delivery.channel === 'websocket')
      subscription.delivery.close();
  }
}

function isNamesake({ givenName, delivery }: Subscription, fields: Readonly<Record<string, string>>): boolean {
  // Two without a name have the same one.
  const sameName = givenName === fields['subscriber.name'];
  return sameName || (delivery.channel === 'websocket' && delivery.endpoint === fields['hub.channel.endpoint']);
}
