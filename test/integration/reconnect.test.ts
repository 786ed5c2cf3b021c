import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ADA, at, BRAM, CHIDI, openWorld, patientContext } from './world.ts';
import { SILENT_WORLDS, SOCKET_WORLDS, STANDARD_WORLDS, TELLING_WORLDS } from './worlds.ts';

const TELLING = SOCKET_WORLDS.filter((kind) => TELLING_WORLDS.includes(kind));

describe.each(STANDARD_WORLDS.filter(({ channel }) => channel === 'webhook'))('waiting for a hub: $title', (kind) => {
  it('goes on when the hub, which hears nothing, ends the subscription', async () => {
    const world = await openWorld(kind, { hub: { network: true } });
    const app = await world.follow('Viewer', { reconnect: { firstMs: 50, longestMs: 50 } });
    await app.client.ready({ caughtUp: true });
    world.hub.network?.refuse();
    world.hub.network?.cut();
    app.client.wake();
    await app.until(() => app.client.state === 'reconnecting');
    await world.session.deny('The hub ended the subscription.');
    world.hub.network?.heal();
    await app.until(() => app.client.state === 'active');
  });
});

describe.each(TELLING)('a gap: $title', (kind) => {
  it.each([undefined, 1001, 1011])(
    'is made anew, and what was missed is caught up with (close code: %s)',
    async (code) => {
      const world = await openWorld(kind);
      const app = await world.follow();
      const events = app.collect('Patient-open');
      await world.session.publish('Patient-open', patientContext(ADA), { id: 'event-1', timestamp: at(1) });
      const [old] = world.session.subscriptions;
      world.session.dropConnections(code);
      await world.session.publish('Patient-open', patientContext(BRAM), { id: 'event-2', timestamp: at(2) });
      await app.until(() => events.length === 2 && app.client.state === 'active');
      expect(app.states.map(({ state, reason }) => [state, reason])).toEqual([
        ['subscribing', 'listening'],
        ['active', 'confirmed'],
        ['reconnecting', 'lost'],
        ['subscribing', 'retrying'],
        ['active', 'confirmed'],
      ]);
      expect(app.errors).toMatchObject([{ code: 'channel-lost', closeCode: code ?? 1006, retryable: true }]);
      expect(events.map(({ patient }) => patient?.id)).toEqual([ADA.id, BRAM.id]);
      expect(app.client.context.current?.patient).toEqual(BRAM);
      const [fresh] = world.session.subscriptions;
      expect(fresh).toMatchObject({ active: true, socketOpen: true });
      expect(fresh?.endpoint).not.toBe(old?.endpoint);
    },
  );

  it('does not deliver again what it had seen', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('Patient-open');
    await world.session.publish('Patient-open', patientContext(ADA), { id: 'event-1' });
    world.session.dropConnections();
    await app.until(() => app.subscribed.length === 2 && app.client.syncStatus.state === 'in-sync');
    expect(events.map(({ id }) => id)).toEqual(['event-1']);
    // A replay of the hub comes as an event; an answer does not.
    expect(app.client.counts.duplicate).toBe(kind.replays ? 1 : 0);
  });
});

describe.each(SOCKET_WORLDS.filter((kind) => SILENT_WORLDS.includes(kind)))('a gap: $title', (kind) => {
  it('is not said to be caught up with before the next event', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('Patient-open');
    await world.session.publish('Patient-open', patientContext(ADA), { timestamp: at(1) });
    expect(app.client.syncStatus.state).toBe('in-sync');
    world.session.dropConnections();
    await world.session.publish('Patient-open', patientContext(BRAM), { timestamp: at(2) });
    const isAsked = () => app.records.filter(({ kind: of }) => of === 'current-context').length >= 4;
    await app.until(() => app.subscribed.length === 2 && isAsked());
    await world.confirmed();
    expect(app.client.syncStatus.state).toBe('behind');
    await world.session.publish('Patient-open', patientContext(CHIDI), { timestamp: at(3) });
    await app.until(() => app.client.syncStatus.state === 'in-sync');
    expect(events.map(({ patient }) => patient?.id)).toEqual([ADA.id, CHIDI.id]);
  });
});

describe.each(SOCKET_WORLDS)('a lost connection: $title', (kind) => {
  it('is not a denial when the lease ran out while the machine slept', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const awake = Date.now;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => awake() + 7200_000);
    onTestFinished(() => clock.mockRestore());
    world.session.expireLeases();
    await app.until(() => app.states.length === 3);
    // The hub's tokens are of the same clock.
    clock.mockRestore();
    await app.until(() => app.states.length === 5);
    expect(app.states.map(({ reason }) => reason)).toEqual(['listening', 'confirmed', 'lost', 'retrying', 'confirmed']);
    expect(app.denials).toEqual([]);
  });

  it('is given up when the app leaves meanwhile', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    world.session.dropConnections();
    await app.until(() => app.client.state === 'reconnecting');
    await app.client.unsubscribe();
    expect(app.client.state).toBe('closed');
    expect(world.seen('subscribe')).toHaveLength(1);
    // A hub that has not noticed the loss would go on waiting for answers.
    expect(world.seen('unsubscribe')).toHaveLength(1);
  });
});

describe.each(STANDARD_WORLDS.filter(({ channel }) => channel === 'websocket'))('no websockets: $title', (kind) => {
  it('are replaced by webhooks when the discovery document says that there are no websockets', async () => {
    const world = await openWorld(kind);
    world.hub.wellKnown = { ...world.hub.wellKnown, websocketSupport: false, webhookSupport: true };
    for (let time = 0; time < 2; time++)
      world.hub.refuseNext({ kind: 'subscribe', status: 400, text: 'There are no websockets.' });
    const app = await world.join();
    const events = app.collect('Patient-open');
    await app.client.ready();
    await world.confirmed();
    expect(app.client.channel).toBe('webhook');
    expect(world.seen('subscribe').map(({ fields }) => fields?.['hub.channel.type'])).toEqual([
      'websocket',
      'websocket',
      'webhook',
    ]);
    // What is open is asked for, because hubs replay over websockets alone.
    await app.until(() => app.records.some(({ kind, direction }) => kind === 'current-context' && direction === 'in'));
    const { answers } = await world.session.publish('Patient-open', patientContext(ADA));
    expect(answers).toEqual([{ subscriber: 'Viewer', status: 200 }]);
    expect(events).toMatchObject([{ patient: { id: ADA.id } }]);
    await app.client.unsubscribe();
    expect(world.session.subscriptions).toEqual([]);
  });
});
