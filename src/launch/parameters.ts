import { isObject } from '../events/notification.ts';

/** The parameters that name a hub, in lower case: of STU1 and later, and of the draft and the ballot. The first decides. */
export const HUBS = ['hub.url', 'cast-hub'] as const;
/** The parameters that name a session, in lower case: of the ballot and later, and of the draft. The first decides. */
export const SESSIONS = ['hub.topic', 'cast-session'] as const;

const NAMES: readonly string[] = [...HUBS, ...SESSIONS];

/**
 * Whether a parameter names a hub or a session.
 *
 * @param name the parameter's name, in any case
 */
export const isLaunchParameter = (name: string): boolean => NAMES.includes(name.toLowerCase());

/** Objects of FHIRcast's own, in which `url` and `topic` need no more of a name. */
const OWN = ['hub', 'fhircast'];

/** Deeper than any server nests them. */
const DEPTH = 4;

/** Some servers write JSON into strings: an object of parameters, or a string with its quotes. */
const decode = (value: unknown): unknown => {
  if (typeof value !== 'string' || !/^\s*["[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};

/** What a parameter says: one string, or an array of them. */
const stringsOf = (value: unknown): readonly string[] => {
  const decoded = decode(value);
  if (Array.isArray(decoded)) return decoded.flatMap((item) => (Array.isArray(item) ? [] : stringsOf(item)));
  return typeof decoded === 'string' && decoded !== '' ? [decoded] : [];
};

/** A parameter's full name in lower case. Below the top only FHIRcast's own count, because another `topic` may be anything. */
const fullName = (name: string, parent: string | undefined): string | undefined => {
  const lower = name.toLowerCase();
  if (isLaunchParameter(lower)) return lower;
  if (lower !== 'url' && lower !== 'topic') return undefined;
  if (parent !== undefined) return OWN.includes(parent) ? `hub.${lower}` : undefined;
  return lower === 'topic' ? lower : undefined;
};

/**
 * Finds what names hubs and sessions, whatever the case of the names, at the top or below, also in JSON that was written into
 * a string: servers write and nest the parameters in several ways.
 *
 * @param response the parameters of a launch
 * @returns the different values of each parameter, by its name in lower case. `topic` is what was at the top
 */
export function collectParameters(response: unknown): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const walk = (value: unknown, parent: string | undefined, depth: number): void => {
    const decoded = decode(value);
    if (depth > DEPTH) return;
    if (Array.isArray(decoded)) for (const item of decoded) walk(item, parent, depth + 1);
    if (!isObject(decoded)) return;
    for (const [name, child] of Object.entries(decoded)) {
      const parameter = fullName(name, parent);
      if (!parameter) {
        walk(child, name.toLowerCase(), depth + 1);
        continue;
      }
      const values = new Set([...(found.get(parameter) ?? []), ...stringsOf(child)]);
      if (values.size > 0) found.set(parameter, [...values]);
    }
  };
  walk(response, undefined, 0);
  return found;
}
