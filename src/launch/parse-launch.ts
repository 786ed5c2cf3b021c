import { LaunchError } from '../errors/errors.ts';
import type { DialectName } from '../hub/dialect.ts';
import { isSameOrigin } from '../web/same-url.ts';
import { hasUserinfo, parseUrl, urlFault } from '../web/url.ts';
import { collectParameters, type FoundParameters, type GrantName, HUBS, SESSIONS } from './parameters.ts';
import { isSameHub, isSameSession, onlyOne, refusedLaunch } from './same-session.ts';

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
  /** How long the access token lasts from when it was given, in seconds, where the launch said so (`expires_in`). */
  readonly expiresInSeconds: number | undefined;
}

/** More than any hub calls a session. In characters. */
const TOPIC_LIMIT = 8 * 1024;

const isEqual = (one: string, other: string): boolean => one === other;

const grantOf = ({ grant }: FoundParameters, name: GrantName): string | undefined =>
  onlyOne(grant.get(name), name, isEqual) || undefined;

/**
 * The access token of a token response, wherever the response has it.
 *
 * @param response the token response
 * @returns `undefined` when there is none
 * @throws LaunchError `launch-ambiguous` when there are several
 */
export const tokenOf = (response: unknown): string | undefined => grantOf(collectParameters(response), 'access_token');

/**
 * Reads the hub and the session from a SMART token response (STU3, Session Discovery).
 *
 * It is lenient with how the parameters are written, and strict with what they mean: where two of them name different hubs or
 * sessions, nobody can say which one the user is in. The token is found wherever the hub is, or neither is.
 *
 * @param response the token response
 * @param allowInsecure accepts hubs without encryption on other hosts than this one
 * @throws LaunchError that names the parameter and what to ask the EHR for, or the parameters that disagree
 */
export function parseLaunch(response: unknown, allowInsecure = false): Launch {
  const parameters = collectParameters(response);
  const { session: found } = parameters;
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
      : onlyOne(found.get(name), name, isEqual);
  const hubUrl = one(hub);
  checkHubUrl(hubUrl, hub, allowInsecure);
  const topic = one(session);
  checkSession(topic, session);
  if (HUBS.some((name) => found.has(name) && !isSameOrigin(hubUrl, one(name))))
    throw refusedLaunch(HUBS.join(', '), 'hub.url and cast-hub are of different hubs.');
  if (session !== 'topic' && SESSIONS.some((name) => found.has(name) && !isSameSession(topic, one(name), hubUrl)))
    throw refusedLaunch(SESSIONS.join(', '), 'hub.topic and cast-session are different sessions.');
  return {
    hubUrl,
    topic,
    dialect: !isOld ? 'stu3' : session === 'hub.topic' ? 'ballot' : 'draft',
    accessToken: grantOf(parameters, 'access_token'),
    scope: grantOf(parameters, 'scope'),
    expiresInSeconds: secondsOf(grantOf(parameters, 'expires_in')),
  };
}

const secondsOf = (text = ''): number | undefined => {
  const seconds = Number(text);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
};

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

/**
 * Refuses a session that is longer than any, or a URL with a name or a password in it: errors of platforms quote it.
 *
 * @param topic what should be the session
 * @param at the parameter that it stood in
 * @throws LaunchError `launch-session-invalid`
 */
export function checkSession(topic: string, at: string): void {
  const isUrl = /^\s*https?:/i.test(topic);
  if (topic.length > TOPIC_LIMIT || (isUrl && hasUserinfo(parseUrl(topic))))
    throw new LaunchError('launch-session-invalid', { at });
}
