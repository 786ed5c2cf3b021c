import { requirePlatform } from './platform.ts';

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** Whether a URL is of this machine. */
export const isLoopback = ({ hostname }: URL): boolean => LOOPBACK.test(hostname);

/** More than any server takes. In characters. */
export const URL_LIMIT = 8 * 1024;

/**
 * A path without the slashes at its end. A regular expression would look at each run of slashes again from each of them.
 *
 * @param path the path of a URL
 */
export function withoutSlash(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}

/**
 * Reads a URL. `URL.canParse()` is younger than the browsers that hospitals embed.
 *
 * @param url what may be a URL
 * @param base what it may be relative to
 */
export const parseUrl = (url: string, base?: string): URL | undefined => {
  try {
    return new URL(url, base);
  } catch {
    return undefined;
  }
};

/**
 * Whether a URL has a name or a password in it.
 *
 * @param url a URL
 */
export const hasUserinfo = (url: URL | undefined): boolean =>
  url !== undefined && (url.username !== '' || url.password !== '');

/** What is wrong with a URL: it is none, or it is not encrypted. */
export type UrlFault = 'invalid' | 'insecure';

/**
 * Checks that a URL may carry a session: encrypted, or on this machine (STU3, Security Considerations).
 *
 * @param url what should be an absolute URL
 * @param scheme the scheme without its `s`
 * @param allowInsecure accepts unencrypted URLs of any host
 * @returns what is wrong, or `undefined`
 */
export function urlFault(url: string, scheme: 'http' | 'ws', allowInsecure: boolean): UrlFault | undefined {
  requirePlatform(['URL']);
  const parsed = typeof url === 'string' && url.length <= URL_LIMIT ? parseUrl(url) : undefined;
  if (!parsed) return 'invalid';
  const isSecure = parsed.protocol === `${scheme}s:`;
  if (!isSecure && parsed.protocol !== `${scheme}:`) return 'invalid';
  if (!isSecure && !allowInsecure && !isLoopback(parsed)) return 'insecure';
  // fetch() would refuse it, again and again, and the platform's errors quote it.
  return hasUserinfo(parsed) ? 'invalid' : undefined;
}

/**
 * Joins a base URL and one path segment: hubs treat `hub/` and `hub` alike, but do not find `hub//topic`. A query of the
 * base stays where it is.
 *
 * @param base an absolute URL
 * @param path what to append, already encoded
 */
export function joinUrl(base: string, path: string): string {
  const url = new URL(base);
  url.pathname = `${withoutSlash(url.pathname)}/${path}`;
  return url.href;
}
