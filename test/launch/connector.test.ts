import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FhircastClient, FhircastEvent } from '../../src/index.ts';
import { type ConnectorOptions, clientFromConnector } from '../../src/launch/index.ts';
import { startTestHub } from '../../src/testing/index.ts';
import { PATIENT, REPORT, STUDY } from '../radiology/support.ts';

const SECRET = 'the-secret-of-the-app';
const CREDENTIALS = { clientId: 'viewer', clientSecret: SECRET, audience: 'https://powercast.example.org/hub' };

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly form: Record<string, string>;
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
};

/** What a connector and its token endpoint answer: JSON, or a status alone. */
type Answers = Readonly<Record<string, (asked: Asked) => unknown>>;

/** A PowerCast hub, and a connector on the same machine, which knows a session when somebody has logged in. */
async function openDesk(answers: Answers = {}) {
  const hub = await startTestHub({ personality: 'powercast' });
  const session = hub.openSession();
  const asked: Asked[] = [];
  const tokens: string[] = [];
  const configuration = () => ({
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/oauth/token`,
    hub_endpoint: hub.url,
    topic: session.id,
  });
  const routes: Answers = {
    '/configuration': configuration,
    '/login': configuration,
    '/oauth/token': () => {
      const token = session.issueToken('fhircast/*.*', 3600, 'Viewer');
      tokens.push(token);
      return { access_token: token, token_type: 'Bearer', expires_in: 86_400 };
    },
    ...answers,
  };
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url ?? '', 'http://127.0.0.1');
    const form = Object.fromEntries(new URLSearchParams((await textOf(request)) || search));
    const { authorization } = request.headers;
    const one = { method: request.method ?? '', path: pathname, authorization, form };
    asked.push(one);
    const answer = routes[pathname]?.(one) ?? 404;
    response.statusCode = typeof answer === 'number' ? answer : 200;
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients: FhircastClient[] = [];
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.unsubscribe()));
    await hub.close();
    server.close();
    server.closeAllConnections();
  });
  return {
    hub,
    session,
    url,
    asked,
    tokens,
    configuration,
    async launch(options: ConnectorOptions = {}) {
      const client = await clientFromConnector(url, { credentials: CREDENTIALS, subscriberName: 'Viewer', ...options });
      clients.push(client);
      return client;
    },
  };
}

const CONTEXT = [
  { key: 'report', resource: REPORT },
  { key: 'patient', resource: PATIENT },
  { key: 'study', resource: STUDY },
];

describe('a launch by the connector of PowerCast', () => {
  it('asks for the configuration and a token, logs the user in, and follows what is open', async () => {
    const { hub, session, asked, launch } = await openDesk();
    await session.publish('DiagnosticReport-open', CONTEXT);
    const client = await launch({ username: 'ada&role=admin' });
    const opened: FhircastEvent[] = [];
    client.on('DiagnosticReport-open', (event) => void opened.push(event));
    await client.ready({ caughtUp: true });
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /configuration',
      'POST /oauth/token',
      'GET /login',
    ]);
    expect(asked[0]?.authorization).toBeUndefined();
    expect(asked[1]?.form).toEqual({
      grant_type: 'client_credentials',
      client_id: 'viewer',
      client_secret: SECRET,
      audience: 'https://powercast.example.org/hub',
    });
    expect(asked[2]?.form).toEqual({ username: 'ada&role=admin' });
    expect(asked[2]?.authorization).toMatch(/^Bearer ./);
    const { fields } = await hub.waitFor(({ kind }) => kind === 'subscribe');
    expect(fields).toMatchObject({ 'hub.subscriber': 'Viewer', 'hub.callback': '', 'hub.topic': session.id });
    expect(fields?.['hub.secret']).toBeTruthy();
    expect(client.hub.profiles).toEqual(['powerCast']);
    // The answer to the subscription has had `contexts`.
    expect(client.shown?.report?.id).toBe('report-1');
    expect((await client.getCurrentContext())?.type).toBe('DiagnosticReport');
  });

  it('follows whoever is logged in, and changes the context at the URL of the session', async () => {
    const { hub, asked, launch } = await openDesk();
    const client = await launch();
    const opened = new Promise<FhircastEvent>((resolve) =>
      client.once('DiagnosticReport-open', (event) => resolve(event)),
    );
    await client.ready();
    const change = await client.requestContextChange('DiagnosticReport-open', CONTEXT);
    expect(change).toMatchObject({ accepted: true });
    expect((await opened).id).toBe(change.id);
    expect(asked.map(({ path }) => path)).toEqual(['/configuration', '/oauth/token']);
    expect(hub.log.some(({ kind, status }) => kind === 'reply' && (status ?? 0) >= 400)).toBe(false);
  });

  it('gets a new token when the hub refuses the one that it has', async () => {
    const { session, tokens, launch } = await openDesk();
    const client = await launch();
    client.on('DiagnosticReport-open', () => {});
    await client.ready({ caughtUp: true });
    session.revokeToken(tokens[0] ?? '');
    expect(await client.requestContextChange('DiagnosticReport-open', CONTEXT)).toMatchObject({ accepted: true });
    expect(tokens).toHaveLength(2);
  });

  it.each<[string, (said: Record<string, string>) => object]>([
    [
      'in other words',
      (said) => ({ 'Hub.Url': said['hub_endpoint'], 'hub.topic': said['topic'], tokenUrl: said['token_endpoint'] }),
    ],
    ['with null for what there is not', (said) => ({ ...said, authorization_endpoint: null, 'hub.topic': null })],
  ])('reads a configuration %s', async (_, write) => {
    const desk = await openDesk({ '/configuration': () => write(desk.configuration()) });
    const client = await desk.launch();
    client.on('Patient-open', () => {});
    await client.ready();
  });

  it('keeps of the configuration what the login does not say again', async () => {
    const desk = await openDesk({
      '/configuration': () => ({ ...desk.configuration(), topic: null }),
      '/login': () => ({ topic: desk.session.id }),
    });
    const client = await desk.launch({ username: 'ada' });
    client.on('Patient-open', () => {});
    await client.ready();
  });

  it('takes a token of the app in place of credentials', async () => {
    const { url, session, asked } = await openDesk();
    const client = await clientFromConnector(url, { accessToken: session.accessToken, username: 'ada' });
    onTestFinished(() => client.unsubscribe());
    client.on('Patient-open', () => {});
    await client.ready();
    expect(asked.map(({ path }) => path)).toEqual(['/configuration', '/login']);
    expect(asked[1]?.authorization).toBe(`Bearer ${session.accessToken}`);
  });

  it('goes to a hub that the app trusts, and to no other', async () => {
    const { hub, launch } = await openDesk();
    await launch({ hubs: [new URL(hub.url).origin] });
    await expect(launch({ hubs: ['https://hub.example.org'] })).rejects.toMatchObject({
      code: 'launch-hub-untrusted',
      at: 'hub_endpoint',
    });
  });
});

describe('a launch by a connector that leads nowhere', () => {
  type Said = { hub_endpoint: string; token_endpoint: string; topic: string };
  const saying = (change: Partial<Record<keyof Said, unknown>>): Answers => ({
    '/configuration': () => ({
      hub_endpoint: 'https://hub.example.org/api/hub',
      token_endpoint: 'https://token.example.org',
      topic: 'a-topic',
      ...change,
    }),
  });

  it.each<[string, Answers, ConnectorOptions, object]>([
    ['names no hub', saying({ hub_endpoint: null }), {}, { code: 'launch-hub-missing', at: 'hub_endpoint' }],
    ['names no session', saying({ topic: '' }), {}, { code: 'launch-session-missing', at: 'topic' }],
    [
      'names no token endpoint',
      saying({ token_endpoint: 7 }),
      {},
      { code: 'hub-answer-invalid', at: 'token_endpoint' },
    ],
    [
      'names a hub without encryption',
      saying({ hub_endpoint: 'http://hub.example.org' }),
      {},
      { code: 'launch-hub-insecure', at: 'hub_endpoint' },
    ],
    [
      'names a token endpoint without encryption',
      saying({ token_endpoint: 'http://token.example.org' }),
      {},
      { code: 'hub-answer-invalid', at: 'token_endpoint' },
    ],
    ['answers a page', { '/configuration': () => '<html>' }, {}, { code: 'hub-answer-invalid', at: 'configuration' }],
    ['answers a list', { '/configuration': () => [] }, {}, { code: 'hub-answer-invalid', at: 'configuration' }],
    ['knows nothing of it', { '/configuration': () => 404 }, {}, { code: 'hub-refused', status: 404 }],
    ['fails', { '/configuration': () => 503 }, {}, { code: 'hub-failed', status: 503, retryable: true }],
    ['refuses the login', { '/login': () => 401 }, { username: 'ada' }, { code: 'hub-refused', status: 401 }],
    ['gets no token', { '/oauth/token': () => 401 }, { username: 'ada' }, { code: 'hub-refused', status: 401 }],
    [
      'gets an answer without a token',
      { '/oauth/token': () => ({ token: 'x' }) },
      { username: 'ada' },
      { code: 'hub-answer-invalid', at: 'access_token' },
    ],
    ['is given up', {}, { signal: AbortSignal.abort() }, { code: 'aborted' }],
  ])('%s', async (_, answers, options, expected) => {
    const { launch } = await openDesk(answers);
    const error: unknown = await launch(options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(expected);
    for (const secret of [SECRET, 'a-topic', 'hub.example.org', 'token.example.org'])
      expect(`${inspect(error)} ${JSON.stringify(error)}`).not.toContain(secret);
  });

  it.each<[string, string, object]>([
    ['url', 'http://connector.example.org', {}],
    ['url', 'no URL', {}],
    ['username', 'http://127.0.0.1:9', { username: '' }],
    ['hubs', 'http://127.0.0.1:9', { hubs: 'https://hub.example.org' }],
    ['requestTimeoutMs', 'http://127.0.0.1:9', { requestTimeoutMs: 0 }],
  ])('is refused before it begins for a wrong %s', async (at, url, options) => {
    await expect(clientFromConnector(url, options)).rejects.toMatchObject({ code: 'option-invalid', at });
  });

  it.each([{}, { ...CREDENTIALS, clientSecret: '' }, { ...CREDENTIALS, audience: 7 }, 'x'])(
    'is refused for wrong credentials (%#)',
    async (credentials) => {
      const { launch } = await openDesk();
      const options = { credentials } as unknown as ConnectorOptions;
      await expect(launch(options)).rejects.toMatchObject({ code: 'option-invalid', at: 'credentials' });
    },
  );

  it('says that nobody is there', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    await expect(clientFromConnector(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'hub-unreachable' });
  });
});
