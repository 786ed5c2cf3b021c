import type { RelayOptions, RelaySettings } from './options.ts';
import { PAGE_HEADER } from './wire.ts';

const FORBIDDEN = 403;
const NO_CONTENT = 204;

/** Decides which pages may use a relay. */
export interface Access {
  /**
   * Lets a page's request in.
   *
   * @param request the request of a page
   * @returns the answer that keeps it out, or answers a browser's question whether it may be sent; otherwise nothing
   */
  refuse(request: Request): Promise<Response | undefined>;
  /** The headers that let a page read the answer. */
  headers(request: Request): Record<string, string>;
}

/**
 * Pages of other origins than the relay's own need to be allowed by name, and the app's own `authorize()` has the last word.
 *
 * @param settings which origins are allowed
 * @param authorize the app's own decision
 */
export function access({ origins, baseUrl }: RelaySettings, authorize: RelayOptions['authorize']): Access {
  const own = new URL(baseUrl);

  /** Behind a proxy the relay may see another scheme than the page, but hardly another host. */
  const isAllowed = (origin: string, url: string): boolean => {
    if (origins.has(origin) || origin === own.origin) return true;
    return URL.canParse(origin) && new URL(origin).host === new URL(url).host;
  };

  const headers = ({ headers: given, url }: Request): Record<string, string> => {
    const origin = given.get('origin');
    const common = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', Vary: 'Origin' };
    if (origin === null || !isAllowed(origin, url)) return common;
    return { ...common, 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' };
  };

  const preflight = (request: Request): Response =>
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

  return {
    headers,
    async refuse(request) {
      const origin = request.headers.get('origin');
      const isForeign = origin !== null && !isAllowed(origin, request.url);
      if (isForeign) return new Response(null, { status: FORBIDDEN, headers: headers(request) });
      if (request.method === 'OPTIONS') return preflight(request);
      if (!authorize) return undefined;
      const isAuthorized = await authorize(request);
      return isAuthorized === true ? undefined : new Response(null, { status: FORBIDDEN, headers: headers(request) });
    },
  };
}
