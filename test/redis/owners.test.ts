import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CallbackAnswer } from '../../src/callback/index.ts';
import type { RedisRouterOptions } from '../../src/redis/index.ts';
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
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.kill());

const optionsWith = async (given: Partial<RedisRouterOptions> = {}) => {
  const options = appOptions(redis, given);
  await grow(redis, options.prefix ?? '');
  return options;
};

describe('an owner that cannot be reached', () => {
  it('gets what was answered 202 when it is back, in order', async () => {
    const lost: string[] = [];
    const options = await optionsWith({ answerWithinMs: 200, onLost: (reason) => lost.push(reason) });
    const { line, router } = await openRouterOn(redis, options);
    const other = await openRouter(options);
    const id = nextId();
    const seen: string[] = [];
    await router.register(id, (request) => {
      seen.push(textOf(request));
      return ok();
    });
    line.cut();
    await reaches(router, 'connecting');
    const texts = ['1', '2', '3'.padEnd(20_000), '4'];
    const statuses: number[] = [];
    for (const text of texts) statuses.push((await other.dispatch(id, requestOf('POST', text))).status);
    // A verification is not kept: it would be answered too late.
    statuses.push((await other.dispatch(id, requestOf('GET', 'verification'))).status);
    expect(statuses).toEqual([202, 202, 202, 202, 503]);
    line.mend();
    await vi.waitFor(() => expect(seen).toEqual(texts), 10_000);
    expect(lost).toEqual([]);
  });

  it('is taken over by whoever registers the id: it gets what waits, and answers it', async () => {
    const options = await optionsWith();
    const { line, router } = await openRouterOn(redis, options);
    const [other, heir] = [await openRouter(options), await openRouter(options)];
    const id = nextId();
    await router.register(id, ok);
    line.cut();
    await reaches(router, 'connecting');
    const answers = ['1', '2', '3'].map((text) => other.dispatch(id, requestOf('POST', text)));
    await vi.waitFor(() => expect(other.counts).toMatchObject({ dispatched: 3 }));
    const seen: string[] = [];
    await heir.register(id, (request) => {
      seen.push(textOf(request));
      return { status: 207, body: '' };
    });
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([207, 207, 207]);
    expect(seen).toEqual(['1', '2', '3']);
    line.mend();
    await reaches(router, 'ready');
    expect(await router.dispatch(id, EVENT)).toMatchObject({ status: 207 });
  });

  it('is 202 until its lease ends, then 503, then 410; what was kept is reported as lost, once', async () => {
    const lost: string[] = [];
    const options = await optionsWith({ answerWithinMs: 100, leaseSeconds: 0.9, graceSeconds: 0.6, maxWaiting: 1_000 });
    const { line, router } = await openRouterOn(redis, options);
    const others = [await openRouter({ ...options, onLost: (reason) => lost.push(reason) }), await openRouter(options)];
    const id = nextId();
    await router.register(id, () => ({ status: 207, body: '' }));
    line.cut();
    const statuses: number[] = [];
    while (statuses.at(-1) !== 410) statuses.push((await others[0]?.dispatch(id, EVENT))?.status ?? 0);
    // Where Redis is slow there may be a 503 before, but what is kept is never kept after the lease.
    expect([...new Set(statuses)].sort()).toEqual([202, 410, 503]);
    expect(statuses.at(-2)).toBe(503);
    const kept = statuses.filter((status) => status === 202);
    await vi.waitFor(() => expect(lost).toEqual(kept.map(() => 'owner-gone')), 10_000);
    // It comes back all the same: the id is its own again.
    line.mend();
    await reaches(router, 'ready');
    await vi.waitFor(async () => expect(await others[1]?.dispatch(id, EVENT)).toMatchObject({ status: 207 }));
    expect(lost).toHaveLength(kept.length);
  });

  it('that gives the id up loses what was kept, and what waits is 410', async () => {
    const lost: string[] = [];
    const options = await optionsWith({ answerWithinMs: 300, onLost: (reason) => lost.push(reason) });
    const { line, router } = await openRouterOn(redis, options);
    const other = await openRouter(options);
    const id = nextId();
    await router.register(id, ok);
    line.cut();
    await reaches(router, 'connecting');
    expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 202 });
    await router.release(id);
    line.mend();
    await vi.waitFor(() => expect(lost).toEqual(['released']), 10_000);
    expect(await other.dispatch(id, EVENT)).toMatchObject({ status: 410 });
  });

  it('is reported by another instance when the one that has acknowledged is gone as well', async () => {
    const lost: string[] = [];
    const options = await optionsWith({ answerWithinMs: 200, leaseSeconds: 0.3, graceSeconds: 0.3 });
    const { line, router } = await openRouterOn(redis, options);
    const gone = await openRouter({ ...options, onLost: (reason) => lost.push(`gone: ${reason}`) });
    await openRouter({ ...options, onLost: (reason) => lost.push(`there: ${reason}`) });
    const id = nextId();
    await router.register(id, ok);
    line.cut();
    expect(await gone.dispatch(id, EVENT)).toMatchObject({ status: 202 });
    await gone.close();
    await vi.waitFor(() => expect(lost).toEqual(['there: owner-gone']), 10_000);
  });

  it('is reported by the last instance when it leaves', async () => {
    const lost: string[] = [];
    const options = await optionsWith({ answerWithinMs: 200, leaseSeconds: 0.3, graceSeconds: 3_600 });
    const { line, router } = await openRouterOn(redis, options);
    const last = await openRouter({ ...options, onLost: (reason) => lost.push(reason) });
    const id = nextId();
    await router.register(id, ok);
    line.cut();
    expect(await last.dispatch(id, EVENT)).toMatchObject({ status: 202 });
    // Its lease has ended.
    await vi.waitFor(async () => expect(await last.dispatch(id, EVENT)).toMatchObject({ status: 503 }), 10_000);
    await last.close();
    expect(lost).toContain('owner-gone');
    expect(last.counts.lost).toBe(lost.length);
  });
});

