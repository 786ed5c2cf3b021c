import { inspect } from 'node:util';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FhircastError } from '../../src/errors/errors.ts';
import { HubApi } from '../../src/hub/api.ts';
import type { DialectName } from '../../src/index.ts';
import { chooserOf } from './support.ts';

const HUB = 'https://hub.example.org/fhircast';
const TOKEN = 'token-of-the-app';
const TOPIC = 'topic-of-the-session';
const SESSION = `${HUB}/${TOPIC}`;

const server = setupServer();
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

const apiOf = (dialect: DialectName = 'stu3', hubUrl = HUB, topic = dialect === 'stu3' ? TOPIC : SESSION) =>
  new HubApi({
    hubUrl,
    topic,
    chooser: chooserOf(dialect),
    accessToken: () => TOKEN,
    record: () => {},
    timeoutMs: 2_000,
  });

const { signal } = new AbortController();
const request = { channel: 'websocket', topic: TOPIC, events: ['Patient-open', 'Patient-close'] } as const;

/** Answers every request with a response, and notes what was asked. */
function answering(
  respond: () => Response | Promise<Response>,
): { url: string; method: string; headers: Headers; text: Promise<string> }[] {
  const seen: { url: string; method: string; headers: Headers; text: Promise<string> }[] = [];
  server.use(
    http.all('*', ({ request: { url, method, headers }, request: incoming }) => {
      seen.push({ url, method, headers, text: incoming.clone().text() });
      return respond();
    }),
  );
  return seen;
}

describe('a subscription request', () => {
  it.each<[DialectName, 'websocket' | 'webhook', Record<string, string>]>([
    [
      'stu3',
      'websocket',
      {
        'hub.mode': 'subscribe',
        'hub.channel.type': 'websocket',
        'hub.topic': TOPIC,
        'hub.events': 'Patient-open,Patient-close',
        'subscriber.name': 'Viewer',
        'hub.lease_seconds': '60',
      },
    ],
    [
      'stu3',
      'webhook',
      {
        'hub.mode': 'subscribe',
        'hub.channel.type': 'webhook',
        'hub.callback': 'https://app.example.org/1',
        'hub.secret': 'secret',
        'hub.topic': TOPIC,
        'hub.events': 'Patient-open,Patient-close',
        'subscriber.name': 'Viewer',
        'hub.lease_seconds': '60',
      },
    ],
    [
      'draft',
      'webhook',
      {
        'hub.mode': 'subscribe',
        'hub.callback': 'https://app.example.org/1',
        'hub.secret': 'secret',
        'hub.topic': SESSION,
        'hub.events': 'Patient-open,Patient-close',
        'hub.lease_seconds': '60',
      },
    ],
  ])('of %s by %s has these fields, each once', async (dialect, channel, expected) => {
    const seen = answering(() => new HttpResponse(null, { status: 202 }));
    const api = apiOf(dialect);
    const callback = channel === 'webhook' ? { callback: 'https://app.example.org/1' } : {};
    const secret = dialect === 'draft' || channel === 'webhook' ? { secret: 'secret' } : {};
    await api.subscribe(
      { ...request, channel, topic: api.topic, leaseSeconds: 60, subscriberName: 'Viewer', ...callback, ...secret },
      signal,
    );
    const [sent] = seen;
    expect(sent?.url).toBe(HUB);
    expect(sent?.headers.get('content-type')).toBe('application/x-www-form-urlencoded');
    expect(sent?.headers.get('authorization')).toBe(`Bearer ${TOKEN}`);
    const fields = [...new URLSearchParams(await sent?.text)];
    expect(new Set(fields.map(([name]) => name)).size).toBe(fields.length);
    expect(Object.fromEntries(fields)).toEqual(expected);
  });
});

