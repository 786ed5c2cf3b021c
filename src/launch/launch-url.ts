import { LaunchError, optionInvalid } from '../errors/errors.ts';
import { isSameOrigin } from '../web/same-url.ts';
import { parseUrl } from '../web/url.ts';
import { HUBS, isLaunchParameter, tooLarge } from './parameters.ts';
import { type Launch, parseLaunch } from './parse-launch.ts';
import { isSameHub } from './same-session.ts';
import type { TokenResponse } from './smart.ts';

/** How a launch is read from a URL. */
export interface UrlLaunchOptions {
  /**
   * The hubs that the URL may name: by their base URL, or by their origin alone for every hub there. Anybody can make a link
   * to the app, and one that names a hub of theirs would show their patients in it, and would get the access token. So it is
   * required where there is an `accessToken`.
   *
   * @default any hub, for an app without a token
   */
  hubs?: readonly string[];
  /**
   * Leaves the page's address as it is. The session in it is a ticket for whoever reads it, and an address ends up in the
   * history, in `Referer` and on screenshots.
   *
   * @default false: the parameters are taken out of the page's address
   */
  keepUrl?: boolean;
}

/** What else of the client's options counts. */
interface Given extends UrlLaunchOptions {
  readonly accessToken?: unknown;
  readonly allowInsecure?: boolean;
}

interface Parts {
  readonly path: string;
  readonly query: readonly string[];
  /** The part of the fragment that a page's router may have put before the parameters, with its `?`. */
  readonly route: string;
  readonly fragment: readonly string[];
}

/** Longer than any address that a server takes. In characters. */
const LONGEST_URL = 64 * 1024;

/** Takes a URL apart without writing anything of it anew: what is not FHIRcast's must come back as it was. */
const split = (url: string): Parts => {
  const [, path = '', query = '', hash = ''] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(url) ?? [];
  const [route = ''] = /^[^?=&]*\?/.exec(hash) ?? [];
  return { path, query: query.split('&'), route, fragment: hash.slice(route.length).split('&') };
};

/** The name and the value of `name=value`, decoded. */
const read = (pair: string): readonly [name: string, value: string] => {
  const [[name, value] = ['', '']] = new URLSearchParams(pair);
  return [name, value];
};

const isKept = (pair: string): boolean => !isLaunchParameter(read(pair)[0]);

/**
 * The parameters of a launch in a URL: `hub.url` and `hub.topic`, or `cast-hub` and `cast-session`, in its query string or its
 * fragment, in any case (STU3, Launch Scenarios). Everything else is left alone, a token above all: what stands in a URL is
 * no secret.
 *
 * @param url a URL, or a part of one from its `?` or `#` on
 * @returns what `parseLaunch()` reads; every value of a parameter that is there more than once
 * @throws LaunchError `launch-too-large` when it is longer than 65,536 characters
 */
export function launchOfUrl(url: string): TokenResponse {
  if (url.length > LONGEST_URL) throw tooLarge();
  const { query, fragment } = split(url);
  const found: Record<string, string[]> = {};
  for (const [name, value] of [...query, ...fragment].map(read)) {
    const lower = name.toLowerCase();
    if (!isLaunchParameter(lower)) continue;
    const values = found[lower] ?? [];
    values.push(value);
    found[lower] = values;
  }
  return found;
}

/**
 * A URL without the parameters of a launch.
 *
 * @param url a URL, or a part of one from its `?` or `#` on
 * @returns the URL, in which nothing else has changed. Of one that is longer than 65,536 characters, only the path is left
 */
export function withoutLaunch(url: string): string {
  if (url.length > LONGEST_URL) return url.replace(/[?#].*$/s, '');
  const { path, query, route, fragment } = split(url);
  const isHere = (pairs: readonly string[]) => !pairs.every(isKept);
  if (!isHere(query) && !isHere(fragment)) return url;
  const kept = [query, fragment].map((pairs) => pairs.filter(isKept).join('&'));
  const [search = '', rest = ''] = kept;
  const hash = rest === '' ? route.replace(/\?$/, '') : `${route}${rest}`;
  return `${path}${search && `?${search}`}${hash && `#${hash}`}`;
}

/** The page's address, and the way to change it. There is none in Node and in a worker. */
interface Page {
  readonly location?: { readonly href: string };
  readonly history?: { readonly state: unknown; replaceState(state: unknown, unused: string, url: string): void };
}

/** @param text what the launch was read from. It may be a part of the address, such as `location.hash`. */
const cleanAddress = ({ location, history }: Page, text: string): void => {
  if (!location || !history || text === '' || !location.href.includes(text)) return;
  const clean = withoutLaunch(location.href);
  if (clean === location.href) return;
  try {
    history.replaceState(history.state, '', clean);
  } catch {
    // A page without an address of its own, such as a frame's srcdoc.
  }
};

const isOrigin = (url: string): boolean => {
  const { pathname, search } = parseUrl(url) ?? {};
  return pathname === '/' && search === '';
};

/**
 * Whether a hub is one of those that an app trusts.
 *
 * @param hubs base URLs, or origins for every hub there
 * @param hubUrl the hub's base URL
 */
export const isOneOf = (hubs: readonly string[], hubUrl: string): boolean =>
  hubs.some((hub) => isSameHub(hub, hubUrl) || (isOrigin(hub) && isSameOrigin(hub, hubUrl)));

/**
 * Reads a launch from a URL, and takes its parameters out of the page's address. That is done whether the launch can be used or
 * not.
 *
 * @param url a URL, or a part of one from its `?` or `#` on. Default: the page's address
 * @param options which hubs it may name, and whether the page's address stays
 * @returns the launch; there is never a token in it
 * @throws LaunchError as `parseLaunch()`, and `launch-hub-untrusted` when the hub is not among `hubs`
 * @throws FhircastError `option-invalid` at `url` outside of a page, and at `hubs` when there is a token and no `hubs`
 */
export function urlLaunch(url: string | undefined, options: Given): Launch {
  const page = globalThis as Page;
  const address = url ?? page.location?.href;
  if (typeof address !== 'string') throw optionInvalid('url', 'the URL of the launch, as there is no page');
  if (!options.keepUrl) cleanAddress(page, address);
  const launch = launchOfUrl(address);
  const { hubs } = options;
  if (!hubs && options.accessToken !== undefined)
    throw optionInvalid('hubs', 'the base URLs or origins of the hubs that may have accessToken');
  const found = parseLaunch(launch, options.allowInsecure);
  if (hubs && !isOneOf(hubs, found.hubUrl))
    throw new LaunchError('launch-hub-untrusted', { at: HUBS.find((name) => launch[name]) ?? 'hub.url' });
  return found;
}
