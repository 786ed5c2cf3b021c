import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HubApi } from '../../src/hub/api.ts';
import { fetchDiscovery } from '../../src/hub/discovery.ts';
import { hubError, hubTextOf, send } from '../../src/hub/http.ts';
import type { RawRecord } from '../../src/hub/protocol-records.ts';
import type { DialectName } from '../../src/index.ts';
import { chooserOf } from './support.ts';

const HUB = 'https://hub.example.org/fhircast';
const TOKEN = 'token-of-the-app';
const TOPIC = 'topic-of-the-session';
const CALLBACK = 'https://app.example.org/callback/unguessable';
const SECRET = 'secret-of-the-subscription';

const server = setupServer();
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

interface Seen {
  url: string;
  method: string;
  headers: Headers;
  body: string;
}

/** Answers every request, and notes what was asked. */
function answering(respond: (url: string) => Response = () => new HttpResponse(null, { status: 202 })): Seen[] {
  const seen: Seen[] = [];
  server.use(
    http.all('*', async ({ request }) => {
      const { url, method, headers } = request;
      seen.push({ url, method, headers, body: await request.clone().text() });
      return respond(url);
    }),
  );
  return seen;
}

function apiOf(dialect: DialectName = 'stu3', { hubUrl = HUB, topic = TOPIC, token = TOKEN } = {}) {
  const records: RawRecord[] = [];
  const api = new HubApi({
    hubUrl,
    topic,
    chooser: chooserOf(dialect),
    accessToken: () => token,
    record: (record) => records.push(record),
    timeoutMs: 2_000,
  });
  return { api, records };
}

const { signal } = new AbortController();
const event = { body: { id: 'event-1', event: { 'hub.topic': TOPIC } }, name: 'Patient-open' };

describe('an unsubscription', () => {
  const webhook = { channel: 'webhook', callback: CALLBACK, secret: SECRET } as const;
  const websocket = { channel: 'websocket', endpoint: 'wss://hub.example.org/ws/1' } as const;
  const asked = { 'hub.topic': TOPIC, 'hub.events': 'Patient-open', 'hub.lease_seconds': '60' };

  it.each<[DialectName, typeof webhook | typeof websocket, Record<string, string>]>([
    // The draft and the ballot send all of the subscription’s fields again.
    ['draft', webhook, { 'hub.callback': CALLBACK, 'hub.secret': SECRET, ...asked }],
    ['ballot', webhook, { 'hub.callback': CALLBACK, 'hub.secret': SECRET, ...asked }],
    ['stu3', webhook, { 'hub.channel.type': 'webhook', 'hub.callback': CALLBACK, 'hub.topic': TOPIC }],
    [
      'stu3',
      websocket,
      { 'hub.channel.type': 'websocket', 'hub.channel.endpoint': websocket.endpoint, 'hub.topic': TOPIC },
    ],
  ])('of %s by %o sends these fields, each once', async (dialect, channel, expected) => {
    const seen = answering();
    const { api } = apiOf(dialect);
    await api.unsubscribe(
      {
        ...channel,
        topic: TOPIC,
        events: ['Patient-open'],
        leaseSeconds: 60,
        subscriberName: 'Viewer',
      },
      new AbortController().signal,
    );
    const fields = [...new URLSearchParams(seen[0]?.body)];
    expect(fields.sort()).toEqual(Object.entries({ 'hub.mode': 'unsubscribe', ...expected }).sort());
    expect(seen).toMatchObject([{ url: HUB, method: 'POST' }]);
  });
});

describe('a subscription', () => {
  it('in the draft by websocket names that, and sends a secret for the hub that needs one', async () => {
    const seen = answering();
    await apiOf('draft').api.subscribe({ channel: 'websocket', topic: TOPIC, events: ['a'], secret: SECRET }, signal);
    expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toEqual({
      'hub.mode': 'subscribe',
      'hub.channel.type': 'websocket',
      'hub.secret': SECRET,
      'hub.topic': TOPIC,
      'hub.events': 'a',
    });
  });

  it('in STU3 by websocket sends no secret, and names the endpoint that it replaces', async () => {
    const seen = answering();
    const endpoint = 'wss://hub.example.org/ws/1?a=b&c=d';
    await apiOf().api.subscribe(
      { channel: 'websocket', topic: TOPIC, events: ['a'], secret: SECRET, endpoint },
      signal,
    );
    const fields = new URLSearchParams(seen[0]?.body);
    expect(fields.has('hub.secret')).toBe(false);
    expect(fields.get('hub.channel.endpoint')).toBe(endpoint);
  });
});

