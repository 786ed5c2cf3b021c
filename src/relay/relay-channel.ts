import { webHmac } from '../callback/hmac.ts';
import { type CallbackOutcome, subscriptionHandler } from '../callback/subscription-handler.ts';
import type { CallbackEndpoint, CallbackOwner, CallbackRegistration, CallbackSession } from '../channels/callback.ts';
import { openWebhookChannel } from '../channels/webhook-channel.ts';
import { optionInvalid } from '../errors/errors.ts';
import type { FetchLike } from '../hub/http.ts';
import { randomHex } from '../web/random.ts';
import { parseUrl, urlFault } from '../web/url.ts';
import { keeper, platformStorage, type RelayStorage } from './page-storage.ts';
import { RelayConnection } from './relay-connection.ts';
import { SeenEvents } from './seen-events.ts';

/** How a page uses a relay. */
export interface RelayChannelOptions {
  /** The relay: https, or http on this machine. In a page it may be relative to the page, such as `/relay`. */
  url: string;
  /**
   * Where the page keeps its secret and its capability, by which it comes back to its subscription: `sessionStorage` serves a
   * tab that is loaded again, `localStorage` also one that was closed and opened again. `null` keeps nothing, and ends the
   * subscription with the page.
   *
   * @default `sessionStorage`, where there is one
   */
  storage?: RelayStorage | null;
  /**
   * Accepts signatures with sha1, for hubs that have nothing better.
   *
   * @default false
   */
  allowSha1?: boolean;
  /**
   * Accepts a relay without encryption on other hosts than this one. For test networks alone.
   *
   * @default false
   */
  allowInsecure?: boolean;
  /**
   * An implementation of `fetch` whose responses are streams. One of your own may add a token to the requests.
   *
   * @default the platform's own
   */
  fetch?: FetchLike;
}

/** A relay, as a page sees it. */
export interface RelayChannel extends CallbackEndpoint {
  /** How many requests of hubs came to what end. */
  readonly counts: Readonly<Partial<Record<CallbackOutcome, number>>>;
}

/** Capabilities in use here: two clients of one page are two pages to the relay. */
const inUse = new Set<string>();

/** What a relative URL is relative to, in a page or a worker. */
const pageUrl = (): string | undefined => (globalThis as { location?: { href?: string } }).location?.href;

/**
 * Follows hubs that deliver by webhook alone from a web page, by way of a relay (see `createRelay()`). It is given to a client as
 * its `callback`. The page makes the secret, subscribes at the hub with its own token, and checks every signature itself.
 *
 * @param options where the relay is
 * @throws FhircastError `option-invalid` when `url` cannot carry a session, or the page is not allowed to check signatures: that
 * takes https, or this machine
 * @example
 * ```ts
 * const client = await FhircastClient.fromSmartLaunch(undefined, { callback: relayChannel({ url: '/relay' }) });
 * ```
 */
export function relayChannel(options: RelayChannelOptions): RelayChannel {
  const { allowSha1 = false, allowInsecure = false } = options;
  const { storage = platformStorage(), fetch = (...given) => globalThis.fetch(...given) } = options;
  const base = pageUrl();
  const url = parseUrl(options.url, base)?.href ?? options.url;
  const canVerify = (globalThis.crypto as Partial<Crypto> | undefined)?.subtle !== undefined;
  if (!canVerify || urlFault(url, 'http', allowInsecure))
    throw optionInvalid('url', 'an https URL, and have the page on https too');

  const counts: Partial<Record<CallbackOutcome, number>> = {};
  const count = (outcome: CallbackOutcome) => {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  };

  const open = async (owner: CallbackOwner, { hubUrl, topic }: CallbackSession): Promise<CallbackRegistration> => {
    const place = await keeper(storage ?? undefined, [url, hubUrl, topic]);
    const found = place.read();
    const kept = found && !inUse.has(found.page) ? found : undefined;
    const secret = kept?.secret ?? randomHex(32);
    // A new secret has signed nothing.
    const seen = new SeenEvents(kept?.seen);
    let isKeeper = true;
    let page = kept?.page;
    if (page !== undefined) inUse.add(page);
    let callback = '';
    const keep = () => {
      if (isKeeper && page !== undefined) place.write({ page, secret, seen: seen.record });
    };
    const connection = new RelayConnection({
      url,
      fetch,
      page,
      handle: subscriptionHandler({
        owner,
        allowSha1,
        count,
        hmac: webHmac(secret),
        isOld: (signature, text) => seen.isOld(signature, text),
        delivered: (signature, text) => {
          seen.add(signature, text);
          keep();
        },
      }),
      isAllowed: (callback) => !urlFault(callback, 'http', allowInsecure),
      opened: (message) => {
        // Another tab has come with what is kept, and keeps it.
        if (page !== undefined && page !== message.page) isKeeper = false;
        if (page !== undefined) inUse.delete(page);
        page = message.page;
        inUse.add(page);
        callback = message.callback;
        keep();
      },
      lost: (error) => owner.lost?.(error),
    });
    const release = () => {
      if (page === undefined) return;
      inUse.delete(page);
      place.remove(page);
    };
    try {
      await connection.open();
    } catch (error) {
      if (page !== undefined) inUse.delete(page);
      throw error;
    }
    return {
      get url() {
        return callback;
      },
      secret,
      close() {
        release();
        return connection.close();
      },
    };
  };

  return { counts, open, openChannel: openWebhookChannel, outlivesPage: Boolean(storage) };
}