describe('the address of the current context', () => {
  it.each<[DialectName, string, string, string]>([
    ['stu3', HUB, TOPIC, SESSION],
    ['stu3', `${HUB}/`, TOPIC, SESSION],
    ['stu3', 'https://hub.example.org', TOPIC, `https://hub.example.org/${TOPIC}`],
    ['stu3', HUB, 'a/b ?#', `${HUB}/a%2Fb%20%3F%23`],
    ['draft', HUB, SESSION, SESSION],
    ['draft', HUB, 'opaque', `${HUB}/opaque`],
    ['ballot', HUB, SESSION, SESSION],
  ])('of %s at %s, for %s, is %s', async (dialect, hubUrl, topic, url) => {
    const seen = answering(() => HttpResponse.json([]));
    expect(await apiOf(dialect, hubUrl, topic).currentContext(signal)).toBeNull();
    expect(seen.map((one) => one.url)).toEqual([url]);
  });

  it('is not asked with the token when it is another origin’s', async () => {
    const seen = answering(() => HttpResponse.json([]));
    await expect(apiOf('draft', HUB, 'https://elsewhere.example.org/1').currentContext(signal)).rejects.toMatchObject({
      code: 'session-foreign',
    });
    expect(seen).toEqual([]);
  });
});

describe('an answer of the hub', () => {
  const outcome = {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'forbidden', diagnostics: 'No scope' }],
  };
  it.each<[string, () => Response, Record<string, unknown>]>([
    [
      '400 with text',
      () => new HttpResponse(' Bad topic ', { status: 400 }),
      { code: 'hub-refused', status: 400, hubText: 'Bad topic', retryable: false },
    ],
    ['401', () => new HttpResponse('', { status: 401 }), { code: 'session-over', status: 401, retryable: false }],
    [
      '403 with an OperationOutcome',
      () => HttpResponse.json(outcome, { status: 403 }),
      { code: 'hub-unauthorized', hubText: 'No scope' },
    ],
    [
      '404 with HTML',
      () => HttpResponse.html('<h1>no</h1>', { status: 404 }),
      { code: 'context-unsupported', status: 404, hubText: '<h1>no</h1>' },
    ],
    [
      '410 with JSON',
      () => HttpResponse.json({ error: 'gone' }, { status: 410 }),
      { code: 'hub-refused', hubText: 'gone' },
    ],
    ['408', () => new HttpResponse('', { status: 408 }), { code: 'hub-refused', retryable: true }],
    [
      '429 with Retry-After in seconds',
      () => new HttpResponse('', { status: 429, headers: { 'Retry-After': '7' } }),
      { code: 'hub-refused', retryable: true, retryAfterMs: 7000 },
    ],
    [
      '503 with a Retry-After that is nonsense',
      () => new HttpResponse('', { status: 503, headers: { 'Retry-After': 'soon' } }),
      { code: 'hub-failed', retryable: true, retryAfterMs: undefined },
    ],
    [
      '500 with a very long text',
      () => new HttpResponse('x'.repeat(5000), { status: 500 }),
      { code: 'hub-failed', hubText: 'x'.repeat(1000) },
    ],
    [
      'a redirect',
      () => HttpResponse.redirect('https://elsewhere.example.org/', 307),
      { code: 'hub-redirected', status: 307 },
    ],
    ['no answer at all', () => HttpResponse.error(), { code: 'hub-unreachable', retryable: true }],
    [
      'an answer that is announced as too large',
      () => new HttpResponse('[]', { headers: { 'Content-Length': String(2 ** 30) } }),
      { code: 'hub-answer-too-large' },
    ],
  ])('that is %s is an error that says so, and nothing else', async (_, respond, expected) => {
    answering(respond);
    const error = await apiOf()
      .currentContext(signal)
      .catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(FhircastError);
    expect(error).toMatchObject(expected);
    const { message } = error as FhircastError;
    for (const loggable of [
      message,
      JSON.stringify(error),
      inspect({ message, error: { ...(error as FhircastError) } }),
    ]) {
      expect(loggable).not.toContain(TOKEN);
      expect(loggable).not.toContain(TOPIC);
      expect(loggable).not.toMatch(/Bad topic|No scope/);
    }
  });

  it.each<[string, string, string]>([
    ['no JSON', 'nonsense', 'context-unsupported'],
    ['a number', '7', 'hub-answer-invalid'],
    ['a context that is an object', '{"context":{}}', 'hub-answer-invalid'],
    ['an entry without a key', '[{}]', 'hub-answer-invalid'],
    ['another session’s', '{"event":{"hub.topic":"another","context":[]}}', 'notification-wrong-topic'],
    [
      'a patient that is none',
      '{"context.type":"Patient","context":[{"key":"patient","resource":{"resourceType":"Practitioner","id":"1"}}]}',
      'anchor-contradiction',
    ],
    [
      'a patient who is nobody',
      '{"context.type":"Patient","context":[{"key":"patient","resource":{"resourceType":"Patient"}}]}',
      'anchor-missing',
    ],
    [
      'a study of another patient',
      '[{"key":"patient","resource":{"resourceType":"Patient","id":"1"}},{"key":"study","resource":{"resourceType":"ImagingStudy","id":"s","subject":{"reference":"Patient/2"}}}]',
      'anchor-contradiction',
    ],
  ])('to a request for the current context that is %s is refused', async (_, body, code) => {
    answering(() => new HttpResponse(body));
    await expect(apiOf().currentContext(signal)).rejects.toMatchObject({ code });
  });

  it.each(['', ' ', '{}', '[]', 'null', '{"context.type":"","context":[]}', '{"event":{"context":[]}}'])(
    'to a request for the current context that is %j says that there is none',
    async (body) => {
      answering(() => new HttpResponse(body));
      expect(await apiOf().currentContext(signal)).toBeNull();
    },
  );

  it('of 404 means no context in the draft, and is an error in STU3', async () => {
    answering(() => new HttpResponse('nobody', { status: 404 }));
    expect(await apiOf('draft').currentContext(signal)).toBeNull();
    await expect(apiOf('stu3').currentContext(signal)).rejects.toMatchObject({ code: 'context-unsupported' });
  });

  it('that does not come in time is an error', async () => {
    answering(() => new Promise(() => {}));
    const api = new HubApi({
      hubUrl: HUB,
      topic: TOPIC,
      chooser: chooserOf(),
      accessToken: () => TOKEN,
      record: () => {},
      timeoutMs: 20,
    });
    await expect(api.currentContext(signal)).rejects.toMatchObject({ code: 'hub-timeout', retryable: true });
  });

  it('is not waited for when the caller gives up', async () => {
    answering(() => new Promise(() => {}));
    await expect(apiOf().currentContext(AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('one shape for every answer', () => {
  const patient = { resourceType: 'Patient', id: 'p1' };
  const study = { resourceType: 'ImagingStudy', id: 's1', subject: { reference: 'Patient/p1' } };
  const context = [
    { key: 'patient', resource: patient },
    { key: 'study', resource: study },
  ];
  it.each<[string, unknown, Record<string, unknown>]>([
    [
      'the draft’s envelope',
      { timestamp: '2018-01-08T01:40:05.14', id: 'e1', event: { 'hub.topic': TOPIC, context } },
      { type: 'ImagingStudy', id: 'e1', time: Date.parse('2018-01-08T01:40:05.140Z') },
    ],
    ['a bare array', context, { type: 'ImagingStudy', id: undefined, time: undefined }],
    [
      'STU3’s object',
      { 'context.type': 'Patient', 'context.versionId': 'v1', context },
      { type: 'Patient', versionId: 'v1' },
    ],
  ])('%s', async (_, body, expected) => {
    answering(() => HttpResponse.json(body as never));
    const current = await apiOf().currentContext(signal);
    expect(current).toMatchObject(expected);
    expect(current?.patient).toEqual(patient);
    expect(current?.study).toEqual(study);
    expect(current?.context).toEqual(context);
  });
});
