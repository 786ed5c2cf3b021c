import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sign, TOPIC } from '../support.ts';
import { type App, BODY_LIMIT, type Subscribed } from './app.ts';

/** In what a framework differs, by its own doing and before the endpoint is asked. */
export interface Particulars {
  /** How a URL with a slash behind it is answered. */
  readonly trailingSlash?: number;
  /** How a path that is no UTF-8 is answered, where the endpoint does not get it. */
  readonly undecodable?: number;
  /** Somebody in front waits for the whole body. */
  readonly isBuffered?: boolean;
  /** Somebody in front makes text of JSON: what is no UTF-8 is lost. */
  readonly isDecoded?: boolean;
  /** The framework tells the app of every connection that breaks, whoever answers on it. */
  readonly tellsOfConnections?: boolean;
  /** How long the app may take to start, in milliseconds. */
  readonly startMs?: number;
}

/** A JSON text that no parser and no serializer leaves as it is. */
export const ODD_BODY = `{ "id" :\t"Å\u{1f600}",\r\n\n  "name": "\\u00e9 ü ", "n": 1.0e2, "n": 10 }\n `;

/** What node:http makes of a connection that ends in the middle of a request. */
const CONNECTION_BROKEN = /^(ECONNRESET|EPIPE|HPE_INVALID_EOF_STATE)$/;

const VERIFICATION = `hub.mode=subscribe&hub.topic=${TOPIC}&hub.lease_seconds=7200`;

/** Posts a notification. */
export const post = (
  { origin }: App,
  { path, secret }: Subscribed,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = { 'Content-Type': 'application/json' },
) => fetch(origin + path, { method: 'POST', body, headers: { 'X-Hub-Signature': sign(secret, body), ...headers } });

/** A raw connection on which a notification is begun: all but its body is sent. */
const begin = async ({ origin }: App, { path, secret }: Subscribed, body: string, ...lines: string[]) => {
  const { port, hostname } = new URL(origin);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  let text = '';
  socket.setEncoding('latin1');
  // An app may reset the connection of a hub that goes on sending what is too large.
  socket.on('error', () => {});
  const answered = new Promise<string>((resolve, reject) => {
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\r\n\r\n')) resolve(text);
    });
    socket.once('close', () => reject(new Error(`closed without an answer: ${text}`)));
  });
  answered.catch(() => {});
  const send = (piece: string | Uint8Array) => new Promise((sent) => socket.write(piece, sent));
  const head = [`POST ${path} HTTP/1.1`, 'Host: localhost', `X-Hub-Signature: ${sign(secret, body)}`, ...lines];
  await send(`${head.join('\r\n')}\r\n\r\n`);
  return { socket, send, answered };
};

/** What must be so on every framework. */
const EXPECTATIONS: Readonly<
  Record<string, (app: App, subscribed: Subscribed, particulars: Particulars) => Promise<void>>
