import { FORBIDDEN, NO_CONTENT } from '../web/status.ts';
import { joinUrl } from '../web/url.ts';
import type { PageRequest } from './page-request.ts';
import type { RelayOptions, RelaySettings } from './relay-options.ts';
import { PAGE_HEADER } from './wire.ts';
import { within } from './within.ts';

/** How long the app may take to decide, in milliseconds. */
const DECIDE_WITHIN_MS = 10_000;

/** Decides which pages may use a relay. */
export interface Access {
  /**
   * Lets a page's request in.
   *
   * @param request the request of a page
   * @returns the answer that keeps it out, or answers a browser's question whether it may be sent; otherwise nothing
   * @throws what the app's `authorize()` throws, or ChannelError `relay-failed` when it takes too long
   */
  refuse(request: PageRequest): Promise<Response | undefined>;
  /** The headers that let a page read the answer. */
  headers(request: PageRequest): Record<string, string>;
}

/**
 * Pages of other origins than the relay's own need to be allowed by name, and the app's own `authorize()` has the last word.
 * What the relay's own origin is, only `baseUrl` says: a target, a `Host` or an `X-Forwarded-Host` is the word of whoever has
 * sent it, and a name that was bound to this server by somebody else is none of its own.
 *
 * @param settings which origins are allowed
 * @param authorize the app's own decision
 */
export function access({ origins, baseUrl }: RelaySettings, authorize: RelayOptions['authorize']): Access {
  const own = new URL(baseUrl).origin;
  const isAllowed = (origin: string): boolean => origin === own || origins.has(origin);

  const headers = ({ headers: given }: PageRequest): Record<string, string> => {
    const origin = given.get('origin');
    const common = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', Vary: 'Origin' };
    if (origin === null || !isAllowed(origin)) return common;
    return { ...common, 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' };
  };

  const preflight = (request: PageRequest): Response =>
    new Response(null, {
      status: NO_CONTENT,
      headers: {
        ...headers(request),
        'Access-Control-Allow-Methods': 'POST, DELETE',
        'Access-Control-Allow-Headers':
          request.headers.get('access-control-request-headers') ?? `content-type, ${PAGE_HEADER}`,
        'Access-Control-Max-Age': '600',
      },
    });

  /** The request as the app is asked about it: where it really goes, and without its body. */
  const asked = ({ method, path, query, headers: given }: PageRequest): Request => {
    const url = new URL(joinUrl(baseUrl, path));
    if (query !== '') url.search = query;
    return new Request(url, { method, headers: given });
  };

  return {
    headers,
    async refuse(request) {
      const origin = request.headers.get('origin');
      const isForeign = origin !== null && !isAllowed(origin);
      if (isForeign) return new Response(null, { status: FORBIDDEN, headers: headers(request) });
      if (request.method === 'OPTIONS') return preflight(request);
      if (!authorize) return undefined;
      const isAuthorized = await within(DECIDE_WITHIN_MS, authorize(asked(request)));
      return isAuthorized === true ? undefined : new Response(null, { status: FORBIDDEN, headers: headers(request) });
    },
  };
}
