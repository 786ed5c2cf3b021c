import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createCallbackEndpoint } from '../../src/callback/index.ts';
import { redisRouter } from '../../src/redis/index.ts';
import { nextId, requestOf } from '../callback/router-promises.ts';
import { BODY, RecordingOwner, sign, TOPIC } from '../callback/support.ts';
import { appOptions, grow, openClient, openRouter, type RedisServer, startRedis } from './support.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.kill());

/** Two instances of one app, and a subscription of the first. */
const openApp = async (baseUrl = 'https://app.example.org/fhircast', owner = new RecordingOwner()) => {
  const options = appOptions(redis);
  const prefix = options.prefix ?? '';
  await grow(redis, prefix);
  const [router, otherRouter] = [await openRouter(options), await openRouter(options)];
  const endpoint = createCallbackEndpoint({ baseUrl, router });
  const other = createCallbackEndpoint({ baseUrl, router: otherRouter });
  const { url, secret } = await endpoint.open(owner);
  const id = new URL(url).pathname.split('/').at(-1) ?? '';
  const hash = createHash('sha256').update(id).digest('base64url');
  const body = new TextEncoder().encode(BODY);
  const event = { ...requestOf('POST'), signature: sign(secret, BODY), body };
  return { prefix, router, otherRouter, endpoint, other, owner, url, secret, id, hash, event };
};

describe('what another tenant puts into Redis', () => {
  it('fails its signature when it is an event', async () => {
    const { prefix, hash, owner, router, endpoint } = await openApp();
    const intruder = await openClient(redis);
    const [token = '', instance = ''] = await intruder.hmGet(`${prefix}id:${hash}`, ['t', 'i']);
    const meta = JSON.stringify({ m: 'POST', q: '', s: sign('another secret', BODY) });
    const forged = `q ${hash} ${token} 1 ${randomUUID()} ${randomUUID()}\n${meta}\n${BODY}`;
    await intruder.publish(`${prefix}to:${instance}`, forged);
    await vi.waitFor(() => expect(owner.codes).toEqual(['signature-mismatch']));
    expect(endpoint.counts).toEqual({ 'signature-mismatch': 1 });
    expect(owner.bodies).toEqual([]);
    expect(router.counts).toMatchObject({ malformed: 0, handled: 1 });
  });

  it('is counted and dropped when it is no message of a router', async () => {
    const { prefix, hash, id, event, other, owner, router } = await openApp();
    const intruder = await openClient(redis);
    const [token = '', instance = ''] = await intruder.hmGet(`${prefix}id:${hash}`, ['t', 'i']);
    const [from, request] = [randomUUID(), randomUUID()];
    const junk = [
      '',
      'x',
      'q\n',
      `q ${hash} nonsense 1 ${from} ${request}\n{}\n`,
      `q ${hash} ${token} one ${from} ${request}\n{}\n`,
      `q ${hash} ${token} 1 ${from} x\n{}\n`,
      `q ${hash} ${token} 1 ${from} ${request}\n{}\n`,
      `a ${request}\n{"s":200,"h":{"Set-Cookie":"a=b"}}\n`,
      `l ${request} nonsense\n`,
      `z ${request}\n`,
      'x'.repeat(100_000),
    ];
    for (const message of junk) await intruder.publish(`${prefix}to:${instance}`, message);
    expect(await other.handle(id, event)).toMatchObject({ status: 200 });
    expect(owner.bodies).toEqual([BODY]);
    expect(router.counts).toMatchObject({ malformed: junk.length, handled: 1 });
  });

  it('does not answer a hub in place of the owner without the name of the request', async () => {
    const { prefix, id, event, other, otherRouter } = await openApp();
    const intruder = await openClient(redis);
    const instances = await intruder.zRange(`${prefix}instances`, 0, -1);
    for (const instance of instances)
      await intruder.publish(`${prefix}to:${instance}`, `a ${randomUUID()}\n{"s":299}\nforged`);
    expect(await other.handle(id, event)).toMatchObject({ status: 200, body: '' });
    expect(otherRouter.counts).toMatchObject({ malformed: 0, dispatched: 1 });
  });

  it('is a 503 when it is data of another type', async () => {
    const { prefix, hash, id, event, other, owner } = await openApp();
    const intruder = await openClient(redis);
    await intruder.set(`${prefix}q:${hash}`, 'nonsense');
    expect(await other.handle(id, event)).toMatchObject({ status: 503 });
    await intruder.del(`${prefix}q:${hash}`);
    expect(await other.handle(id, event)).toMatchObject({ status: 200 });
    expect(owner.bodies).toEqual([BODY]);
  });

  it('does not reach an app with another prefix, whatever its ids', async () => {
    const [first, second] = [await openApp(), await openApp()];
    expect(await second.other.handle(first.id, first.event)).toMatchObject({ status: 404 });
    expect(second.other.counts).toEqual({ 'unknown-callback': 1 });
    expect(await first.other.handle(first.id, first.event)).toMatchObject({ status: 200 });
  });

  it('does not count when it is a key prefix of the client: the app may have one', async () => {
    const options = appOptions(redis);
    await grow(redis, options.prefix ?? '');
    const plain = await openRouter(options);
    const client = createClient({ url: redis.url, keyPrefix: 'app:', RESP: 2 });
    const prefixed = await openRouter({ ...options, client });
    const id = nextId();
    await prefixed.register(id, () => ({ status: 207, body: '' }));
    expect(await plain.dispatch(id, requestOf('POST', 'x'.repeat(20_000)))).toMatchObject({ status: 207 });
  });
});

