import { HttpRefusal } from '../ground/http-server.ts';
import type { SubscriberChannel } from '../ground/log.ts';
import type { HubTraits } from '../ground/traits.ts';

/** A subscription request that is well-formed (STU3 and the January 2019 draft, "Subscribing"). */
export interface SubscribeRequest {
  mode: 'subscribe' | 'unsubscribe';
  /** `hub.topic` as sent. */
  topic: string;
  /** `hub.events`, as spelt; empty in an unsubscription that does not repeat them. */
  events: string[];
  /** The lease asked for, in seconds. */
  leaseSeconds?: number;
  /** `subscriber.name`. */
  name?: string;
  target: WebhookTarget | WebSocketTarget;
}

/** Where a webhook subscriber listens. */
export interface WebhookTarget {
  channel: Extract<SubscriberChannel, 'webhook'>;
  callback: string;
  secret?: string;
  /** Whether the hub verifies an unsubscription as it verifies a subscription. */
  verifyUnsubscribe: boolean;
}

/** The socket of a websocket subscriber. */
export interface WebSocketTarget {
  channel: Extract<SubscriberChannel, 'websocket'>;
  /** `hub.channel.endpoint` of an existing subscription. */
  endpoint?: string;
  /** The field `endpoint`, by which Medplum's hub of 2026 knows an existing one. */
  endpointField?: string;
}

/** W3C WebSub, section 5.1: the secret must be less than 200 bytes. */
const SECRET_LIMIT_BYTES = 200;

/**
 * Reads a subscription request.
 *
 * @param traits what the hub asks of one
 * @throws a refusal with 400 that says what is wrong
 */
export function parseSubscribeRequest(fields: Record<string, string>, traits: HubTraits): SubscribeRequest {
  const mode = fields['hub.mode'];
  if (mode !== 'subscribe' && mode !== 'unsubscribe')
    throw new HttpRefusal(400, 'hub.mode must be subscribe or unsubscribe.');
  const topic = fields['hub.topic'];
  if (!topic) throw new HttpRefusal(400, 'hub.topic is missing.');
  const request: SubscribeRequest = {
    mode,
    topic,
    events: parseEvents(fields, mode, traits),
    target: parseTarget(fields, mode, traits),
  };
  const leaseField = traits.leaseFields.find((field) => fields[field] !== undefined);
  const lease = leaseField && fields[leaseField];
  if (lease !== undefined) {
    if (!/^[1-9]\d{0,9}$/.test(lease)) throw new HttpRefusal(400, `${leaseField} must be a positive integer.`);
    request.leaseSeconds = Number(lease);
  }
  const name = fields[traits.nameField];
  if (name) request.name = name;
  else if (traits.subscriberName === 'required' && mode === 'subscribe')
    throw new HttpRefusal(400, `${traits.nameField} is missing.`);
  return request;
}

function parseEvents(
  fields: Record<string, string>,
  mode: SubscribeRequest['mode'],
  { eventsOfUnsubscription }: HubTraits,
): string[] {
  const text = fields['hub.events'];
  if (text && mode === 'unsubscribe' && eventsOfUnsubscription === 'refused')
    throw new HttpRefusal(400, 'hub.events must not be in an unsubscription.');
  if (!text && mode === 'unsubscribe' && eventsOfUnsubscription !== 'required') return [];
  if (!text) throw new HttpRefusal(400, 'hub.events is missing.');
  const events = text.split(',').map((name) => name.trim());
  if (events.includes('')) throw new HttpRefusal(400, 'hub.events must be names separated by commas.');
  return [...new Set(events)];
}

function parseTarget(
  fields: Record<string, string>,
  mode: SubscribeRequest['mode'],
  traits: HubTraits,
): WebhookTarget | WebSocketTarget {
  const channel = parseChannel(fields, traits);
  if (!traits.channels.includes(channel)) throw new HttpRefusal(400, `This hub offers no ${channel}.`);
  return channel === 'websocket'
    ? parseWebSocketTarget(fields, mode, traits)
    : parseWebhookTarget(fields, mode, traits, fields['hub.channel.type'] === undefined);
}

function parseChannel(fields: Record<string, string>, { channelType }: HubTraits): SubscriberChannel {
  const type = fields['hub.channel.type'];
  if (channelType === 'unknown') return 'webhook';
  if (type === undefined && channelType === 'required') throw new HttpRefusal(400, 'hub.channel.type is missing.');
  // The draft knows no channel types: without one it is a webhook.
  if (type === undefined || type === 'webhook') return 'webhook';
  if (type === 'websocket') return 'websocket';
  throw new HttpRefusal(400, 'hub.channel.type must be websocket or webhook.');
}

function parseWebSocketTarget(
  fields: Record<string, string>,
  mode: SubscribeRequest['mode'],
  { webhookFieldsOfWebsockets, unsubscription }: HubTraits,
): WebSocketTarget {
  if (webhookFieldsOfWebsockets === 'refused') {
    for (const name of ['hub.callback', 'hub.secret']) {
      if (fields[name] !== undefined) throw new HttpRefusal(400, `${name} must not be in a request for a websocket.`);
    }
  }
  if (webhookFieldsOfWebsockets === 'required' && mode === 'subscribe') {
    for (const name of ['hub.callback', 'hub.secret']) {
      if (fields[name] === undefined) throw new HttpRefusal(400, `${name} is missing.`);
    }
  }
  const endpoint = fields['hub.channel.endpoint'];
  const field = fields['endpoint'];
  const target = { channel: 'websocket', ...(field ? { endpointField: field } : {}) } as const;
  if (endpoint) return { ...target, endpoint };
  if (mode === 'unsubscribe' && unsubscription !== 'by-endpoint-field')
    throw new HttpRefusal(400, 'hub.channel.endpoint is missing.');
  return target;
}

function parseWebhookTarget(
  fields: Record<string, string>,
  mode: SubscribeRequest['mode'],
  traits: HubTraits,
  typeless: boolean,
): WebhookTarget {
  const callback = fields['hub.callback'];
  if (!callback) throw new HttpRefusal(400, 'hub.callback is missing.');
  if (!/^https?:$/.test(URL.canParse(callback) ? new URL(callback).protocol : '')) {
    throw new HttpRefusal(400, 'hub.callback must be an absolute http or https URL.');
  }
  const { verifiesUnsubscription: verifies } = traits;
  const verifyUnsubscribe = verifies === 'without-type' ? typeless : verifies === 'always';
  const target: WebhookTarget = { channel: 'webhook', callback, verifyUnsubscribe };
  const secret = fields['hub.secret'];
  if (secret) {
    if (Buffer.byteLength(secret) >= SECRET_LIMIT_BYTES)
      throw new HttpRefusal(400, 'hub.secret must be under 200 bytes.');
    target.secret = secret;
  } else if (traits.secret === 'always' || (traits.secret === 'without-type' && typeless && mode === 'subscribe')) {
    throw new HttpRefusal(400, 'hub.secret is missing.');
  }
  return target;
}
