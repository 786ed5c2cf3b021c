import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RelayOptions, relayChannel } from '../../src/relay/index.ts';
import { RecordingOwner } from '../callback/support.ts';
import { appOptions, grow, openLine, openRouter, type RedisServer, startRedis } from '../redis/support.ts';
import { ask, type Door, openDoor, openPage, openRelay, post, sign } from './support.ts';

const WITHIN = { timeout: 20_000, interval: 5 };

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.kill());

/** Relays behind a load balancer. */
const openRelays = async (count = 2, options: Partial<RelayOptions> = {}, given = appOptions(redis)) => {
  await grow(redis, given.prefix ?? '');
  const routers = await Promise.all(Array.from({ length: count }, () => openRouter(given)));
  const relays = await Promise.all(
    routers.map((router) => openRelay({ baseUrl: 'https://relay.example.org', router, ...options })),
  );
  return relays.map((relay, at) => ({
    ...relay,
    /** The callback URL as this instance has it. */
    at: (callback: string) => callback.replace('https://relay.example.org', relay.url),
    router: routers[at],
  }));
};

type Instance = Awaited<ReturnType<typeof openRelays>>[number];

const pair = async (options?: Partial<RelayOptions>): Promise<[Instance, Instance]> =>
  (await openRelays(2, options)) as [Instance, Instance];

describe('relays that share a Redis', () => {
  it('take hubs, and answers of pages, wherever the page is', async () => {
    const [one, other] = await pair();
    const page = await openPage(one.url);
    const answer = post(other.at(page.callback), '{"patient":"Åse"}');
    await page.has(1);
    expect(page.bodies).toEqual(['{"patient":"Åse"}']);
    expect(await page.answer(0, 409, '', other.url)).toBe(204);
    expect((await answer).status).toBe(409);
    expect(await page.answer(0, 409, '', other.url)).toBe(404);
  });

  it('end a page wherever it is', async () => {
    const [one, other] = await pair();
    const page = await openPage(one.url);
    expect((await ask(`${other.url}/page`, page.page, { method: 'DELETE' })).status).toBe(204);
    await page.ended();
    expect((await post(other.at(page.callback), '{}')).status).toBe(410);
    expect([one.relay.pages, other.relay.pages]).toEqual([0, 0]);
  });

  it('hand a page over: what waits goes with it, in order, once, before what is new', async () => {
    const [one, other] = await pair();
    const page = await openPage(one.url);
    const answers: Promise<Response>[] = [];
    const texts = ['first', 'x'.repeat(20_000), 'third'];
    for (const [at, text] of texts.entries()) {
      answers.push(post(one.at(page.callback), text));
      await page.has(at + 1);
    }
    page.leave();
    const back = await openPage(other.url, page.page);
    expect(back.pages[0]).toEqual(page.pages[0]);
    answers.push(post(one.at(page.callback), 'new'));
    await back.has(4);
    expect(back.bodies).toEqual([...texts, 'new']);
    for (const at of back.requests.keys()) expect(await back.answer(at, 200 + at, '', one.url)).toBe(204);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 201, 202, 203]);
    expect([one.relay.pages, other.relay.pages]).toEqual([0, 1]);
  });

  it('hand over what had been answered 202 long ago', async () => {
    const lost: string[] = [];
    const given = appOptions(redis, { answerWithinMs: 300, onLost: (reason) => lost.push(reason) });
    const [one, other] = (await openRelays(2, {}, given)) as [Instance, Instance];
    const page = await openPage(one.url);
    expect((await post(one.at(page.callback), 'first')).status).toBe(202);
    expect((await post(other.at(page.callback), 'second')).status).toBe(202);
    const back = await openPage(other.url, page.page);
    await page.ended();
    expect(page.isReplaced).toBe(true);
    await back.has(2);
    expect(back.bodies).toEqual(['first', 'second']);
    expect(back.pages[0]?.epoch).toBe(page.pages[0]?.epoch);
    for (const at of [0, 1]) expect(await back.answer(at)).toBe(204);
    expect(lost).toEqual([]);
  });

  it('lose a relay, but no page: it is told that something may be missing', async () => {
    const given = appOptions(redis, { leaseSeconds: 0.5, graceSeconds: 0.5, answerWithinMs: 2_000 });
    await grow(redis, given.prefix ?? '');
    const line = await openLine(redis);
    const [dying, living] = await Promise.all([
      openRouter({ ...given, client: appOptions(line as unknown as RedisServer).client }),
      openRouter(given),
    ]);
    const one = await openRelay({ router: dying });
    const other = await openRelay({ baseUrl: one.url, router: living });
    const page = await openPage(one.url);
    line.cut();
    one.shut();
    await page.ended();
    const back = await openPage(other.url, page.page);
    expect(back.callback).toBe(page.callback);
    expect(back.pages[0]?.epoch).not.toBe(page.pages[0]?.epoch);
    const answer = post(page.callback.replace(one.url, other.url), 'after');
    await back.has(1);
    await back.answer(0);
    expect((await answer).status).toBe(200);
  });

  it('leave one after the other while events flow, and a page loses none', async () => {
    const all = await openRelays(3);
    const left = [...all];
    // A balancer: each connection to the next instance that is there.
    let turn = 0;
    const door: Door = await openDoor((request, response) => left[turn++ % left.length]?.relay.node(request, response));
    const owner = new RecordingOwner();
    const losses: unknown[] = [];
    const page = Object.assign(owner, { lost: (error: unknown) => losses.push(error) });
    const registration = await relayChannel({ url: door.url, storage: null }).open(page, {
      hubUrl: 'https://hub.example.org',
      topic: 't',
    });
    const callback = registration.url.replace('https://relay.example.org', door.url);
    const statuses: number[] = [];
    const sent: string[] = [];
    const send = async () => {
      const body = JSON.stringify({ id: `event-${sent.length}` });
      sent.push(body);
      statuses.push((await post(callback, body, sign(registration.secret, body))).status);
    };
    for (let at = 0; at < 10; at++) await send();
    while (left.length > 1) {
      const leaving = left.shift();
      const gone = leaving?.relay.close();
      for (let at = 0; at < 10; at++) await send();
      await gone;
      await leaving?.router?.close();
    }
    for (let at = 0; at < 10; at++) await send();
    expect([...new Set(statuses)]).toEqual([200]);
    expect([...new Set(owner.bodies)]).toEqual(sent);
    expect(losses).toEqual([]);
  }, 60_000);

  it('send pages away while Redis is gone, and take them when it is back', async () => {
    const own = await startRedis();
    const given = appOptions(own);
    await grow(own, given.prefix ?? '');
    const router = await openRouter({ ...given, answerWithinMs: 200 });
    const { url } = await openRelay({ router });
    await own.kill();
    await vi.waitFor(() => expect(router.state).toBe('connecting'), WITHIN);
    const refused = await ask(`${url}/page`, undefined, { method: 'POST' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    await own.start();
    await vi.waitFor(() => expect(router.state).toBe('ready'), WITHIN);
    await openPage(url);
    await own.kill();
  });
});
