import { type HttpAnswer, HttpRefusal } from '../ground/http-server.ts';
import { unguessable } from '../ground/unguessable.ts';
import { type EhrState, findClient, type TestEhrClient } from './ehr-state.ts';

/** Scopes that promise an `id_token`, which this EHR does not make: they are not granted. */
const IDENTITY_SCOPES = new Set(['openid', 'fhirUser', 'profile']);

/**
 * The authorization endpoint (SMART App Launch, "EHR launch"; RFC 6749, section 4.1.1; RFC 7636). It asks nobody: what
 * is well-formed is granted, and the browser goes back to the app at once.
 */
export function authorize(ehr: EhrState, query: URLSearchParams): HttpAnswer {
  const client = findClient(ehr, query.get('client_id') ?? '');
  const redirectUri = query.get('redirect_uri') ?? '';
  // RFC 6749, section 4.1.2.1: never redirect to where nobody can vouch for.
  if (client === undefined) throw new HttpRefusal(400, 'client_id is not registered.');
  if (!mayRedirect(ehr, client, redirectUri))
    throw new HttpRefusal(400, 'redirect_uri is not registered for this client.');

  const state = query.get('state');
  const problem = findProblem(ehr, query);
  if (problem !== undefined) return redirect(redirectUri, state, problem);
  const launch = ehr.launches.get(query.get('launch') ?? '');
  if (launch === undefined)
    return redirect(redirectUri, state, invalid('launch is unknown: start the app from the EHR.'));

  const code = unguessable();
  const scope = (query.get('scope') ?? '')
    .split(/\s+/)
    .filter((item) => item !== '' && !IDENTITY_SCOPES.has(item))
    .join(' ');
  const codeChallenge = query.get('code_challenge') ?? undefined;
  ehr.codes.set(code, { launch, clientId: client.clientId, redirectUri, scope, codeChallenge });
  return redirect(redirectUri, state, { code });
}

function mayRedirect(ehr: EhrState, client: TestEhrClient, redirectUri: string): boolean {
  if (client.redirectUris !== undefined) return client.redirectUris.includes(redirectUri);
  if (!URL.canParse(redirectUri)) return false;
  const { protocol, hostname } = new URL(redirectUri);
  if (protocol !== 'http:' && protocol !== 'https:') return false;
  return ehr.clients !== undefined || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}

function findProblem(ehr: EhrState, query: URLSearchParams): Record<string, string> | undefined {
  if (query.get('response_type') !== 'code') {
    return { error: 'unsupported_response_type', error_description: 'response_type must be code.' };
  }
  if (!query.get('state')) return invalid('state is missing.');
  if (query.get('aud')?.replace(/\/+$/, '') !== ehr.fhirUrl)
    return invalid('aud is not the FHIR endpoint of this EHR.');
  const challenge = query.get('code_challenge');
  const method = query.get('code_challenge_method');
  if (challenge === null ? method !== null : method !== 'S256') return invalid('code_challenge_method must be S256.');
  return undefined;
}

function invalid(error_description: string): Record<string, string> {
  return { error: 'invalid_request', error_description };
}

function redirect(redirectUri: string, state: string | null, parameters: Record<string, string>): HttpAnswer {
  const location = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) location.searchParams.set(name, value);
  if (state !== null) location.searchParams.set('state', state);
  return { status: 302, headers: { Location: location.href, 'Cache-Control': 'no-store' } };
}
