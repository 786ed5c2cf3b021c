import { describe, expect, it } from 'vitest';
import { ADA, at, BRAM, patientContext } from '../integration/world.ts';
import { WEBHOOK_WORLDS } from '../integration/worlds.ts';
import { openVictim, type Victim } from './victim.ts';

const topicOf = ({ world }: Victim) => world.seen('subscribe').at(-1)?.fields?.['hub.topic'] ?? '';

/** A verification as anybody can write it who knows the callback URL. */
const forged = (victim: Victim, fields: Readonly<Record<string, string>> = {}) =>
  victim.get({ 'hub.mode': 'subscribe', 'hub.topic': topicOf(victim), 'hub.challenge': 'forged', ...fields });

/** An event of the hub, to see who is listened to. */
const follows = async (victim: Victim, seconds = 1, patient = ADA): Promise<boolean> => {
  const facts = { id: `event-${seconds}`, timestamp: at(seconds), context: patientContext(patient) };
  await victim.send(victim.sign(victim.world.message('open-patient-chart', facts)));
  return victim.app.client.context.current?.patient?.id === patient.id;
};

/** What somebody does who is quicker than the hub. */
type Rival = () => Promise<unknown>;

/** Asks the hub for a subscription, but not before each rival had a turn. */
const overtaken =
  (rivals: Rival[]): typeof fetch =>
  async (url, init) => {
    if (init?.method === 'POST') await rivals.pop()?.();
    return fetch(url, init);
  };

describe('A verification is forged by somebody who knows the callback URL', () => {
  it('to make the lease longer: nothing changes', async () => {
    const victim = await openVictim({ world: { hub: { leaseSeconds: 1 } } });
    const { app } = victim;
    const granted = app.subscribed.length;
    await forged(victim, { 'hub.lease_seconds': '31536000', 'hub.events': 'user-logout' });
    expect(app.subscribed).toHaveLength(granted);
    // The lease of the hub is renewed as it would have been.
    await app.until(() => app.subscribed.length > granted);
    expect(app.subscribed.at(-1)).toMatchObject({ leaseSeconds: 1 });
  });

  it('before the hub’s own: of two leases the shorter one counts', async () => {
    const rivals: Rival[] = [];
    const victim = await openVictim({ world: { hub: { leaseSeconds: 2 } }, app: { fetch: overtaken(rivals) } });
    const { app } = victim;
    rivals.push(() => forged(victim, { 'hub.lease_seconds': '31536000' }));
    app.client.on('ImagingStudy-open', () => undefined);
    await app.until(() => app.subscribed.some(({ leaseSeconds }) => leaseSeconds === 31_536_000));
    const granted = app.subscribed.length;
    await app.until(() => app.subscribed.length > granted);
    expect(app.subscribed.at(-1)?.leaseSeconds).toBe(2);
    // Which is renewed in its turn.
    await app.until(() => app.subscribed.length > granted + 1);
  });

  it('with a lease that nobody asked for: none is longer than what the app asks for', async () => {
    const rivals: Rival[] = [];
    const victim = await openVictim({ app: { leaseSeconds: 600, fetch: overtaken(rivals) } });
    const { app } = victim;
    rivals.push(() => forged(victim, { 'hub.lease_seconds': '31536000' }));
    app.client.on('ImagingStudy-open', () => undefined);
    await app.client.ready();
    expect(rivals).toEqual([]);
    expect(new Set(app.subscribed.map(({ leaseSeconds }) => leaseSeconds))).toEqual(new Set([600]));
  });

  it.each<[string, (victim: Victim) => Record<string, string>]>([
    ['a challenge alone', () => ({ 'hub.challenge': 'forged' })],
    ['a challenge and the session', (victim) => ({ 'hub.challenge': 'forged', 'hub.topic': topicOf(victim) })],
  ])('during a renewal with %s: nothing is learnt of the hub by it', async (_, fields) => {
    const rivals: Rival[] = [];
    const posts: string[] = [];
    const overtake = overtaken(rivals);
    const record: typeof fetch = (url, init) => {
      if (init?.method === 'POST') posts.push(String(url));
      return overtake(url, init);
    };
    const kind = WEBHOOK_WORLDS.find(({ dialect }) => dialect === 'stu2');
    const victim = await openVictim({ ...(kind && { kind }), app: { fetch: record as never } });
    const { client } = victim.app;
    const before = client.hub;
    const answers: (number | undefined)[] = [];
    rivals.push(async () => answers.push((await victim.get(fields(victim))).status));
    client.on('ImagingStudy-open', () => undefined);
    await client.ready();
    expect([rivals.length, answers.length]).toEqual([0, 1]);
    // A sandbox would be told at the session's URL.
    await client.requestContextChange('Patient-open', { patient: BRAM });
    expect([...new Set(posts)]).toEqual([victim.world.hub.url]);
    expect(client.hub).toEqual(before);
  });

  it('long after the hub’s own: 404, so that nobody can subscribe us again with a secret of his', async () => {
    const victim = await openVictim({ app: { confirmationTimeoutMs: 300 } });
    // A hub that did not hear the answer may ask again for a while.
    expect(await forged(victim)).toMatchObject({ status: 200 });
    await expect.poll(() => forged(victim).then(({ status }) => status), { timeout: 3_000 }).toBe(404);
    expect(await follows(victim)).toBe(true);
  });

  it('for another session: 404', async () => {
    const victim = await openVictim();
    expect(await forged(victim, { 'hub.topic': 'https://hub.example.org/another' })).toMatchObject({ status: 404 });
    expect(await follows(victim)).toBe(true);
  });

  it('to end the subscription: 404', async () => {
    const victim = await openVictim();
    expect(await forged(victim, { 'hub.mode': 'unsubscribe' })).toMatchObject({ status: 404 });
    expect(await follows(victim)).toBe(true);
  });

  it('many times: nothing is kept of them, and the hub is still heard', async () => {
    const victim = await openVictim();
    const { app, world } = victim;
    const { id } = victim;
    const asked = world.seen('subscribe').length;
    for (let i = 0; i < 5_000; i++) {
      const answer = await forged(victim, { 'hub.topic': `topic-${i}`, 'hub.challenge': `c-${i}` });
      expect(answer).toMatchObject({ status: 404, body: '' });
    }
    expect(world.callback.counts).toMatchObject({ unexpected: 5_000 });
    expect(Object.keys(world.callback.counts).sort()).toEqual(['unexpected', 'verified']);
    // Its app is told once, and not five thousand times.
    expect([app.errors, app.warningCodes, world.seen('subscribe').length]).toEqual([
      [],
      ['verification-refused'],
      asked,
    ]);
    expect(id()).toBe(victim.id());
    expect(await follows(victim)).toBe(true);
  });
});

