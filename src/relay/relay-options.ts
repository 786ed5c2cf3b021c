import type { CallbackRouter, RouterOptions } from '../callback/callback-router.ts';
import { optionInvalid } from '../errors/errors.ts';
import { LONGEST_TIMER_MS } from '../web/timers.ts';
import { parseUrl, urlFault } from '../web/url.ts';
import { BODY_LIMIT_MOST } from './wire.ts';

/** How a relay behaves. */
export interface RelayOptions extends RouterOptions {
  /**
   * The URL under which the hub reaches the relay: https, or http on this machine. The relay takes what is one or two path
   * segments below it.
   */
  baseUrl: string;
  /**
   * Whether a page may use the relay: look at the cookie of your app's own session here. It is asked for each request of a page,
   * and never for those of a hub.
   *
   * @default every page of an allowed origin may
   * @param request the request of the page, without its body
   */
  authorize?(request: Request): boolean | Promise<boolean>;
  /**
   * The origins of pages, such as `https://app.example.org`, that may use the relay beside that of the relay itself (CORS).
   *
   * @default none
   */
  origins?: readonly string[];
  /**
   * Passes requests to the owner of a callback URL. Several relays behind a load balancer share one `redisRouter()`.
   * `answerWithinMs`, `maxWaiting` and `onLost` belong to the router: with one of your own they are set there.
   *
   * @default a `MemoryRouter`: within this process
   */
  router?: CallbackRouter;
  /**
   * How long a page that is gone may take to come back to its subscription, in seconds.
   *
   * @default 60
   */
  graceSeconds?: number;
  /**
   * How many pages may be open, or be waited for.
   *
   * @default 10000
   */
  maxPages?: number;
  /**
   * How much of one page may wait for its answer, in bytes.
   *
   * @default 4194304
   */
  maxPageBytes?: number;
  /**
   * How much of all pages may wait for its answer, in bytes.
   *
   * @default 268435456
   */
  maxBytes?: number;
  /**
   * The largest body that is passed on, in bytes: 16777216 at most, because pages read no more.
   *
   * @default 1048576
   */
  bodyLimit?: number;
  /**
   * Accepts a `baseUrl` without encryption on other hosts than this one. For test networks alone.
   *
   * @default false
   */
  allowInsecure?: boolean;
}

/** The options, complete and checked. */
export interface RelaySettings {
  readonly baseUrl: string;
  readonly origins: ReadonlySet<string>;
  readonly graceMs: number;
  readonly maxPages: number;
  readonly maxPageBytes: number;
  readonly maxBytes: number;
  readonly bodyLimit: number;
}

const MIB = 1024 * 1024;

const isOrigin = (text: string): boolean => parseUrl(text)?.origin === text;

/**
 * Fills in and checks the options.
 *
 * @param options as the app has given them
 * @throws FhircastError `option-invalid`
 */
export function relaySettings(options: RelayOptions): RelaySettings {
  const { baseUrl, allowInsecure = false, origins = [], graceSeconds = 60 } = options;
  const positive = (at: 'maxPages' | 'maxPageBytes' | 'maxBytes' | 'bodyLimit', byDefault: number): number => {
    const value = options[at] ?? byDefault;
    if (!(value > 0)) throw optionInvalid(at, 'a number above 0');
    return value;
  };
  const ofRouter = (['answerWithinMs', 'maxWaiting', 'onLost'] as const).find((name) => options[name] !== undefined);
  if (options.router && ofRouter) throw optionInvalid(ofRouter, 'it to the router instead');
  if (urlFault(baseUrl, 'http', allowInsecure)) throw optionInvalid('baseUrl', 'an https URL');
  if (!origins.every(isOrigin)) throw optionInvalid('origins', 'a list of origins, such as https://app.example.org');
  const bodyLimit = positive('bodyLimit', MIB);
  if (bodyLimit > BODY_LIMIT_MOST) throw optionInvalid('bodyLimit', `a number of ${BODY_LIMIT_MOST} at most`);
  const graceMs = graceSeconds * 1_000;
  if (!(graceMs >= 0 && graceMs <= LONGEST_TIMER_MS))
    throw optionInvalid('graceSeconds', `a number from 0 to ${Math.floor(LONGEST_TIMER_MS / 1_000)}`);
  return {
    baseUrl,
    origins: new Set(origins),
    graceMs,
    maxPages: positive('maxPages', 10_000),
    maxPageBytes: positive('maxPageBytes', 4 * MIB),
    maxBytes: positive('maxBytes', 256 * MIB),
    bodyLimit,
  };
}