> = {
  'echoes the challenge exactly, as text that no browser interprets': async ({ origin }, { path }) => {
    const answer = await fetch(`${origin}${path}&${VERIFICATION}&hub.challenge=c%26%C3%BC%20%2B`);
    expect([answer.status, await answer.text()]).toEqual([200, 'c&ü +']);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
  },
  'reads parameters that are empty, without a value or encoded': async ({ origin }, { path }) => {
    const challenges = {
      'a%26b%3Dc%3F%23%2B+%25': 'a&b=c?#+ %',
      '%E2%82%AC%F0%9F%98%80': '€😀',
      '!():@,/?=': '!():@,/?=',
    };
    for (const [encoded, challenge] of Object.entries(challenges)) {
      const answer = await fetch(`${origin}${path}&empty=&bare&${VERIFICATION}&hub.challenge=${encoded}`);
      expect([answer.status, await answer.text()]).toEqual([200, challenge]);
    }
  },
  'refuses a parameter that is repeated, and does not pick one': async ({ origin }, { path }) => {
    for (const more of ['&hub.challenge=d', '&hub.topic=another']) {
      const answer = await fetch(`${origin}${path}&${VERIFICATION}&hub.challenge=c${more}`);
      expect([answer.status, await answer.text()], more).toEqual([404, '']);
    }
  },
  'names the content encoding of a body, and takes nothing of it': async ({ origin }, { path, secret, seen }) => {
    const body = gzipSync('{}');
    const headers = { 'content-encoding': 'gzip', 'x-hub-signature': sign(secret, body) };
    const answer = await fetch(origin + path, { method: 'POST', body, headers });
    expect([answer.status, await answer.text()]).toEqual([415, expect.stringContaining('gzip')]);
    expect(await seen()).toMatchObject({ bodies: [] });
  },
  'refuses a verification of another session': async ({ origin }, { path }) => {
    const answer = await fetch(`${origin}${path}&hub.mode=subscribe&hub.topic=another&hub.challenge=c`);
    expect([answer.status, await answer.text()]).toEqual([404, '']);
  },
  'reads what a hub has put behind its query without a separator': async ({ origin }, { path, seen }) => {
    const answer = await fetch(`${origin}${path}hub.mode=denied&hub.topic=${TOPIC}&hub.reason=not%20now`);
    expect(answer.status).toBe(200);
    expect(await seen()).toMatchObject({ denials: ['not now'] });
  },
  'delivers a signed notification to the byte, whatever its type': async (app, subscribed) => {
    const types = ['application/json', 'application/fhir+json', 'text/plain', 'application/x-www-form-urlencoded'];
    for (const type of [...types, 'application/json; charset=utf-16', 'rubbish', 'multipart/form-data']) {
      const answer = await post(app, subscribed, ODD_BODY, { 'Content-Type': type });
      expect([answer.status, await answer.text()], type).toEqual([200, '']);
    }
    const untyped = await post(app, subscribed, new TextEncoder().encode(ODD_BODY), {});
    expect(untyped.status).toBe(200);
    const { bodies } = await subscribed.seen();
    expect(bodies).toEqual(Array.from({ length: 8 }, () => ODD_BODY));
  },
  'takes a byte order mark and what is no UTF-8 for what they are': async (app, subscribed, { isDecoded }) => {
    expect((await post(app, subscribed, Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d))).status).toBe(200);
    expect((await post(app, subscribed, Uint8Array.of(0x7b, 0xff, 0x7d))).status).toBe(isDecoded ? 401 : 400);
    const code = isDecoded ? 'signature-mismatch' : 'notification-malformed';
    expect(await subscribed.seen()).toMatchObject({ bodies: ['{}'], codes: [code] });
  },
  'passes the answer of the owner on': async (app, subscribed) => {
    for (const status of [202, 204, 409, 500]) {
      const answer = await post(app, subscribed, `{"answer":${status}}`);
      expect([answer.status, await answer.text()]).toEqual([status, '']);
    }
  },
  'refuses what is not signed, or wrongly': async (app, subscribed) => {
    const signature = sign('another secret', ODD_BODY);
    expect((await post(app, subscribed, ODD_BODY, { 'X-Hub-Signature': signature })).status).toBe(401);
    expect((await post(app, subscribed, ODD_BODY, { 'X-Hub-Signature': '' })).status).toBe(401);
    expect(
      (await post(app, subscribed, `${ODD_BODY} `, { 'X-Hub-Signature': sign(subscribed.secret, ODD_BODY) })).status,
    ).toBe(401);
    const unsigned = await fetch(app.origin + subscribed.path, { method: 'POST', body: ODD_BODY });
    expect(unsigned.status).toBe(401);
    expect((await fetch(app.origin + subscribed.path, { method: 'POST' })).status).toBe(401);
    const { bodies, codes } = await subscribed.seen();
    expect(bodies).toEqual([]);
    expect(codes.slice(0, 1)).toEqual(['signature-mismatch']);
    expect(codes).toHaveLength(5);
  },
  'knows no other identity, and one that was given up is gone': async (app, subscribed) => {
    const other = { ...subscribed, path: subscribed.path.replace(subscribed.id, 'f'.repeat(48)) };
    expect((await post(app, other, ODD_BODY)).status).toBe(404);
    expect((await fetch(`${app.origin}${other.path}&${VERIFICATION}&hub.challenge=c`)).status).toBe(404);
    await subscribed.close();
    expect((await post(app, subscribed, ODD_BODY)).status).toBe(410);
    expect(await subscribed.seen()).toEqual({ bodies: [], codes: [], denials: [] });
  },
  'allows GET and POST, and nothing else': async ({ origin }, { path, seen }) => {
    for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']) {
      const carries = method === 'PUT' || method === 'PATCH';
      const init = carries ? { method, body: '{}', headers: { 'Content-Type': 'application/json' } } : { method };
      const answer = await fetch(`${origin}${path}&${VERIFICATION}&hub.challenge=c`, init);
      expect([answer.status, answer.headers.get('allow')], method).toEqual([405, 'GET, POST']);
      expect(await answer.text()).toBe('');
    }
    expect(await seen()).toMatchObject({ bodies: [] });
  },
  'takes a body up to its limit, which is its own and not that of the framework': async (app, subscribed) => {
    const body = 'x'.repeat(BODY_LIMIT);
    expect((await post(app, subscribed, body)).status).toBe(200);
    expect((await post(app, subscribed, `${body}x`)).status).toBe(413);
    expect((await post(app, subscribed, ODD_BODY)).status).toBe(200);
    const { bodies, codes } = await subscribed.seen();
    expect(bodies.map(({ length }) => length)).toEqual([BODY_LIMIT, ODD_BODY.length]);
    expect(codes).toEqual(['notification-too-large']);
  },
  'refuses what is too large without waiting for its end': async (app, subscribed, { isBuffered }) => {
    if (!isBuffered) {
      const announced = await begin(app, subscribed, '', `Content-Length: ${2 ** 40}`);
      expect(await announced.answered).toMatch(/^HTTP\/1\.1 413 /);
      announced.socket.destroy();
      const chunked = await begin(app, subscribed, '', 'Transfer-Encoding: chunked');
      const size = BODY_LIMIT + 1;
      void chunked.send(`${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`);
      expect(await chunked.answered).toMatch(/^HTTP\/1\.1 413 /);
      chunked.socket.destroy();
      expect(await subscribed.seen()).toMatchObject({ codes: ['notification-too-large', 'notification-too-large'] });
    }
    expect((await post(app, subscribed, ODD_BODY)).status).toBe(200);
  },
  'puts a slow body together': async (app, subscribed) => {
    const body = Buffer.from(ODD_BODY);
    const { send, answered, socket } = await begin(app, subscribed, ODD_BODY, 'Transfer-Encoding: chunked');
    // In the middle of a character, too.
    for (const byte of body) await send(Buffer.from([...Buffer.from('1\r\n'), byte, 13, 10]));
    await send('0\r\n\r\n');
    expect(await answered).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
    expect(await subscribed.seen()).toMatchObject({ bodies: [ODD_BODY] });
  },
  'is not harmed by a hub that goes away': async (app, subscribed, { tellsOfConnections }) => {
    for (const line of ['Content-Length: 1000', 'Transfer-Encoding: chunked']) {
      const { socket, send } = await begin(app, subscribed, ODD_BODY, line);
      await send(`4\r\n{"a"\r\n`);
      socket.resetAndDestroy();
    }
    const whole = await begin(app, subscribed, '{}', 'Content-Length: 2');
    whole.socket.end('{}');
    expect(await whole.answered).toMatch(/^HTTP\/1\.1 200 /);
    expect((await post(app, subscribed, ODD_BODY)).status).toBe(200);
    expect(await subscribed.seen()).toMatchObject({ bodies: ['{}', ODD_BODY], codes: [] });
    const ofConnections = expect.objectContaining({ code: expect.stringMatching(CONNECTION_BROKEN) });
    expect(app.errors).toEqual(tellsOfConnections ? app.errors.map(() => ofConnections) : []);
  },
  'is found by a path with percent-encoding': async ({ origin }, { path, id }, { undecodable = 404 }) => {
    const encoded = [...id].map((digit) => `%${digit.charCodeAt(0).toString(16)}`).join('');
    const answer = await fetch(`${origin}${path.replace(id, encoded)}&${VERIFICATION}&hub.challenge=c`);
    expect([answer.status, await answer.text()]).toEqual([200, 'c']);
    const rubbish = await fetch(`${origin}${path.replace(id, `%00%ff${id}`)}&${VERIFICATION}&hub.challenge=c`);
    expect([400, undecodable]).toContain(rubbish.status);
  },
  'is found by a path with a slash behind it': async ({ origin }, { path, id }, { trailingSlash = 200 }) => {
    const slashed = path.replace(id, `${id}/`);
    const url = `${origin}${slashed}&${VERIFICATION}&hub.challenge=c`;
    const answer = await fetch(url, { redirect: 'manual' });
    expect(answer.status).toBe(trailingSlash);
    expect(await (await fetch(url)).text()).toBe('c');
  },
  'is found wherever it is mounted, and leaves other routes alone': async (app, subscribed) => {
    const { origin, otherMount = '/fhircast' } = app;
    const elsewhere = { ...subscribed, path: subscribed.path.replace('/fhircast', otherMount) };
    const answer = await fetch(`${origin}${elsewhere.path}&${VERIFICATION}&hub.challenge=c`);
    expect(await answer.text()).toBe('c');
    expect((await post(app, elsewhere, ODD_BODY)).status).toBe(200);
    expect(await (await fetch(`${origin}/other`)).text()).toBe('other');
  },
  'counts what came': async (app, subscribed) => {
    const before = await app.counts();
    const { delivered = 0, verified = 0 } = { ...before };
    await post(app, subscribed, ODD_BODY);
    await fetch(`${app.origin}${subscribed.path}&${VERIFICATION}&hub.challenge=c`);
    expect(await app.counts()).toMatchObject({ delivered: delivered + 1, verified: verified + 1 });
  },
};

