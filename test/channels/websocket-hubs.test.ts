import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Denial } from '../../src/channels/callback.ts';
import type { Grant } from '../../src/channels/channel.ts';
import { WebSocketChannel } from '../../src/channels/websocket.ts';
import type { FhircastError } from '../../src/errors.ts';
import { HubApi } from '../../src/hub/api.ts';
import type { Habits } from '../../src/hub/dialects/dialect.ts';
import type { DialectName } from '../../src/index.ts';
import { chooserOf } from '../hub/support.ts';

const TOPIC = 'topic';
const CONFIRMATION = {
  'hub.mode': 'subscribe',
  'hub.topic': TOPIC,
  'hub.events': 'Patient-open',
  'hub.lease_seconds': 60,
};

interface Hub {
  readonly channel: WebSocketChannel;
  readonly sockets: WebSocket[];
  /** What the client sent in frames. */
  readonly frames: string[];
  /** The forms of its subscription requests. */
  readonly forms: URLSearchParams[];
  readonly heard: {
    notifications: string[];
    denials: Denial[];
    grants: Grant[];
    rejected: FhircastError[];
    lost: FhircastError[];
  };
  /** The endpoint that the next subscription request is answered with. */
  endpoint: string;
  subscribe(): Promise<Grant>;
  /** What it has been found to need. */
  habits(): Pick<Habits, 'acknowledgements' | 'publishTo'>;
}

