import type { CallbackOwner, CallbackRegistration } from '../channels/callback.ts';
import { openWebhookChannel } from '../channels/webhook-channel.ts';
import { NotificationError, optionInvalid } from '../errors/errors.ts';
import { randomHex } from '../web/random.ts';
import { SERVER_ERROR, UNSUPPORTED_MEDIA_TYPE } from '../web/status.ts';
import { joinUrl, urlFault } from '../web/url.ts';
import { type CallbackRouter, ROUTER_ANSWERS } from './callback-router.ts';
import { type Hmac, platformHmac } from './hmac.ts';
import type { HttpCallbackEndpoint } from './http-endpoint.ts';
import { MemoryRouter } from './memory-router.ts';
import { nodeSkin } from './node-skin.ts';
import { answerOf, appendedQuery, type CallbackAnswer, type CallbackRequest } from './request.ts';
import { type CallbackOutcome, subscriptionHandler } from './subscription-handler.ts';
import { webSkin } from './web-skin.ts';

/** How a callback endpoint behaves. */
export interface CallbackEndpointOptions {
  /**
   * The URL under which the hub reaches the endpoint: https, or http on this machine. The URL of each subscription is this
   * one and one more path segment.
   */
  baseUrl: string;
  /**
   * The largest body that is read, in bytes.
   *
   * @default 1048576
   */
  bodyLimit?: number;
  /**
   * Accepts signatures with sha1, for hubs that have nothing better.
   *
   * @default false
   */
  allowSha1?: boolean;
  /**
   * Accepts a `baseUrl` without encryption on other hosts than this one. For test networks alone.
   *
   * @default false
   */
  allowInsecure?: boolean;
  /**
   * Passes a request to the owner of its URL. What it promises is said at `CallbackRouter`.
   *
   * @default a `MemoryRouter`: within this process
   */
  router?: CallbackRouter;
  /**
   * Makes what checks signatures with a secret.
   *
   * @default node:crypto where it exists, WebCrypto elsewhere
   */
  hmac?: (secret: string) => Hmac;
}

const DEFAULT_BODY_LIMIT = 1024 * 1024;
const PLAIN_TEXT = { 'Content-Type': 'text/plain; charset=utf-8', 'Accept-Encoding': 'identity' };

/** What is counted for each answer of the router's own. */
const ROUTER_OUTCOMES: ReadonlyMap<CallbackAnswer, CallbackOutcome> = new Map([
  [ROUTER_ANSWERS.unknown, 'unknown-callback'],
  [ROUTER_ANSWERS.ended, 'ended-callback'],
  [ROUTER_ANSWERS.late, 'late'],
  [ROUTER_ANSWERS.full, 'unavailable'],
  [ROUTER_ANSWERS.unavailable, 'unavailable'],
]);

/** An app or a router of its own may come up with statuses at which a server throws. */
const canBeSent = (status: number): boolean => Number.isInteger(status) && status >= 200 && status <= 599;

/**
 * Makes an endpoint for the hubs' webhooks (January 2019 draft to STU2). Each subscription gets an unguessable URL and a
 * fresh secret of its own.
 *
 * @param options where the endpoint is reached
 * @throws FhircastError `option-invalid` when `baseUrl` cannot carry a session, or `bodyLimit` is no number above zero
 * @example
 * ```ts
 * const callback = createCallbackEndpoint({ baseUrl: 'https://app.example.org/fhircast' });
 * http.createServer(callback.node).listen(3000);
 * const client = await FhircastClient.fromSmartLaunch(tokenResponse, { callback });
 * ```
 */
export function createCallbackEndpoint(options: CallbackEndpointOptions): HttpCallbackEndpoint {
  const { baseUrl, allowSha1 = false, allowInsecure = false, bodyLimit = DEFAULT_BODY_LIMIT } = options;
  if (urlFault(baseUrl, 'http', allowInsecure)) throw optionInvalid('baseUrl', 'an https URL');
  if (!(bodyLimit > 0)) throw optionInvalid('bodyLimit', 'a number above 0');
  const ownQuery = new URL(baseUrl).search.slice(1);
  const counts: Partial<Record<CallbackOutcome, number>> = {};
  const count = (outcome: CallbackOutcome) => {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  };
  const { router = new MemoryRouter({ onLost: () => count('lost') }), hmac = platformHmac } = options;

  /** Who is told of what does not get as far as a router. */
  const owners = new Map<string, CallbackOwner>();

  const open = async (owner: CallbackOwner): Promise<CallbackRegistration> => {
    const id = randomHex(24);
    const secret = randomHex(32);
    await router.register(id, subscriptionHandler({ owner, allowSha1, count, hmac: hmac(secret) }));
    owners.set(id, owner);
    const close = () => {
      owners.delete(id);
      return router.release(id);
    };
    return { url: joinUrl(baseUrl, id), secret, close };
  };

  /** The signature is of the plain body, and nothing here unpacks what a stranger has packed. */
  const refuseEncoded = (id: string, at: string): CallbackAnswer => {
    const error = new NotificationError('callback-encoded', { at });
    count(error.code);
    owners.get(id)?.rejected(error);
    return { status: UNSUPPORTED_MEDIA_TYPE, body: error.message, headers: PLAIN_TEXT };
  };

  const fail = (): CallbackAnswer => {
    count('failed');
    return answerOf(SERVER_ERROR);
  };

  const check = (answer: CallbackAnswer): CallbackAnswer => {
    if (answer.status === 200) return answer;
    const outcome = ROUTER_OUTCOMES.get(answer);
    if (outcome) count(outcome);
    return canBeSent(answer.status) ? answer : fail();
  };

  // Some hubs end when a connection is reset: everything is answered, whatever happens here.
  const handle = (id: string, request: CallbackRequest): CallbackAnswer | Promise<CallbackAnswer> => {
    try {
      if (request.method === 'POST' && request.encoding) return refuseEncoded(id, request.encoding);
      const query = appendedQuery(ownQuery, request.query);
      const answer = router.dispatch(id, query === request.query ? request : { ...request, query });
      // A router may bring promises of another library or realm, which are no instances of this one's.
      return 'status' in answer ? check(answer) : Promise.resolve(answer).then(check).catch(fail);
    } catch {
      return fail();
    }
  };

  return {
    counts,
    bodyLimit,
    open,
    openChannel: openWebhookChannel,
    handle,
    fetch: webSkin(handle, bodyLimit, counts),
    node: nodeSkin(handle, bodyLimit, counts),
  };
}
