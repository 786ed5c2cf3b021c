import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { WebSocketLike } from '../../src/channels/websocket/socket.ts';
import { WebSocketChannel } from '../../src/channels/websocket/websocket-channel.ts';
import type { FhircastError } from '../../src/errors/errors.ts';
import { HubApi } from '../../src/hub/api.ts';
import { chooserOf } from '../hub/support.ts';

const ENDPOINT = 'wss://hub.example.org/ws/unguessable';
const CONFIRMATION = '{"hub.mode":"subscribe","hub.topic":"topic","hub.events":"Patient-open","hub.lease_seconds":60}';

/** A socket that does nothing by itself. */
class FakeSocket implements WebSocketLike {
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onerror: WebSocketLike['onerror'] = null;
  onclose: WebSocketLike['onclose'] = null;
  readyState = 1;
  readonly sent: string[] = [];
  readonly closedWith: (number | undefined)[] = [];
  isCut = false;
  send(data: string): void {
    this.sent.push(data);
  }
  close(code?: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.closedWith.push(code);
    this.onclose?.({ code: code ?? 1005 });
  }
  terminate(): void {
    this.isCut = true;
  }
}

/** A channel to a hub whose sockets are in the hands of the test. */
function open({ endpoint = ENDPOINT, allowInsecure = false, fails = undefined as Error | undefined } = {}) {
  const sockets: FakeSocket[] = [];
  const urls: string[] = [];
  const heard = { notifications: 0, rejected: [] as string[], lost: [] as FhircastError[] };
  let opened = () => {};
  const answers: ((status: number, id?: string) => void)[] = [];
  const channel = new WebSocketChannel({
    api: new HubApi({
      hubUrl: 'https://hub.example.org',
      topic: 'topic',
      chooser: chooserOf(),
      accessToken: () => undefined,
      record: () => {},
      timeoutMs: 5_000,
      fetch: async () => Response.json({ 'hub.channel.endpoint': endpoint }),
    }),
    record: () => {},
    confirmationTimeoutMs: 5_000,
    allowInsecure,
    webSocket: (url) => {
      if (fails) throw fails;
      urls.push(url);
      const socket = new FakeSocket();
      sockets.push(socket);
      queueMicrotask(() => opened());
      return socket;
    },
    sink: {
      notification: (_, answer) => {
        heard.notifications++;
        answers.push(answer);
      },
      alive: () => {},
      keepalive: () => {},
      warned: () => {},
      denied: () => {},
      granted: () => {},
      rejected: ({ code }) => heard.rejected.push(code),
      lost: (error) => heard.lost.push(error),
    },
  });
  const subscribe = () => channel.subscribe(['Patient-open'], new AbortController().signal);
  /** Subscribes, and is confirmed. */
  const follow = async () => {
    const attached = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const subscribed = subscribe();
    await attached;
    const socket = sockets.at(-1) as FakeSocket;
    socket.onmessage?.({ data: CONFIRMATION });
    await subscribed;
    return socket;
  };
  return { channel, sockets, urls, heard, answers, subscribe, follow };
}

describe('a frame', () => {
  it('that is too large is refused, and the next is read', async () => {
    const { follow, heard } = open();
    const socket = await follow();
    socket.onmessage?.({ data: 'x'.repeat(16 * 1024 * 1024 + 1) });
    socket.onmessage?.({ data: '{"id":"1","event":{}}' });
    expect(heard).toMatchObject({ notifications: 1, rejected: ['notification-too-large'] });
  });

  it('without an id is not answered, and one with an id is answered once', async () => {
    const { follow, answers } = open();
    const socket = await follow();
    socket.onmessage?.({ data: '{"event":{}}' });
    socket.onmessage?.({ data: '{"id":"1","event":{}}' });
    answers[0]?.(400);
    answers[1]?.(200, '1');
    answers[1]?.(500, '1');
    expect(socket.sent).toEqual(['{"id":"1","status":"200"}']);
  });

  it('is not answered on a socket that is gone', async () => {
    const { follow, answers } = open();
    const socket = await follow();
    socket.onmessage?.({ data: '{"id":"1","event":{}}' });
    socket.close(1006);
    answers[0]?.(200, '1');
    expect(socket.sent).toEqual([]);
  });
});