/** A real websocket server that behaves as told, and a channel to it. */
async function hubThat(
  onConnection: (socket: WebSocket) => void,
  options: { dialect?: DialectName; confirmationTimeoutMs?: number; answer?: () => Response } = {},
): Promise<Hub> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const heard: Hub['heard'] = { notifications: [], denials: [], grants: [], rejected: [], lost: [] };
  const chooser = chooserOf(options.dialect);
  const api = new HubApi({
    hubUrl: 'http://127.0.0.1/hub',
    topic: TOPIC,
    chooser,
    accessToken: () => undefined,
    record: () => {},
    timeoutMs: 5_000,
    fetch: async (_, init) => {
      hub.forms.push(new URLSearchParams(String(init.body)));
      return options.answer?.() ?? Response.json({ 'hub.channel.endpoint': hub.endpoint }, { status: 202 });
    },
  });
  const channel = new WebSocketChannel({
    api,
    record: () => {},
    confirmationTimeoutMs: options.confirmationTimeoutMs ?? 5_000,
    allowInsecure: false,
    sink: {
      notification: (text, answer) => {
        heard.notifications.push(text);
        answer(200, JSON.parse(text).id);
        answer(500, JSON.parse(text).id);
      },
      alive: () => {},
      denied: (denial) => heard.denials.push(denial),
      granted: (grant) => heard.grants.push(grant),
      rejected: (error) => heard.rejected.push(error),
      lost: (error) => heard.lost.push(error),
    },
  });
  const hub: Hub = {
    channel,
    sockets: [],
    frames: [],
    forms: [],
    heard,
    endpoint: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/1`,
    subscribe: () => channel.subscribe(['Patient-open'], new AbortController().signal),
    habits: () => ({ acknowledgements: api.dialect.acknowledgements, publishTo: api.dialect.publishTo }),
  };
  server.on('connection', (socket) => {
    hub.sockets.push(socket);
    socket.on('message', (data) => hub.frames.push(String(data)));
    onConnection(socket);
  });
  onTestFinished(() => {
    channel.close();
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return hub;
}

const sends =
  (...messages: unknown[]) =>
  (socket: WebSocket) => {
    for (const message of messages) socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  };

/** Resolves when everything that the hub has sent has been read: the pong comes after it. */
const readByClient = async (socket: WebSocket | undefined) => {
  socket?.ping();
  if (socket) await once(socket, 'pong');
};

/** Everything in one packet. */
const atOnce = (act: (socket: WebSocket) => void) => (socket: WebSocket) => {
  const raw = (socket as unknown as { _socket: { cork(): void; uncork(): void } })._socket;
  raw.cork();
  act(socket);
  raw.uncork();
};

describe('what comes in the same packet as the confirmation', () => {
  it('is heard when it is a denial', async () => {
    const denial = { 'hub.mode': 'denied', 'hub.topic': TOPIC, 'hub.reason': 'Over.' };
    const hub = await hubThat(atOnce(sends(CONFIRMATION, denial)));
    await hub.subscribe();
    await readByClient(hub.sockets[0]);
    expect(hub.heard.denials).toMatchObject([{ reason: 'Over.' }]);
  });

  it('is heard when it is the end of the socket', async () => {
    const hub = await hubThat(
      atOnce((socket) => {
        sends(CONFIRMATION)(socket);
        socket.close(1011);
      }),
    );
    await hub.subscribe();
    await once(hub.sockets[0] as WebSocket, 'close');
    expect(hub.heard.lost).toMatchObject([{ code: 'channel-lost', closeCode: 1011 }]);
  });
});

describe('a hub that confirms', () => {
  it.each([
    ['as STU3 says', CONFIRMATION, { events: ['Patient-open'], leaseSeconds: 60 }],
    [
      'with numbers as text',
      { ...CONFIRMATION, 'hub.lease_seconds': '60' },
      { events: ['Patient-open'], leaseSeconds: 60 },
    ],
    [
      'with empty fields',
      { ...CONFIRMATION, 'hub.events': '', 'hub.lease_seconds': '' },
      { events: undefined, leaseSeconds: undefined },
    ],
    ['with fewer events', { ...CONFIRMATION, 'hub.events': 'a, b,' }, { events: ['a', 'b'], leaseSeconds: 60 }],
    ['with `bound` alone', { timestamp: 'now', bound: 'endpoint' }, { events: undefined, leaseSeconds: undefined }],
    [
      'with an absurd lease',
      { ...CONFIRMATION, 'hub.lease_seconds': -1 },
      { events: ['Patient-open'], leaseSeconds: undefined },
    ],
  ])('%s is understood', async (_, frame, grant) => {
    const hub = await hubThat(sends(frame));
    expect(await hub.subscribe()).toEqual(grant);
  });

  it('and sends events at once: none is lost', async () => {
    const hub = await hubThat(sends(CONFIRMATION, { id: '1', event: {} }, { id: '2', event: {} }));
    await hub.subscribe();
    await readByClient(hub.sockets[0]);
    expect(hub.heard.notifications.map((text) => JSON.parse(text).id)).toEqual(['1', '2']);
  });

  it('again, later, is heard only when it was asked again', async () => {
    const again = { ...CONFIRMATION, 'hub.lease_seconds': 30 };
    const hub = await hubThat(sends(CONFIRMATION, again));
    await hub.subscribe();
    await readByClient(hub.sockets[0]);
    expect(hub.heard.grants).toEqual([]);
    await hub.subscribe();
    sends(again, CONFIRMATION)(hub.sockets[0] as WebSocket);
    await readByClient(hub.sockets[0]);
    expect(hub.heard.grants).toEqual([{ events: ['Patient-open'], leaseSeconds: 30 }]);
  });
});

describe('a hub that is none of the sandbox', () => {
  it('is not taken for it by a frame that comes later, which somebody else may have sent', async () => {
    const hub = await hubThat(sends(CONFIRMATION, { timestamp: 'now', bound: 'x' }));
    await hub.subscribe();
    const answers = hub.habits();
    await readByClient(hub.sockets[0]);
    expect(hub.heard.grants).toEqual([]);
    expect(hub.habits()).toEqual(answers);
    expect(answers).toMatchObject({ acknowledgements: 'all', publishTo: 'hub' });
  });
});

describe('a hub that does not confirm', () => {
  it('in time is an error, and its socket is closed', async () => {
    const hub = await hubThat(() => {}, { confirmationTimeoutMs: 30 });
    await expect(hub.subscribe()).rejects.toMatchObject({ code: 'confirmation-timeout', retryable: true });
    const [socket] = hub.sockets;
    if (socket && socket.readyState < socket.CLOSED)
      expect(await once(socket, 'close')).toMatchObject([1000, expect.anything()]);
  });

  it.each([1000, 1011])('but closes with %s is an error', async (code) => {
    const hub = await hubThat((socket) => socket.close(code));
    await expect(hub.subscribe()).rejects.toMatchObject({
      code: 'channel-not-opened',
      closeCode: code,
      retryable: true,
    });
  });

  it('because another session is denied goes on', async () => {
    const denial = { 'hub.mode': 'denied', 'hub.topic': 'another', 'hub.events': '' };
    const hub = await hubThat(sends(denial, { ...CONFIRMATION, 'hub.topic': 'another' }, CONFIRMATION));
    await hub.subscribe();
    expect(hub.heard.denials).toEqual([]);
    expect(hub.heard.rejected.map(({ code }) => code)).toEqual([
      'notification-wrong-topic',
      'notification-wrong-topic',
    ]);
  });

  it('but denies gives its reason', async () => {
    const hub = await hubThat(
      sends({ 'hub.mode': 'denied', 'hub.topic': TOPIC, 'hub.events': '', 'hub.reason': 'over' }),
    );
    await expect(hub.subscribe()).rejects.toMatchObject({ code: 'subscription-denied', hubText: 'over' });
  });
});

describe('a frame', () => {
  it('is answered once, with the status as text', async () => {
    const hub = await hubThat(sends(CONFIRMATION, { id: 'a"1', event: {} }));
    await hub.subscribe();
    await readByClient(hub.sockets[0]);
    await readByClient(hub.sockets[0]);
    expect(hub.frames).toEqual(['{"id":"a\\"1","status":"200"}']);
  });

  it('is not answered in the draft, whose hub would end', async () => {
    const hub = await hubThat(sends(CONFIRMATION, { id: '1', event: {} }), { dialect: 'draft' });
    await hub.subscribe();
    await readByClient(hub.sockets[0]);
    expect(hub.heard.notifications).toHaveLength(1);
    expect(hub.frames).toEqual([]);
    expect(hub.forms[0]?.get('hub.secret')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('that is binary is refused, and the next is read', async () => {
    const hub = await hubThat((socket) => {
      sends(CONFIRMATION)(socket);
      socket.send(Buffer.from('{}'), { binary: true });
      sends({ id: '1', event: {} })(socket);
    });
    await hub.subscribe();
    await readByClient(hub.sockets[0]);
    expect(hub.heard.rejected.map(({ code }) => code)).toEqual(['notification-malformed']);
    expect(hub.heard.notifications).toHaveLength(1);
  });

  it('about the subscription that is an event too is read as an event', async () => {
    const event = { id: '1', 'hub.mode': 'denied', event: {} };
    const hub = await hubThat(sends(CONFIRMATION, event));
    await hub.subscribe();
    await readByClient(hub.sockets[0]);
    expect(hub.heard.denials).toEqual([]);
    expect(hub.heard.notifications).toEqual([JSON.stringify(event)]);
  });
});

describe('a subscription that is replaced', () => {
  it('stays on its socket when the hub names the same endpoint', async () => {
    const hub = await hubThat(sends(CONFIRMATION));
    await hub.subscribe();
    await hub.subscribe();
    expect(hub.sockets).toHaveLength(1);
    expect(hub.forms[1]?.get('hub.channel.endpoint')).toBe(hub.endpoint);
  });

  it('moves when the hub names another, and the old socket is closed', async () => {
    const hub = await hubThat(sends(CONFIRMATION));
    await hub.subscribe();
    hub.endpoint = `${hub.endpoint}2`;
    await hub.subscribe();
    expect(hub.sockets).toHaveLength(2);
    const [old] = hub.sockets;
    if (old && old.readyState < old.CLOSED) expect(await once(old, 'close')).toMatchObject([1000, expect.anything()]);
    expect(hub.heard.lost).toEqual([]);
  });

  it.each([1006, 1001])('is lost with the socket (close code %s)', async (code) => {
    const hub = await hubThat(sends(CONFIRMATION));
    await hub.subscribe();
    const [socket] = hub.sockets;
    if (code === 1006) socket?.terminate();
    else socket?.close(code);
    await expect.poll(() => hub.heard.lost).toMatchObject([{ code: 'channel-lost', closeCode: code, retryable: true }]);
  });

  it('reports nothing after it was closed', async () => {
    const hub = await hubThat(sends(CONFIRMATION));
    await hub.subscribe();
    hub.channel.close();
    const [socket] = hub.sockets;
    sends({ id: '1', event: {} })(socket as WebSocket);
    if (socket && socket.readyState < socket.CLOSED) await once(socket, 'close');
    expect(hub.heard).toEqual({ notifications: [], denials: [], grants: [], rejected: [], lost: [] });
  });
});

describe('the endpoint of a hub', () => {
  const endpoint = 'ws://127.0.0.1:1/never';
  it.each([
    ['in JSON', () => Response.json({ 'hub.channel.endpoint': endpoint })],
    ['as a JSON text', () => Response.json(endpoint)],
    ['as the plain body', () => new Response(`${endpoint}\n`)],
    ['in Content-Location', () => new Response('Accepted', { headers: { 'Content-Location': endpoint } })],
  ])('is found %s', async (_, answer) => {
    const hub = await hubThat(() => {}, { answer });
    await expect(hub.subscribe()).rejects.toMatchObject({ code: 'channel-not-opened' });
  });

  it.each([
    ['none', () => new Response('Accepted', { status: 202 }), 'channel-no-endpoint'],
    ['one of another scheme', () => Response.json('javascript:alert(1)'), 'channel-no-endpoint'],
    ['one with a fragment', () => Response.json('wss://hub.example.org/1#2'), 'channel-no-endpoint'],
    ['one that is not encrypted', () => Response.json('ws://hub.example.org/1'), 'channel-endpoint-invalid'],
  ])('is an error when there is %s', async (_, answer, code) => {
    const hub = await hubThat(() => {}, { answer });
    await expect(hub.subscribe()).rejects.toMatchObject({ code });
  });
});
