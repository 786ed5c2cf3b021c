import { createHash } from 'node:crypto';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CallbackAnswer } from '../../src/callback/index.ts';
import type { RedisRouterClient } from '../../src/redis/index.ts';
import { SCRIPTS } from '../../src/redis/scripts.ts';
import { deferred, nextId, requestOf, textOf } from '../callback/router-promises.ts';
import { appOptions, grow, openClient, openRouter, type RedisServer, startRedis } from './support.ts';

const ok = (): CallbackAnswer => ({ status: 200, body: '' });

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.kill());

/** What an instance does on its way to Redis, and whether it gets there. */
interface Way {
  /** How many commands with steps were sent. */
  commands: number;
  /** Holds the commands back that are sent from now on. */
  held: Promise<void> | undefined;
}

/** A client that takes note of commands with steps, and can be held back. */
class WatchedClient implements RedisRouterClient {
  readonly #client: RedisRouterClient;
  readonly #way: Way;
  constructor(client: RedisRouterClient, way: Way) {
    this.#client = client;
    this.#way = way;
  }
  get isReady() {
    return this.#client.isReady;
  }
  duplicate(overrides?: object) {
    return new WatchedClient(this.#client.duplicate(overrides), this.#way);
  }
  connect() {
    return this.#client.connect();
  }
  destroy() {
    this.#client.destroy();
  }
  async sendCommand(args: (string | Buffer)[], options?: object) {
    const { text, sha } = SCRIPTS.steps;
    if (args[1] === text || args[1] === sha) {
      this.#way.commands++;
      await this.#way.held;
    }
    return this.#client.sendCommand(args, options);
  }
  subscribe(channel: string, listener: (message: Buffer) => unknown, bufferMode: true) {
    return this.#client.subscribe(channel, listener, bufferMode);
  }
  on(event: string, listener: () => void) {
    return this.#client.on(event, listener);
  }
}

/** An instance whose way to Redis is watched, and another one of the same app. */
async function open() {
  const options = appOptions(redis, { maxWaiting: 1_000 });
  await grow(redis, options.prefix ?? '');
  const way: Way = { commands: 0, held: undefined };
  const client = new WatchedClient(createClient({ url: redis.url }), way);
  return { way, router: await openRouter({ ...options, client }), other: await openRouter(options) };
}

it('an event that comes to the instance of its owner is answered as soon as its owner has answered', async () => {
  const { way, router } = await open();
  const id = nextId();
  const late = deferred<void>();
  await router.register(id, () => {
    // Nothing that is sent from here on gets to Redis.
    way.held = late.promise;
    return { status: 207, body: 'own', headers: { 'X-A': 'b' } };
  });
  expect(await router.dispatch(id, requestOf('POST', 'event'))).toEqual({
    status: 207,
    body: 'own',
    headers: { 'X-A': 'b' },
  });
  late.resolve();
});

it('and its owner may answer it only as it could answer another instance', async () => {
  const { router, other } = await open();
  const id = nextId();
  await router.register(id, () => ({ status: 200, body: '', headers: { 'Set-Cookie': 'a=b' } }));
  await expect(router.dispatch(id, requestOf('POST'))).rejects.toThrow('failed');
  await expect(other.dispatch(id, requestOf('POST'))).rejects.toThrow('failed');
});

it('the events of one moment are passed on together', async () => {
  const { way, router, other } = await open();
  const ids = Array.from({ length: 20 }, nextId);
  for (const id of ids) await other.register(id, ok);
  way.commands = 0;
  const answers = await Promise.all(ids.map((id) => router.dispatch(id, requestOf('POST', 'event'))));
  expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
  expect(way.commands).toBe(1);
});

it('and in their order when they are many and large', async () => {
  const { router, other } = await open();
  const id = nextId();
  const seen: string[] = [];
  await other.register(id, (request) => {
    seen.push(textOf(request).trimEnd());
    return ok();
  });
  const texts = Array.from({ length: 200 }, (_, index) => String(index));
  const sizes = [10, 20_000, 300_000];
  const answers = await Promise.all(
    texts.map((text, index) => router.dispatch(id, requestOf('POST', text.padEnd(sizes[index % 3] ?? 0)))),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(seen).toEqual(texts);
});

it('those that come while Redis takes its time wait for it together', async () => {
  const { way, router, other } = await open();
  const id = nextId();
  const seen: string[] = [];
  await other.register(id, (request) => {
    seen.push(textOf(request));
    return ok();
  });
  const slow = deferred<void>();
  way.held = slow.promise;
  way.commands = 0;
  const answers = [router.dispatch(id, requestOf('POST', '0'))];
  for (let text = 1; text < 10; text++) {
    await new Promise(setImmediate);
    answers.push(router.dispatch(id, requestOf('POST', String(text))));
  }
  slow.resolve();
  expect((await Promise.all(answers)).every(({ status }) => status === 200)).toBe(true);
  expect(way.commands).toBe(2);
  expect(seen).toEqual(Array.from({ length: 10 }, (_, text) => String(text)));
});

it('an answer gets through when Redis has forgotten its scripts', async () => {
  const { router, other } = await open();
  const id = nextId();
  const given = deferred<void>();
  const answer = deferred<CallbackAnswer>();
  await other.register(id, () => {
    given.resolve();
    return answer.promise;
  });
  // The owner has used the script before.
  const warm = nextId();
  await other.register(warm, ok);
  expect(await other.dispatch(warm, requestOf('POST'))).toMatchObject({ status: 200 });
  const waiting = router.dispatch(id, requestOf('POST', 'event'));
  await given.promise;
  await (await openClient(redis)).scriptFlush();
  answer.resolve({ status: 207, body: '' });
  expect(await waiting).toMatchObject({ status: 207 });
});

it('a step that fails keeps no other from being done', async () => {
  const { way, router, other } = await open();
  const [good, bad] = [nextId(), nextId()];
  await other.register(good, ok);
  await other.register(bad, ok);
  const intruder = await openClient(redis);
  const keys = await intruder.keys('*:id:*');
  const hash = createHash('sha256').update(bad).digest('base64url');
  const key = keys.find((name) => name.endsWith(hash)) ?? '';
  await intruder.set(key.replace(':id:', ':q:'), 'of another type');
  way.commands = 0;
  const answers = await Promise.all([bad, good, bad, good].map((id) => router.dispatch(id, requestOf('POST'))));
  expect(answers.map(({ status }) => status)).toEqual([503, 200, 503, 200]);
  expect(way.commands).toBe(1);
});