describe('an event is sent', () => {
  it.each<[DialectName, string, string, string]>([
    ['stu3', HUB, TOPIC, HUB],
    ['stu3', `${HUB}/`, TOPIC, `${HUB}/`],
    ['draft', HUB, `${HUB}/${TOPIC}`, `${HUB}/${TOPIC}`],
    ['draft', `${HUB}/`, TOPIC, `${HUB}/${TOPIC}`],
    ['draft', `${HUB}//`, TOPIC, `${HUB}/${TOPIC}`],
    ['draft', `${HUB}?key=1`, TOPIC, `${HUB}/${TOPIC}?key=1`],
    ['ballot', HUB, `${HUB}/${TOPIC}`, `${HUB}/${TOPIC}`],
  ])('in %s, at %s, for %s, to %s', async (dialect, hubUrl, topic, url) => {
    const seen = answering();
    const answer = await apiOf(dialect, { hubUrl, topic }).api.publish(event, undefined);
    expect(answer).toMatchObject({ ok: true, status: 202 });
    expect(seen).toMatchObject([{ url, method: 'POST', body: JSON.stringify(event.body) }]);
    expect(seen[0]?.headers.get('content-type')).toBe('application/json');
    expect(seen[0]?.headers.get('authorization')).toBe(`Bearer ${TOKEN}`);
  });

  it('and whatever the hub answers is an answer', async () => {
    answering(() => new HttpResponse('busy', { status: 409 }));
    expect(await apiOf().api.publish(event, undefined)).toMatchObject({ ok: false, status: 409, text: 'busy' });
  });
});

describe('the current context is asked for', () => {
  it('beside a query of the hub, with GET and a header that takes both types', async () => {
    const seen = answering(() => HttpResponse.json([]));
    await apiOf('stu3', { hubUrl: `${HUB}/?key=1` }).api.currentContext(signal);
    expect(seen).toMatchObject([{ url: `${HUB}/${TOPIC}?key=1`, method: 'GET', body: '' }]);
    expect(seen[0]?.headers.get('accept')).toBe('application/json, application/fhir+json');
  });
});

