import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createClient } from 'redis';
import { onTestFinished, vi } from 'vitest';
import { type RedisRouter, type RedisRouterOptions, redisRouter } from '../../src/redis/index.ts';
import type { RedisServer } from './server.ts';

export { type RedisServer, startRedis } from './server.ts';

// Servers are started and connections are broken: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** A client for the test itself. */
export async function openClient({ url }: RedisServer) {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

/** The options that are the same for all instances of an app; reconnecting soon keeps the tests short. */
export const appOptions = (redis: RedisServer, options: Partial<RedisRouterOptions> = {}): RedisRouterOptions => ({
  client: createClient({ url: redis.url, socket: { reconnectStrategy: 20 } }),
  prefix: `${randomUUID()}:`,
  ...options,
});

/** Makes an unknown id 404 at once: Redis has had its data for long. */
export async function grow(redis: RedisServer, prefix: string): Promise<void> {
  const client = await openClient(redis);
  await client.set(`${prefix}since`, '1');
}

/** An instance that leaves with the test. */
export async function openRouter(options: RedisRouterOptions): Promise<RedisRouter> {
  const router = redisRouter(options);
  onTestFinished(() => router.close());
  // Not ready(), which waits no longer than an owner may take: some tests make that short.
  await reaches(router, 'ready');
  return router;
}

/** Resolves when a router is in a state. */
export const reaches = (router: RedisRouter, state: RedisRouter['state']) =>
  vi.waitFor(
    () => {
      if (router.state !== state) throw new Error(`The router is ${router.state}.`);
    },
    { timeout: 10_000, interval: 5 },
  );

/** A way to Redis that can be cut: what one instance loses, and no other. */
export interface Line {
  readonly url: string;
  /** Ends its connections, and lets no other come up. */
  cut(): void;
  /** Lets connections come up again. */
  mend(): void;
}

/** Opens a line of its own to Redis. */
export async function openLine({ url }: RedisServer): Promise<Line> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(Number(new URL(url).port), '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
    if (isCut) near.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('There is no port.');
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    url: `redis://127.0.0.1:${address.port}`,
    cut,
    mend: () => {
      isCut = false;
    },
  };
}

/** An instance with a line of its own. */
export async function openRouterOn(redis: RedisServer, options: RedisRouterOptions) {
  const line = await openLine(redis);
  const client = createClient({ url: line.url, socket: { reconnectStrategy: 20 } });
  return { line, router: await openRouter({ ...options, client }) };
}
