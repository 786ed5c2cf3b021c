import { createServer, type Server } from 'node:http';
import { FhircastClient } from 'fhircast-client';
import { createCallbackEndpoint, type HttpCallbackEndpoint } from 'fhircast-client/callback';
import type { RedisRouter } from 'fhircast-client/redis';
import { createRelay, type Relay, relayChannel } from 'fhircast-client/relay';
import { expect } from 'vitest';
import { startRedis } from '../redis/support.ts';
import { expectToFollow, type Fixture, freePort, type Result, SHOW_CHART, type Stage } from './stage.ts';

const SERVER = 'declare const publicUrl: string; declare const port: number;';

/** A Redis of the block's own. */
const withRedis = async ({ later }: Stage): Promise<Result> => {
  const redis = await startRedis();
  later(() => redis.kill());
  const port = await freePort();
  return { redisUrl: redis.url, port, publicUrl: `http://127.0.0.1:${port}` };
};

/** A page that follows the session through a relay. */
const expectPageToFollow = async (stage: Stage, url: string, cookie = '') => {
  const callback = relayChannel({
    url,
    storage: null,
    fetch: (target, init) => fetch(target, { ...init, headers: { ...init.headers, cookie } }),
  });
  const client = await FhircastClient.fromSmartLaunch(stage.session.launch('draft'), { callback });
  client.on('Patient-open', ({ patient }) => stage.spy('showChart')(patient));
  await expectToFollow(stage, { client });
  await client.unsubscribe();
};

/** The blocks about who owns a callback URL, by their names. */
export const ROUTING_FIXTURES: Readonly<Record<string, Fixture>> = {
  'redis-router': {
    declarations: 'declare const redisUrl: string; declare const publicUrl: string;',
    prepare: withRedis,
    check: async (stage, { router, callback, port, publicUrl }) => {
      const { later, session, spy } = stage;
      const endpoint = callback as HttpCallbackEndpoint;
      later(() => (router as RedisRouter).close());
      const server = createServer(endpoint.node).listen(Number(port));
      later(() => server.close().closeAllConnections());
      const client = await FhircastClient.fromSmartLaunch(session.launch('draft'), { callback: endpoint });
      client.on('Patient-open', ({ patient }) => spy('showChart')(patient));
      await expectToFollow(stage, { client });
      expect((router as RedisRouter).counts).toMatchObject({ dispatched: 2, handled: 2 });
      expect(publicUrl).toContain(String(port));
      await client.unsubscribe();
    },
  },
  'redis-leaving': {
    declarations: `declare const server: import('node:http').Server; declare const client: import('fhircast-client').FhircastClient;
declare const router: import('fhircast-client/redis').RedisRouter;`,
    prepare: async (stage) => {
      const { redisRouter } = await import('fhircast-client/redis');
      const { createClient } = await import('redis');
      const { redisUrl, port, publicUrl } = await withRedis(stage);
      const router = redisRouter({ client: createClient({ url: String(redisUrl) }) });
      const callback = createCallbackEndpoint({ baseUrl: String(publicUrl), router });
      const server = createServer(callback.node).listen(Number(port));
      const client = await FhircastClient.fromSmartLaunch(stage.session.launch('draft'), { callback });
      await client.on('Patient-open', () => {}).ready();
      return { server, client, router };
    },
    check: (_, { server, client, router }) => {
      expect([(server as Server).listening, (client as FhircastClient).state]).toEqual([false, 'closed']);
      expect((router as RedisRouter).state).toBe('closed');
    },
  },
  'relay-server': {
    declarations: `${SERVER} declare function hasSession(cookie: string | null): boolean;`,
    prepare: async () => {
      const port = await freePort();
      const hasSession = (cookie: string | null) => cookie === 'session=1';
      return { port, publicUrl: `http://127.0.0.1:${port}`, hasSession };
    },
    check: async (stage, { publicUrl, relay }) => {
      stage.later(() => (relay as Relay).close(0));
      await expect(expectPageToFollow(stage, String(publicUrl), 'session=2')).rejects.toMatchObject({ status: 403 });
      await expectPageToFollow(stage, String(publicUrl), 'session=1');
    },
  },
  'relay-page': {
    declarations: `${SHOW_CHART} declare const tokenResponse: import('fhircast-client').TokenResponse; declare const relayUrl: string;`,
    prepare: async ({ later, session, spy }) => {
      const port = await freePort();
      const relayUrl = `http://127.0.0.1:${port}`;
      const relay = createRelay({ baseUrl: relayUrl });
      const server = createServer(relay.node).listen(port);
      later(() => server.close().closeAllConnections());
      later(() => relay.close(0));
      return { relayUrl, tokenResponse: session.launch('draft'), showChart: spy('showChart') };
    },
    check: expectToFollow,
  },
  'relay-redis': {
    declarations: `${SERVER} declare const redisUrl: string;`,
    prepare: withRedis,
    check: async (stage, { publicUrl, router, stop }) => {
      await (router as RedisRouter).ready();
      await expectPageToFollow(stage, String(publicUrl));
      await (stop as () => Promise<void>)();
      expect((router as RedisRouter).state).toBe('closed');
    },
  },
};
