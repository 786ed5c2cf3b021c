import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCallbackEndpoint } from '../../src/callback/index.ts';
import { BODY, PATIENT, RecordingOwner, sign, TOPIC } from '../callback/support.ts';
import { appOptions, grow, openClient, openRouter, type RedisServer, startRedis } from '../redis/support.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.kill());

/** A tenant: two instances of one app, and a subscription of the first. */
async function openTenant() {
  const options = appOptions(redis);
  const prefix = options.prefix ?? '';
  await grow(redis, prefix);
  const baseUrl = 'https://tenant.example.org/fhircast';
  const owner = new RecordingOwner();
  const endpoint = createCallbackEndpoint({ baseUrl, router: await openRouter(options) });
  const front = createCallbackEndpoint({ baseUrl, router: await openRouter(options) });
  const { url, secret } = await endpoint.open(owner);
  const id = url.split('/').at(-1) ?? '';
  const event = { method: 'POST', query: '', signature: sign(secret, BODY), body: Buffer.from(BODY) };
  return { prefix, owner, endpoint, front, id, secret, event };
}

describe('Another tenant of the same Redis sends an event', () => {
  it('to a callback URL that it knows: its own instances have nobody there', async () => {
    const [ours, theirs] = [await openTenant(), await openTenant()];
    const event = { ...ours.event, signature: sign(theirs.secret, BODY) };
    expect(await theirs.front.handle(ours.id, ours.event)).toMatchObject({ status: 404 });
    // Nor does its signature count at ours.
    expect(await ours.front.handle(ours.id, event)).toMatchObject({ status: 401 });
    expect([ours.owner.bodies, theirs.owner.bodies]).toEqual([[], []]);
    expect(await ours.front.handle(ours.id, ours.event)).toMatchObject({ status: 200 });
    expect(theirs.owner.bodies).toEqual([]);
  });

  it('past every router, into the channel of the owner: it fails the signature', async () => {
    const [ours, theirs] = [await openTenant(), await openTenant()];
    const intruder = await openClient(redis);
    const hash = createHash('sha256').update(ours.id).digest('base64url');
    const [token, instance] = await intruder.hmGet(`${ours.prefix}id:${hash}`, ['t', 'i']);
    const meta = JSON.stringify({ m: 'POST', q: '', s: sign(theirs.secret, BODY) });
    const message = `q ${hash} ${token} 1 ${randomUUID()} ${randomUUID()}\n${meta}\n${BODY}`;
    await intruder.publish(`${ours.prefix}to:${instance}`, message);
    await vi.waitFor(() => expect(ours.owner.codes).toEqual(['signature-mismatch']));
    expect(ours.owner.bodies).toEqual([]);
  });

  it('by taking over the callback id: it sees events from then on, and can make none', async () => {
    const ours = await openTenant();
    // An intruder who has the prefix and the rights of the app: Redis cannot tell the two apart.
    const router = await openRouter({ ...appOptions(redis), prefix: ours.prefix });
    const taken: unknown[] = [];
    await router.register(ours.id, ({ signature }) => {
      taken.push(signature);
      return { status: 200, body: '' };
    });
    await ours.front.handle(ours.id, ours.event);
    expect(taken).toEqual([ours.event.signature]);
    expect(ours.owner.bodies).toEqual([]);
  });
});

describe('A thief reads all of Redis', () => {
  it('and finds no secret and no callback URL, and nothing that lasts', async () => {
    const ours = await openTenant();
    const thief = await openClient(redis);
    const seen: string[] = [];
    await thief.pSubscribe('*', (message, channel) => seen.push(channel, message));
    await ours.front.handle(ours.id, ours.event);
    const query = new URLSearchParams({ 'hub.topic': TOPIC, 'hub.mode': 'subscribe', 'hub.challenge': 'c' }).toString();
    await ours.front.handle(ours.id, { method: 'GET', query, signature: undefined, body: new Uint8Array(0) });
    await vi.waitFor(() => expect(seen.join()).toContain(PATIENT));
    const reader = await openClient(redis);
    const left: string[] = [];
    for (const key of await reader.keys(`${ours.prefix}*`)) left.push(key, (await reader.dump(key)) ?? '');
    for (const text of [...seen, ...left]) {
      expect(text).not.toContain(ours.id);
      expect(text).not.toContain(ours.secret);
      expect(text).not.toContain('tenant.example.org');
    }
    // Events pass through; they do not stay.
    expect(left.join()).not.toContain(PATIENT);
  });
});
