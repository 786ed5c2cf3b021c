import type { Subscription } from './subscription.ts';
import type { HubTraits } from './traits.ts';

/** The lease that Medplum's hub tells, whatever was asked for, in seconds. */
const MEDPLUM_LEASE_SECONDS = 3600;

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
    case 'none':
      return undefined;
  }
}
