import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createClient } from 'redis';
import { onTestFinished, vi } from 'vitest';
import { findOrInstallRedis } from '../../scripts/redis.ts';
import { type RedisRouter, type RedisRouterOptions, redisRouter } from '../../src/redis/index.ts';

// Servers are started and connections are broken: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** A Redis of the test's own, which keeps nothing on a disk. */
export interface RedisServer {
  readonly url: string;
  /** Ends it at once, as a crash does: all that it held is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  start(): Promise<void>;
  /** Lets it answer nobody, with its connections open. */
  freeze(): void;
  /** Lets it go on. */
  thaw(): void;
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('There is no port.');
  return address.port;
}

const READY = 'Ready to accept connections';

/** Starts a Redis, or resolves with `undefined` when somebody else has taken its port. */
async function launch(port: number): Promise<ChildProcess | undefined> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  const child = spawn(findOrInstallRedis(), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const isReady = new Promise<boolean>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes(READY)) resolve(true);
    });
    child.once('exit', () => resolve(false));
  });
  return (await isReady) ? child : undefined;
}

/** Starts a Redis on a free port. The caller ends it. */
export async function startRedis(): Promise<RedisServer> {
  let port = await freePort();
  let child = await launch(port);
  while (!child) {
    port = await freePort();
    child = await launch(port);
  }
  let current = child;
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: async () => {
      const exited = once(current, 'exit');
      if (!current.kill('SIGKILL')) return;
      await exited;
    },
    start: async () => {
      const next = await launch(port);
      if (!next) throw new Error('Redis did not start again.');
      current = next;
    },
    freeze: () => void current.kill('SIGSTOP'),
    thaw: () => void current.kill('SIGCONT'),
  };
}

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
