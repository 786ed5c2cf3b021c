import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { sign } from '../callback/support.ts';
import { openClient, type RedisServer, startRedis } from './support.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const TIMEOUT_MS = 120_000;
const WITHIN = { timeout: 45_000, interval: 10 };

/** The bounds that the processes work with, in seconds. */
const LEASE = 0.9;
const GRACE = 0.9;

/** What one instance said. */
interface Line {
  readonly port?: number;
  readonly url?: string;
  readonly secret?: string;
  readonly delivered?: string;
  readonly lost?: string;
  readonly state?: string;
}

let redis: RedisServer;
beforeEach(async () => {
  redis = await startRedis();
});
afterEach(() => redis.kill());

/** Starts an instance in a process of its own. */
async function startInstance(prefix: string) {
  const settings = { url: redis.url, prefix, answerWithinMs: 300, leaseSeconds: LEASE, graceSeconds: GRACE };
  const child = spawn(process.execPath, ['--import', 'tsx', resolve(import.meta.dirname, 'instance.ts')], {
    cwd: ROOT,
    env: { ...process.env, INSTANCE: JSON.stringify(settings) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  const said = <Key extends keyof Line>(key: Key) =>
    vi.waitFor(() => {
      const value = lines.find((line) => line[key] !== undefined)?.[key];
      if (value === undefined) throw new Error(`It has not said ${key}.`);
      return value;
    }, WITHIN);
  return {
    origin: `http://127.0.0.1:${await said('port')}`,
    lines,
    /** Makes a callback URL here. */
    subscribe: async () => {
      child.stdin.write('subscribe\n');
      return { url: await said('url'), secret: await said('secret') };
    },
    kill: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
    leave: async () => {
      const exited = once(child, 'exit');
      child.stdin.end();
      return exited;
    },
    get delivered() {
      return lines.flatMap(({ delivered }) => delivered ?? []);
    },
    get lost() {
      return lines.filter(({ lost }) => lost !== undefined).length;
    },
  };
}

/** A hub that sends one event after the other, on some lines at once, to whatever instance the balancer takes. */
function startHub(callback: { url: string; secret: string }, origins: readonly string[]) {
  const statuses: { event: string; status: number }[] = [];
  let isOver = false;
  let number = 0;
  const { pathname } = new URL(callback.url);
  const line = async (origin: string) => {
    while (!isOver) {
      const event = `event ${number++}`;
      const headers = { 'X-Hub-Signature': sign(callback.secret, event) };
      const { status } = await fetch(`${origin}${pathname}`, { method: 'POST', headers, body: event });
      statuses.push({ event, status });
    }
  };
  const lines = Promise.all(origins.map(line));
  onTestFinished(() => {
    isOver = true;
  });
  return {
    statuses,
    get acknowledged() {
      return statuses.filter(({ status }) => status < 300).map(({ event }) => event);
    },
    sees: (wanted: number, times = 1, from = 0) =>
      vi.waitFor(() => {
        const seen = statuses.slice(from).filter(({ status }) => status === wanted).length;
        if (seen < times) throw new Error(`${wanted} was answered ${seen} times.`);
      }, WITHIN),
    stop: () => {
      isOver = true;
      return lines;
    },
  };
}

const setUp = async () => {
  const prefix = `${randomUUID()}:`;
  const [owner, door] = await Promise.all([startInstance(prefix), startInstance(prefix)]);
  await (await openClient(redis)).set(`${prefix}since`, '1');
  return { prefix, owner, door, callback: await owner.subscribe() };
};

describe('two processes', () => {
  it(
    'of which one is killed: what was acknowledged was delivered or is reported as lost, within the bound',
    async () => {
      const { owner, door, callback } = await setUp();
      const hub = startHub(callback, [door.origin, door.origin, door.origin]);
      await hub.sees(200, 50);
      await owner.kill();
      const killedAt = performance.now();
      await hub.sees(410);
      // The lease, the grace, and what a busy machine takes.
      expect(performance.now() - killedAt).toBeLessThan((LEASE + GRACE) * 1_000 + 5_000);
      await hub.stop();
      const afterwards = hub.statuses.map(({ status }) => status);
      expect(afterwards.filter((status) => ![200, 202, 503, 410].includes(status))).toEqual([]);
      const missing = () => hub.acknowledged.filter((event) => !owner.delivered.includes(event)).length;
      expect(afterwards).toContain(202);
      expect(missing()).toBeGreaterThan(0);
      await vi.waitFor(() => expect(door.lost).toBeGreaterThanOrEqual(missing()), WITHIN);
      // What its owner had told us of may be reported although it was delivered, but no more than was answered 202.
      expect(door.lost).toBeLessThanOrEqual(afterwards.filter((status) => status === 202).length);
    },
    TIMEOUT_MS,
  );

  it(
    'whose Redis is killed and started again: 503 meanwhile, and what was acknowledged was delivered or is lost',
    async () => {
      const { owner, door, callback } = await setUp();
      const hub = startHub(callback, [door.origin, owner.origin, door.origin]);
      await hub.sees(200, 50);
      await redis.kill();
      const from = hub.statuses.length;
      await hub.sees(503, 20, from);
      await redis.start();
      const again = hub.statuses.length;
      await hub.sees(200, 50, again);
      await hub.stop();
      expect(
        [...new Set(hub.statuses.map(({ status }) => status))].filter((status) => ![200, 202, 503].includes(status)),
      ).toEqual([]);
      const missing = () => hub.acknowledged.filter((event) => !owner.delivered.includes(event)).length;
      await vi.waitFor(() => expect(owner.lost + door.lost).toBeGreaterThanOrEqual(missing()), WITHIN);
    },
    TIMEOUT_MS,
  );

  it(
    'of which one leaves: nothing that was acknowledged is lost, and the process ends by itself',
    async () => {
      const { owner, door, callback } = await setUp();
      const hub = startHub(callback, [door.origin, door.origin]);
      await hub.sees(200, 50);
      expect(await owner.leave()).toEqual([0, null]);
      await hub.sees(503);
      await hub.stop();
      const { delivered } = owner;
      expect(hub.acknowledged.filter((event) => !delivered.includes(event))).toEqual([]);
      expect(door.lost + owner.lost).toBe(0);
    },
    TIMEOUT_MS,
  );
});
