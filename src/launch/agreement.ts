import { LaunchError } from '../errors.ts';
import { parseUrl, URL_LIMIT, withoutSlash } from '../hub/url.ts';

const parse = (url: string): URL | undefined => (url.length > URL_LIMIT ? undefined : parseUrl(url));

/** A URL in the one form in which it is compared: hubs take `hub/` and `hub` for the same. */
const normal = (url: string): string => {
  const parsed = parse(url);
  return parsed ? `${parsed.origin}${withoutSlash(parsed.pathname)}${parsed.search}` : url;
};

const isWeb = (url: URL | undefined): url is URL => url?.protocol === 'https:' || url?.protocol === 'http:';

/**
 * Whether two URLs are of one hub.
 *
 * @param one a hub's base URL
 * @param other a hub's base URL
 */
export const isSameHub = (one: string, other: string): boolean => one === other || normal(one) === normal(other);

/**
 * Whether two URLs are of one origin, where one hub may speak several versions under several paths.
 *
 * @param one a URL
 * @param other a URL
 */
export const isSameOrigin = (one: string, other: string): boolean => {
  const [a, b] = [parse(one), parse(other)];
  return isWeb(a) && isWeb(b) && a.origin === b.origin;
};

/**
 * Whether a URL is below a hub's: of its origin, and with more of a path behind the hub's own, segment by segment. Nothing of the
 * path leads up again, however it is written.
 *
 * @param url a URL
 * @param hubUrl the hub's base URL
 */
export const isBelowHub = (url: string, hubUrl: string): boolean => {
  const [below, hub] = [parse(url), parse(hubUrl)];
  if (!isWeb(below) || !isWeb(hub) || below.origin !== hub.origin) return false;
  const base = `${withoutSlash(hub.pathname)}/`;
  if (!below.pathname.startsWith(base)) return false;
  try {
    const rest = decodeURIComponent(below.pathname.slice(base.length));
    return withoutSlash(rest) !== '' && !rest.split(/[\\/]/).includes('..');
  } catch {
    return false;
  }
};

/** The opaque name at the end of a session's URL. */
const tailOf = (session: URL): string => {
  const path = withoutSlash(session.pathname);
  const tail = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(tail);
  } catch {
    return tail;
  }
};

/**
 * Whether two texts name one session: they are equal, or one is a URL at the hub that ends in the other. The draft and the
 * ballot name by a URL what later versions name by its last segment.
 *
 * @param one a session: opaque, or a URL
 * @param other a session: opaque, or a URL
 * @param hubUrl the hub. At another one, the same short name may be another session
 */
export const isSameSession = (one: string, other: string, hubUrl: string): boolean => {
  if (one === other) return true;
  const [a, b] = [parse(one), parse(other)];
  if (isWeb(a) && isWeb(b)) return normal(one) === normal(other);
  const [url, opaque] = isWeb(a) ? [a, other] : [b, one];
  return isWeb(url) && isSameOrigin(url.href, hubUrl) && tailOf(url) === opaque;
};

/** More different values of one parameter than any server sends. Each is compared. */
const MOST_VALUES = 64;

/**
 * The one value of a parameter that may be there several times.
 *
 * @param values all that it says
 * @param at the parameter
 * @param isSame whether two values mean the same
 * @throws LaunchError when they do not
 */
export function onlyOne(
  values: Iterable<string> | undefined,
  at: string,
  isSame: (one: string, other: string) => boolean,
): string {
  const [first = '', ...others] = new Set(values);
  if (others.length >= MOST_VALUES || others.some((other) => !isSame(first, other)))
    throw refusedLaunch(at, `${at} is there more than once, with different values.`);
  return first;
}

/**
 * What refuses a launch of which nobody can say what it means. Following the wrong session would show the wrong patient.
 *
 * @param at the parameters that are at fault
 * @param why what is wrong, without any value
 */
export const refusedLaunch = (at: string, why: string): LaunchError =>
  new LaunchError('launch-ambiguous', { at, cause: new Error(why) });
