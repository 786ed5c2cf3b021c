import { parseUrl, URL_LIMIT, withoutSlash } from './url.ts';

/** Reads a URL that is not too long. */
export const readUrl = (url: string): URL | undefined => (url.length > URL_LIMIT ? undefined : parseUrl(url));

/** A URL in the one form in which it is compared: hubs take `hub/` and `hub` for the same. */
export const normalUrl = (url: string): string => {
  const parsed = readUrl(url);
  return parsed ? `${parsed.origin}${withoutSlash(parsed.pathname)}${parsed.search}` : url;
};

/** Whether a URL is one of HTTP. */
export const isWeb = (url: URL | undefined): url is URL => url?.protocol === 'https:' || url?.protocol === 'http:';

/**
 * Whether two URLs are of one origin, where one hub may speak several versions under several paths.
 *
 * @param one a URL
 * @param other a URL
 */
export const isSameOrigin = (one: string, other: string): boolean => {
  const [a, b] = [readUrl(one), readUrl(other)];
  return isWeb(a) && isWeb(b) && a.origin === b.origin;
};

/**
 * Whether a URL is below another one: of its origin, and with more of a path behind the other's own, segment by segment. Nothing of
 * the path leads up again, however it is written.
 *
 * @param url a URL
 * @param base the URL that it should be below, such as a hub's
 */
export const isBelow = (url: string, base: string): boolean => {
  const [below, above] = [readUrl(url), readUrl(base)];
  if (!isWeb(below) || !isWeb(above) || below.origin !== above.origin) return false;
  const path = `${withoutSlash(above.pathname)}/`;
  if (!below.pathname.startsWith(path)) return false;
  try {
    const rest = decodeURIComponent(below.pathname.slice(path.length));
    return withoutSlash(rest) !== '' && !rest.split(/[\\/]/).includes('..');
  } catch {
    return false;
  }
};
