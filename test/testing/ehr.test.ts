import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startTestEhr, TEST_PATIENTS, type TestEhr, type TestEhrOptions } from '../../src/testing/index.ts';
import { openHub, postForm, stuFields } from './support.ts';

const REDIRECT_URI = 'http://127.0.0.1:9/app/?page=1';
const SCOPE = 'launch patient/*.read fhircast/Patient-open.read';

async function openEhr(options: Partial<TestEhrOptions> = {}) {
  const hub = await openHub();
  const ehr = await startTestEhr({ hub, ...options });
  onTestFinished(() => ehr.close());
  return { hub, ehr, session: hub.openSession() };
}

interface SmartConfiguration {
  authorization_endpoint: string;
  token_endpoint: string;
  code_challenge_methods_supported: string[];
}

async function configuration(ehr: TestEhr): Promise<SmartConfiguration> {
  const response = await fetch(`${ehr.fhirUrl}/.well-known/smart-configuration`);
  return (await response.json()) as SmartConfiguration;
}

/** What the app does at the authorization endpoint: the parameters that it comes back with, or the answer. */
async function authorize(ehr: TestEhr, launchUrl: string, change: Record<string, string | undefined> = {}) {
  const { authorization_endpoint } = await configuration(ehr);
  const query = Object.entries({
    response_type: 'code',
    client_id: 'viewer',
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    state: 'my state',
    aud: ehr.fhirUrl,
    launch: new URL(launchUrl).searchParams.get('launch') ?? '',
    ...change,
  }).filter((parameter): parameter is [string, string] => parameter[1] !== undefined);
  const response = await fetch(`${authorization_endpoint}?${new URLSearchParams(query)}`, { redirect: 'manual' });
  const location = response.headers.get('location');
  return { status: response.status, location, back: Object.fromEntries(new URL(location ?? 'x:').searchParams) };
}

async function token(ehr: TestEhr, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const { token_endpoint } = await configuration(ehr);
  const response = await fetch(token_endpoint, { method: 'POST', headers, body: new URLSearchParams(fields) });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

function exchange(ehr: TestEhr, code: string | undefined, change: Record<string, string> = {}) {
  const fields = {
    grant_type: 'authorization_code',
    client_id: 'viewer',
    redirect_uri: REDIRECT_URI,
    code: code ?? '',
  };
  return token(ehr, { ...fields, ...change });
}

describe('a SMART launch', () => {
  it('starts the app with iss and launch', async () => {
    const { ehr, session } = await openEhr();
    const url = new URL(ehr.launchUrl('http://127.0.0.1:9/launch?theme=dark', { session }));
    expect(url.searchParams.get('theme')).toBe('dark');
    expect(url.searchParams.get('iss')).toBe(ehr.fhirUrl);
    expect(url.searchParams.get('launch')).toMatch(/^[0-9a-f]{32}$/);
  });

  it('ends with a token, the patient and the FHIRcast session, by way of PKCE', async () => {
    const { hub, ehr, session } = await openEhr();
    expect((await configuration(ehr)).code_challenge_methods_supported).toEqual(['S256']);
    const verifier = randomBytes(32).toString('base64url');
    const { status, location, back } = await authorize(
      ehr,
      ehr.launchUrl(REDIRECT_URI, { session, patient: 'ada-quill' }),
      {
        scope: `openid fhirUser ${SCOPE}`,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      },
    );
    expect(status).toBe(302);
    expect(location).toMatch(/^http:\/\/127\.0\.0\.1:9\/app\/\?/);
    expect(back).toEqual({ page: '1', state: 'my state', code: expect.any(String) });
    const granted = await exchange(ehr, back['code'], { code_verifier: verifier });
    expect(granted).toEqual({
      status: 200,
      body: {
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 3600,
        scope: SCOPE,
        refresh_token: expect.any(String),
        patient: 'ada-quill',
        'hub.url': hub.url,
        'hub.topic': session.id,
      },
    });
    const subscription = await postForm(hub.url, granted.body['access_token'] ?? '', stuFields(session));
    expect(subscription.status).toBe(202);
  });

  it.each([
    ['draft', ['cast-hub', 'cast-session']],
    ['ballot', ['cast-hub', 'hub.topic']],
    ['stu', ['hub.topic', 'hub.url']],
  ] as const)('names the session in the words of %s', async (form, names) => {
    const { ehr, session } = await openEhr({
      launchParameters: form === 'stu' ? 'draft' : 'stu',
      clients: [{ clientId: 'by-client', launchParameters: form }, { clientId: 'by-launch' }],
    });
    for (const [client_id, options] of [
      ['by-client', { session }],
      ['by-launch', { session, launchParameters: form }],
    ] as const) {
      const { back } = await authorize(ehr, ehr.launchUrl(REDIRECT_URI, options), { client_id });
      const { body } = await exchange(ehr, back['code'], { client_id });
      expect(
        Object.keys(body)
          .filter((name) => /^(?:hub|cast)/.test(name))
          .sort(),
      ).toEqual(names);
      expect(body).toMatchObject(session.launchParameters(form));
    }
  });

  it('without a FHIRcast scope names no session', async () => {
    const { hub, ehr, session } = await openEhr();
    const { back } = await authorize(ehr, ehr.launchUrl(REDIRECT_URI, { session }), { scope: 'launch patient/*.read' });
    const { body } = await exchange(ehr, back['code']);
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'refresh_token', 'scope', 'token_type']);
    expect((await postForm(hub.url, body['access_token'] ?? '', stuFields(session))).status).toBe(403);
  });
});

