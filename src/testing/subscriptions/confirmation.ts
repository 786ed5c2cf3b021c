import { randomUUID } from 'node:crypto';
import type { HubTraits } from '../ground/traits.ts';
import type { Subscription } from './hub-subscription.ts';

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
    case 'bound-true':
    case 'connection-established':
      return STATIC[confirmation];
    // What comes first has been said.
    case 'handshake':
    case 'none':
      return undefined;
  }
}

/** The first frame of a hub that waits for an answer to it before it says anything else. */
export const handshakeFrame = ({ confirmation }: Subscription): string =>
  JSON.stringify({ headers: { id: randomUUID() }, body: { subscription: confirmation } });

/** Whether a frame is that answer. */
export function isHandshakeAnswer(text: string): boolean {
  try {
    const frame = JSON.parse(text) as { headers?: { statusCode?: unknown } } | null;
    return frame?.headers?.statusCode === '200';
  } catch {
    return false;
  }
}

/** Confirmations that say nothing of the subscription, and so are the same for all. */
const STATIC = {
  'bound-true': JSON.stringify({ bound: true }),
  'connection-established': JSON.stringify({ type: 'connection.established' }),
} as const;

/** What denies a websocket whose endpoint the hub does not know. */
export const strangerDenial = JSON.stringify({
  'hub.mode': 'denied',
  'hub.topic': '',
  'hub.events': '',
  'hub.reason': 'invalid endpoint',
});

/** What confirms a websocket whose endpoint the hub does not know: the same, as far as it can say that. */
export function strangerFrame(path: string, { confirmation }: HubTraits): string | undefined {
  switch (confirmation) {
    case 'bound':
    case 'bound-with-lease':
      return JSON.stringify(boundTo(path));
    case 'standard':
    case 'empty-fields':
      return JSON.stringify({ 'hub.mode': 'subscribe', 'hub.topic': '', 'hub.events': '', 'hub.lease_seconds': 3600 });
    case 'handshake':
    case 'none':
      return undefined;
    default:
      return STATIC[confirmation];
  }
}

/** What the JavaScript sandbox hubs say: when, and the last segment of the endpoint. */
function bound({ delivery }: Subscription): Record<string, string> {
  return boundTo(delivery.channel === 'websocket' ? delivery.path : '');
}

function boundTo(path: string): Record<string, string> {
  return { timestamp: new Date().toISOString(), bound: path.replace(/^.*\//, '') };
}
