import { createHash } from 'node:crypto';
import { type HttpAnswer, json } from '../ground/http-server.ts';
import { unguessable } from '../ground/unguessable.ts';
import { type EhrAuthorization, type EhrState, findClient } from './ehr-state.ts';

/**
 * The token endpoint (RFC 6749, sections 4.1.3 and 6; RFC 7636, section 4.6). The FHIRcast launch parameters go with
 * every token whose scope has anything of FHIRcast.
 */
export function exchangeToken(
  ehr: EhrState,
  form: Record<string, string>,
  authorization: string | undefined,
): HttpAnswer {
  const basic = readBasic(authorization);
  // fhirclient 2.6 names no client when a public one refreshes its token: the refresh token says whose it is.
  const clientId = basic?.id ?? form['client_id'] ?? ehr.refreshTokens.get(form['refresh_token'] ?? '')?.clientId ?? '';
  const client = findClient(ehr, clientId);
  const secret = basic?.secret ?? form['client_secret'];
  if (client === undefined || (client.clientSecret !== undefined && client.clientSecret !== secret)) {
    return json(401, { error: 'invalid_client', error_description: 'The client is unknown or its secret is wrong.' });
  }
  switch (form['grant_type']) {
    case 'authorization_code':
      return redeemCode(ehr, clientId, form);
    case 'refresh_token':
      return refresh(ehr, clientId, form['refresh_token'] ?? '');
    default:
      return failure('unsupported_grant_type', 'grant_type must be authorization_code or refresh_token.');
  }
}

function redeemCode(ehr: EhrState, clientId: string, form: Record<string, string>): HttpAnswer {
  const code = form['code'] ?? '';
  const granted = ehr.codes.get(code);
  // A code is good for one try.
  ehr.codes.delete(code);
  if (granted === undefined || granted.clientId !== clientId)
    return failure('invalid_grant', 'The code is unknown or used.');
  if (granted.redirectUri !== form['redirect_uri']) return failure('invalid_grant', 'redirect_uri is another one.');
  const verifier = form['code_verifier'];
  const challenge = verifier === undefined ? undefined : createHash('sha256').update(verifier).digest('base64url');
  if (challenge !== granted.codeChallenge) return failure('invalid_grant', 'code_verifier does not match.');
  return tokenResponse(ehr, granted);
}

function refresh(ehr: EhrState, clientId: string, refreshToken: string): HttpAnswer {
  const granted = ehr.refreshTokens.get(refreshToken);
  if (granted === undefined || granted.clientId !== clientId)
    return failure('invalid_grant', 'The refresh token is unknown or used.');
  ehr.refreshTokens.delete(refreshToken);
  return tokenResponse(ehr, granted);
}

function tokenResponse(ehr: EhrState, granted: EhrAuthorization): HttpAnswer {
  const { launch, scope, clientId } = granted;
  const lifetime = ehr.tokenLifetimeSeconds;
  const accessToken = launch.session.issueToken(scope, lifetime, clientId);
  const refreshToken = unguessable();
  ehr.accessTokens.set(accessToken, Date.now() + lifetime * 1000);
  ehr.refreshTokens.set(refreshToken, granted);
  const form = launch.launchParameters ?? findClient(ehr, clientId)?.launchParameters ?? ehr.launchParameters;
  return json(200, {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: lifetime,
    scope,
    refresh_token: refreshToken,
    ...(launch.patient === undefined ? {} : { patient: launch.patient }),
    ...(/(?:^| )fhircast/.test(scope) ? launch.session.launchParameters(form) : {}),
  });
}

function readBasic(authorization: string | undefined): { id: string; secret: string } | undefined {
  const encoded = /^Basic +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString().split(':');
  return { id, secret: secret.join(':') };
}

function failure(error: string, error_description: string): HttpAnswer {
  return json(400, { error, error_description });
}
