import { FhircastClient } from '../client.ts';
import { HubError, LaunchError } from '../errors/errors.ts';
import { isObject, parseBounded } from '../events/json.ts';
import { type HttpAnswer, hubError, send } from '../hub/http.ts';
import { powerCast } from '../hub/profiles/of-hubs.ts';
import { checkOptions, HUBS_KIND, isText, mustBe } from '../session/check-options.ts';
import { type Abortable, type FhircastClientOptions, type FollowOptions, httpOptions } from '../session/options.ts';
import { abortable } from '../web/abortable.ts';
import { joinUrl, urlFault } from '../web/url.ts';
import { type ClientCredentials, CREDENTIALS, clientCredentials, type TokenSource } from './client-credentials.ts';
import { isOneOf } from './launch-url.ts';
import { checkHubUrl, checkSession } from './parse-launch.ts';

/** Options of `clientFromConnector()`. */
export interface ConnectorOptions extends FollowOptions, Abortable {
  /** Who uses the app: the connector logs this user in, and the session is theirs. Default: whoever is logged in. */
  username?: string;
  /** By what the app gets its token. A page must have none of this: whoever reads it is the app. */
  credentials?: ClientCredentials;
  /** The access token for the hub, in place of `credentials`. */
  accessToken?: Exclude<FhircastClientOptions['accessToken'], undefined>;
  /**
   * The hubs that the connector may name: by their base URL, or by their origin alone for every hub there. The access token goes to
   * the hub that it names.
   *
   * @default any hub
   */
  hubs?: readonly string[];
}

/** What a connector says. Other names for the same are read, too. */
interface Configuration {
  readonly hubUrl: string | undefined;
  readonly topic: string | undefined;
  readonly tokenUrl: string | undefined;
}

/** A name without what differs between ways to write it. */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, '');

const NAMES: Readonly<Record<keyof Configuration, readonly string[]>> = {
  hubUrl: ['hubendpoint', 'huburl'],
  topic: ['topic', 'hubtopic'],
  tokenUrl: ['tokenendpoint', 'tokenurl'],
};

const readConfiguration = (answer: HttpAnswer): Configuration => {
  if (!answer.ok) throw hubError(answer, answer.status < 500 ? 'hub-refused' : undefined);
  let json: unknown;
  try {
    json = parseBounded(answer.text);
  } catch {
    // Said below: it is the same to the app.
  }
  if (!isObject(json)) throw new HubError('hub-answer-invalid', { at: 'configuration' });
  const said = Object.entries(json).filter(([, value]) => typeof value === 'string' && value !== '');
  const find = (names: readonly string[]) => said.find(([name]) => names.includes(plain(name)))?.[1] as string;
  return { hubUrl: find(NAMES.hubUrl), topic: find(NAMES.topic), tokenUrl: find(NAMES.tokenUrl) };
};

/**
 * Makes a client for the session of PowerCast's user, as its connector on this machine tells it: `GET /configuration` names the hub and
 * the token endpoint, and `GET /login?username=` the session of a user. The token is got by client credentials with an audience. There
 * is no SMART launch at this hub. The client has `profiles.powerCast`.
 *
 * @param url where the connector listens: on this machine, or by https
 * @param options who the user is, how the token is got, and how the client behaves
 * @throws FhircastError `option-invalid` at `url`, `username`, `credentials` or `hubs`; `aborted`
 * @throws HubError when the connector or the token endpoint cannot be reached, refuses, or answers something else
 * @throws LaunchError when it names no hub or no session, one that cannot be used, or a hub that is not one of `hubs`
 * @example
 * ```ts
 * const client = await clientFromConnector('http://localhost:9292', {
 *   credentials: { clientId, clientSecret, audience },
 *   subscriberName: 'Viewer',
 * });
 * ```
 */
export async function clientFromConnector(url: string, options: ConnectorOptions = {}): Promise<FhircastClient> {
  checkOptions(options, [
    HUBS_KIND,
    ['username', 'a text that is not empty', isText],
    ['credentials', CREDENTIALS, isObject],
  ]);
  const { username, credentials, accessToken, hubs, signal, profile = [], ...followed } = options;
  const { allowInsecure = false } = options;
  mustBe(urlFault(url, 'http', allowInsecure) === undefined, 'url', 'an https URL');
  const http = httpOptions(options);
  const ask = async (address: string, bearer?: string) => {
    const headers = { Accept: 'application/json', ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}) };
    return readConfiguration(await send(address, { headers, signal: signal ?? null }, http));
  };
  const configuration = await ask(joinUrl(url, 'configuration'));
  const { tokenUrl } = configuration;
  const token: TokenSource | undefined = credentials && clientCredentials(credentials, tokenUrl, allowInsecure, http);
  const tokenOf = accessToken ?? token?.accessToken;
  const login = async () => {
    const bearer = typeof tokenOf === 'function' ? await abortable(Promise.resolve(tokenOf()), signal) : tokenOf;
    return ask(`${joinUrl(url, 'login')}?${new URLSearchParams({ username: username ?? '' })}`, bearer);
  };
  const found = username === undefined ? configuration : { ...configuration, ...defined(await login()) };
  const { hubUrl, topic } = found;
  if (hubUrl === undefined) throw new LaunchError('launch-hub-missing', { at: 'hub_endpoint' });
  if (topic === undefined) throw new LaunchError('launch-session-missing', { at: 'topic' });
  checkHubUrl(hubUrl, 'hub_endpoint', allowInsecure);
  checkSession(topic, 'topic');
  if (hubs && !isOneOf(hubs, hubUrl)) throw new LaunchError('launch-hub-untrusted', { at: 'hub_endpoint' });
  return new FhircastClient({
    hubUrl,
    topic,
    profile: [powerCast, ...[profile].flat()],
    ...(tokenOf === undefined ? {} : { accessToken: tokenOf }),
    ...(accessToken === undefined && token ? { expiresIn: token.expiresIn } : {}),
    ...followed,
  });
}

/** What is not said again stays as it was. */
const defined = (said: Configuration): Partial<Configuration> =>
  Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
