import { LaunchError } from '../errors/errors.ts';
import { isObject, type JsonObject, parseBounded } from '../events/json.ts';

/** The parameters that name a hub, in lower case: of STU1 and later, and of the draft and the ballot. The first decides. */
export const HUBS = ['hub.url', 'cast-hub'] as const;
/** The parameters that name a session, in lower case: of the ballot and later, and of the draft. The first decides. */
export const SESSIONS = ['hub.topic', 'cast-session'] as const;
/** What a token response says of the token (RFC 6749, section 5.1). */
const GRANTS = ['access_token', 'scope', 'expires_in'] as const;

/** What a token response says of the token, by its name in lower case. */
export type GrantName = (typeof GRANTS)[number];

const NAMES: readonly string[] = [...HUBS, ...SESSIONS];

/**
 * Whether a parameter names a hub or a session.
 *
 * @param name the parameter's name, in any case
 */
export const isLaunchParameter = (name: string): boolean => NAMES.includes(name.toLowerCase());

const isGrant = (name: string): name is GrantName => (GRANTS as readonly string[]).includes(name);

/** Objects of FHIRcast's own, in which `url` and `topic` need no more of a name. */
const OWN = ['hub', 'fhircast'];

/** Deeper than any server nests them. */
const DEPTH = 8;
/** More values than any server sends. */
const PARTS = 10_000;
/** More text than any server writes JSON into, in characters. */
const TEXT_LIMIT = 256 * 1024;
/** JSON in a text in a text: no server does it more often. */
const ENCODED = 3;

/** There is more than any server sends. */
export const tooLarge = (): LaunchError => new LaunchError('launch-too-large');

/** Some servers write JSON into strings: an object of parameters, or a string with its quotes, or both. */
const decode = (value: unknown): unknown => {
  let decoded = value;
  for (let times = 0; times < ENCODED && typeof decoded === 'string'; times++) {
    if (decoded.length > TEXT_LIMIT || !/^\s*["[{]/.test(decoded)) return decoded;
    try {
      decoded = parseBounded(decoded);
    } catch {
      return decoded;
    }
  }
  return decoded;
};

/** What a parameter says: one string, or an array of them. The lifetime of a token is a number. */
const stringsOf = (value: unknown): readonly string[] => {
  const decoded = decode(value);
  if (Array.isArray(decoded)) {
    if (decoded.length > PARTS) throw tooLarge();
    return decoded.flatMap((item) => (Array.isArray(item) ? [] : stringsOf(item)));
  }
  return typeof decoded === 'string' && decoded !== '' ? [decoded] : [];
};

const grantOf = (value: unknown): readonly string[] => stringsOf(typeof value === 'number' ? String(value) : value);

/** A parameter's full name in lower case. Below the top only FHIRcast's own count, because another `topic` may be anything. */
const fullName = (name: string, parent: string | undefined): string | undefined => {
  if (isLaunchParameter(name)) return name;
  if (name !== 'url' && name !== 'topic') return undefined;
  if (parent !== undefined) return OWN.includes(parent) ? `hub.${name}` : undefined;
  return name === 'topic' ? name : undefined;
};

/** What was found in the parameters of a launch. */
export interface FoundParameters {
  /** The different values of each parameter that names a hub or a session, by its name in lower case. `topic` is what was at the top. */
  readonly session: ReadonlyMap<string, ReadonlySet<string>>;
  /**
   * The different values of what is said of the token, by its name in lower case: beside or above what names the hub and the
   * session, or anywhere where nothing is there.
   */
  readonly grant: ReadonlyMap<GrantName, ReadonlySet<string>>;
}

/** An object in the response, and those around it. */
interface Place {
  readonly around: Place | undefined;
  /** Something in it, or below it, names a hub or a session. */
  leadsToSession: boolean;
  readonly grants: (readonly [GrantName, readonly string[]])[];
}

const add = <K>(found: Map<K, Set<string>>, name: K, values: readonly string[]): void => {
  if (values.length === 0) return;
  const known = found.get(name) ?? new Set();
  for (const value of values) known.add(value);
  found.set(name, known);
};

/**
 * Finds what names hubs and sessions, whatever the case of the names, at the top or below, also in JSON that was written into
 * a string: servers write, wrap and nest the parameters in several ways. What is said of the token is found by the same rule.
 *
 * @param response the parameters of a launch
 * @throws LaunchError `launch-too-large` when there is more than any server sends
 */
export function collectParameters(response: unknown): FoundParameters {
  const session = new Map<string, Set<string>>();
  const places: Place[] = [];
  let parts = 0;
  const take = (object: JsonObject, parent: string | undefined, depth: number, place: Place): void => {
    for (const name of Object.keys(object)) {
      if (++parts > PARTS) throw tooLarge();
      const child = object[name];
      const lower = name.toLowerCase();
      const parameter = fullName(lower, parent);
      const values = parameter ? stringsOf(child) : [];
      if (parameter) add(session, parameter, values);
      else if (isGrant(lower)) place.grants.push([lower, grantOf(child)]);
      else walk(child, lower, depth + 1, place);
      for (let at: Place | undefined = place; at && !at.leadsToSession && values.length > 0; at = at.around)
        at.leadsToSession = true;
    }
  };
  const walk = (value: unknown, parent: string | undefined, depth: number, around: Place | undefined): void => {
    if (depth > DEPTH) return;
    const decoded = decode(value);
    if (Array.isArray(decoded)) {
      for (const item of decoded) {
        if (++parts > PARTS) throw tooLarge();
        walk(item, parent, depth + 1, around);
      }
    }
    if (!isObject(decoded)) return;
    const place: Place = { around, leadsToSession: false, grants: [] };
    places.push(place);
    take(decoded, parent, depth, place);
  };
  if (typeof response === 'string' && response.length > TEXT_LIMIT) throw tooLarge();
  walk(response, undefined, 0, undefined);
  return { session, grant: grantsOf(places) };
}

const grantsOf = (places: readonly Place[]): FoundParameters['grant'] => {
  const found = new Map<GrantName, Set<string>>();
  for (const name of GRANTS) {
    for (const isNear of [true, false]) {
      if (found.has(name)) continue;
      for (const { leadsToSession, grants } of places)
        if (leadsToSession || !isNear) for (const [own, values] of grants) if (own === name) add(found, name, values);
    }
  }
  return found;
};
