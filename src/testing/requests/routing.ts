import { type HttpAnswer, HttpRefusal, parseForm } from '../ground/http-server.ts';
import type { HubMessageKind } from '../ground/log.ts';
import type { HubTraits } from '../ground/traits.ts';

/** What a POST is, as far as its path, its media type and its body tell. */
export interface Routed {
  kind: Extract<HubMessageKind, 'subscribe' | 'unsubscribe' | 'publish'>;
  /** The text of an event. */
  body: string;
  /** The fields of a subscription, where they have been read already. */
  fields?: Record<string, string>;
}

/** A POST to the hub. */
export interface Posted {
  /** The topic in the path. */
  topic: string | undefined;
  /** The media type, without parameters and in lower case. */
  type: string;
  body: string;
}

const FORM = 'application/x-www-form-urlencoded';

/**
 * Finds out what a POST is.
 *
 * @throws a refusal when it can be nothing
 */
export function route(posted: Posted, traits: HubTraits): Routed {
  switch (traits.routing) {
    case 'by-type':
      return routeByType(posted, traits);
    case 'by-path':
      return routeByPath(posted, traits);
    case 'by-content':
      return routeByContent(posted);
  }
}

function routeByType({ topic, type, body }: Posted, { publishTypes }: HubTraits): Routed {
  if (publishTypes.includes(type)) return { kind: 'publish', body };
  if (type !== FORM || topic !== undefined) {
    const types = [...publishTypes].reverse().join(' or ');
    throw new HttpRefusal(415, `A subscription is a form to the hub; an event is ${types}.`);
  }
  return { kind: /(?:^|&)hub\.mode=unsubscribe(?:&|$)/.test(body) ? 'unsubscribe' : 'subscribe', body };
}

/** Whatever comes to the hub's own URL is a subscription, and whatever comes to a session's is an event. */
function routeByPath({ topic, type, body }: Posted, { publishTypes, readsJsonSubscriptions }: HubTraits): Routed {
  if (topic !== undefined)
    return { kind: 'publish', body: publishTypes.includes(type) || publishTypes.includes('*') ? body : '{}' };
  if (type === FORM) return subscription(parseForm(body), body);
  return subscription(type === 'application/json' && readsJsonSubscriptions ? parseFlat(body) : {}, body);
}

/** Everything is JSON at the URL of a session. */
function routeByContent({ topic, type, body }: Posted): Routed {
  if (topic === undefined) throw new HttpRefusal(404, 'Subscriptions and events are for the URL of a session.');
  if (type !== 'application/json') throw new HttpRefusal(415, 'Subscriptions and events are application/json.');
  const fields = parseFlat(body);
  if (fields['hub.mode'] === undefined) return { kind: 'publish', body };
  return subscription({ 'hub.topic': topic, ...fields }, body);
}

function subscription(fields: Record<string, string>, body: string): Routed {
  return { kind: fields['hub.mode'] === 'unsubscribe' ? 'unsubscribe' : 'subscribe', fields, body };
}

/** The members of a JSON object that are a text, a number, or a list of texts. */
function parseFlat(body: string): Record<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new HttpRefusal(400, 'The body is not JSON.');
  }
  if (typeof value !== 'object' || value === null) throw new HttpRefusal(400, 'The body must be an object.');
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]: [string, unknown]) =>
      typeof member === 'string' || typeof member === 'number' || Array.isArray(member) ? [[name, String(member)]] : [],
    ),
  );
}

/** The answer to an event that is sent on. */
export function tellAccepted(body: string, { publishAnswer: { status, body: form } }: HubTraits): HttpAnswer {
  switch (form) {
    case 'empty':
      return { status };
    case 'ok':
      return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: 'OK' };
    case 'json':
      return {
        status,
        headers: { 'Content-Type': 'application/json; charset=utf-8' },
        body: JSON.stringify({ success: true, event: JSON.parse(body) as unknown }),
      };
  }
}