describe('an instance that leaves', () => {
  it('answers what it was given; then its ids are 503, and whoever registers them has them', async () => {
    const options = await optionsWith();
    const [leaving, other, heir] = [await openRouter(options), await openRouter(options), await openRouter(options)];
    const [id, quiet] = [nextId(), nextId()];
    const given = deferred<void>();
    const answer = deferred<CallbackAnswer>();
    await leaving.register(quiet, ok);
    await leaving.register(id, () => {
      given.resolve();
      return answer.promise;
    });
    const waiting = other.dispatch(id, EVENT);
    await given.promise;
    const closed = leaving.close();
    expect(leaving.close()).toBe(closed);
    expect(leaving.state).toBe('closing');
    await vi.waitFor(async () => expect(await other.dispatch(quiet, EVENT)).toMatchObject({ status: 503 }));
    expect(await leaving.dispatch(quiet, EVENT)).toMatchObject({ status: 503 });
    answer.resolve({ status: 207, body: '' });
    expect(await waiting).toMatchObject({ status: 207 });
    await closed;
    expect(leaving.state).toBe('closed');
    await heir.register(quiet, ok);
    expect(await other.dispatch(quiet, EVENT)).toMatchObject({ status: 200 });
  });

  it('loses nothing while requests flow, whoever takes over', async () => {
    const options = await optionsWith();
    const [leaving, other, heir] = [await openRouter(options), await openRouter(options), await openRouter(options)];
    const id = nextId();
    const seen: string[] = [];
    const handler = (request: typeof EVENT): Promise<CallbackAnswer> => {
      seen.push(textOf(request));
      return new Promise((resolve) => setImmediate(() => resolve(ok())));
    };
    await leaving.register(id, handler);
    const statuses = new Map<string, number>();
    let number = 0;
    const send = async () => {
      const text = String(number++);
      statuses.set(text, (await other.dispatch(id, requestOf('POST', text))).status);
    };
    const burst = () => Promise.all(Array.from({ length: 30 }, send));
    await burst();
    const during = burst();
    await Promise.all([during, leaving.close(), burst()]);
    await heir.register(id, handler);
    await burst();
    const acknowledged = [...statuses].filter(([, status]) => status < 300).map(([text]) => text);
    expect(acknowledged.filter((text) => !seen.includes(text))).toEqual([]);
    expect([...new Set(statuses.values())].filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect(statuses.get(String(number - 1))).toBe(200);
  });

  it('leaves no connection behind', async () => {
    const name = nextId();
    const options = await optionsWith();
    const client = createClient({ url: redis.url, name });
    const router = await openRouter({ ...options, client });
    const test = await openClient(redis);
    const connections = async () =>
      (await test.sendCommand(['CLIENT', 'LIST'])).toString().split(`name=${name} `).length - 1;
    expect(await connections()).toBe(2);
    await router.close();
    await vi.waitFor(async () => expect(await connections()).toBe(0));
  });
});
