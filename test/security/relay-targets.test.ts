import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCallbackEndpoint } from '../../src/callback/index.ts';
import { createRelay } from '../../src/relay/index.ts';
import { RecordingOwner, TOPIC } from '../callback/support.ts';

const BASE = 'https://app.example.org/relay';
const OWN = 'https://app.example.org';
const EVIL = 'http://evil.example';

/** What the app was asked about. */
const openRelay = (isSignedIn = true) => {
  const asked: string[] = [];
  const relay = createRelay({
    baseUrl: BASE,
    authorize: ({ url }) => {
      asked.push(url);
      return isSignedIn;
    },
  });
  onTestFinished(() => relay.close(0));
  return { asked, relay };
};

const listen = async (listener: RequestListener): Promise<number> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

/** Sends a request line as it is, and resolves with the status of the answer. */
const send = async (port: number, line: string, headers: readonly string[] = []): Promise<number> => {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write(`${[`${line} HTTP/1.1`, ...headers, 'Content-Length: 0'].join('\r\n')}\r\n\r\n`);
  const [data] = await once(socket, 'data');
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(String(data))?.[1]);
};

/** The targets of a page, and what their page gets when nothing else is wrong. */
const TARGETS: readonly (readonly [string, number])[] = [
  ['/relay/page', 200],
  ['/page', 200],
  ['/relay/page/', 200],
  ['/relay/page?next=http://evil.example/', 200],
  ['//evil.example/relay/page', 200],
  ['///evil.example/relay/page', 200],
  ['http://evil.example/relay/page', 200],
  ['https://app.example.org@evil.example/relay/page', 200],
  ['http://user:word@evil.example:80/relay/page', 200],
  ['http://[::1]/relay/page', 200],
  ['http://evil.example//page', 200],
  ['HTTP://EVIL.EXAMPLE/relay/page', 200],
  ['http://page', 404],
  ['http://evil.example', 404],
  ['//page', 200],
  ['/\\evil.example/relay/page', 404],
  // By node itself.
  ['\\\\evil.example\\relay\\page', 400],
  ['/relay\\page', 404],
  ['/relay%2fpage', 404],
  ['/relay/%2e%2e/page', 404],
  ['/relay%5cpage', 404],
  ['/relay/page%2f', 404],
  ['/relay/../page', 404],
  ['/relay/./page', 404],
  ['/relay/page#', 404],
  ['/relay/page;x', 404],
  ['/relay/p%61ge', 404],
  ['/relay/Page', 404],
  ['/relay/callback/../page', 404],
  ['/relay/callback/x/page', 404],
  ['/callback/x/../answers', 404],
  ['/relay/callback/page', 404],
  ['*', 404],
];

describe('A request names a host of its own choice', () => {
  it.each(TARGETS)('%s: who is let in does not depend on it', async (target, status) => {
    for (const [origin, expected] of [
      [EVIL, 403],
      ['https://evil.example', 403],
      ['http://app.example.org', 403],
      ['http://rebound.example', 403],
      [OWN, 200],
      [undefined, 200],
    ] as const) {
      const { relay, asked } = openRelay();
      const port = await listen(relay.node);
      const named = [`Host: ${origin === undefined ? 'evil.example' : new URL(origin).host}`];
      const headers = [...named, 'X-Forwarded-Host: evil.example', ...(origin ? [`Origin: ${origin}`] : [])];
      const answered = await send(port, `POST ${target}`, headers);
      expect([origin, answered]).toEqual([origin, status === 200 ? expected : status]);
      const query = target.includes('?') ? target.slice(target.indexOf('?')) : '';
      expect(asked).toEqual(answered === 200 ? [`${BASE}/page${query}`] : []);
    }
  });

  it.each([
    ['http://evil.example/relay/page', EVIL, 403],
    ['https://app.example.org.evil.example/relay/page', 'https://app.example.org.evil.example', 403],
    ['http://app.example.org/relay/page', 'http://app.example.org', 403],
    ['https://evil.example//app.example.org/relay/page', 'https://evil.example', 403],
    ['https://evil.example/relay/page', OWN, 200],
    ['https://app.example.org/relay%2fpage', OWN, 404],
    ['https://app.example.org/relay%5cpage', OWN, 404],
    ['https://page', OWN, 404],
  ])('%s by the web skin, from %s: %d', async (url, origin, status) => {
    const { relay, asked } = openRelay();
    const response = await relay.fetch(new Request(url, { method: 'POST', headers: { Origin: origin } }));
    await response.body?.cancel();
    expect(response.status).toBe(status);
    expect(asked).toEqual(status === 200 ? [`${BASE}/page`] : []);
  });

  it.each([
    '/relay/callback/../page',
    '/relay/callback/x/page',
    '/relay/callback/page',
    '/relay/callback/%2e%2e/page',
    '/relay/callback\\..\\page',
  ])('%s does not lead past what lets hubs in by their path', async (target) => {
    const { relay } = openRelay(false);
    expect(await send(await listen(relay.node), `POST ${target}`, ['Host: a'])).toBe(404);
    expect(relay.pages).toBe(0);
  });

  it('and a callback endpoint finds its subscriptions by their path alone', async () => {
    const endpoint = createCallbackEndpoint({ baseUrl: 'https://app.example.org' });
    const { url } = await endpoint.open(new RecordingOwner());
    const id = url.slice(url.lastIndexOf('/') + 1);
    const port = await listen(endpoint.node);
    const query = `?hub.topic=${TOPIC}&hub.challenge=c`;
    for (const [target, status] of [
      [`/${id}`, 200],
      [`//evil.example/${id}`, 200],
      [`http://evil.example/${id}`, 200],
      [`http://user:word@evil.example/${id}`, 200],
      [`/a%2f${id}`, 404],
      [`/a%5c${id}`, 404],
      [`/a\\${id}`, 404],
      [`http://${id}`, 404],
      [`http://${id}/`, 404],
    ] as const) {
      expect([target, await send(port, `GET ${target}${query}`, ['Host: evil.example'])]).toEqual([target, status]);
    }
    // As web-standard servers give it.
    expect((await endpoint.fetch(new Request(`https://${id}/${query}`))).status).toBe(404);
  });
});
