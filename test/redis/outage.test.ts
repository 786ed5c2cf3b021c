import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallbackAnswer } from '../../src/callback/index.ts';
import { redisRouter } from '../../src/redis/index.ts';
import { deferred, nextId, requestOf, textOf } from '../callback/router-promises.ts';
import {
  appOptions,
  grow,
  openClient,
  openRouter,
  openRouterOn,
  type RedisServer,
  reaches,
  startRedis,
} from './support.ts';

const ok = (): CallbackAnswer => ({ status: 200, body: '' });
const EVENT = requestOf('POST', 'event');

let redis: RedisServer;
beforeEach(async () => {
  redis = await startRedis();
});
afterEach(() => redis.kill());

const open = async () => {
  const options = appOptions(redis);
  await grow(redis, options.prefix ?? '');
  return { options, owner: await openRouter(options), other: await openRouter(options) };
};

describe('Redis that goes away and comes back empty', () => {
  it('costs 503 meanwhile, also for what waits, and the instances register again by themselves', async () => {
    const { owner, other } = await open();
    const [id, unknown] = [nextId(), nextId()];
    const given = deferred<void>();
    await owner.register(id, (request) => {
      if (textOf(request) !== 'slow') return ok();
      given.resolve();
      return new Promise(() => {});
    });
    const slow = other.dispatch(id, requestOf('POST', 'slow'));
    await given.promise;
    await redis.kill();
    expect(await slow).toMatchObject({ status: 503 });
    await Promise.all([reaches(owner, 'connecting'), reaches(other, 'connecting')]);
    for (const router of [owner, other]) {
      const answer = await router.dispatch(id, EVENT);
      expect(answer).toMatchObject({ status: 503, body: '' });
      expect(Number(answer.headers?.['Retry-After'])).toBeGreaterThan(0);
    }
    await redis.start();
    // As long as the others may not have come back, it may be theirs.
    await reaches(other, 'ready');
    expect(await other.dispatch(unknown, EVENT)).toMatchObject({ status: 503 });
    await reaches(owner, 'ready');
    expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 200 });
  });

  it('does not give an id back to a former owner, whoever is back first', async () => {
    const options = appOptions(redis);
    const former = await openRouterOn(redis, options);
    const newest = await openRouterOn(redis, options);
    const other = await openRouter(options);
    const id = nextId();
    await former.router.register(id, () => ({ status: 201, body: '' }));
    former.line.cut();
    await newest.router.register(id, () => ({ status: 202, body: '' }));
    newest.line.cut();
    await redis.kill();
    await redis.start();
    former.line.mend();
    await Promise.all([reaches(former.router, 'ready'), reaches(other, 'ready')]);
    expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 201 });
    newest.line.mend();
    await reaches(newest.router, 'ready');
    expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 202 });
    former.line.cut();
    await reaches(former.router, 'connecting');
    former.line.mend();
    await reaches(former.router, 'ready');
    expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 202 });
  });

  it('reports what it kept and has lost', async () => {
    const lost: string[] = [];
    const options = appOptions(redis, { answerWithinMs: 200 });
    const owner = await openRouterOn(redis, options);
    const other = await openRouter({ ...options, onLost: (reason) => lost.push(reason) });
    const id = nextId();
    await owner.router.register(id, ok);
    owner.line.cut();
    expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 202 });
    await redis.kill();
    await redis.start();
    await vi.waitFor(() => expect(lost).toEqual(['unconfirmed']), 10_000);
    expect(other.counts).toMatchObject({ lost: 1 });
  });

  it('is waited for by a registration, but not for ever', async () => {
    await redis.kill();
    const states: string[] = [];
    const router = redisRouter(appOptions(redis, { answerWithinMs: 200, onState: (state) => states.push(state) }));
    const id = nextId();
    await expect(router.register(id, ok)).rejects.toMatchObject({ name: 'ChannelError', retryable: true });
    await router.close();
    await expect(router.register(id, ok)).rejects.toMatchObject({ retryable: true });
    expect(await router.dispatch(id, EVENT)).toMatchObject({ status: 503 });
    expect(states).toEqual(['closing', 'closed']);

    const patient = redisRouter(appOptions(redis));
    const registered = patient.register(id, ok);
    await redis.start();
    await registered;
    expect(await patient.dispatch(id, EVENT)).toMatchObject({ status: 200 });
    await patient.close();
  });
});

describe('Redis that forgets', () => {
  it('its scripts: one request is 503, and the next one is passed on', async () => {
    const { owner, other } = await open();
    const id = nextId();
    await owner.register(id, ok);
    expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 200 });
    await (await openClient(redis)).scriptFlush();
    expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 503 });
    expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 200 });
  });

  it('its data, with its connections open: the next report finds it, and registers again', async () => {
    const options = appOptions(redis, { leaseSeconds: 0.3 });
    const [owner, other] = [await openRouter(options), await openRouter(options)];
    const id = nextId();
    await owner.register(id, ok);
    await (await openClient(redis)).flushAll();
    await vi.waitFor(async () => expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 200 }), 10_000);
  });
});

describe('Redis that hangs', () => {
  it('keeps no request open, and nothing is acknowledged', async () => {
    const options = appOptions(redis, { answerWithinMs: 50, leaseSeconds: 0.6 });
    const [owner, other] = [await openRouter(options), await openRouter(options)];
    const id = nextId();
    await owner.register(id, ok);
    await other.dispatch(id, EVENT);
    redis.freeze();
    expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 503 });
    // Found out without a connection that breaks.
    await reaches(other, 'connecting');
    redis.thaw();
    await vi.waitFor(async () => expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 200 }), 10_000);
  });
});

describe('a connection that breaks', () => {
  it.each(['pubsub', 'normal'])('of type %s: what was acknowledged was delivered, in order', async (type) => {
    const { owner, other } = await open();
    const client = await openClient(redis);
    const id = nextId();
    const seen: number[] = [];
    await owner.register(id, (request) => {
      seen.push(Number(textOf(request)));
      return ok();
    });
    const acknowledged: number[] = [];
    let number = 0;
    for (let round = 0; round < 5; round++) {
      const answers: Promise<void>[] = [];
      for (let count = 0; count < 40; count++) {
        const sent = number++;
        const note = ({ status }: CallbackAnswer) => {
          if (status < 300) acknowledged.push(sent);
        };
        // Some are fetched, and must not be overtaken.
        const text = String(sent).padStart(sent % 7 === 0 ? 20_000 : 1, '0');
        answers.push(Promise.resolve(other.dispatch(id, requestOf('POST', text))).then(note));
        if (count === 20) void client.sendCommand(['CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes']).catch(() => {});
      }
      await Promise.all(answers);
      await vi.waitFor(
        async () => expect(await other.dispatch(id, requestOf('POST', '-1'))).toMatchObject({ status: 200 }),
        10_000,
      );
    }
    const events = seen.filter((event) => event >= 0);
    expect(events.filter((event) => acknowledged.includes(event)).length).toBe(acknowledged.length);
    expect(events).toEqual([...new Set(events)].sort((a, b) => a - b));
  });

  it('lets an id be given up meanwhile', async () => {
    const { options, other } = await open();
    const { line, router } = await openRouterOn(redis, options);
    const id = nextId();
    await router.register(id, ok);
    line.cut();
    await reaches(router, 'connecting');
    await router.release(id);
    line.mend();
    await reaches(router, 'ready');
    expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 410 });
  });
});
