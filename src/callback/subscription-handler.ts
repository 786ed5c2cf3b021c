import type { CallbackOwner } from '../channels/callback.ts';
import { leaseSecondsOf, splitEvents } from '../channels/frame.ts';
import { type FhircastError, NotificationError } from '../errors.ts';
import type { Hmac } from './hmac.ts';
import { answerOf, type CallbackAnswer, type CallbackRequest } from './request.ts';
import type { CallbackHandler } from './router.ts';
import { signatureFault } from './signature.ts';

/**
 * What came of a request to a callback URL, for counting: `delivered` was handed to the subscription, `unexpected` is what
 * nobody waits for, `failed` is what was answered 500, and the codes are those of the messages that were refused.
 *
 * Of the router: `unknown-callback` is an id that nobody owns, `ended-callback` one that was given up, `late` what was
 * answered 202 because its owner took too long, `unavailable` what was answered 503, and `lost` an event that was late and
 * failed then. A request may count as `delivered` and `late`. A router of the app's own reports its losses itself.
 */
export type CallbackOutcome =
  | 'verified'
  | 'denied'
  | 'delivered'
  | 'unexpected'
  | 'failed'
  | 'unknown-callback'
  | 'ended-callback'
  | 'late'
  | 'unavailable'
  | 'lost'
  | FhircastError['code'];

/** What the handler of one callback URL needs. */
export interface SubscriptionHandlerOptions {
  readonly owner: CallbackOwner;
  readonly hmac: Hmac;
  readonly allowSha1: boolean;
  /** Takes note of what came. */
  count(outcome: CallbackOutcome): void;
}

const BAD_REQUEST = 400;
const UNAUTHORIZED = 401;
const NOT_FOUND = 404;
const METHOD_NOT_ALLOWED = 405;
const TOO_LARGE = 413;

/** A challenge is random text. What could be more than text is not echoed. */
const CHALLENGE = /^[^<>\p{Cc}]{1,2048}$/u;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads a query in which every name may stand once. */
const parseQuery = (query: string): Map<string, string> | undefined => {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (fields.has(name)) return undefined;
    fields.set(name, value);
  }
  return fields;
};

/**
 * Decides about the requests to one callback URL: verifications and denials by GET, signed notifications by POST.
 *
 * @param options whose URL it is, and how its signatures are checked
 */
export function subscriptionHandler(options: SubscriptionHandlerOptions): CallbackHandler {
  const { owner, hmac, allowSha1, count } = options;

  const unexpected = (status = NOT_FOUND): CallbackAnswer => {
    count('unexpected');
    return answerOf(status);
  };

  const reject = (error: FhircastError, status: number): CallbackAnswer => {
    count(error.code);
    owner.rejected(error);
    return answerOf(status);
  };

  const verify = (query: string): CallbackAnswer => {
    const fields = parseQuery(query);
    const mode = fields?.get('hub.mode')?.toLowerCase();
    const topic = fields?.get('hub.topic');
    const events = splitEvents(fields?.get('hub.events'));
    if (mode === 'denied') {
      if (!owner.deny({ topic, events, reason: fields?.get('hub.reason') })) return unexpected();
      count('denied');
      return answerOf(200);
    }
    const challenge = fields?.get('hub.challenge') ?? '';
    const isKnown = mode === undefined || mode === 'subscribe' || mode === 'unsubscribe';
    if (!isKnown || !CHALLENGE.test(challenge)) return unexpected();
    const leaseSeconds = leaseSecondsOf(fields?.get('hub.lease_seconds'));
    if (!owner.verify({ mode, topic, events, leaseSeconds })) return unexpected();
    count('verified');
    // Hubs compare the body to the letter, and accept exactly 200.
    return { status: 200, body: challenge, headers: { 'Content-Type': 'text/html; charset=utf-8' } };
  };

  const deliver = (body: Uint8Array): CallbackAnswer | Promise<CallbackAnswer> => {
    let text: string;
    try {
      text = utf8.decode(body);
    } catch {
      return reject(new NotificationError('notification-malformed', { at: 'not UTF-8' }), BAD_REQUEST);
    }
    count('delivered');
    const status = owner.notify(text);
    return typeof status === 'number' ? answerOf(status) : Promise.resolve(status).then(answerOf);
  };

  return ({ method, query, signature, body }: CallbackRequest) => {
    if (method === 'GET') return verify(query);
    if (method !== 'POST') return { ...unexpected(METHOD_NOT_ALLOWED), headers: { Allow: 'GET, POST' } };
    if (body === 'too-large') return reject(new NotificationError('notification-too-large'), TOO_LARGE);
    if (owner.acceptsUnverified?.()) return deliver(body);
    const fault = signatureFault(hmac, signature, body, allowSha1);
    if (fault instanceof Promise) {
      return fault.then((error) => (error ? reject(error, UNAUTHORIZED) : deliver(body)));
    }
    return fault ? reject(fault, UNAUTHORIZED) : deliver(body);
  };
}
