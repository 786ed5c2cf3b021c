import { describe, expect, it } from 'vitest';
import { HubError, SubscriptionDeniedError } from '../../src/index.ts';
import { sign } from '../../src/testing/index.ts';
import type { App } from './app.ts';
import { ADA, BRAM, openWorld, patientContext, settled, type World } from './world.ts';
import { WEBHOOK_WORLDS, WORLDS } from './worlds.ts';

const REASON = 'The user closed the session.';

const splitEvents = (fields: Readonly<Record<string, string>> | undefined) => fields?.['hub.events']?.split(',').sort();

describe.each(WORLDS)('subscribe: $title', (kind) => {
  const { spelling } = kind;
  /** The client asks for them by itself. */
  const objections = kind.sendsSyncErrors ? spelling.SyncError : [];

  it('asks in one request, a microtask later, for exactly what is listened to, and for objections', async () => {
    const world = await openWorld(kind);
    const { client, states } = await world.join();
    client.on('patient-open-chart', () => undefined);
    client.on('Patient-open', () => undefined);
    client.on('PATIENT-CLOSE', () => undefined);
    expect(client.state).toBe('idle');
    await client.ready();
    await world.confirmed();
    const requests = world.seen('subscribe');
    expect(requests.map(({ fields }) => splitEvents(fields))).toEqual([
      [...spelling['Patient-open'], ...spelling['Patient-close'], ...objections].sort(),
    ]);
    expect(world.session.subscriptions).toMatchObject([{ channel: kind.channel, active: true }]);
    expect(states.map(({ previous, state, reason }) => [previous, state, reason])).toEqual([
      ['idle', 'subscribing', 'listening'],
      ['subscribing', 'active', 'confirmed'],
    ]);
  });

  it('tells what was asked for and what was granted', async () => {
    const world = await openWorld(kind, { hub: { leaseSeconds: 3600 } });
    const app = await world.join('Viewer', { leaseSeconds: 600 });
    app.client.on('open-patient-chart', () => undefined);
    await app.client.ready();
    const [channel, names] = [kind.channel, ['Patient-open', ...(kind.sendsSyncErrors ? ['SyncError'] : [])]];
    expect(app.subscribed).toEqual([{ channel, requested: names, granted: names, leaseSeconds: 600 }]);
  });

  it('subscribes to the events of the option alone, whoever listens', async () => {
    const world = await openWorld(kind);
    const app = await world.join('Viewer', { events: ['imagingstudy-open'] });
    app.client.on('Patient-open', () => undefined);
    await app.client.ready();
    expect(world.seen('subscribe').map(({ fields }) => splitEvents(fields))).toEqual([
      [...spelling['ImagingStudy-open']].sort(),
    ]);
  });

  it('replaces the subscription when the set of listeners changes, and not when a listener joins another', async () => {
    const world = await openWorld(kind);
    const { client } = await world.follow();
    const [{ callback, endpoint } = {}] = world.session.subscriptions;
    client.on('open-patient-chart', () => undefined);
    const listener = () => undefined;
    client.on('close-patient-chart', listener);
    await client.ready();
    const one = [...spelling['Patient-open'], ...objections].sort();
    const both = [...one, ...spelling['Patient-close']].sort();
    await world.confirmed();
    expect(world.session.subscriptions).toMatchObject([{ ...(callback ? { callback } : { endpoint }), active: true }]);
    expect([...(world.session.subscriptions[0]?.events ?? [])].sort()).toEqual(both);

    client.off('Patient-close', listener);
    await client.ready();
    expect(world.seen('subscribe').map(({ fields }) => splitEvents(fields))).toEqual([one, both, one]);
    expect(client.state).toBe('active');
  });

  it('lets the subscription go with the last listener, and makes a new one for the next', async () => {
    const world = await openWorld(kind);
    const { client, states } = await world.follow();
    const [old] = world.session.subscriptions;
    client.off('Patient-open');
    await world.hub.waitFor(({ kind }) => kind === 'ended');
    expect(client.state).toBe('idle');
    expect(world.session.subscriptions).toEqual([]);
    client.on('Patient-open', () => undefined);
    await client.ready();
    await world.confirmed();
    const [fresh] = world.session.subscriptions;
    expect(fresh).toMatchObject({ active: true });
    expect([fresh?.callback, fresh?.endpoint]).not.toEqual([old?.callback, old?.endpoint]);
    expect(states.map(({ reason }) => reason)).toEqual(['listening', 'confirmed', 'silent', 'listening', 'confirmed']);
  });

  it('gives an event of any spelling to listeners of any spelling', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const names = ['Patient-open', 'patient-open-chart', 'open-patient-chart', 'PATIENT-OPEN'];
    const collected = names.map((name) => app.collect(name));
    const sent = ['open-patient-chart', 'switch-patient-chart', 'Patient-open', 'patient-open', 'patient-chart-open'];
    for (const [second, name] of sent.entries()) {
      const [answer] = await world.session.sendRaw(world.message(name, { id: name, timestamp: `${second + 2000}` }));
      expect(answer?.status).toBe(200);
    }
    for (const events of collected) {
      expect(events.map(({ hubEvent }) => hubEvent)).toEqual(sent);
      expect(new Set(events.map(({ name }) => name))).toEqual(new Set(['Patient-open']));
    }
    expect(world.seen('subscribe')).toHaveLength(1);
  });

  it('lets the subscription go after the one event that was waited for', async () => {
    const world = await openWorld(kind);
    const app = await world.join();
    const ids: string[] = [];
    app.client.once('Patient-open', ({ id }) => ids.push(id));
    await app.client.ready();
    await settled(app);
    await world.confirmed();
    await world.session.publish('Patient-open', patientContext(ADA), { id: 'event-1' });
    await world.hub.waitFor(({ kind }) => kind === 'ended');
    await world.session.publish('Patient-open', patientContext(BRAM), { id: 'event-2' });
    expect(ids).toEqual(['event-1']);
    expect(app.client.state).toBe('idle');
  });

  it('renews the lease before it ends', async () => {
    const world = await openWorld(kind, { hub: { leaseSeconds: 1 } });
    const app = await world.follow();
    const [first] = world.session.subscriptions;
    const { sequence } = await world.hub.waitFor(({ kind }) => kind === 'subscribe', { since: world.hub.log.length });
    await world.hub.waitFor(({ kind }) => kind === 'active', { since: sequence });
    const [{ callback, endpoint } = {}] = world.session.subscriptions;
    expect([callback, endpoint]).toEqual([first?.callback, first?.endpoint]);
    expect(app.states.map(({ state }) => state)).toEqual(['subscribing', 'active']);
    expect((await world.session.publish('Patient-open', patientContext())).answers).toMatchObject([{ status: 200 }]);
  });

  it('goes on after a hub that failed, and says what the hub said', async () => {
    const world = await openWorld(kind);
    world.hub.refuseNext({ kind: 'subscribe', status: 503, text: 'Try again.', headers: { 'Retry-After': '0' } });
    const app = await world.join();
    app.client.on('Patient-open', () => undefined);
    const error = await world.failure(app.client.ready());
    expect(error).toBeInstanceOf(HubError);
    expect(error).toMatchObject({ code: 'hub-failed', status: 503, hubText: 'Try again.', retryable: true });
    await app.until(() => app.client.state === 'active');
    expect(app.states.map(({ state }) => state)).toEqual(['subscribing', 'reconnecting', 'subscribing', 'active']);
    await world.confirmed();
    expect(world.session.subscriptions).toMatchObject([{ active: true }]);
  });
});

