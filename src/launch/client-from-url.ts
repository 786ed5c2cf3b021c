import { FhircastClient } from '../client.ts';
import { checkOptions, HUBS_KIND } from '../session/check-options.ts';
import type { FhircastClientOptions, FollowOptions } from '../session/options.ts';
import { type UrlLaunchOptions, urlLaunch } from './launch-url.ts';

/** Options of `clientFromUrl()`. */
export interface UrlClientOptions extends FollowOptions, UrlLaunchOptions {
  /** The access token for the hub, or a function that gives the one of the moment. It needs `hubs`. */
  accessToken?: Exclude<FhircastClientOptions['accessToken'], undefined>;
}

/**
 * Makes a client for a session that a URL names in its query string or fragment: `hub.url` and `hub.topic`, or `cast-hub` and
 * `cast-session`. In a page they are taken out of its address, because the session is a ticket for whoever reads it. A token
 * is never taken from a URL.
 *
 * @param url a URL, or a part of one from its `?` or `#` on. Default: the page's own address
 * @param options how the client behaves, and which hubs the URL may name: without `hubs` there can be no `accessToken`
 * @throws LaunchError when the URL does not lead to a session, or to a hub that is not one of `hubs`
 * @throws FhircastError `option-invalid` outside of a page without a URL, and with a token without `hubs`
 * @example
 * ```ts
 * const client = clientFromUrl(location.href, {
 *   hubs: ['https://hub.example.org'],
 *   accessToken: () => tokenOfTheMoment(),
 * });
 * ```
 */
export function clientFromUrl(url?: string, options: UrlClientOptions = {}): FhircastClient {
  checkOptions(options, [HUBS_KIND, ['keepUrl', 'true or false', (value) => typeof value === 'boolean']]);
  const { hubs, keepUrl, ...followed } = options;
  const { hubUrl, topic, dialect } = urlLaunch(url, options);
  return new FhircastClient({ hubUrl, topic, launched: dialect, ...followed });
}
