import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type NetConnectOpts, type Socket } from 'node:net';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { FhircastClient } from '../../src/index.ts';

const TOPIC = 't';
const CONFIRMATION = JSON.stringify({
  'hub.mode': 'subscribe',
  'hub.topic': TOPIC,
  'hub.events': 'Patient-open',
  'hub.lease_seconds': 600,
});

const notification = (id: string): string =>
  JSON.stringify({
    timestamp: '2024-03-11T09:02:11.123Z',
    id,
    event: {
      'hub.topic': TOPIC,
      'hub.event': 'Patient-open',
      context: [{ key: 'patient', resource: { resourceType: 'Patient', id } }],
    },
  });

/** A text frame as a hub sends it. */
const frameOf = (text: string): Buffer => {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]), payload]);
};

/** What happens, in order: a read from the hub, a write to it, or a turn of the event loop. */
type Step = 'read' | 'write' | 'turn';

/** A client on a real socket to a hub that sends raw frames, and what its connection does. */
async function connected(listener: (id: string) => unknown = () => {}) {
  const steps: Step[] = [];
  const answers: string[] = [];
  let told = () => {};
  const http = createServer((request, response) => {
    const isPost = request.method === 'POST';
    response.writeHead(isPost ? 202 : 404);
    const { port } = http.address() as AddressInfo;
    response.end(isPost ? `{"hub.channel.endpoint":"ws://127.0.0.1:${port}/socket"}` : '');
  });
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  const raw = new Promise<Socket>((resolve) =>
    sockets.once('connection', (socket, request) => {
      socket.on('message', (data: Buffer) => {
        answers.push(String(data));
        told();
      });
      socket.send(CONFIRMATION);
      resolve(request.socket);
    }),
  );
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');

  /** Takes note of each read and write. */
  const watched = (options: NetConnectOpts): Socket => {
    const socket = connect(options);
    const { _write: write, _writev: writev } = socket;
    const emit = socket.emit.bind(socket) as (...all: unknown[]) => boolean;
    socket.emit = (event: string | symbol, ...rest: unknown[]) => {
      if (event === 'data') steps.push('read');
      return emit(event, ...rest);
    };
    socket._write = (...rest: Parameters<Socket['_write']>) => {
      steps.push('write');
      write.apply(socket, rest);
    };
    socket._writev = (...rest: Parameters<NonNullable<Socket['_writev']>>) => {
      steps.push('write');
      writev?.apply(socket, rest);
    };
    return socket;
  };
  const client = new FhircastClient({
    hubUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}/hub`,
    topic: TOPIC,
    dialect: 'stu3',
    channel: 'websocket',
    webSocket: (url) =>
      new WebSocket(url, {
        perMessageDeflate: false,
        createConnection: (options: object) => watched(options as NetConnectOpts),
      } as object),
  });
  client.on('Patient-open', ({ id }) => listener(id));
  // Beside the subscription, the client asks for this.
  const settled = new Promise<void>((resolve) => {
    client.on('protocol', ({ kind, direction }) => {
      if (direction === 'in' && kind === 'current-context') setImmediate(resolve);
    });
  });
  onTestFinished(async () => {
    await client.unsubscribe().catch(() => {});
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    http.close();
    http.closeAllConnections();
  });
  await client.ready();
  const hub = await raw;
  /** Sends events in one write, and waits for their answers. */
  const send = async (...ids: string[]) => {
    const wanted = answers.length + ids.length;
    const all = new Promise<void>((resolve) => {
      told = () => answers.length >= wanted && resolve();
    });
    steps.length = 0;
    hub.write(Buffer.concat(ids.map((id) => frameOf(notification(id)))));
    await all;
    return answers.slice(-ids.length).map((answer) => /"id":"([^"]*)"/.exec(answer)?.[1]);
  };
  await settled;
  await send('first');
  return { client, steps, send };
}

const idsUpTo = (count: number): string[] => Array.from({ length: count }, (_, index) => `event-${index}`);

/** How often something was written for each read. */
const writesByRead = (steps: readonly Step[]): number[] =>
  steps
    .join(' ')
    .split('read')
    .slice(1)
    .map((after) => after.split('write').length - 1);

afterEach(() => void vi.restoreAllMocks());

/** Time stands still but for what a test adds. */
const stopTheClock = () => {
  let now = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => now);
  return (ms: number) => {
    now += ms;
  };
};

it.each([
  ['return nothing', () => {}],
  ['return promises', async () => {}],
])(
  'writes the answers to the events of one read at once, one for each and in order, where listeners %s',
  async (_, listener) => {
    const { steps, send } = await connected(listener);
    stopTheClock();
    const ids = idsUpTo(40);
    expect(await send(...ids)).toEqual(ids);
    const writes = writesByRead(steps);
    // The platform may have cut what the hub wrote.
    expect(writes.length).toBeLessThan(ids.length);
    expect(Math.max(...writes)).toBe(1);
  },
);

it('answers an event that comes alone before the event loop turns', async () => {
  const { steps, send } = await connected((id) => {
    if (id === 'alone') setImmediate(() => steps.push('turn'));
  });
  await send('alone');
  expect(steps.slice(0, 2)).toEqual(['read', 'write']);
});

it('does not hold an answer back while other listeners of the same read take their time', async () => {
  let pass = (_ms: number) => {};
  const { steps, send } = await connected(() => pass(20));
  pass = stopTheClock();
  const ids = idsUpTo(6);
  expect(await send(...ids)).toEqual(ids);
  expect(Math.max(...writesByRead(steps))).toBeGreaterThan(1);
});

/** Counts the calls of a function until the test ends. */
const counted = <T extends object>(owner: T, name: keyof T & string) =>
  vi.spyOn(owner as Record<string, () => void>, name);

it('reads an event once, and sets nothing up for one that is answered at once', async () => {
  const { send } = await connected();
  const timers = counted(globalThis, 'setTimeout');
  const aborts = counted(globalThis, 'AbortController');
  const parse = counted(JSON, 'parse');
  const stringify = counted(JSON, 'stringify');
  const ids = idsUpTo(3);
  await send(...ids);
  expect(parse).toHaveBeenCalledTimes(ids.length);
  // The hub of this test writes each event, and the client the id of each answer: never the body.
  const texts = stringify.mock.results.map(({ value }) => String(value).length);
  expect(texts.filter((length) => length > 100)).toHaveLength(ids.length);
  expect([timers.mock.calls.length, aborts.mock.calls.length]).toEqual([0, 0]);
});