describe('A denial is forged by somebody who knows the callback URL', () => {
  it('and not the session: 404', async () => {
    const victim = await openVictim();
    for (const topic of [undefined, '', 'https://hub.example.org/another']) {
      const named = topic === undefined ? {} : { 'hub.topic': topic };
      expect(await victim.get({ 'hub.mode': 'denied', 'hub.reason': 'x', ...named })).toMatchObject({ status: 404 });
    }
    expect(victim.app.client.state).toBe('active');
    expect(await follows(victim)).toBe(true);
  });

  it('and the session too: the app subscribes anew, at a URL that is not known', async () => {
    const victim = await openVictim({ app: { reconnect: { firstMs: 1, longestMs: 1 } } });
    const { app, world } = victim;
    const known = victim.id();
    expect(await follows(victim)).toBe(true);
    expect(await victim.get({ 'hub.mode': 'denied', 'hub.topic': topicOf(victim) })).toMatchObject({ status: 200 });
    // What is shown meanwhile is marked as possibly old.
    expect(app.client.syncStatus.state).toBe('disconnected');
    await app.until(() => app.client.state === 'active');
    await world.confirmed();
    expect(victim.id()).not.toBe(known);
    const again = { method: 'GET', query: 'hub.mode=denied', signature: undefined, body: new Uint8Array(0) };
    expect(await world.callback.handle(known, again)).toMatchObject({ status: 410 });
    expect(await follows(victim, 2, BRAM)).toBe(true);
    expect(app.states.map(({ state }) => state)).not.toContain('denied');
  });
});