describe('the access token', () => {
  it('is not sent where there is none', async () => {
    const seen = answering();
    await apiOf('stu3', { token: '' }).api.publish(event, undefined);
    expect(seen[0]?.headers.has('authorization')).toBe(false);
  });

  it.each(['https://elsewhere.example.org/1', 'http://hub.example.org/1', 'https://hub.example.org:8443/1'])(
    'goes to the hub’s origin alone, and not to %s',
    async (topic) => {
      const seen = answering();
      const { api } = apiOf('draft', { topic });
      await expect(api.publish(event, undefined)).rejects.toMatchObject({ code: 'session-foreign' });
      await expect(api.currentContext(undefined)).rejects.toMatchObject({ code: 'session-foreign' });
      expect(seen).toEqual([]);
    },
  );

  const below = 'https://hub.example.org/fhircast';
  it.each<[string, string]>(
    ['https://hub.example.org/fhircast', 'https://hub.example.org/fhircast/'].flatMap((hubUrl) => [
      [hubUrl, 'https://hub.example.org/admin'],
      [hubUrl, 'https://hub.example.org/'],
      [hubUrl, `${below}-other/1`],
      [hubUrl, `${below}/../admin`],
      [hubUrl, `${below}/%2e%2e/admin`],
      [hubUrl, `${below}/1/..%2f..%2fadmin`],
      [hubUrl, `${below}/..%5cadmin`],
      [hubUrl, `${below}//`],
      [hubUrl, `${below}/%ff`],
      [hubUrl, 'https://hub.example.org/FHIRcast/1'],
      [hubUrl, '..'],
    ]),
  )('of the hub %s does not go to the session %s', async (hubUrl, topic) => {
    const seen = answering();
    const { api } = apiOf('draft', { hubUrl, topic });
    await expect(api.publish(event, undefined)).rejects.toMatchObject({ code: 'session-foreign' });
    await expect(api.currentContext(undefined)).rejects.toMatchObject({ code: 'session-foreign' });
    expect(seen).toEqual([]);
  });

  it.each<[string, string]>([
    ['https://hub.example.org', 'https://hub.example.org/1'],
    ['https://hub.example.org/', 'https://hub.example.org/1'],
    [below, `${below}/1`],
    [`${below}/`, `${below}/1`],
    [`${below}/`, `${below}/a/b/`],
    [below, 'https://HUB.example.org:443/fhircast/1'],
    [below, `${below}/a%2Fb`],
  ])('of the hub %s goes to the session %s', async (hubUrl, topic) => {
    const seen = answering();
    await apiOf('draft', { hubUrl, topic }).api.publish(event, undefined);
    expect(seen.map((one) => one.url)).toEqual([new URL(topic).href]);
    expect(seen[0]?.headers.get('authorization')).toBe(`Bearer ${TOKEN}`);
  });

  it.each(['https://', 'http://[broken', 'https://a b/session-of-the-user'])(
    'goes nowhere when the session is the URL %j, and no error quotes that',
    async (topic) => {
      const { api } = apiOf('draft', { topic });
      const error = await api.currentContext(undefined).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'session-foreign' });
      expect(inspect(error)).not.toContain(topic);
    },
  );

  it.each([301, 302, 307, 308])('does not follow a redirect (%s)', async (status) => {
    const seen = answering(() => new HttpResponse(null, { status, headers: { Location: `${HUB}/elsewhere` } }));
    await expect(
      apiOf().api.subscribe({ channel: 'websocket', topic: TOPIC, events: ['a'] }, signal),
    ).rejects.toMatchObject({
      code: 'hub-redirected',
      status,
      retryable: false,
    });
    expect(seen).toHaveLength(1);
  });

  it.each(['tok\nen-of-the-app', 'tök-of-the-app', 'token\u0000'])(
    'that no header can carry is not quoted',
    async (token) => {
      const seen = answering();
      const error = await apiOf('stu3', { token })
        .api.publish(event, undefined)
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'option-invalid', at: 'accessToken' });
      expect(inspect(error)).not.toContain('of-the-app');
      expect(seen).toEqual([]);
    },
  );
});

