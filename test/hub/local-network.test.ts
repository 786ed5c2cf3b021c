import { afterEach, describe, expect, it, vi } from 'vitest';
import type { WebSocketLike } from '../../src/channels/websocket/socket.ts';
import { WebSocketConnection } from '../../src/channels/websocket/websocket-connection.ts';
import { send } from '../../src/hub/http.ts';
import { dialectOf } from '../../src/hub/versions.ts';

afterEach(() => vi.unstubAllGlobals());

const PUBLIC = 'https://app.example.org/viewer';

/** Where a page is and where its hub is, and whether the browser may be what is between them. */
const WAYS: readonly (readonly [page: string | undefined, host: string, isBlocked: boolean])[] = [
  ...['localhost:2017', 'hub.localhost', '127.0.0.1', '127.8.9.1:80', '[::1]:2017'].map(
    (host) => [PUBLIC, host, true] as const,
  ),
  ...[
    '10.0.0.7',
    '172.16.0.1',
    '172.31.255.1',
    '192.168.1.2:8080',
    '169.254.1.1',
    'pacs.local',
    '[fd00::1]',
    '[fe80::1]',
  ].map((host) => [PUBLIC, host, true] as const),
  ...[
    'hub.example.org',
    '172.15.0.1',
    '172.32.0.1',
    '192.169.1.2',
    '11.0.0.1',
    '10.example.org',
    'local',
    '8.8.8.8',
  ].map((host) => [PUBLIC, host, false] as const),
  ['http://localhost:3000/', '127.0.0.1:2017', false],
  ['http://127.0.0.1/', '10.0.0.1', false],
  ['http://10.0.0.2/', '10.0.0.1', false],
  ['http://10.0.0.2/', 'localhost', true],
  ['file:///home/app.html', 'localhost', false],
  ['about:blank', 'localhost', false],
  [undefined, 'localhost', false],
];

describe('a hub near this machine', () => {
  it.each(WAYS)(
    'that a page at %s cannot reach at %s may be kept from it by the browser: %s',
    async (page, host, isBlocked) => {
      vi.stubGlobal('location', page === undefined ? undefined : new URL(page));
      const fetch = () => Promise.reject(new TypeError('Failed to fetch'));
      const answer = send(`https://${host}/hub`, {}, { fetch, timeoutMs: 2_000 });
      await expect(answer).rejects.toMatchObject({
        name: 'HubError',
        code: isBlocked ? 'hub-local-blocked' : 'hub-unreachable',
        retryable: true,
      });
    },
  );

  it.each(WAYS)(
    'whose websocket a page at %s cannot open at %s may be kept from it by the browser: %s',
    async (page, host, isBlocked) => {
      vi.stubGlobal('location', page === undefined ? undefined : new URL(page));
      await expect(
        connecting(`ws://${host}/socket`, (socket) => socket.onclose?.({ code: 1006 })),
      ).rejects.toMatchObject({
        name: 'ChannelError',
        code: isBlocked ? 'hub-local-blocked' : 'channel-not-opened',
        retryable: true,
        closeCode: 1006,
      });
    },
  );

  it('whose websocket opened, and closed before it was confirmed, was reached', async () => {
    vi.stubGlobal('location', new URL(PUBLIC));
    const connected = connecting('ws://localhost/socket', (socket) => {
      socket.onopen?.(undefined as never);
      socket.onclose?.({ code: 1006 });
    });
    await expect(connected).rejects.toMatchObject({ code: 'channel-not-opened' });
  });

  it('says which permission it may need', async () => {
    vi.stubGlobal('location', new URL(PUBLIC));
    const fetch = () => Promise.reject(new TypeError('Failed to fetch'));
    const answer = send('http://localhost/hub', {}, { fetch, timeoutMs: 2_000 });
    await expect(answer).rejects.toThrow(/Local Network Access/);
  });
});

/** Connects to a socket with which something happens. */
function connecting(url: string, happens: (socket: WebSocketLike) => void): Promise<unknown> {
  const nothing = () => {};
  const connection = new WebSocketConnection({
    endpoint: url,
    url,
    confirmWithinMs: 2_000,
    openSocket: () => {
      const socket: WebSocketLike = {
        onopen: null,
        onmessage: null,
        onerror: null,
        onclose: null,
        readyState: 0,
        send: nothing,
        close: nothing,
      };
      queueMicrotask(() => happens(socket));
      return socket;
    },
    record: nothing,
    sink: {
      alive: nothing,
      keepalive: nothing,
      rejected: nothing,
      warned: nothing,
      granted: nothing,
      notification: nothing,
    },
    isAgain: false,
    habits: () => dialectOf('stu3'),
    learn: nothing,
    isOurs: () => true,
    confirmed: nothing,
    denied: nothing,
    lost: nothing,
  });
  return connection.open(new AbortController().signal);
}
