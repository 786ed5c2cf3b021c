import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Denial } from '../../src/channels/callback.ts';
import type { Grant } from '../../src/channels/channel.ts';
import type { WebSocketFactory, WebSocketLike } from '../../src/channels/websocket/socket.ts';
import { WebSocketChannel } from '../../src/channels/websocket/websocket-channel.ts';
import type { FhircastError } from '../../src/errors/errors.ts';
import { HubApi } from '../../src/hub/api.ts';
import type { Habits } from '../../src/hub/dialect.ts';
import { type DialectName, type HubProfile, profiles } from '../../src/index.ts';
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
    warned: FhircastError[];
    keepalives: number;
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
  options: {
    dialect?: DialectName;
    profile?: HubProfile;
    confirmationTimeoutMs?: number;
    answer?: () => Response;
    webSocket?: WebSocketFactory;
  } = {},
): Promise<Hub> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const heard: Hub['heard'] = {
    notifications: [],
    denials: [],
    grants: [],
    rejected: [],
    warned: [],
    keepalives: 0,
    lost: [],
  };
  const chooser = chooserOf(options.dialect, options.profile ? [options.profile] : []);
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
    webSocket: options.webSocket,
    sink: {
      notification: (text, answer) => {
        heard.notifications.push(text);
        answer(200, JSON.parse(text).id);
        answer(500, JSON.parse(text).id);
      },
      alive: () => {},
      keepalive: () => {
        heard.keepalives++;
      },
      warned: (warning) => heard.warned.push(warning),
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

/** A platform that hands over binary frames in a form of its own, whatever it is told. */
function handingOver(form: string, socket: WebSocket): WebSocketLike {
  const like = socket as unknown as WebSocketLike;
  Object.defineProperty(like, 'binaryType', { set: () => {} });
  Object.defineProperty(like, 'onmessage', {
    set: (take: WebSocketLike['onmessage']) => {
      socket.removeAllListeners('message');
      socket.on('message', (data: Buffer, isBinary) => {
        const bytes = Uint8Array.from(data);
        const binary = { nodebuffer: data, arraybuffer: bytes.buffer, blob: new Blob([bytes]) }[form];
        take?.({ data: isBinary ? binary : String(data) });
      });
    },
  });
  return like;
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
    // Longer than a handshake takes on a machine that is busy.
    const hub = await hubThat(() => {}, { confirmationTimeoutMs: 500 });
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

  it.each(['nodebuffer', 'arraybuffer', 'blob'])(
    'that is binary and UTF-8 is read, in its order (%s)',
    async (form) => {
      const accented = JSON.stringify({ id: 'é€😀', event: {} });
      const hub = await hubThat(
        (socket) => {
          socket.send(Buffer.from(JSON.stringify(CONFIRMATION)), { binary: true });
          socket.send(Buffer.from(accented), { binary: true });
          sends({ id: '2', event: {} })(socket);
          socket.send(Buffer.from('\ufeff{"id":"3","event":{}}'), { binary: true });
        },
        { webSocket: (url) => handingOver(form, new WebSocket(url)) },
      );
      await hub.subscribe();
      await expect.poll(() => hub.frames.length).toBe(3);
      expect(hub.heard.notifications).toEqual([accented, '{"id":"2","event":{}}', '{"id":"3","event":{}}']);
      expect(hub.heard.rejected).toEqual([]);
    },
  );

  it('that is binary and no UTF-8 is refused, and the next is read', async () => {
    const hub = await hubThat((socket) => {
      sends(CONFIRMATION)(socket);
      socket.send(Buffer.from([0x7b, 0xff, 0x7d]), { binary: true });
      sends({ id: '1', event: {} })(socket);
    });
    await hub.subscribe();
    await readByClient(hub.sockets[0]);
    expect(hub.heard.rejected.map(({ code }) => code)).toEqual(['notification-malformed']);
    expect(hub.heard.notifications).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['text', `{"id":"big","event":{"x":"${'x'.repeat(16 * 1024 * 1024)}"}}`],
    ['bytes', Buffer.from(`{"id":"big","event":{"x":"${'x'.repeat(16 * 1024 * 1024)}"}}`)],
  ])('that is too long is told and answered, and the next is read (%s)', async (_, frame) => {
    const hub = await hubThat((socket) => {
      sends(CONFIRMATION)(socket);
      socket.send(frame as string);
      sends({ id: '1', event: {} })(socket);
    });
    await hub.subscribe();
    await expect
      .poll(() => hub.frames, { timeout: 10_000 })
      .toEqual(['{"id":"big","status":"413"}', '{"id":"1","status":"200"}']);
    expect(hub.heard.rejected.map(({ code }) => code)).toEqual(['notification-too-large']);
  });

  it.each(['', 'ping', '{"type":"ping"}', '{"type":"connection.established"}', '7', '{"any":"thing"}', 'Welcome!'])(
    'that is no event is a sign of life and no error: %j',
    async (frame) => {
      const hub = await hubThat((socket) => {
        sends(CONFIRMATION, frame, frame, frame, { id: '1', event: {} })(socket);
        socket.send(Buffer.from(frame), { binary: true });
      });
      await hub.subscribe();
      await readByClient(hub.sockets[0]);
      expect(hub.heard.notifications).toHaveLength(1);
      expect(hub.heard.rejected).toEqual([]);
      expect(hub.heard.keepalives).toBe(4);
      // Of what nobody knows, it is told once.
      expect(hub.heard.warned.length).toBe(/ping|established|^$/.test(frame) ? 0 : 1);
      expect(hub.frames).toEqual(['{"id":"1","status":"200"}']);
    },
  );

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
    expect(hub.heard).toMatchObject({ notifications: [], denials: [], grants: [], rejected: [], lost: [] });
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

describe('a .NET prototype, which begins with a handshake', () => {
  const handshake = {
    headers: { statusCode: '202' },
    body: { subscription: { 'hub.topic': TOPIC, 'hub.events': 'Patient-open', 'hub.lease_seconds': 60 } },
  };
  /** It delivers nothing before its handshake has been answered. */
  const prototype = (socket: WebSocket) => {
    sends(handshake)(socket);
    socket.once('message', (data) => {
      if (JSON.parse(String(data)).headers?.statusCode === '200') sends({ id: '1', event: {} })(socket);
    });
  };
  const profile = { name: 'prototype', answersHandshake: true };

  it('is answered and confirmed by it where the profile says so', async () => {
    const hub = await hubThat(prototype, { profile });
    expect(await hub.subscribe()).toMatchObject({ events: ['Patient-open'], leaseSeconds: 60 });
    await expect.poll(() => hub.frames).toEqual(['{"headers":{"statusCode":"200"}}', '{"id":"1","status":"200"}']);
    expect(hub.heard.notifications).toHaveLength(1);
  });

  it('is answered also where it names nothing, and where it comes twice', async () => {
    const bare = { headers: {}, body: { subscription: {} } };
    const hub = await hubThat(sends(bare, bare), { profile });
    await hub.subscribe();
    await expect.poll(() => hub.frames).toHaveLength(2);
  });

  it('is not of another session', async () => {
    const other = { headers: {}, body: { subscription: { 'hub.topic': 'another' } } };
    const hub = await hubThat(sends(other, CONFIRMATION), { profile });
    await hub.subscribe();
    expect(hub.heard.rejected.map(({ code }) => code)).toEqual(['notification-wrong-topic']);
    expect(hub.frames).toEqual([]);
  });

  it('is a sign of life where no profile says so', async () => {
    const hub = await hubThat(sends(handshake, CONFIRMATION));
    await hub.subscribe();
    expect([hub.frames, hub.heard.rejected, hub.heard.keepalives]).toEqual([[], [], 1]);
  });
});

describe('a hub that says no more than that the socket is open', () => {
  it('confirms by it where the profile says so', async () => {
    const profile = { name: 'cast', confirmedBy: 'established' } as const;
    const hub = await hubThat(sends({ type: 'connection.established' }), { profile });
    expect(await hub.subscribe()).toMatchObject({ events: undefined, leaseSeconds: undefined });
  });

  it('does not where none does', async () => {
    const hub = await hubThat(sends({ type: 'connection.established' }), { confirmationTimeoutMs: 30 });
    await expect(hub.subscribe()).rejects.toMatchObject({ code: 'confirmation-timeout' });
  });
});

describe('a subscription whose connection was lost', () => {
  const lost = async (hub: Hub) => {
    const before = hub.heard.lost.length;
    hub.sockets.at(-1)?.terminate();
    await expect.poll(() => hub.heard.lost.length).toBe(before + 1);
  };

  it.each<[string, object | string]>([
    ['its topic', CONFIRMATION],
    ['its endpoint', { 'hub.mode': 'subscribe', 'hub.channel.endpoint': '' }],
  ])('is taken up again where the hub confirmed it by %s', async (_, confirmation) => {
    const hub = await hubThat((socket) => {
      const named = 'hub.topic' in (confirmation as object) ? {} : { 'hub.channel.endpoint': hub.endpoint };
      sends({ ...(confirmation as object), ...named })(socket);
    });
    await hub.subscribe();
    await lost(hub);
    await hub.subscribe();
    expect([hub.forms.length, hub.sockets.length]).toEqual([1, 2]);
  });

  it.each<[string, object | undefined, HubProfile | undefined]>([
    ['anything', { bound: true }, undefined],
    ['a sandbox’s `bound`', { timestamp: 'now', bound: 'x', 'hub.mode': 'subscribe' }, undefined],
    ['a mode alone', { 'hub.mode': 'subscribe' }, undefined],
    ['`connection.established`', { type: 'connection.established' }, { name: 'cast', confirmedBy: 'established' }],
    ['nothing', undefined, profiles.noConfirmation],
    ['a name, where the profile says that nothing confirms', CONFIRMATION, profiles.noConfirmation],
  ])('is made anew where the hub said %s', async (_, confirmation, profile) => {
    const hub = await hubThat(sends(...(confirmation ? [confirmation] : [])), profile ? { profile } : {});
    await hub.subscribe();
    await lost(hub);
    await hub.subscribe();
    const asked = hub.forms.filter((form) => form.get('hub.mode') === 'subscribe');
    expect([asked.length, hub.sockets.length]).toEqual([2, 2]);
  });

  it('is made anew where the hub now says yes to anything', async () => {
    let confirmation: object = CONFIRMATION;
    const hub = await hubThat((socket) => sends(confirmation)(socket), { confirmationTimeoutMs: 100 });
    await hub.subscribe();
    await lost(hub);
    confirmation = { bound: true };
    await hub.subscribe();
    expect(hub.forms.filter((form) => form.get('hub.mode') === 'subscribe')).toHaveLength(2);
  });

  it.each(['silent', 'deaf', 'ended'] as const)('is made anew where it was lost as one that is %s', async (how) => {
    const hub = await hubThat(sends(CONFIRMATION));
    await hub.subscribe();
    hub.channel.lost(how);
    await hub.subscribe();
    expect(hub.forms.filter((form) => form.get('hub.mode') === 'subscribe')).toHaveLength(2);
  });
});

describe('a hub that fails where a request names an endpoint', () => {
  it.each([500, 400, 404])('is asked for a new subscription, now and later (%s)', async (status) => {
    const hub: Hub = await hubThat(sends(CONFIRMATION), {
      answer: () =>
        hub.forms.at(-1)?.has('hub.channel.endpoint')
          ? new Response('No.', { status })
          : Response.json({ 'hub.channel.endpoint': `${hub.endpoint}/${hub.forms.length}` }),
    });
    await hub.subscribe();
    await hub.subscribe();
    await hub.subscribe();
    const named = hub.forms.filter((form) => form.has('hub.channel.endpoint'));
    expect([hub.forms.length, named.length]).toEqual([4, 1]);
    expect(hub.sockets).toHaveLength(3);
    expect(hub.heard.lost).toEqual([]);
  });

  it.each([401, 403, 429])('is not asked at once for another when it says something else (%s)', async (status) => {
    let isWilling = true;
    const hub: Hub = await hubThat(sends(CONFIRMATION), {
      answer: () =>
        isWilling ? Response.json({ 'hub.channel.endpoint': hub.endpoint }) : new Response('No.', { status }),
    });
    await hub.subscribe();
    isWilling = false;
    await expect(hub.subscribe()).rejects.toMatchObject({ status });
    expect(hub.forms).toHaveLength(2);
  });

  it('because it is overloaded is asked for another the next time', async () => {
    let status = 503;
    const hub: Hub = await hubThat(sends(CONFIRMATION), {
      answer: () =>
        hub.forms.at(-1)?.has('hub.channel.endpoint')
          ? new Response('Later.', { status })
          : Response.json({ 'hub.channel.endpoint': hub.endpoint }),
    });
    await hub.subscribe();
    await expect(hub.subscribe()).rejects.toMatchObject({ status: 503, retryable: true });
    status = 200;
    await hub.subscribe();
    expect(hub.forms.map((form) => form.has('hub.channel.endpoint'))).toEqual([false, true, false]);
  });
});

describe('a socket that cannot be used', () => {
  const real = (url: string) => new WebSocket(url) as unknown as WebSocketLike;
  it('because it throws when it is sent to is lost, and nothing escapes', async () => {
    const hub = await hubThat(sends(CONFIRMATION, { id: '1', event: {} }), {
      webSocket: (url) =>
        Object.assign(real(url), {
          send: () => {
            throw new Error(`Cannot send to ${url}`);
          },
        }),
    });
    await hub.subscribe();
    await expect.poll(() => hub.heard.lost).toMatchObject([{ code: 'channel-lost', retryable: true }]);
  });

  it('because it throws before it is confirmed has not been opened', async () => {
    const hub = await hubThat(() => {}, {
      profile: profiles.endpointSentBack,
      webSocket: (url) =>
        Object.assign(real(url), {
          send: () => {
            throw new Error(`Cannot send to ${url}`);
          },
        }),
    });
    await expect(hub.subscribe()).rejects.toMatchObject({ code: 'channel-not-opened', retryable: true });
  });

  it.each<[string, WebSocketFactory]>([
    [
      'throws',
      () => {
        throw new TypeError('ws://127.0.0.1/secret');
      },
    ],
    ['gives nothing', () => undefined as unknown as WebSocketLike],
    ['gives something else', () => 7 as unknown as WebSocketLike],
    ['gives a frozen thing', () => Object.freeze({}) as unknown as WebSocketLike],
  ])('because the app’s factory %s is an error of ours', async (_, webSocket) => {
    const hub = await hubThat(() => {}, { webSocket });
    await expect(hub.subscribe()).rejects.toMatchObject({ code: 'option-failed', at: 'webSocket' });
  });
});

describe('what is open already', () => {
  it('comes up with the answer to the subscription (PowerCast)', async () => {
    const contexts = [{ contextType: 'Patient', 'context.versionId': '1', context: [] }];
    const hub: Hub = await hubThat(sends(CONFIRMATION), {
      answer: () => Response.json({ 'hub.channel.endpoint': hub.endpoint, contexts }),
    });
    expect(await hub.subscribe()).toMatchObject({ contexts });
    expect(await hub.subscribe()).toMatchObject({ contexts });
  });
});