describe('an answer of the hub', () => {
  const options = { timeoutMs: 2_000 };

  it('that has no end is not read to it', async () => {
    let pulled = 0;
    let isCancelled = false;
    const chunk = new Uint8Array(1024 * 1024);
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled++;
        controller.enqueue(chunk);
      },
      cancel: () => {
        isCancelled = true;
      },
    });
    const answer = send(HUB, {}, { ...options, fetch: async () => new Response(body) });
    await expect(answer).rejects.toMatchObject({ code: 'hub-answer-too-large', status: 200 });
    expect(pulled).toBeLessThan(20);
    expect(isCancelled).toBe(true);
  });

  it.each<[string, (bytes: number) => Partial<Response>]>([
    ['in a stream, whatever its length was said to be', (bytes) => ({ body: new Response('a'.repeat(bytes)).body })],
    ['in a stream of Node', (bytes) => ({ body: Readable.from([Buffer.alloc(bytes, 'a')]) as never })],
    ['without a stream', (bytes) => ({ body: null, text: async () => 'a'.repeat(bytes) })],
    ['where there are no streams', (bytes) => ({ text: async () => 'a'.repeat(bytes) })],
  ])('%s has a limit', async (_, make) => {
    const answerOf = (bytes: number) => {
      const headers = new Headers({ 'content-length': '2' });
      const fetch = async () => ({ status: 200, ok: true, headers, ...make(bytes) }) as Response;
      return send(HUB, {}, { ...options, fetch });
    };
    expect((await answerOf(1_000)).text).toBe('a'.repeat(1_000));
    await expect(answerOf(16 * 1024 * 1024 + 1)).rejects.toMatchObject({ code: 'hub-answer-too-large', status: 200 });
  });

  it('in a stream of Node that has no end is not read to it', async () => {
    let pulled = 0;
    const body = Readable.from(
      (function* () {
        for (;;) {
          pulled++;
          yield Buffer.alloc(1024 * 1024);
        }
      })(),
    );
    const fetch = async () => ({ status: 200, ok: true, headers: new Headers(), body }) as never;
    await expect(send(HUB, {}, { ...options, fetch })).rejects.toMatchObject({ code: 'hub-answer-too-large' });
    expect(pulled).toBeLessThan(40);
    expect(body.destroyed).toBe(true);
  });

  it.each([
    ['9'.repeat(12), 2 ** 31 - 1],
    ['2592000', 2 ** 31 - 1],
    ['9'.repeat(60), 2 ** 31 - 1],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 2 ** 31 - 1],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['0', 0],
    ['9'.repeat(10_000), undefined],
    ['1'.repeat(400), undefined],
    ['Infinity', undefined],
  ])('that asks to wait %j is waited for as long as timers last', async (value, retryAfterMs) => {
    const fetch = async () => new Response('', { status: 503, headers: { 'Retry-After': value } });
    const answer = await send(HUB, {}, { ...options, fetch });
    const { retryAfterMs: found } = hubError(answer);
    expect(found).toBe(retryAfterMs);
  });

  it('whose body does not come in time is an error', async () => {
    const fetch = async (_: string, { signal: given }: RequestInit) =>
      new Response(
        new ReadableStream({ start: (body) => given?.addEventListener('abort', () => body.error(new Error())) }),
      );
    await expect(send(HUB, {}, { timeoutMs: 20, fetch })).rejects.toMatchObject({
      code: 'hub-timeout',
      retryable: true,
    });
  });

  it('is read as text whatever the characters are split into', async () => {
    const bytes = new TextEncoder().encode('Zürich 🏥');
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    expect(await send(HUB, {}, { ...options, fetch: async () => new Response(body) })).toMatchObject({
      text: 'Zürich 🏥',
    });
  });

  it('is not kept, and brings and takes no cookies', async () => {
    const inits: RequestInit[] = [];
    await send(HUB, { method: 'POST' }, { ...options, fetch: async (_, init) => Response.json(inits.push(init)) });
    expect(inits).toMatchObject([
      { method: 'POST', cache: 'no-store', credentials: 'omit', redirect: 'manual', referrerPolicy: 'no-referrer' },
    ]);
  });

  it('asks for patience until a date', async () => {
    const date = new Date(Date.now() + 90_000).toUTCString();
    answering(() => new HttpResponse('', { status: 503, headers: { 'Retry-After': date } }));
    const error = await apiOf()
      .api.currentContext(signal)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      retryable: true,
      retryAfterMs: expect.toSatisfy((ms) => ms > 80_000 && ms <= 90_000),
    });
  });

  it.each([
    ['Bad topic', 'Bad topic'],
    [' Bad\ntopic\n', 'Bad\ntopic'],
    ['"Bad topic"', 'Bad topic'],
    ['{"error":"invalid","error_description":"Bad topic"}', 'Bad topic'],
    ['{"message":"Bad topic"}', 'Bad topic'],
    ['{"error":"Bad topic"}', 'Bad topic'],
    ['{"issue":[{"code":"invalid","diagnostics":"Bad topic"}]}', 'Bad topic'],
    ['{"issue":[{"code":"invalid","details":{"text":"Bad topic"}}]}', 'Bad topic'],
    ['{"issue":[{"code":"invalid"}]}', 'invalid'],
    ['{"issue":[null]}', '{"issue":[null]}'],
    ['{"error":{"deep":1}}', '{"error":{"deep":1}}'],
    ['[1]', '[1]'],
    ['null', 'null'],
    ['', ''],
  ])('that is %j says %j', (body, text) => {
    expect(hubTextOf(body)).toBe(text);
  });
});