describe('the authorization endpoint', () => {
  it.each<[string, Record<string, string>]>([
    ['client_id', { client_id: '' }],
    ['redirect_uri elsewhere', { redirect_uri: 'https://attacker.example.org/' }],
    ['redirect_uri that is no URL', { redirect_uri: 'here' }],
    ['redirect_uri that is a script', { redirect_uri: 'javascript:alert(1)' }],
  ])('goes nowhere with a wrong %s', async (_, change) => {
    const { ehr, session } = await openEhr();
    expect(await authorize(ehr, ehr.launchUrl(REDIRECT_URI, { session }), change)).toMatchObject({
      status: 400,
      location: null,
    });
  });

  it('knows registered clients and their redirects alone', async () => {
    const { ehr, session } = await openEhr({ clients: [{ clientId: 'viewer', redirectUris: [REDIRECT_URI] }] });
    const launchUrl = ehr.launchUrl(REDIRECT_URI, { session });
    expect((await authorize(ehr, launchUrl)).status).toBe(302);
    expect((await authorize(ehr, launchUrl, { client_id: 'other' })).status).toBe(400);
    expect((await authorize(ehr, launchUrl, { redirect_uri: `${REDIRECT_URI}&more` })).status).toBe(400);
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ['response_type', { response_type: 'token' }, 'unsupported_response_type'],
    ['state', { state: undefined }, 'invalid_request'],
    ['aud', { aud: 'https://other.example.org/fhir' }, 'invalid_request'],
    ['launch', { launch: 'unknown' }, 'invalid_request'],
    ['code_challenge_method', { code_challenge: 'x', code_challenge_method: 'plain' }, 'invalid_request'],
  ])('sends the app back with an error for a wrong %s', async (_, change, error) => {
    const { ehr, session } = await openEhr();
    const { back } = await authorize(ehr, ehr.launchUrl(REDIRECT_URI, { session }), change);
    expect(back).toMatchObject({ error, error_description: expect.any(String) });
    expect(back['state']).toBe('state' in change ? undefined : 'my state');
    expect(back['code']).toBeUndefined();
  });
});

