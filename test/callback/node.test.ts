import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createCallbackEndpoint } from '../../src/callback/index.ts';
import type { CallbackAnswer } from '../../src/callback/request.ts';
import { BODY, listen, openSocket, openSubscription, RecordingOwner, type SetUp, sign, TOPIC } from './support.ts';

const ANSWER = /^HTTP\/1\.1 \d{3} [\s\S]*\r\n\r\n/;
const MIB = 1024 * 1024;

/** An endpoint in a real server, reached under the path `/fhircast/<id>`. */
async function serve(setUp: SetUp<RecordingOwner> = {}) {
  const subscription = await openSubscription(setUp);
  const { server, port, origin } = await listen(subscription.endpoint.node);
  const path = `/fhircast/${subscription.id}`;
  const url = origin + path;
  const post = (body: string, signature = sign(subscription.secret, body)) =>
    fetch(url, { method: 'POST', body, headers: { 'X-Hub-Signature': signature } });
  const head = (...lines: string[]) => `${[`POST ${path} HTTP/1.1`, 'Host: localhost', ...lines].join('\r\n')}\r\n\r\n`;
  return { ...subscription, server, port, path, url, post, head };
}

describe('a verification over HTTP', () => {
  it('is 200 with exactly the challenge', async () => {
    const { url } = await serve();
    const answer = await fetch(`${url}?hub.mode=subscribe&hub.topic=${TOPIC}&hub.challenge=c%26%C3%BC%20%2B`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('c&ü +');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-length': '6',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
  });

  it('that is refused is 404, to be kept by no cache', async () => {
    const { url } = await serve();
    const answer = await fetch(`${url}?hub.mode=subscribe&hub.topic=other&hub.challenge=c`);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.text()).toBe('');
  });

  it('is found under any path that ends with its identity', async () => {
    const { id, port } = await serve();
    for (const path of [`/${id}`, `/a/b/c/${id}`]) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}?hub.topic=${TOPIC}&hub.challenge=c`);
      expect(await answer.text()).toBe('c');
    }
  });
});

describe('a notification over HTTP', () => {
  it('is delivered and answered with a length', async () => {
    const { post, owner } = await serve();
    const answer = await post(BODY);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe('0');
    expect(owner.bodies).toEqual([BODY]);
  });

  it('may be sent byte by byte', async () => {
    const { port, head, secret, owner } = await serve();
    const { socket, answered } = await openSocket(port);
    const answer = answered(ANSWER);
    socket.setNoDelay(true);
    socket.write(head('Transfer-Encoding: chunked', `X-Hub-Signature: ${sign(secret, BODY)}`));
    for (const byte of Buffer.from(BODY)) {
      await new Promise((sent) => socket.write(Buffer.from([...Buffer.from('1\r\n'), byte, 13, 10]), sent));
    }
    socket.write('0\r\n\r\n');
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(owner.bodies).toEqual([BODY]);
  });

  it('may be exactly as large as the limit, and not a byte larger', async () => {
    const { post, owner } = await serve({ bodyLimit: 1000 });
    expect((await post('x'.repeat(1000))).status).toBe(200);
    expect((await post('x'.repeat(1001))).status).toBe(413);
    expect(owner.bodies).toEqual(['x'.repeat(1000)]);
    expect(owner.codes).toEqual(['notification-too-large']);
  });

  it('with two signatures is refused', async () => {
    const { port, head, secret, owner } = await serve();
    const { socket, answered } = await openSocket(port);
    const line = `X-Hub-Signature: ${sign(secret, BODY)}`;
    socket.write(head(`Content-Length: ${Buffer.byteLength(BODY)}`, line, line) + BODY);
    expect(await answered(ANSWER)).toMatch(/^HTTP\/1\.1 401 /);
    expect(owner.codes).toEqual(['signature-malformed']);
  });

  it('waits for the owner without keeping others from theirs', async () => {
    let settle: ((status: number) => void) | undefined;
    const waiting = new Promise<number>((resolve) => {
      settle = resolve;
    });
    const { post } = await serve({ owner: new RecordingOwner((body) => (body === 'slow' ? waiting : 200)) });
    const slow = post('slow');
    for (let i = 0; i < 5; i++) expect((await post(BODY)).status).toBe(200);
    settle?.(409);
    expect((await slow).status).toBe(409);
  });

  it.each<[string, () => number | Promise<number>]>([
    [
      'throws',
      () => {
        throw new Error('a failure of the app');
      },
    ],
    ['rejects', () => Promise.reject(new Error('a failure of the app'))],
    ['answers with a status that no server can send', () => Number.NaN],
    ['promises a status that no server can send', async () => 0],
  ])('is 500 when the owner %s, and the connection goes on', async (_what, answer) => {
    const { port, head, secret } = await serve({ owner: new RecordingOwner(answer) });
    const { socket, answered } = await openSocket(port);
    const message = head(`Content-Length: ${Buffer.byteLength(BODY)}`, `X-Hub-Signature: ${sign(secret, BODY)}`) + BODY;
    socket.write(message);
    expect(await answered(ANSWER)).toMatch(/^HTTP\/1\.1 500 /);
    socket.write(message);
    expect(await answered(/(HTTP\/1\.1 500 [\s\S]*){2}\r\n\r\n$/)).not.toMatch(/Connection: close/i);
  });
});

describe('an answer of a router of the app’s own that no server can send', () => {
  const impossible: readonly (readonly [string, unknown])[] = [
    ['a header of two lines', { status: 404, body: '', headers: { 'X-A': 'a\r\nb' } }],
    ['a header with no name', { status: 404, body: '', headers: { '': 'a' } }],
    ['a body that is no text', { status: 404, body: 7 }],
  ];
  it.each(impossible)('is 500, and ends no process: %s', async (_what, answer) => {
    for (const given of [answer, Promise.resolve(answer)]) {
      const router = { register: () => {}, release: () => {}, dispatch: () => given as CallbackAnswer };
      const endpoint = createCallbackEndpoint({ baseUrl: 'http://localhost', router });
      const { origin } = await listen(endpoint.node);
      for (const method of ['POST', 'GET'])
        expect((await fetch(`${origin}/x`, { method, ...(method === 'POST' ? { body: 'x' } : {}) })).status).toBe(500);
    }
  });

  it('is none when something else has ended the response: nothing is thrown', async () => {
    const { endpoint, path } = await serve();
    const { origin } = await listen((request, response) => {
      response.end('another answer');
      endpoint.node(request, response);
    });
    expect(await (await fetch(origin + path, { method: 'POST', body: 'x' })).text()).toBe('another answer');
  });
});

describe('other methods over HTTP', () => {
  it.each(['PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'])('%s is 405', async (method) => {
    const { url } = await serve();
    const answer = await fetch(url, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, POST');
  });

  it('with a body do not hold up the connection', async () => {
    const { port, path, url } = await serve();
    const { socket, answered } = await openSocket(port);
    socket.write(`PUT ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(200_000)}`);
    expect(await answered(ANSWER)).toMatch(/^HTTP\/1\.1 405 /);
    socket.write(`GET ${path}?hub.topic=${TOPIC}&hub.challenge=c-9 HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(await answered(/c-9$/)).toMatch(/HTTP\/1\.1 200 /);
    expect((await fetch(url)).status).toBe(404);
  });
});

