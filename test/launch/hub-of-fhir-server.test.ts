import { inspect } from 'node:util';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { hubOfFhirServer } from '../../src/launch/index.ts';
import { startTestEhr, startTestHub } from '../../src/testing/index.ts';

const FHIR = 'https://ehr.example.org/fhir';
const HUB = 'https://hub.example.org/fhircast';
const STU3 = 'http://hl7.org/fhir/uv/fhircast/StructureDefinition/fhircast-configuration-extension';
const STU2 = 'http://fhircast.hl7.org/StructureDefinition/fhircast-configuration';

const server = setupServer();
beforeAll(() =>
  server.listen({
    onUnhandledRequest: ({ url }) => {
      if (!url.startsWith('http://127.0.0.1')) throw new Error('A request that no test expects');
    },
  }),
);
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

type Json = Readonly<Record<string, unknown>>;

const extension = (url: string, ...hubs: readonly Json[]) => ({
  url,
  extension: hubs.map((hub) => ({ url: 'hub.url', ...hub })),
});
const rest = (...extensions: readonly unknown[]) => ({ mode: 'server', extension: extensions });
const statement = (...entries: readonly unknown[]) => ({ resourceType: 'CapabilityStatement', rest: entries });

/** Lets the FHIR server answer, and notes what it is asked. */
function answering(respond: () => Response): Request[] {
  const seen: Request[] = [];
  server.use(
    http.all('*', ({ request }) => {
      if (request.url.startsWith('http://127.0.0.1')) return undefined;
      seen.push(request);
      return respond();
    }),
  );
  return seen;
}