describe('a discovery document', () => {
  const discover = (respond: (url: string) => Response) => {
    const seen = answering(respond);
    const records: unknown[] = [];
    return fetchDiscovery(`${HUB}/`, { timeoutMs: 2_000 }, (record) => records.push(record), signal).then((found) => ({
      found,
      seen,
      records,
    }));
  };

  it('is read, without the token', async () => {
    const { found, seen, records } = await discover(() =>
      HttpResponse.json({
        eventsSupported: ['Patient-open', 7, 'SyncError'],
        websocketSupport: true,
        webhookSupport: false,
        fhircastVersion: 'STU3',
        capabilities: { supportsGetCurrentContext: true },
        getCurrentSupport: false,
        fhirVersion: 'R4',
      }),
    );
    expect(found).toEqual({
      eventsSupported: ['Patient-open', 'SyncError'],
      websocketSupport: true,
      webhookSupport: false,
      fhircastVersion: 'STU3',
      supportsGetCurrentContext: true,
      supportsNonCurrentContextUpdates: undefined,
      fhirVersion: 'R4',
    });
    expect(seen).toMatchObject([{ url: `${HUB}/.well-known/fhircast-configuration`, method: 'GET' }]);
    expect(seen[0]?.headers.has('authorization')).toBe(false);
    expect(records).toMatchObject([
      { kind: 'discovery', direction: 'out' },
      { kind: 'discovery', direction: 'in', status: 200 },
    ]);
  });

  it.each<[string, () => Response]>([
    ['404 with HTML', () => HttpResponse.html('<h1>Not found</h1>', { status: 404 })],
    ['200 with HTML', () => HttpResponse.html('<h1>Welcome</h1>')],
    ['nothing', () => new HttpResponse(null, { status: 204 })],
    ['an array', () => HttpResponse.json([{ websocketSupport: false }])],
    ['null', () => HttpResponse.json(null)],
    ['a redirect', () => HttpResponse.redirect('https://elsewhere.example.org/')],
  ])('that is %s is none', async (_, respond) => {
    expect((await discover(respond)).found).toBeUndefined();
  });

  it.each<[string, () => Response, string]>([
    ['an error of the network', () => HttpResponse.error(), 'hub-unreachable'],
    ['500 with a document', () => HttpResponse.json({ websocketSupport: false }, { status: 500 }), 'hub-failed'],
  ])('may be there another time after %s', async (_, respond, code) => {
    await expect(discover(respond)).rejects.toMatchObject({ code, retryable: true });
  });

  it('with fields of other types says nothing about them', async () => {
    const garbage = {
      eventsSupported: 'all',
      websocketSupport: 'yes',
      fhircastVersion: 3,
      capabilities: [],
      getCurrentSupport: true,
    };
    expect((await discover(() => HttpResponse.json(garbage))).found).toEqual({
      eventsSupported: undefined,
      websocketSupport: undefined,
      webhookSupport: undefined,
      fhircastVersion: undefined,
      supportsGetCurrentContext: true,
      fhirVersion: undefined,
    });
  });
});

describe('nothing that can be logged', () => {
  it.each<[string, () => Response]>([
    ['a refusal', () => new HttpResponse(`${TOPIC} ${SECRET} ${TOKEN}`, { status: 400 })],
    ['a failure', () => HttpResponse.json({ error: `${TOPIC} ${SECRET} ${TOKEN}` }, { status: 500 })],
    ['no network', () => HttpResponse.error()],
    ['a redirect', () => new HttpResponse(null, { status: 302, headers: { Location: `${HUB}/${TOPIC}?${TOKEN}` } })],
  ])('holds the token, the topic, the secret or the callback after %s', async (_, respond) => {
    answering(respond);
    const { api, records } = apiOf();
    const request = {
      channel: 'webhook',
      topic: TOPIC,
      events: ['Patient-open'],
      callback: CALLBACK,
      secret: SECRET,
    } as const;
    const error: unknown = await api.subscribe(request, signal).catch((thrown: unknown) => thrown);
    expect(records.length).toBeGreaterThan(0);
    for (const loggable of [String(error), JSON.stringify(error), inspect(error), JSON.stringify(records)]) {
      for (const secret of [TOKEN, TOPIC, SECRET, CALLBACK]) expect(loggable).not.toContain(secret);
    }
  });
});