describe('a body that is too large', () => {
  it('is answered 413 before any of it has been sent', async () => {
    const { port, head, owner } = await serve();
    const { socket, answered, closed } = await openSocket(port);
    socket.write(head(`Content-Length: ${MIB + 1}`));
    const text = await answered(ANSWER);
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toMatch(/Connection: close/i);
    expect(text).toMatch(/Content-Length: 0/i);
    expect(owner.codes).toEqual(['notification-too-large']);
    socket.end();
    expect((await closed).error).toBeUndefined();
  });

  it('can be sent to its end by a hub that reads only afterwards, without a reset', async () => {
    const { port, head, owner } = await serve();
    const { socket, answered, closed } = await openSocket(port);
    const answer = answered(ANSWER);
    // Listening makes it read.
    socket.pause();
    // More than the buffers of both sides hold: it is only sent when somebody reads it.
    socket.write(head(`Content-Length: ${4 * MIB}`));
    await new Promise((sent) => socket.write(Buffer.alloc(4 * MIB, 'x'), sent));
    socket.resume();
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
    expect((await closed).error).toBeUndefined();
    expect(owner.codes).toEqual(['notification-too-large']);
  });

  it.each([
    ['with a length', `Content-Length: ${2 ** 40}`],
    ['in chunks without an end', 'Transfer-Encoding: chunked'],
  ])('%s is answered 413 without being read to the end', async (_what, line) => {
    const { port, head, owner, server } = await serve();
    const arrived = once(server, 'request') as Promise<[IncomingMessage]>;
    const { socket, answered, closed } = await openSocket(port);
    const answer = answered(ANSWER);
    socket.write(head(line));
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'x'), Buffer.from('\r\n')]);
    const send = (): void => {
      if (socket.writable) socket.write(chunk, send);
    };
    send();
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(owner.codes).toEqual(['notification-too-large']);
    await closed;
    const [message] = await arrived;
    expect(message.complete).toBe(false);
    expect(message.socket.bytesRead).toBeLessThan(8 * MIB);
    expect(message.socket.destroyed).toBe(true);
  });

  it('is answered 404 where nobody owns the URL', async () => {
    const { port, owner } = await serve();
    const { socket, answered } = await openSocket(port);
    socket.write(`POST /fhircast/guess HTTP/1.1\r\nHost: a\r\nContent-Length: ${2 ** 40}\r\n\r\n`);
    expect(await answered(ANSWER)).toMatch(/^HTTP\/1\.1 404 [\s\S]*Connection: close/i);
    expect(owner.codes).toEqual([]);
  });

  it('leaves the endpoint as it was', async () => {
    const { post, endpoint } = await serve({ bodyLimit: 1000 });
    for (let i = 0; i < 5; i++) expect((await post('x'.repeat(2000))).status).toBe(413);
    expect((await post(BODY)).status).toBe(200);
    expect(endpoint.counts).toEqual({ 'notification-too-large': 5, delivered: 1 });
  });
});

