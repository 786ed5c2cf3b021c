import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { findOrInstallRedis } from '../../scripts/redis.ts';

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
