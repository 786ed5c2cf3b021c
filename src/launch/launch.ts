import { LaunchError } from '../errors.ts';
import { isObject, type JsonObject } from '../events/notification.ts';
import type { DialectName } from '../hub/dialects/dialect.ts';
import { urlFault } from '../hub/url.ts';

/** What a launch says about the session. */
export interface Launch {
  /** The hub's base URL. */
  readonly hubUrl: string;
  /** The session. */
  readonly topic: string;
  /** Which FHIRcast the launch parameters are of. */
  readonly dialect: DialectName;
  /** The access token, where the launch brought one. */
  readonly accessToken: string | undefined;
  /** The granted scopes, where the launch named them. */
  readonly scope: string | undefined;
}

/** The launch parameters by version, in lower case. The first hub that is there decides. */
const HUBS = ['hub.url', 'cast-hub'] as const;
const TOPICS = ['hub.topic', 'cast-session', 'topic'] as const;

/**
 * Finds the parameters whatever their case, at the top or one level below: servers write and nest them in several ways. Below
 * the top only names of FHIRcast's own count, because another `topic` may be anything.
 */
const collect = (response: JsonObject): Map<string, string> => {
  const found = new Map<string, string>();
  const take = (name: string, value: unknown) => {
    const lower = name.toLowerCase();
    if (typeof value === 'string' && value !== '' && !found.has(lower)) found.set(lower, value);
  };
  for (const name of [...HUBS, ...TOPICS, 'access_token', 'scope']) take(name, response[name]);
  for (const [name, value] of Object.entries(response)) take(name, value);
  for (const [parent, object] of Object.entries(response)) {
    if (!isObject(object)) continue;
    for (const [name, value] of Object.entries(object)) {
      if (/^(hub\.|cast-)/i.test(name)) take(name, value);
      else if (/^hub$/i.test(parent)) take(`hub.${name}`, value);
    }
  }
  return found;
};

/**
 * Reads the hub and the session from a SMART token response (STU3, Session Discovery).
 *
 * @param response the token response
 * @param allowInsecure accepts hubs without encryption on other hosts than this one
 * @throws LaunchError that names the parameter and what to ask the EHR for
 */
export function parseLaunch(response: unknown, allowInsecure = false): Launch {
  const parameters = isObject(response) ? collect(response) : new Map<string, string>();
  const hub = HUBS.find((name) => parameters.has(name));
  const isOld = hub === 'cast-hub' || (!hub && parameters.has('cast-session'));
  const session = TOPICS.find((name) => parameters.has(name));
  if (!hub && !session) throw new LaunchError('launch-not-fhircast');
  if (!hub) throw new LaunchError('launch-hub-missing', { at: isOld ? 'cast-hub' : 'hub.url' });
  if (!session) throw new LaunchError('launch-session-missing', { at: isOld ? 'cast-session' : 'hub.topic' });
  const hubUrl = parameters.get(hub) ?? '';
  checkHubUrl(hubUrl, hub, allowInsecure);
  return {
    hubUrl,
    topic: parameters.get(session) ?? '',
    dialect: !isOld ? 'stu3' : session === 'hub.topic' ? 'ballot' : 'draft',
    accessToken: parameters.get('access_token'),
    scope: parameters.get('scope'),
  };
}

/**
 * Refuses a hub that cannot be reached safely.
 *
 * @param hubUrl what should be the hub's base URL
 * @param at the parameter that it stood in
 * @param allowInsecure accepts hubs without encryption on other hosts than this one
 * @throws LaunchError `launch-hub-invalid` or `launch-hub-insecure`
 */
export function checkHubUrl(hubUrl: string, at: string, allowInsecure: boolean): void {
  const fault = urlFault(hubUrl, 'http', allowInsecure);
  if (fault) throw new LaunchError(fault === 'invalid' ? 'launch-hub-invalid' : 'launch-hub-insecure', { at });
}