const find = (fhirUrl = FHIR, options = {}) => hubOfFhirServer(fhirUrl, { requestTimeoutMs: 2_000, ...options });
const failureOf = (found: Promise<unknown>) =>
  found.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the hub of a FHIR server', () => {
  it.each<[string, unknown, string | undefined]>([
    ['in the form of STU3', statement(rest(extension(STU3, { valueUrl: HUB }))), HUB],
    ['in the form of STU2', statement(rest(extension(STU2, { valueUri: HUB }))), HUB],
    ['in STU3’s form with a uri', statement(rest(extension(STU3, { valueUri: HUB }))), HUB],
    ['in STU2’s form with a url', statement(rest(extension(STU2, { valueUrl: HUB }))), HUB],
    ['in both forms', statement(rest(extension(STU2, { valueUri: HUB }), extension(STU3, { valueUrl: HUB }))), HUB],
    ['among other extensions', statement(rest({ url: 'x', valueUrl: 'x' }, extension(STU3, { valueUrl: HUB }))), HUB],
    ['in a later entry', statement({ mode: 'client' }, rest(extension(STU3, { valueUrl: HUB }))), HUB],
    [
      'in two entries, once with a slash',
      statement(rest(extension(STU3, { valueUrl: HUB })), rest(extension(STU3, { valueUrl: `${HUB}/` }))),
      HUB,
    ],
    ['on this machine', statement(rest(extension(STU3, { valueUrl: 'http://localhost:80/' }))), 'http://localhost:80/'],
    ['nowhere', statement(rest()), undefined],
    ['nowhere, without entries', statement(), undefined],
    ['nowhere, because it is left out', statement(rest(extension(STU3))), undefined],
    ['nowhere, because it is empty', statement(rest(extension(STU3, { valueUrl: '' }))), undefined],
    ['nowhere, because it is something else', statement(rest(extension(STU3, { valueString: HUB }))), undefined],
    ['nowhere, but something of that kind', statement(rest(extension(`${STU3}s`, { valueUrl: HUB }))), undefined],
    ['nowhere, but something of that name', statement(rest({ url: 'hub.url', valueUrl: HUB })), undefined],
    [
      'nowhere, with rubbish',
      statement(null, 7, 'x', [], rest(null, 7, { url: 7 }, { url: STU3, extension: 7 })),
      undefined,
    ],
  ])('is found %s', async (_, body, expected) => {
    answering(() => HttpResponse.json(body as Json));
    expect(await find()).toBe(expected);
  });

  it.each([
    [FHIR, `${FHIR}/metadata`],
    [`${FHIR}/`, `${FHIR}/metadata`],
    ['https://ehr.example.org', 'https://ehr.example.org/metadata'],
    [`${FHIR}?tenant=7`, `${FHIR}/metadata?tenant=7`],
  ])('is asked of %s without token and credentials', async (fhirUrl, expected) => {
    const seen = answering(() => HttpResponse.json(statement()));
    await find(fhirUrl);
    expect(seen.map(({ url, method, credentials }) => [url, method, credentials])).toEqual([[expected, 'GET', 'omit']]);
    expect(seen[0]?.headers.get('accept')).toBe('application/fhir+json');
    expect(seen[0]?.headers.has('authorization')).toBe(false);
  });

  it.each<[string, unknown, object]>([
    ['is no URL', statement(rest(extension(STU3, { valueUrl: 'hub' }))), { code: 'launch-hub-invalid', at: 'hub.url' }],
    [
      'is not encrypted',
      statement(rest(extension(STU3, { valueUrl: 'http://hub.example.org' }))),
      { code: 'launch-hub-insecure', at: 'hub.url' },
    ],
    [
      'is several in several entries',
      statement(rest(extension(STU3, { valueUrl: HUB })), rest(extension(STU3, { valueUrl: `${HUB}/other` }))),
      { at: 'hub.url' },
    ],
    [
      'is several in several forms',
      statement(rest(extension(STU3, { valueUrl: HUB }), extension(STU2, { valueUri: 'x' }))),
      { at: 'hub.url' },
    ],
    [
      'is several in one',
      statement(rest(extension(STU3, { valueUrl: HUB }, { valueUrl: `${HUB}2` }))),
      { at: 'hub.url' },
    ],
    [
      'is two values of one',
      statement(rest(extension(STU3, { valueUrl: HUB, valueUri: `${HUB}2` }))),
      { at: 'hub.url' },
    ],
  ])('that %s is refused', async (_, body, expected) => {
    answering(() => HttpResponse.json(body as Json));
    const error = await failureOf(find());
    expect(error).toMatchObject({ name: 'LaunchError', ...expected });
    expect(inspect(error)).not.toContain('hub.example.org');
  });

  it('may be unencrypted in a test network', async () => {
    answering(() => HttpResponse.json(statement(rest(extension(STU3, { valueUrl: 'http://hub.lan' })))));
    expect(await find('http://ehr.lan/fhir', { allowInsecure: true })).toBe('http://hub.lan');
  });

  it.each<[string, () => Response, object]>([
    [
      'has no metadata',
      () => new Response('', { status: 404 }),
      { code: 'hub-refused', status: 404, retryable: false },
    ],
    ['wants a token', () => new Response('', { status: 401 }), { code: 'hub-refused', status: 401, retryable: false }],
    ['fails', () => new Response('', { status: 503 }), { code: 'hub-failed', status: 503, retryable: true }],
    ['redirects', () => Response.redirect(HUB, 302), { code: 'hub-redirected', status: 302 }],
    ['cannot be reached', () => HttpResponse.error(), { code: 'hub-unreachable', retryable: true }],
    [
      'answers a page',
      () => HttpResponse.html('<p>Hello</p>'),
      { code: 'hub-answer-invalid', at: 'CapabilityStatement' },
    ],
    ['answers another resource', () => HttpResponse.json({ resourceType: 'Bundle' }), { code: 'hub-answer-invalid' }],
    ['answers a list', () => HttpResponse.json([]), { code: 'hub-answer-invalid' }],
    ['answers what is deep beyond measure', () => new Response('['.repeat(100_000)), { code: 'hub-answer-invalid' }],
    ['answers and stops', () => new Response(new ReadableStream()), { code: 'hub-timeout', retryable: true }],
  ])('of a server that %s is not known', async (_, respond, expected) => {
    answering(respond);
    expect(await failureOf(find(FHIR, { requestTimeoutMs: 1_000 }))).toMatchObject({ name: 'HubError', ...expected });
  });

  it.each(['', 'fhir', 'ftp://ehr.example.org', 'http://ehr.example.org', 'https://user:secret@ehr.example.org'])(
    'is not asked of %j',
    async (fhirUrl) => {
      const seen = answering(() => HttpResponse.json(statement()));
      const error = await failureOf(find(fhirUrl));
      expect(error).toMatchObject({ code: 'option-invalid', at: 'fhirUrl' });
      expect(inspect(error)).not.toContain('secret');
      expect(seen).toEqual([]);
    },
  );

  it('is found among more of the same than anybody would write', async () => {
    const one = extension(STU3, { valueUrl: HUB });
    answering(() => HttpResponse.json(statement(...Array(20_000).fill(rest(one)))));
    expect(await find()).toBe(HUB);
  });

  it('need not be waited for', async () => {
    const life = new AbortController();
    answering(() => {
      life.abort();
      return HttpResponse.json(statement());
    });
    expect(await failureOf(find(FHIR, { signal: life.signal }))).toMatchObject({ code: 'aborted' });
  });

  it('is found at the test EHR', async () => {
    const hub = await startTestHub();
    onTestFinished(() => hub.close());
    const ehr = await startTestEhr({ hub });
    onTestFinished(() => ehr.close());
    expect(await find(ehr.fhirUrl)).toBe(hub.url);
  });
});
