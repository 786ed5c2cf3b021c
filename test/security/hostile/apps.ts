import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from 'redis';
import { createCallbackEndpoint } from '../../../src/callback/index.ts';
import { FhircastClient } from '../../../src/index.ts';
import { type RedisRouter, redisRouter } from '../../../src/redis/index.ts';
import { createRelay, relayChannel } from '../../../src/relay/index.ts';
import { startRedis } from '../../redis/server.ts';
import type { Report } from './hub.ts';

/** An app on one of the ways, from the hub to a listener. */
export interface App {
  readonly way: string;
  readonly client: FhircastClient;
}

/** The apps of one session, on every way that there is. */
export interface Apps {
  readonly apps: readonly App[];
  close(): Promise<void>;
}

/** Redis is new, and unknown ids need not be waited for. */
const grow = async (url: string, prefixes: readonly string[]): Promise<void> => {
  const client = createClient({ url });
  await client.connect();
  for (const prefix of prefixes) await client.set(`${prefix}since`, '1');
  client.destroy();
};

/** Opens apps by websocket, by webhook, by webhook through Redis, and behind two relays that share a Redis. */
export async function openApps(session: Extract<Report, { report: 'open' }>): Promise<Apps> {
  const redis = await startRedis();
  await grow(redis.url, ['webhook:', 'relay:']);
  const routers: RedisRouter[] = [];
  const routerOf = async (prefix: string) => {
    const router = redisRouter({ client: createClient({ url: redis.url }), prefix });
    routers.push(router);
    await router.ready();
    return router;
  };

  let turn = 0;
  const server = createServer((request, response) => {
    const [, way] = (request.url ?? '').split('/');
    if (way === 'webhook') return webhook.node(request, response);
    // What the hub calls is not the instance that owns it.
    if (way === 'redis') return front.node(request, response);
    return relays[turn++ % relays.length]?.node(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const webhook = createCallbackEndpoint({ baseUrl: `${origin}/webhook` });
  const [owner, front] = (await Promise.all(
    ['webhook:', 'webhook:'].map(async (prefix) =>
      createCallbackEndpoint({ baseUrl: `${origin}/redis`, router: await routerOf(prefix) }),
    ),
  )) as [ReturnType<typeof createCallbackEndpoint>, ReturnType<typeof createCallbackEndpoint>];
  const relays = await Promise.all(
    ['relay:', 'relay:'].map(async (prefix) =>
      createRelay({ baseUrl: `${origin}/relay`, router: await routerOf(prefix) }),
    ),
  );

  const { hubUrl, draftUrl, topic, url, token: accessToken } = session;
  const byWebhook = { hubUrl: draftUrl, topic: url, accessToken, dialect: 'draft' } as const;
  const apps: App[] = [
    { way: 'websocket', client: new FhircastClient({ hubUrl, topic, accessToken }) },
    { way: 'webhook', client: new FhircastClient({ ...byWebhook, callback: webhook }) },
    { way: 'webhook through Redis', client: new FhircastClient({ ...byWebhook, callback: owner }) },
    {
      way: 'relay and Redis',
      client: new FhircastClient({
        ...byWebhook,
        callback: relayChannel({ url: `${origin}/relay`, storage: null }),
      }),
    },
  ];
  return {
    apps,
    close: async () => {
      await Promise.allSettled(apps.map(({ client }) => client.unsubscribe()));
      await Promise.allSettled(relays.map((relay) => relay.close(0)));
      await Promise.allSettled(routers.map((router) => router.close()));
      server.closeAllConnections();
      server.close();
      await redis.kill();
    },
  };
}
