import { LaunchError } from '../errors/errors.ts';
import { isSameOrigin, isWeb, normalUrl, readUrl } from '../web/same-url.ts';
import { withoutSlash } from '../web/url.ts';

/**
 * Whether two URLs are of one hub.
 *
 * @param one a hub's base URL
 * @param other a hub's base URL
 */
export const isSameHub = (one: string, other: string): boolean => one === other || normalUrl(one) === normalUrl(other);

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
  const [a, b] = [readUrl(one), readUrl(other)];
  if (isWeb(a) && isWeb(b)) return normalUrl(one) === normalUrl(other);
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