describe.each(WORLDS)('verify: $title', (kind) => {
  it.each([true, false])('is active after the hub has verified and not before (verifyInline: %s)', async (inline) => {
    const world = await openWorld(kind, { hub: { verifyInline: inline } });
    const app = await world.join();
    const verified: boolean[] = [];
    app.client.on('state', () => verified.push(world.seen('verify').length + world.seen('confirm').length > 0));
    app.client.on('Patient-open', () => undefined);
    await app.client.ready();
    expect(verified).toEqual([false, true]);
    expect(app.errors).toEqual([]);
    const { status = 0 } = await world.hub.waitFor(({ kind, about }) => kind === 'reply' && about === 'subscribe');
    expect(status).toBe(202);
  });

  it('gives up on a hub that does not verify in time', async () => {
    const world = await openWorld(kind, { callback: { router: silentRouter } });
    const app = await world.join('Viewer', {
      confirmationTimeoutMs: 20,
      webSocket: () => ({ ...handlers, readyState: 0, send: () => undefined, close: () => undefined }),
    });
    app.client.on('Patient-open', () => undefined);
    const error = await world.failure(app.client.ready());
    expect(error).toMatchObject({ code: 'confirmation-timeout', retryable: true });
    expect(app.states.map(({ state }) => state)).toEqual(['subscribing', 'reconnecting']);
  });
});

const handlers = { onopen: null, onmessage: null, onerror: null, onclose: null };

/** Nobody is found at any URL. */
const silentRouter = {
  register: () => undefined,
  release: () => undefined,
  dispatch: () => ({ status: 404, body: '' }),
};