describe('the end of a socket', () => {
  it.each([1000, 1001, 1005, 1006, 1011, 4000])('with %s, which we did not ask for, is a loss', async (closeCode) => {
    const { follow, heard } = open();
    (await follow()).close(closeCode);
    expect(heard.lost).toMatchObject([{ code: 'channel-lost', closeCode, retryable: true }]);
  });

  it('that we ask for is 1000, once, and no loss', async () => {
    const { follow, heard, channel } = open();
    const socket = await follow();
    await channel.unsubscribe(new AbortController().signal);
    channel.close();
    expect(socket.closedWith).toEqual([1000]);
    expect(heard.lost).toEqual([]);
  });

  it.each(['silent', 'deaf', 'ended'] as const)(
    'that is %s is cut where nobody answers, before another is opened',
    async (why) => {
      const { follow, channel, urls, heard } = open();
      const socket = await follow();
      channel.lost(why);
      expect([socket.closedWith, socket.isCut, heard.lost]).toEqual([[1000], why === 'silent', []]);
      await follow();
      // The hub, asked anew, gave the same endpoint.
      expect(urls).toEqual([ENDPOINT, ENDPOINT]);
    },
  );

  it('that the hub has closed already leaves no timer', async () => {
    const { follow, channel } = open();
    const socket = await follow();
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const left = channel.unsubscribe(new AbortController().signal);
    // As some hubs do before they have answered.
    socket.close();
    await left;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that is confirmed while the app leaves is let go at once', async () => {
    const { subscribe, channel, sockets } = open();
    const failed = expect(subscribe()).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(() => sockets.length).toBe(1);
    sockets[0]?.onmessage?.({ data: CONFIRMATION });
    const left = channel.unsubscribe(new AbortController().signal);
    expect([sockets[0]?.onmessage, sockets[0]?.closedWith]).toEqual([null, [1000]]);
    await failed;
    await left;
  });

  it('while it opens ends the attempt', async () => {
    const { subscribe, channel, sockets } = open();
    const failed = expect(subscribe()).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(() => sockets.length).toBe(1);
    channel.close();
    await failed;
    expect(sockets[0]?.closedWith).toEqual([1000]);
  });
});

describe('the endpoint of a hub', () => {
  it.each(['ws://hub.example.org/1', 'ws://127.0.0.1.example.org/1', 'ws://10.0.0.1/1'])(
    '%s is not opened, because it is not encrypted',
    async (endpoint) => {
      const { subscribe, urls } = open({ endpoint });
      await expect(subscribe()).rejects.toMatchObject({ code: 'channel-endpoint-invalid', retryable: false });
      expect(urls).toEqual([]);
    },
  );

  it.each([[{ endpoint: 'ws://hub.lan/1', allowInsecure: true }], [{ endpoint: ENDPOINT }]])(
    '%j is opened as it was given',
    async (options) => {
      const { follow, urls } = open(options);
      await follow();
      expect(urls).toEqual([options.endpoint]);
    },
  );

  it.each(['ws://localhost:3000/1?a=b', 'ws://127.0.0.1:3000/1?a=b', 'wss://[::1]:3000/1?a=b'])(
    '%s of a hub that is elsewhere (S24) is opened at the hub',
    async (endpoint) => {
      const { follow, urls } = open({ endpoint });
      await follow();
      expect(urls).toEqual(['wss://hub.example.org/1?a=b']);
    },
  );

  it('that the platform refuses is an error which does not quote it', async () => {
    const { subscribe } = open({ fails: new SyntaxError(`The URL '${ENDPOINT}' is invalid.`) });
    const error = await subscribe().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'channel-endpoint-invalid' });
    expect(inspect(error)).not.toContain('unguessable');
  });
});
