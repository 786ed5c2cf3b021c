import { HubError } from '../errors/errors.ts';
import { isObject, parseBounded } from '../events/json.ts';
import { statusPasses } from '../hub/failures.ts';
import { type HttpOptions, hubError, send } from '../hub/http.ts';
import { mustBe } from '../session/check-options.ts';
import { urlFault } from '../web/url.ts';

/** By what an app without a user gets its token (RFC 6749, section 4.4). */
export interface ClientCredentials {
  /** Which app it is. */
  clientId: string;
  /** What proves it. */
  clientSecret: string;
  /** For which hub the token is. Some token endpoints ask for it. */
  audience?: string;
  /** What the app asks to be allowed, separated by spaces. */
  scope?: string;
  /**
   * The token endpoint, which gets the secret.
   *
   * @default the one that the connector names
   */
  tokenUrl?: string;
}

/** Gets tokens, and keeps the one of the moment. */
export interface TokenSource {
  /**
   * The token of the moment, or a new one.
   *
   * @param refused the token that the hub has just refused
   * @throws HubError when the token endpoint cannot be reached, refuses, or answers something else
   */
  accessToken(refused?: string): Promise<string>;
  /** How long the token of the moment lasts from now, in seconds; `undefined` when nobody said so. */
  expiresIn(): number | undefined;
}

/** What the option `credentials` may be, in words. */
export const CREDENTIALS = 'clientId and clientSecret as texts that are not empty';

/** A token is not used for the last moment of its life. In milliseconds. */
const MARGIN_MS = 5_000;

interface Token {
  readonly text: string;
  /** In milliseconds since 1970. */
  readonly endsAt: number | undefined;
}

const isUsable = (text: unknown): boolean => typeof text === 'string' && text !== '';

/**
 * Gets access tokens by the credentials of an app (RFC 6749, section 4.4).
 *
 * @param credentials who the app is
 * @param told the token endpoint, where the credentials name none
 * @param allowInsecure accepts one without encryption on another host than this one
 * @param http how to ask
 * @throws FhircastError `option-invalid` at `credentials`
 * @throws HubError `hub-answer-invalid` at `token_endpoint`, when there is none that may have the secret
 */
export function clientCredentials(
  credentials: ClientCredentials,
  told: string | undefined,
  allowInsecure: boolean,
  http: HttpOptions,
): TokenSource {
  mustBe(isObject(credentials), 'credentials', CREDENTIALS);
  const { clientId, clientSecret, audience, scope, tokenUrl = told } = credentials;
  const more = { audience, scope };
  const areTexts = Object.values(more).every((value) => value === undefined || isUsable(value));
  mustBe(isUsable(clientId) && isUsable(clientSecret) && areTexts, 'credentials', CREDENTIALS);
  if (tokenUrl === undefined || urlFault(tokenUrl, 'http', allowInsecure))
    throw new HubError('hub-answer-invalid', { at: 'token_endpoint' });
  const given = Object.entries(more).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const body = new URLSearchParams([
    ['grant_type', 'client_credentials'],
    ['client_id', clientId],
    ['client_secret', clientSecret],
    ...given,
  ]).toString();
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' };

  const ask = async (): Promise<Token> => {
    const answer = await send(tokenUrl, { method: 'POST', headers, body }, http);
    // What the hub says by these statuses, the token endpoint does not mean.
    if (!answer.ok) throw hubError(answer, statusPasses(answer.status) ? undefined : 'hub-refused');
    let json: unknown;
    try {
      json = parseBounded(answer.text);
    } catch {
      // Said below: it is the same to the app.
    }
    const { access_token: text, expires_in: lasts } = isObject(json) ? json : {};
    if (typeof text !== 'string' || text === '') throw new HubError('hub-answer-invalid', { at: 'access_token' });
    const seconds = Number(lasts);
    return { text, endsAt: seconds > 0 ? Date.now() + seconds * 1000 : undefined };
  };

  let token: Token | undefined;
  let asking: Promise<Token> | undefined;
  return {
    async accessToken(refused) {
      if (token && token.text !== refused && !(token.endsAt && token.endsAt - MARGIN_MS < Date.now()))
        return token.text;
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      token = await asking;
      return token.text;
    },
    expiresIn: () => token?.endsAt && (token.endsAt - Date.now()) / 1000,
  };
}