describe('a user of Redis with the rights that the documentation names', () => {
  it('is enough for an app', async () => {
    const document = readFileSync(resolve(import.meta.dirname, '../../docs/redis.md'), 'utf8');
    const [rights = ''] = /^~viewer:.*$/m.exec(document) ?? [];
    const admin = await openClient(redis);
    await admin.sendCommand(['ACL', 'SETUSER', 'viewer', 'on', '>password', ...rights.split(' ')]);
    const client = createClient({ url: redis.url, username: 'viewer', password: 'password' });
    await grow(redis, 'viewer:');
    const router = await openRouter(appOptions(redis, { client, prefix: 'viewer:', answerWithinMs: 200 }));
    const id = nextId();
    const event = requestOf('POST', 'x'.repeat(20_000));
    await router.register(id, () => new Promise(() => {}));
    await router.register(id, () => ({ status: 207, body: '' }));
    expect(await router.dispatch(id, event)).toMatchObject({ status: 207 });
    await router.register(id, () => new Promise(() => {}));
    expect(await router.dispatch(id, event)).toMatchObject({ status: 202 });
    await router.release(id);
    expect(await router.dispatch(id, event)).toMatchObject({ status: 410 });
    expect(await router.dispatch(nextId(), event)).toMatchObject({ status: 404 });
    await router.close();
    expect(await admin.sendCommand(['ACL', 'LOG'])).toEqual([]);
    const foreign = appOptions(redis, { client, prefix: 'other:', answerWithinMs: 50 });
    const intruder = redisRouter(foreign);
    onTestFinished(() => intruder.close());
    await expect(intruder.register(id, () => ({ status: 200, body: '' }))).rejects.toMatchObject({ retryable: true });
  });
});

describe('what a thief of Redis sees', () => {
  it('is neither a secret nor a callback URL', async () => {
    const seen: string[] = [];
    const spy = createClient({ url: redis.url });
    await spy.connect();
    await spy.monitor((line) => seen.push(String(line)));
    const { other, otherRouter, id, secret, event, hash, router } = await openApp(
      'https://secret.example.org/fhircast',
    );
    const query = `hub.challenge=c&hub.topic=${TOPIC}`;
    expect(await other.handle(id, { ...requestOf('GET'), query })).toMatchObject({ status: 200, body: 'c' });
    expect(await other.handle(id, event)).toMatchObject({ status: 200 });
    await router.release(id);
    await otherRouter.dispatch(id, event);
    await vi.waitFor(() => expect(seen.filter((line) => line.includes(hash)).length).toBeGreaterThan(5));
    const all = seen.join('\n');
    // Otherwise the monitor would prove nothing.
    expect(all).toContain('hub.challenge=c');
    for (const kept of [id, secret, 'secret.example.org']) expect(all).not.toContain(kept);
    spy.destroy();
  });
});

describe('the options', () => {
  it.each([
    ['prefix', { prefix: '' }],
    ['prefix', { prefix: 'a b' }],
    ['prefix', { prefix: 'a\n' }],
    ['leaseSeconds', { leaseSeconds: 0 }],
    ['leaseSeconds', { leaseSeconds: Number.NaN }],
    ['graceSeconds', { graceSeconds: -1 }],
    ['rememberSeconds', { rememberSeconds: 10 ** 10 }],
    ['bodyLimit', { bodyLimit: 0 }],
  ])('refuse a %s that cannot work: %j', (at, options) => {
    expect(() => redisRouter(appOptions(redis, options))).toThrow(
      expect.objectContaining({ code: 'option-invalid', at }),
    );
  });

  it('set the largest body that is passed on', async () => {
    const options = appOptions(redis, { bodyLimit: 10 });
    const [router, other] = [await openRouter(options), await openRouter(options)];
    const bodies: unknown[] = [];
    const id = nextId();
    await router.register(id, ({ body }) => {
      bodies.push(typeof body === 'string' ? body : body.byteLength);
      return { status: 200, body: '' };
    });
    await other.dispatch(id, requestOf('POST', 'x'.repeat(10)));
    await other.dispatch(id, requestOf('POST', 'x'.repeat(11)));
    expect(bodies).toEqual([10, 'too-large']);
    expect(await other.dispatch(id, { ...requestOf('POST'), query: 'x'.repeat(65_537) })).toMatchObject({
      status: 414,
    });
  });
});