/**
 * Runs the whole table on an app.
 *
 * @param name the framework, and how the endpoint is mounted
 * @param start starts the app
 * @param particulars in what the framework differs
 */
export function meetsExpectations(name: string, start: () => Promise<App>, particulars: Particulars = {}): void {
  describe(`a callback endpoint on ${name}`, () => {
    let app: App | undefined;
    beforeAll(async () => {
      app = await start();
    }, particulars.startMs);
    afterAll(() => app?.close());
    it.each(Object.entries(EXPECTATIONS))('%s', async (_name, expectation) => {
      if (!app) throw new Error('The app was not started.');
      await expectation(app, await app.open(), particulars);
    });
  });
}

/**
 * Checks an app in which a body parser has taken the bytes: a typed error says so to the framework, the hub gets 500, and
 * nothing is delivered.
 *
 * @param app the app
 * @param body what is sent
 * @param type of what type it is
 */
export async function expectBodyLost(app: App, body = '{"id":1}', type = 'application/json'): Promise<void> {
  const subscribed = await app.open();
  const { origin } = app;
  const answer = await post(app, subscribed, body, { 'Content-Type': type });
  expect(answer.status).toBe(500);
  expect(await subscribed.seen()).toEqual({ bodies: [], codes: [], denials: [] });
  expect(await app.counts()).toMatchObject({ 'callback-body-parsed': 1 });
  // Whoever has no body to lose is served.
  const verified = await fetch(`${origin}${subscribed.path}&${VERIFICATION}&hub.challenge=c`);
  expect(await verified.text()).toBe('c');
}

/** The error, as a framework's own error handler gets it. */
export const BODY_PARSED = expect.objectContaining({
  code: 'callback-body-parsed',
  message: expect.stringMatching(/before it, or keep the exact bytes/),
});

/**
 * Checks an app in which a body parser has kept the bytes.
 *
 * @param app the app
 */
export async function expectBodyKept(app: App): Promise<void> {
  const subscribed = await app.open();
  expect((await post(app, subscribed, ODD_BODY)).status).toBe(200);
  expect((await post(app, subscribed, ODD_BODY, { 'X-Hub-Signature': sign('another', ODD_BODY) })).status).toBe(401);
  expect(await subscribed.seen()).toEqual({ bodies: [ODD_BODY], codes: ['signature-mismatch'], denials: [] });
  expect((await app.counts())['callback-body-parsed']).toBeUndefined();
}
