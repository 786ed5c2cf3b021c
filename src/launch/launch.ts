import { LaunchError } from '../errors.ts';
import { isObject } from '../events/notification.ts';
import type { DialectName } from '../hub/dialects/dialect.ts';
import { urlFault } from '../hub/url.ts';
import { isSameHub, isSameOrigin, isSameSession, onlyOne, refusedLaunch } from './agreement.ts';
import { collectParameters, HUBS, SESSIONS } from './parameters.ts';

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

/** What stands at the top under a name, in any case. */
const textAt = (response: unknown, name: string): string | undefined => {
  if (!isObject(response)) return undefined;
  const isText = (value: unknown) => typeof value === 'string' && value !== '';
  const values = [
    response[name],
    ...Object.entries(response).flatMap(([k, v]) => (k.toLowerCase() === name ? [v] : [])),
  ];
  return values.find(isText) as string | undefined;
};

/**
 * Reads the hub and the session from a SMART token response (STU3, Session Discovery).
 *
 * It is lenient with how the parameters are written, and strict with what they mean: where two of them name different hubs or
 * sessions, nobody can say which one the user is in.
 *
 * @param response the token response
 * @param allowInsecure accepts hubs without encryption on other hosts than this one
 * @throws LaunchError that names the parameter and what to ask the EHR for, or the parameters that disagree
 */
export function parseLaunch(response: unknown, allowInsecure = false): Launch {
  const found = collectParameters(response);
  const hub = HUBS.find((name) => found.has(name));
  const isOld = hub === 'cast-hub' || (!hub && found.has('cast-session'));
  // Some token endpoints write `topic` in place of `hub.topic`. Beside another session it may be anything.
  const session = [...SESSIONS, 'topic'].find((name) => found.has(name));
  if (!hub && !session) throw new LaunchError('launch-not-fhircast');
  if (!hub) throw new LaunchError('launch-hub-missing', { at: isOld ? 'cast-hub' : 'hub.url' });
  if (!session) throw new LaunchError('launch-session-missing', { at: isOld ? 'cast-session' : 'hub.topic' });
  const one = (name: string) =>
    HUBS.some((theirs) => theirs === name)
      ? onlyOne(found.get(name), name, isSameHub)
      : onlyOne(found.get(name), name, (a, b) => a === b);
  const hubUrl = one(hub);
  checkHubUrl(hubUrl, hub, allowInsecure);
  const topic = one(session);
  if (HUBS.some((name) => found.has(name) && !isSameOrigin(hubUrl, one(name))))
    throw refusedLaunch(HUBS.join(', '), 'hub.url and cast-hub are of different hubs.');
  if (session !== 'topic' && SESSIONS.some((name) => found.has(name) && !isSameSession(topic, one(name), hubUrl)))
    throw refusedLaunch(SESSIONS.join(', '), 'hub.topic and cast-session are different sessions.');
  return {
    hubUrl,
    topic,
    dialect: !isOld ? 'stu3' : session === 'hub.topic' ? 'ballot' : 'draft',
    accessToken: textAt(response, 'access_token'),
    scope: textAt(response, 'scope'),
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
