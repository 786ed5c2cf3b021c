import type { CallbackOwner } from '../channels/callback.ts';
import { leaseSecondsOf, splitEvents } from '../channels/websocket/frame.ts';
import { type FhircastError, NotificationError } from '../errors/errors.ts';
import { BAD_REQUEST, CONTENT_TOO_LARGE, METHOD_NOT_ALLOWED, NOT_FOUND, UNAUTHORIZED } from '../web/status.ts';
import type { CallbackHandler } from './callback-router.ts';
import { echoOf, isChallenge } from './challenge.ts';
import type { Hmac } from './hmac.ts';
import { answerOf, type CallbackAnswer, type CallbackRequest } from './request.ts';
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

/** The owner of one callback URL, how its signatures are checked, and where outcomes are counted. */
export interface SubscriptionHandlerOptions {
  readonly owner: CallbackOwner;
  readonly hmac: Hmac;
  readonly allowSha1: boolean;
  /** Takes note of what came. */
  count(outcome: CallbackOutcome): void;
  /** Whether an event with a right signature was delivered long ago, to an owner that knows nothing of it. Default: none was. */
  isOld?(signature: string, text: string): boolean;
  /** The owner has decided about an event with a right signature. */
  delivered?(signature: string, text: string): void;
}

/** More than any hub writes into a query. In characters. */
const QUERY_LIMIT = 64 * 1024;

/** Reads a query in which a name may be repeated with the same value. Another one is a fault, which is told by its name. */
const parseQuery = (query: string): { readonly fields: ReadonlyMap<string, string>; readonly fault?: string } => {
  const fields = new Map<string, string>();
  if (query.length > QUERY_LIMIT) return { fields, fault: 'the length of the query' };
  for (const [name, value] of new URLSearchParams(query)) {
    const known = fields.get(name);
    if (known !== undefined && known !== value)
      return { fields, fault: FIELDS.find((own) => own === name) ?? 'a field' };
    fields.set(name, value);
  }
  return { fields };
};

/** What a hub verifies or denies with. Another name may be anything. */
const FIELDS = ['hub.mode', 'hub.topic', 'hub.challenge', 'hub.events', 'hub.lease_seconds', 'hub.reason'] as const;

/**
 * Decides about the requests to one callback URL: verifications and denials by GET, signed notifications by POST.
 *
 * @param options whose URL it is, and how its signatures are checked
 */
export function subscriptionHandler(options: SubscriptionHandlerOptions): CallbackHandler {
  const { owner, hmac, allowSha1, count, isOld, delivered } = options;

  const unexpected = (status = NOT_FOUND): CallbackAnswer => {
    count('unexpected');
    return answerOf(status);
  };

  const reject = (error: FhircastError, status: number): CallbackAnswer => {
    count(error.code);
    owner.rejected(error);
    return answerOf(status);
  };

  const refuse = (at: string): CallbackAnswer => {
    owner.refused?.(at);
    return unexpected();
  };

  const verify = (query: string): CallbackAnswer => {
    const { fields, fault } = parseQuery(query);
    if (fault) return refuse(fault);
    const mode = fields.get('hub.mode')?.toLowerCase();
    const topic = fields.get('hub.topic');
    const events = splitEvents(fields.get('hub.events'));
    if (mode === 'denied') {
      if (!owner.deny({ topic, events, reason: fields.get('hub.reason') })) return unexpected();
      count('denied');
      return answerOf(200);
    }
    const challenge = fields.get('hub.challenge') ?? '';
    const isKnown = mode === undefined || mode === 'subscribe' || mode === 'unsubscribe';
    if (!isKnown) return refuse('hub.mode');
    if (!isChallenge(challenge)) return refuse('hub.challenge');
    const leaseSeconds = leaseSecondsOf(fields.get('hub.lease_seconds'));
    if (!owner.verify({ mode, topic, events, leaseSeconds })) return unexpected();
    count('verified');
    return echoOf(challenge);
  };

  /** @param signature the header, where it was checked and is right */
  const deliver = (body: Uint8Array, signature: string | undefined): CallbackAnswer | Promise<CallbackAnswer> => {
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    } catch {
      return reject(new NotificationError('notification-malformed', { at: 'not UTF-8' }), BAD_REQUEST);
    }
    // It is answered as what was followed: whoever sends it again need not hear more.
    if (signature && isOld?.(signature, text)) return reject(new NotificationError('notification-stale'), 200);
    count('delivered');
    const answer = (status: number): CallbackAnswer => {
      // What nobody waited for was not shown to anybody, and may be sent again.
      if (signature && status !== NOT_FOUND) delivered?.(signature, text);
      return answerOf(status);
    };
    const status = owner.notify(text);
    return typeof status === 'number' ? answer(status) : Promise.resolve(status).then(answer);
  };

  /** Decides about a request whose signature has been checked, or does not matter. */
  const decide = (
    { method, query, body, signature }: CallbackRequest,
    fault: FhircastError | undefined,
    isSigned: boolean,
  ) => {
    if (method === 'GET') return verify(query);
    if (method !== 'POST') return { ...unexpected(METHOD_NOT_ALLOWED), headers: { Allow: 'GET, POST' } };
    if (body === 'too-large') return reject(new NotificationError('notification-too-large'), CONTENT_TOO_LARGE);
    return fault ? reject(fault, UNAUTHORIZED) : deliver(body, isSigned ? signature : undefined);
  };

  /** The last signature that is being checked: WebCrypto takes its time, and what comes behind it must not overtake it. */
  let checking: Promise<unknown> | undefined;

  return (request: CallbackRequest) => {
    const { method, signature, body } = request;
    const isSigned = method === 'POST' && body !== 'too-large' && !owner.acceptsUnverified?.();
    const fault = isSigned ? signatureFault(hmac, signature, body, allowSha1) : undefined;
    if (!checking && !(fault instanceof Promise)) return decide(request, fault, isSigned);
    // It may fail before its turn comes.
    if (fault instanceof Promise) fault.catch(() => {});
    const checked = (checking ?? Promise.resolve()).then(() => fault);
    const done = checked.then(
      () => {},
      () => {},
    );
    checking = done;
    void done.then(() => {
      if (checking === done) checking = undefined;
    });
    return checked.then((found) => decide(request, found, isSigned));
  };
}