describe.each(WEBHOOK_WORLDS)('verify a callback: $title', (kind) => {
  it('has a URL and a secret for each subscription, neither of which can be guessed', async () => {
    const world = await openWorld(kind);
    await world.follow('Viewer');
    await world.follow('Dictation');
    const requests = world.seen('subscribe').map(({ fields }) => fields);
    const values = (name: string) => new Set(requests.map((fields) => fields?.[name]));
    expect(values('hub.callback').size).toBe(2);
    expect(values('hub.secret').size).toBe(2);
    for (const secret of values('hub.secret')) expect(secret).toMatch(/^[0-9a-f]{64}$/);
    for (const url of values('hub.callback'))
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/fhircast\/[0-9a-f]{32,}$/);
  });

  it.each([true, false])(
    'takes events as soon as it has verified, before its request is answered (verifyInline: %s)',
    async (verifyInline) => {
      const world = await openWorld(kind, { hub: { verifyInline } });
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const holding = async (url: string, init: RequestInit) => {
        const answer = await fetch(url, init);
        await held;
        return answer;
      };
      const app = await world.join('Viewer', { fetch: holding });
      const events = app.collect('Patient-open');
      const ready = app.client.ready();
      await world.confirmed();
      expect((await world.session.publish('Patient-open', patientContext(ADA))).answers).toMatchObject([
        { status: 200 },
      ]);
      expect(app.client.state).toBe('subscribing');
      release();
      await ready;
      expect(events.map(({ patient }) => patient)).toEqual([ADA]);
    },
  );

  it('takes no events of a subscription that the hub verified and then refused', async () => {
    const world = await openWorld(kind, { hub: { verifyInline: true } });
    const refusing = async (url: string, init: RequestInit) => {
      await fetch(url, init);
      return new Response(REASON, { status: 400 });
    };
    const app = await world.join('Viewer', { fetch: refusing });
    const events = app.collect('Patient-open');
    expect(await world.failure(app.client.ready())).toMatchObject({ code: 'hub-refused' });
    expect((await world.session.publish('Patient-open', patientContext(ADA))).answers).toMatchObject([{ status: 410 }]);
    expect(events).toEqual([]);
  });

  it('echoes the challenge of a verification that is repeated, as text that no browser interprets', async () => {
    const world = await openWorld(kind);
    await world.follow();
    const response = await fetch(verification(world, { 'hub.mode': 'subscribe' }));
    expect([response.status, await response.text()]).toEqual([200, 'chall&nge']);
    expect(response.headers.get('Content-Type')).toMatch(/^text\/html/);
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
  });

  it.each<[string, Record<string, string>]>([
    ['the end of a subscription that goes on', { 'hub.mode': 'unsubscribe' }],
    ['another session', { 'hub.mode': 'subscribe', 'hub.topic': 'another' }],
    ['a mode that there is not', { 'hub.mode': 'publish' }],
    ['no challenge', { 'hub.mode': 'subscribe', 'hub.challenge': '' }],
    ['a challenge that is a page', { 'hub.mode': 'subscribe', 'hub.challenge': '<script>' }],
    ['the denial of another session', { 'hub.mode': 'denied', 'hub.topic': 'another' }],
  ])('answers 404 to %s', async (_, query) => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const response = await fetch(verification(world, query));
    expect([response.status, await response.text()]).toEqual([404, '']);
    expect(app.client.state).toBe('active');
    expect((await world.session.publish('Patient-open', patientContext())).answers[0]?.status).toBe(200);
  });

  it('answers 404 to a URL that it never gave out, and 410 to one that it took back', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const url = verification(world, { 'hub.mode': 'subscribe' });
    const unknown = new URL(url);
    unknown.pathname += '0';
    expect((await fetch(unknown)).status).toBe(404);
    await app.client.unsubscribe();
    expect((await fetch(url)).status).toBe(410);
  });

  it('takes no message that is signed with the secret of a subscription before', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('Patient-open');
    const stale = world.seen('subscribe')[0]?.fields ?? {};
    app.client.off('Patient-open');
    await world.hub.waitFor(({ kind }) => kind === 'ended');
    const fresh = app.collect('Patient-open');
    await app.client.ready();
    const body = world.message('open-patient-chart');
    const signature = sign(stale['hub.secret'] ?? '', Buffer.from(body));
    const [answer] = await world.session.sendRaw(body, { signature });
    expect(answer?.status).toBe(401);
    const late = await fetch(stale['hub.callback'] ?? '', {
      method: 'POST',
      body,
      headers: { 'X-Hub-Signature': signature },
    });
    expect(late.status).toBe(410);
    expect([...events, ...fresh]).toEqual([]);
    expect(app.errorCodes).toEqual(['signature-mismatch']);
  });

  /** A GET on the callback of the only subscription. */
  function verification({ session }: Awaited<ReturnType<typeof openWorld>>, query: Record<string, string>): URL {
    const [{ callback = '', topic = '' } = {}] = session.subscriptions;
    const url = new URL(callback);
    const fields = { 'hub.topic': topic, 'hub.challenge': 'chall&nge', 'hub.events': 'open-patient-chart', ...query };
    for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
    return url;
  }
});

