import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { createCallbackEndpoint } from '../../src/callback/index.ts';
import { FhircastClient } from '../../src/index.ts';

/** A draft's notification, large enough that nothing else is as long. */
const notification = (topic: string, id: string): string =>
  JSON.stringify({
    timestamp: '2024-03-11T09:02:11.123Z',
    id,
    event: {
      'hub.topic': topic,
      'hub.event': 'open-patient-chart',
      context: [{ key: 'patient', resource: { resourceType: 'Patient', id, name: [{ family: 'x'.repeat(2_000) }] } }],
    },
  });

const serve = async (listener: RequestListener): Promise<number> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
};

/** A client behind an endpoint, whose subscription a hub has verified, and a connection of the hub to it. */
async function connected() {
  /** What came in of each body, and what its signature was checked on. */
  const parts: Uint8Array[] = [];
  const checked: Uint8Array[] = [];
  let node: RequestListener = () => {};
  const port = await serve((request, response) => {
    request.on('data', (part: Uint8Array) => parts.push(part));
    node(request, response);
  });
  const endpoint = createCallbackEndpoint({
    baseUrl: `http://127.0.0.1:${port}`,
    hmac: (secret) => ({
      verify: (method, body, signature) => {
        checked.push(body);
        return createHmac(method, secret).update(body).digest().equals(signature);
      },
    }),
  });
  node = endpoint.node;
  let subscribed = { callback: '', secret: '' };
  const hubPort = await serve(async (request, response) => {
    if (request.method !== 'POST') return void response.writeHead(404).end();
    const form = new URLSearchParams(await text(request));
    const field = (name: string) => form.get(`hub.${name}`) ?? '';
    response.writeHead(202).end();
    if (field('mode') !== 'subscribe') return;
    subscribed = { callback: field('callback'), secret: field('secret') };
    const query = {
      'hub.mode': 'subscribe',
      'hub.topic': field('topic'),
      'hub.events': field('events'),
      'hub.challenge': 'c',
    };
    await fetch(`${subscribed.callback}?${new URLSearchParams(query)}`);
  });
  const hubUrl = `http://127.0.0.1:${hubPort}`;
  const topic = `${hubUrl}/session`;
  const client = new FhircastClient({
    hubUrl,
    topic,
    dialect: 'draft',
    callback: endpoint,
  });
  const heard: string[] = [];
  client.on('Patient-open', ({ patient }) => void heard.push(patient.id ?? ''));
  // Beside the subscription, the client asks for this.
  const settled = new Promise<void>((resolve) => {
    client.on('protocol', ({ kind, direction }) => {
      if (direction === 'in' && kind === 'current-context') setImmediate(resolve);
    });
  });
  onTestFinished(() => client.unsubscribe().catch(() => {}));
  await client.ready();
  await settled;

  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  /** Sends an event, and waits for its answer. */
  const send = async (body: string): Promise<string> => {
    const { pathname } = new URL(subscribed.callback);
    const signature = createHmac('sha256', subscribed.secret).update(body).digest('hex');
    const head = [
      `POST ${pathname} HTTP/1.1`,
      'Host: app',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Hub-Signature: sha256=${signature}`,
    ];
    const answered = once(socket, 'data');
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    const [answer] = await answered;
    return String(answer).slice(9, 12);
  };
  await send(notification(topic, 'first'));
  return { topic, send, parts, checked, heard };
}

afterEach(() => void vi.restoreAllMocks());

/** Counts the calls of a function until the test ends. */
const counted = <T extends object>(owner: T, name: keyof T & string) =>
  vi.spyOn(owner as Record<string, (...args: unknown[]) => unknown>, name);

const numbers = new Map<ArrayBufferLike, number>();

/** Where bytes lie: which piece of memory, and where in it. */
const placeOf = (bytes: unknown): readonly number[] => {
  if (!(bytes instanceof Uint8Array)) return [];
  const { buffer, byteOffset, byteLength } = bytes;
  if (!numbers.has(buffer)) numbers.set(buffer, numbers.size);
  return [numbers.get(buffer) ?? -1, byteOffset, byteLength];
};

it('a webhook event is read once and copied never, and one that is answered at once sets nothing up', async () => {
  const { topic, send, parts, checked, heard } = await connected();
  const ids = ['one', 'two', 'three'];
  const bodies = ids.map((id) => notification(topic, id));
  parts.length = 0;
  checked.length = 0;
  const timers = counted(globalThis, 'setTimeout');
  const aborts = counted(globalThis, 'AbortController');
  const parse = counted(JSON, 'parse');
  const stringify = counted(JSON, 'stringify');
  const decode = counted(TextDecoder.prototype, 'decode');
  const concat = counted(Buffer, 'concat');
  const statuses: string[] = [];
  for (const body of bodies) statuses.push(await send(body));
  expect(statuses).toEqual(['200', '200', '200']);
  expect(heard).toEqual(['first', ...ids]);
  expect(parse.mock.calls.map(([given]) => given)).toEqual(bodies);
  expect([timers, aborts, concat].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0]);
  // Names and ids may be written, and never the body.
  expect(stringify.mock.results.filter(({ value }) => String(value).length > 100)).toEqual([]);
  // What the server has read is what the signature is checked on and what is decoded, and no copy of it.
  expect(parts).toHaveLength(ids.length);
  for (const [index, part] of parts.entries()) {
    expect(placeOf(checked[index])).toEqual(placeOf(part));
    expect(placeOf(decode.mock.calls[index]?.[0])).toEqual(placeOf(part));
  }
  expect(decode).toHaveBeenCalledTimes(ids.length);
});
