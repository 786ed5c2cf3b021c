import type { Subscription } from './subscription.ts';
import type { HubTraits } from './traits.ts';

/** The lease that Medplum's hub tells, whatever was asked for, in seconds. */
const MEDPLUM_LEASE_SECONDS = 3600;

/** The lease that the sandbox hub of 2024 tells, and does not keep, in seconds. */
const SANDBOX_LEASE_SECONDS = 7200;

/** The frame that confirms a websocket, or `undefined` for a hub that sends none. */
export function confirmationFrame(subscription: Subscription, { confirmation }: HubTraits): string | undefined {
  switch (confirmation) {
    case 'standard':
      return JSON.stringify(subscription.confirmation);
    case 'empty-fields':
      return JSON.stringify({
        'hub.callback': '',
        'hub.channel': '',
        'hub.events': '',
        'hub.lease_seconds': MEDPLUM_LEASE_SECONDS,
        'hub.mode': 'subscribe',
        'hub.secret': '',
        'hub.subscriber': '',
        'hub.topic': subscription.topic,
      });
    case 'bound':
      return JSON.stringify(bound(subscription));
    case 'bound-with-lease':
      return JSON.stringify({
        ...bound(subscription),
        'hub.mode': 'subscribe',
        'hub.lease_seconds': SANDBOX_LEASE_SECONDS,
      });
    case 'none':
      return undefined;
  }
}

/** What the JavaScript sandbox hubs say: when, and the last segment of the endpoint. */
function bound({ delivery }: Subscription): Record<string, string> {
  const id = delivery.channel === 'websocket' ? delivery.path.replace(/^.*\//, '') : '';
  return { timestamp: new Date().toISOString(), bound: id };
}