/** Lets the hub deny every subscription that an app asks for. A single denial may be a hub's that has just come back. */
const denyAll = (world: World, app: App): void => {
  app.client.on('protocol', ({ kind, direction }) => {
    if (kind === 'subscribe' && direction === 'out') world.session.denyNext(REASON);
  });
};

describe.each(WORLDS)('deny: $title', (kind) => {
  it('ends with the reason when the hub denies at once', async () => {
    const world = await openWorld(kind);
    const app = await world.join();
    denyAll(world, app);
    const events = app.collect('Patient-open');
    const error = await world.failure(app.client.ready());
    expect(error).toBeInstanceOf(SubscriptionDeniedError);
    // It is asked for once more, in case the hub has just come back.
    expect(error).toMatchObject({ code: 'subscription-denied', hubText: REASON, retryable: true });
    expect(String(error)).not.toContain(REASON);
    await app.until(() => app.client.state === 'denied');
    expect(app.denials.at(-1)).toMatchObject({ reason: REASON });
    expect(app.errors).toMatchObject([{ retryable: true }, { code: 'subscription-denied', retryable: false }]);
    expect(app.states.map(({ reason }) => reason)).toEqual(['listening', 'failed', 'retrying', 'denied']);
    expect(world.session.subscriptions).toEqual([]);
    expect((await world.session.publish('Patient-open', patientContext())).answers).toEqual([]);
    expect(events).toEqual([]);
  });

  it('ends with the reason when the hub denies later, and delivers nothing afterwards', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('Patient-open');
    await world.session.publish('Patient-open', patientContext());
    denyAll(world, app);
    await world.session.deny(REASON);
    await app.until(() => app.client.state === 'denied');
    expect(app.denials.at(-1)).toMatchObject({ reason: REASON });
    expect(app.errors.map(({ retryable }) => retryable)).toEqual([true, true, false]);
    for (const error of app.errors) expect(error).toMatchObject({ code: 'subscription-denied', hubText: REASON });
    expect(app.errors[0]).toBeInstanceOf(SubscriptionDeniedError);
    await world.session.publish('Patient-open', patientContext(BRAM));
    if (kind.channel === 'webhook') {
      const { 'hub.callback': url = '', 'hub.secret': secret = '' } = world.seen('subscribe')[0]?.fields ?? {};
      const body = world.message('open-patient-chart', { topic: world.session.url });
      const headers = { 'X-Hub-Signature': sign(secret, Buffer.from(body)) };
      expect((await fetch(url, { method: 'POST', body, headers })).status).toBe(410);
    }
    expect(events.map(({ patient }) => patient)).toEqual([ADA]);
  });

  it('stays denied whatever is listened to, until the app asks again', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    let denials = 2;
    app.client.on('protocol', ({ kind: what, direction }) => {
      if (what === 'subscribe' && direction === 'out' && denials-- > 0) world.session.denyNext(REASON);
    });
    await world.session.deny(REASON);
    await app.until(() => app.client.state === 'denied');
    const events = app.collect('Patient-close');
    await Promise.resolve();
    expect(app.client.state).toBe('denied');
    expect(world.seen('subscribe')).toHaveLength(3);

    await app.client.ready();
    await settled(app);
    expect(app.client.state).toBe('active');
    await world.session.publish('Patient-close', patientContext(ADA));
    expect(events).toHaveLength(1);
  });

  it('ends with the text of a hub that refuses the request', async () => {
    const world = await openWorld(kind);
    const times = kind.sendsSyncErrors ? 2 : 1;
    for (let time = 0; time < times; time++) world.hub.refuseNext({ kind: 'subscribe', status: 403, text: REASON });
    const app = await world.join();
    app.client.on('Patient-open', () => undefined);
    const error = await world.failure(app.client.ready());
    expect(error).toMatchObject({ code: 'hub-unauthorized', status: 403, hubText: REASON });
    expect(app.client.state).toBe('denied');
    expect(app.states.map(({ reason }) => reason)).toEqual(['listening', 'refused']);
    expect(world.seen('subscribe')).toHaveLength(times);
  });

  it('keeps what it has when the hub refuses to add to it', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('Patient-open');
    // With the endpoint that it has, and anew; and both with the objections of others, and without.
    for (let time = 0; time < 4; time++) world.hub.refuseNext({ kind: 'subscribe', status: 400, text: REASON });
    app.client.on('Patient-close', () => undefined);
    expect(await world.failure(app.client.ready())).toMatchObject({ code: 'hub-refused', hubText: REASON });
    expect(app.client.state).toBe('active');
    await world.session.publish('Patient-open', patientContext());
    expect(events).toHaveLength(1);
  });
});