describe('a hub that goes away', () => {
  it.each(['Content-Length: 50000', 'Transfer-Encoding: chunked'])('in the middle of a body (%s)', async (line) => {
    const { port, head, post, owner, server, endpoint } = await serve();
    for (let i = 0; i < 8; i++) {
      const arrived = once(server, 'request') as Promise<[IncomingMessage]>;
      const { socket } = await openSocket(port);
      socket.write(`${head(line)}3e8\r\n${'x'.repeat(1000)}`);
      const [message] = await arrived;
      const lost = new Promise((resolve) => message.once('close', resolve));
      if (i % 2) socket.destroy();
      else socket.resetAndDestroy();
      await lost;
    }
    expect(endpoint.counts).toEqual({});
    expect(owner.errors).toEqual([]);
    expect((await post(BODY)).status).toBe(200);
  });

  it('before it is answered', async () => {
    let settle: ((status: number) => void) | undefined;
    let isCalled: (() => void) | undefined;
    const called = new Promise<void>((resolve) => {
      isCalled = resolve;
    });
    const answer = () => {
      isCalled?.();
      return new Promise<number>((resolve) => {
        settle = resolve;
      });
    };
    const { port, head, secret, server, url } = await serve({ owner: new RecordingOwner(answer) });
    const arrived = once(server, 'request') as Promise<[IncomingMessage]>;
    const { socket } = await openSocket(port);
    const lines = [`Content-Length: ${Buffer.byteLength(BODY)}`, `X-Hub-Signature: ${sign(secret, BODY)}`];
    socket.write(head(...lines) + BODY);
    const [message] = await arrived;
    await called;
    const lost = once(message.socket, 'close');
    socket.destroy();
    await lost;
    settle?.(200);
    expect((await fetch(`${url}?hub.topic=${TOPIC}&hub.challenge=c`)).status).toBe(200);
  });
});

describe('many hubs at once', () => {
  it('are served over 20 connections that are kept', async () => {
    const { url, secret, owner, server, endpoint } = await serve();
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const send = async (index: number): Promise<[number | undefined, number | undefined]> => {
      const body = JSON.stringify({ id: index });
      const isSigned = index % 3 > 0;
      const signature = isSigned ? sign(secret, body) : `sha256=${'0'.repeat(64)}`;
      const sent = request(url, { agent, method: 'POST', headers: { 'X-Hub-Signature': signature } });
      sent.end(body);
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      answer.resume();
      await once(answer, 'end');
      return [answer.statusCode, isSigned ? 200 : 401];
    };
    const answers = await Promise.all(Array.from({ length: 400 }, (_, index) => send(index)));
    agent.destroy();
    for (const [status, expected] of answers) expect(status).toBe(expected);
    expect(connections).toBe(20);
    expect(endpoint.counts).toEqual({ delivered: 266, 'signature-mismatch': 134 });
    expect(new Set(owner.bodies).size).toBe(266);
  });
});

describe('a notification whose body was read before', () => {
  it('is 500 with what to do about it, counted, and delivered to nobody', async () => {
    const { endpoint, id, secret, owner } = await openSubscription();
    const { origin } = await listen(async (message, response) => {
      for await (const _ of message);
      endpoint.node(message, response);
    });
    const headers = { 'X-Hub-Signature': sign(secret, BODY) };
    const answer = await fetch(`${origin}/${id}`, { method: 'POST', body: BODY, headers });
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining('rawBody')]);
    expect(endpoint.counts).toEqual({ 'callback-body-parsed': 1 });
    expect(owner.bodies).toEqual([]);
  });
});