describe('the token endpoint', () => {
  it('takes a code once', async () => {
    const { ehr, session } = await openEhr();
    const { back } = await authorize(ehr, ehr.launchUrl(REDIRECT_URI, { session }));
    expect((await exchange(ehr, back['code'])).status).toBe(200);
    expect(await exchange(ehr, back['code'])).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['client', {}, { client_id: 'other' }],
    ['redirect', {}, { redirect_uri: 'http://127.0.0.1:9/' }],
    ['verifier', { code_challenge: 'x', code_challenge_method: 'S256' }, { code_verifier: 'y' }],
    ['verifier that is missing', { code_challenge: 'x', code_challenge_method: 'S256' }, {}],
    ['verifier that nothing asks for', {}, { code_verifier: 'y' }],
  ])('refuses a code with another %s', async (_, asked, change) => {
    const { ehr, session } = await openEhr();
    const { back } = await authorize(ehr, ehr.launchUrl(REDIRECT_URI, { session }), asked);
    expect(await exchange(ehr, back['code'], change)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it('asks confidential clients for their secret', async () => {
    const { ehr, session } = await openEhr({ clients: [{ clientId: 'viewer', clientSecret: 'pass:word' }] });
    const { back } = await authorize(ehr, ehr.launchUrl(REDIRECT_URI, { session }));
    expect(await exchange(ehr, back['code'])).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    const fields = { grant_type: 'authorization_code', redirect_uri: REDIRECT_URI, code: back['code'] ?? '' };
    const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` });
    expect((await token(ehr, fields, basic('viewer:wrong'))).status).toBe(401);
    expect((await token(ehr, fields, basic('viewer:pass:word'))).status).toBe(200);
  });

  it('refreshes a token, and knows each refresh token once', async () => {
    const { hub, ehr, session } = await openEhr();
    const { back } = await authorize(ehr, ehr.launchUrl(REDIRECT_URI, { session, patient: 'ada-quill' }));
    const first = (await exchange(ehr, back['code'])).body;
    const fields = { grant_type: 'refresh_token', client_id: 'viewer', refresh_token: first['refresh_token'] ?? '' };
    const { status, body } = await token(ehr, fields);
    expect(status).toBe(200);
    expect(body).toEqual({ ...first, access_token: expect.any(String), refresh_token: expect.any(String) });
    expect(body['access_token']).not.toBe(first['access_token']);
    expect((await postForm(hub.url, body['access_token'] ?? '', stuFields(session))).status).toBe(202);
    expect(await token(ehr, fields)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it('knows no other grants', async () => {
    const { ehr } = await openEhr();
    const answer = await token(ehr, { grant_type: 'password', client_id: 'viewer' });
    expect(answer).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } });
  });
});

describe('the FHIR endpoint', () => {
  it('says in its metadata where to authorize and where the hub is', async () => {
    const { hub, ehr } = await openEhr();
    const { authorization_endpoint, token_endpoint } = await configuration(ehr);
    const response = await fetch(`${ehr.fhirUrl}/metadata`);
    expect(response.headers.get('content-type')).toContain('application/fhir+json');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    const statement = (await response.json()) as fhir4.CapabilityStatement;
    expect([statement.resourceType, statement.fhirVersion]).toEqual(['CapabilityStatement', '4.0.1']);
    const oauth = statement.rest?.[0]?.security?.extension?.[0]?.extension;
    expect(oauth).toEqual([
      { url: 'authorize', valueUri: authorization_endpoint },
      { url: 'token', valueUri: token_endpoint },
    ]);
    expect(statement.rest?.[0]?.extension?.[0]?.extension).toEqual([{ url: 'hub.url', valueUrl: hub.url }]);
  });

  it('shows patients to those who have a token', async () => {
    const { ehr, session } = await openEhr();
    const { back } = await authorize(ehr, ehr.launchUrl(REDIRECT_URI, { session }));
    const headers = { Authorization: `Bearer ${(await exchange(ehr, back['code'])).body['access_token'] ?? ''}` };
    for (const path of ['/Patient/ada-quill', '/Patient']) expect((await fetch(ehr.fhirUrl + path)).status).toBe(401);
    const read = await fetch(`${ehr.fhirUrl}/Patient/ada-quill`, { headers });
    expect(await read.json()).toEqual(TEST_PATIENTS[0]);
    const missing = await fetch(`${ehr.fhirUrl}/Patient/nobody`, { headers });
    expect([missing.status, await missing.json()]).toEqual([
      404,
      expect.objectContaining({ resourceType: 'OperationOutcome' }),
    ]);
  });

  it.each([
    ['', 4],
    ['_id=ada-quill', 1],
    ['name=oak', 1],
    ['family=QUILL,marlowe', 2],
    ['given=Samuel', 1],
    ['identifier=MRN-100231', 1],
    ['identifier=https://ehr.example.org/mrn|MRN-100231', 1],
    ['identifier=elsewhere|MRN-100231', 0],
    ['birthdate=1984-11-02', 1],
    ['gender=female', 2],
    ['gender=female&name=ada', 1],
    ['_count=10', 4],
  ])('finds patients by "%s"', async (query, total) => {
    const { ehr, session } = await openEhr();
    const { back } = await authorize(ehr, ehr.launchUrl(REDIRECT_URI, { session }));
    const headers = { Authorization: `Bearer ${(await exchange(ehr, back['code'])).body['access_token'] ?? ''}` };
    const response = await fetch(`${ehr.fhirUrl}/Patient?${query}`, { headers });
    const bundle = (await response.json()) as fhir4.Bundle;
    expect([bundle.type, bundle.total, bundle.entry?.length]).toEqual(['searchset', total, total]);
  });

  it('refuses a token that has expired', async () => {
    const { ehr, session } = await openEhr({ tokenLifetimeSeconds: 0 });
    const { back } = await authorize(ehr, ehr.launchUrl(REDIRECT_URI, { session }));
    const headers = { Authorization: `Bearer ${(await exchange(ehr, back['code'])).body['access_token'] ?? ''}` };
    expect((await fetch(`${ehr.fhirUrl}/Patient`, { headers })).status).toBe(401);
  });
});

describe('an EHR on the address of its hub', () => {
  it('is there beside the hub, and ends without it', async () => {
    const { hub, ehr } = await openEhr({ sameOrigin: true });
    const { origin } = new URL(hub.url);
    expect(ehr.fhirUrl).toBe(`${origin}/fhir`);
    expect((await configuration(ehr)).token_endpoint).toBe(`${origin}/auth/token`);
    expect((await fetch(`${hub.url}/.well-known/fhircast-configuration`)).status).toBe(200);
    await ehr.close();
    expect((await fetch(`${ehr.fhirUrl}/metadata`)).status).toBe(404);
    expect((await fetch(`${hub.url}/.well-known/fhircast-configuration`)).status).toBe(200);
  });

  it('needs a test hub for that', async () => {
    const strange = startTestEhr({ hub: { url: 'http://127.0.0.1:9/hub' }, sameOrigin: true });
    await expect(strange).rejects.toThrow(TypeError);
  });
});
