import { describe, expect, it } from 'vitest';
import { sign } from '../../src/testing/index.ts';
import { ADA, BRAM, openWorld, patientContext } from './world.ts';
import { WORLDS } from './worlds.ts';

/** A `fetch` that holds back the answers to GET until the test says so. */
function holdingFetch() {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const signals: (AbortSignal | undefined)[] = [];
  const fetchLike = async (url: string, init: RequestInit) => {
    if (init.method !== 'GET') return fetch(url, init);
    signals.push(init.signal ?? undefined);
    const answer = await fetch(url, { ...init, signal: null });
    await held;
    return answer;
  };
  return { fetch: fetchLike, release, signals };
}

describe.each(WORLDS)('unsubscribe: $title', (kind) => {
  it('leaves nothing at the hub, and the client closed', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    await app.client.unsubscribe();
    expect(app.client.state).toBe('closed');
    expect(app.client.channel).toBeUndefined();
    await world.hub.waitFor(({ kind }) => kind === 'ended');
    expect(world.session.subscriptions).toEqual([]);
    expect(app.states.at(-1)).toMatchObject({ previous: 'active', state: 'closed', reason: 'unsubscribed' });
    expect(world.seen('unsubscribe')).toHaveLength(1);
    expect(app.errors).toEqual([]);
    if (kind.channel === 'websocket') {
      expect(await world.hub.waitFor(({ kind }) => kind === 'disconnect')).toMatchObject({ status: 1000 });
    }
  });

  it('names what it ends, in the words of the version', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const [{ callback = '', endpoint = '', topic = '' } = {}] = world.session.subscriptions;
    await app.client.unsubscribe();
    const [{ fields = {} } = {}] = world.seen('unsubscribe');
    expect(fields).toEqual(
      // Until STU1 it is what the subscription said, but for the mode; later what it ends, and no more.
      ['stu2', 'stu3'].includes(kind.dialect)
        ? {
            'hub.mode': 'unsubscribe',
            'hub.topic': topic,
            'hub.channel.type': kind.channel,
            ...(kind.channel === 'webhook' ? { 'hub.callback': callback } : { 'hub.channel.endpoint': endpoint }),
          }
        : {
            ...world.seen('subscribe')[0]?.fields,
            'hub.mode': 'unsubscribe',
            ...(kind.channel === 'websocket' ? { 'hub.channel.endpoint': endpoint } : {}),
          },
    );
    // Beside what is listened to, objections where the version has them.
    const named = fields['hub.events']?.split(',').filter((name) => !/^sync-?error$/i.test(name));
    expect(named).toEqual(['stu2', 'stu3'].includes(kind.dialect) ? undefined : kind.spelling['Patient-open']);
  });

  it('can be called again, and allows nothing afterwards but that', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    await Promise.all([app.client.unsubscribe(), app.client.unsubscribe()]);
    await app.client.unsubscribe();
    expect(world.seen('unsubscribe')).toHaveLength(1);
    expect(() => app.client.on('Patient-open', () => undefined)).toThrow('closed');
    expect(await world.failure(app.client.ready())).toMatchObject({ code: 'closed' });
    expect(app.states.filter(({ state }) => state === 'closed')).toHaveLength(1);
  });

  it('is over for every caller when the hub has been told', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    void app.client.unsubscribe();
    await app.client.unsubscribe();
    expect(world.seen('reply').filter(({ about }) => about === 'unsubscribe')).toHaveLength(1);
  });

  it('delivers nothing afterwards', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('*');
    const { fields = {} } = world.seen('subscribe')[0] ?? {};
    await world.session.publish('Patient-open', patientContext(ADA));
    await app.client.unsubscribe();
    await world.session.publish('Patient-open', patientContext(BRAM));
    if (kind.channel === 'webhook') {
      const body = world.message('open-patient-chart', { topic: world.session.url });
      const headers = { 'X-Hub-Signature': sign(fields['hub.secret'] ?? '', Buffer.from(body)) };
      expect((await fetch(fields['hub.callback'] ?? '', { method: 'POST', body, headers })).status).toBe(410);
    }
    expect(events.map(({ patient }) => patient)).toEqual([ADA]);
  });

  it('delivers nothing that was still on its way', async () => {
    const world = await openWorld(kind, { hub: { answerTimeoutMs: 500 } });
    const app = await world.follow();
    const events = app.collect('*');
    const published = world.hub
      .waitFor(({ kind }) => kind === 'unsubscribe')
      .then(() => world.session.publish('Patient-open', patientContext(BRAM)));
    await app.client.unsubscribe();
    await published;
    expect(events).toEqual([]);
  });

  it('delivers nothing of what it had asked for', async () => {
    const world = await openWorld(kind);
    await world.session.publish('Patient-open', patientContext(ADA));
    const { release, ...holding } = holdingFetch();
    const app = await world.join('Viewer', { fetch: holding.fetch, channel: kind.channel });
    app.client.on('Patient-close', () => undefined);
    const opens = app.collect('*');
    await app.client.ready();
    await world.confirmed();
    const left = app.client.unsubscribe();
    release();
    await left;
    expect(opens).toEqual([]);
    for (const signal of holding.signals) expect(signal?.aborted).toBe(true);
  });

  it('closes the client also when the hub fails', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    world.hub.refuseNext({ kind: 'unsubscribe', status: 500, text: 'No.' });
    expect(await world.failure(app.client.unsubscribe())).toMatchObject({ code: 'hub-failed', hubText: 'No.' });
    expect(app.client.state).toBe('closed');
    if (kind.channel === 'websocket') {
      expect(await world.hub.waitFor(({ kind }) => kind === 'disconnect')).toMatchObject({ status: 1000 });
    }
  });

  it('gives up a subscription that is under way', async () => {
    const world = await openWorld(kind);
    const app = await world.join();
    const events = app.collect('Patient-open');
    const ready = world.failure(app.client.ready());
    await app.until(() => app.client.state === 'subscribing');
    await app.client.unsubscribe();
    expect(await ready).toMatchObject({ code: 'closed' });
    expect(app.client.state).toBe('closed');
    await world.session.publish('Patient-open', patientContext(ADA));
    expect(events).toEqual([]);
    expect(app.errors).toEqual([]);
  });

  it('is the last word, also when it is said as soon as the hub has confirmed', async () => {
    const world = await openWorld(kind);
    const app = await world.join();
    let left: Promise<void> | undefined;
    app.client.on('state', ({ state }) => {
      if (state === 'active') left = app.client.unsubscribe();
    });
    app.client.on('Patient-open', () => undefined);
    await app.until(() => left !== undefined);
    await left;
    expect(app.states.map(({ state }) => state)).toEqual(['subscribing', 'active', 'closed']);
    // A confirmation after the end would start the lease, and its timer.
    expect(app.subscribed).toEqual([]);
    expect(world.seen('context')).toEqual([]);
  });

  it('keeps a context change from being sent that was asked for just before', async () => {
    const world = await openWorld(kind);
    const { client } = await world.follow();
    const change = world.failure(client.requestContextChange('Patient-open', { patient: ADA }));
    await client.unsubscribe();
    expect(await change).toMatchObject({ code: 'closed' });
    expect(world.seen('publish')).toEqual([]);
  });

  it('leaves nothing at a hub that has taken the subscription and not said so yet', async () => {
    const world = await openWorld(kind);
    const held = new Promise<never>(() => undefined);
    const holding = async (url: string, init: RequestInit) => {
      const answer = await fetch(url, { ...init, signal: null });
      if (!String(init.body).includes('hub.mode=subscribe')) return answer;
      await Promise.race([held, new Promise((resolve) => init.signal?.addEventListener('abort', resolve))]);
      throw new Error('Aborted.');
    };
    const app = await world.join('Viewer', { fetch: holding });
    app.client.on('Patient-open', () => undefined);
    await world.hub.waitFor(({ kind, about }) => kind === 'reply' && about === 'subscribe');
    if (kind.channel === 'webhook') await world.confirmed();
    await app.client.unsubscribe();
    const { answers } = await world.session.publish('Patient-open', patientContext(ADA));
    expect(answers).toEqual([]);
    expect(app.errors).toEqual([]);
  });

  it('tells no hub when nothing was subscribed to', async () => {
    const world = await openWorld(kind);
    const { client } = await world.join();
    await client.unsubscribe();
    expect(client.state).toBe('closed');
    expect(world.hub.log).toEqual([]);
  });
});
