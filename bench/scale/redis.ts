import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { findOrInstallRedis } from '../../scripts/redis.ts';

/** A real redis-server that keeps nothing, on a port that was free. */
export interface Redis {
  readonly url: string;
  /** How much processor time it has used so far, in seconds. */
  processorSeconds(): Promise<number>;
  close(): Promise<void>;
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const answers = async (url: string): Promise<boolean> => {
  const client = createClient({ url, socket: { reconnectStrategy: false } }).on('error', () => {});
  try {
    await client.connect();
    client.destroy();
    return true;
  } catch {
    return false;
  }
};

/** Starts Redis, and waits until it answers. */
export async function startRedis(): Promise<Redis> {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const server: ChildProcess = spawn(findOrInstallRedis(), args, { stdio: 'ignore' });
  const url = `redis://127.0.0.1:${port}`;
  while (!(await answers(url))) {
    if (server.exitCode !== null) throw new Error(`redis-server ended with code ${server.exitCode}.`);
    await sleep(20);
  }
  return {
    url,
    processorSeconds: async () => {
      const client = await createClient({ url }).connect();
      const info = await client.info('cpu');
      client.destroy();
      const [user, system] = [/used_cpu_user:([\d.]+)/, /used_cpu_sys:([\d.]+)/].map((line) =>
        Number(line.exec(info)?.[1]),
      );
      return (user ?? Number.NaN) + (system ?? Number.NaN);
    },
    close: async () => {
      server.kill();
      if (server.exitCode === null) await once(server, 'exit');
    },
  };
}
