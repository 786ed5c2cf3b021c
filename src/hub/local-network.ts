import { isLoopback, parseUrl } from '../web/url.ts';

/** Addresses of a local network (RFC 1918, RFC 3927, RFC 4193, RFC 4291), and names that are looked for in it (RFC 6762). */
const PRIVATE =
  /^(10(\.\d+){3}|172\.(1[6-9]|2\d|3[01])(\.\d+){2}|192\.168(\.\d+){2}|169\.254(\.\d+){2}|\[f[cd].*|\[fe[89ab].*|.+\.local)$/i;

/**
 * Whether a browser may be what keeps this page from a URL: a page that is not of this machine reaches this machine only with the
 * user's permission, and a public page the local network (Local Network Access).
 *
 * @param url where a request or a websocket should have gone
 */
export function mayBeBlocked(url: string): boolean {
  const { location } = globalThis as { readonly location?: { readonly href?: unknown } };
  const page = parseUrl(String(location?.href ?? ''));
  const target = parseUrl(url);
  if (!page || !target || !/^https?:$/.test(page.protocol) || isLoopback(page)) return false;
  return isLoopback(target) || (PRIVATE.test(target.hostname) && !PRIVATE.test(page.hostname));
}
