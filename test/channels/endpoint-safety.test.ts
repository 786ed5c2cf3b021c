import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { socketUrlOf } from '../../src/channels/websocket/endpoint-url.ts';
import { habits } from '../../src/hub/habits.ts';
import { isLoopback, urlFault } from '../../src/web/url.ts';

const HUB = 'https://hub.example.org:8443/fhircast?tenant=7';
const onHubHost = { ...habits, rewriteEndpoint: 'hub-host' } as const;

describe('an endpoint on this machine, of a hub that is elsewhere', () => {
  it.each([
    ['ws://localhost:3000/bind/a?b=c', 'wss://hub.example.org:8443/bind/a?b=c'],
    ['wss://localhost/bind/a', 'wss://hub.example.org:8443/bind/a'],
    ['ws://127.0.0.1:22/a', 'wss://hub.example.org:8443/a'],
    ['ws://127.1/a', 'wss://hub.example.org:8443/a'],
    ['ws://2130706433/a', 'wss://hub.example.org:8443/a'],
    ['ws://[::1]:1/a', 'wss://hub.example.org:8443/a'],
    ['ws://a.localhost/a', 'wss://hub.example.org:8443/a'],
    ['ws://user:pass@localhost/a', 'wss://hub.example.org:8443/a'],
    ['ws://localhost//evil.example.org/a', 'wss://hub.example.org:8443//evil.example.org/a'],
    ['ws://localhost/../../a', 'wss://hub.example.org:8443/a'],
    ['ws://localhost\\@evil.example.org/a', 'wss://hub.example.org:8443/@evil.example.org/a'],
  ])('%s is %s', (endpoint, url) => {
    expect(socketUrlOf(endpoint, HUB, habits)).toBe(url);
  });
});

describe('an endpoint elsewhere', () => {
  it.each([
    'wss://sockets.example.com/a',
    'wss://localhost.evil.example.org/a',
    'wss://127.0.0.1.evil.example.org/a',
    'wss://localhost@evil.example.org/a',
  ])('stays what the hub says: %s', (endpoint) => {
    expect(socketUrlOf(endpoint, HUB, habits)).toBe(endpoint);
    expect(new URL(socketUrlOf(endpoint, HUB, onHubHost)).host).toBe('hub.example.org:8443');
  });

  it.each(['ws://sockets.example.com/a', 'ws://localhost.evil.example.org/a', 'ws://10.0.0.1/a'])(
    'is refused without encryption: %s',
    (endpoint) => {
      expect(urlFault(socketUrlOf(endpoint, HUB, habits), 'ws', false)).toBe('insecure');
    },
  );

  it('of a hub on this machine stays what the hub says', () => {
    expect(socketUrlOf('ws://localhost:3001/a', 'http://127.0.0.1:3000/hub', habits)).toBe('ws://localhost:3001/a');
  });
});

describe('whatever endpoint a hub names', () => {
  const host = fc.constantFrom('localhost', '127.0.0.1', '[::1]', 'hub.example.org', 'evil.example.org', '10.0.0.1');
  const port = fc.oneof(
    fc.constant(''),
    fc.integer({ min: 1, max: 65_535 }).map((number) => `:${number}`),
  );
  const origin = (...schemes: string[]) =>
    fc.tuple(fc.constantFrom(...schemes), host, port).map(([scheme, name, at]) => `${scheme}://${name}${at}`);
  const path = fc.webPath().map((segments) => segments || '/');
  const endpoint = fc.oneof(
    fc.tuple(origin('ws', 'wss'), path).map((parts) => parts.join('')),
    fc.string().map((text) => `ws://localhost${text}`),
  );

  it('the socket is where the hub says, or where the hub is, and encrypted as the hub is', () => {
    fc.assert(
      fc.property(origin('http', 'https'), endpoint, fc.constantFrom(habits, onHubHost), (hubUrl, named, needs) => {
        const url = socketUrlOf(named, hubUrl, needs);
        if (url === named) return;
        const [hub, socket] = [new URL(hubUrl), new URL(url)];
        expect(socket.host).toBe(hub.host);
        expect(socket.protocol).toBe(hub.protocol.replace('http', 'ws'));
        expect([socket.username, socket.password]).toEqual(['', '']);
        expect(needs === onHubHost || (isLoopback(new URL(named)) && !isLoopback(hub))).toBe(true);
      }),
    );
  });
});
