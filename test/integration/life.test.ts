import { describe, expect, it } from 'vitest';
import { FhircastClient } from '../../src/index.ts';
import { ADA, at, BRAM, CHIDI, openWorld, patientContext, settled } from './world.ts';
import { SOCKET_WORLDS, TELLING_WORLDS, WEBHOOK_WORLDS, WORLDS } from './worlds.ts';

/** Short waits, so that no test waits for a clock. */
const SOON = { reconnect: { firstMs: 5, longestMs: 20 }, silenceMs: 100 };

describe.each(SOCKET_WORLDS)('the connection: $title', (kind) => {
  it('is made again at the same endpoint where the hub allows it, with one subscription', async () => {
    const world = await openWorld(kind, { hub: { keepEndpoints: true } });
    const app = await world.follow('Viewer', SOON);
    const events = app.collect('Patient-open');
    const [before] = world.session.subscriptions;
    world.session.dropConnections();
    await app.until(() => app.states.some(({ reason }) => reason === 'lost'));
    await world.session.publish('Patient-open', patientContext(ADA), { timestamp: at(1) });
    if (kind.context === 'none') {
      // Where the hub does not tell what is open, the next event has to.
      await app.until(() => app.subscribed.length === 2);
      await world.confirmed();
      await world.session.publish('Patient-open', patientContext(ADA), { timestamp: at(2) });
    }
    await app.until(() => app.client.syncStatus.state === 'in-sync' && events.length > 0);
    expect(world.session.subscriptions).toMatchObject([{ endpoint: before?.endpoint, active: true, socketOpen: true }]);
    expect(world.seen('subscribe')).toHaveLength(1);
    expect(events.map(({ patient }) => patient?.id)).toEqual([ADA.id]);
  });

  it('is made anew where the hub does not, and no subscription is left behind', async () => {
    const world = await openWorld(kind);
    const app = await world.follow('Viewer', SOON);
    for (const losses of [1, 2]) {
      world.session.dropConnections();
      await app.until(() => app.subscribed.length === losses + 1);
      await world.confirmed();
      expect(world.session.subscriptions).toHaveLength(1);
    }
    expect(world.seen('subscribe')).toHaveLength(3);
    // Whoever has seen once that an endpoint is gone does not try the next time.
    expect(world.seen('connect')).toHaveLength(3);
  });

  it('that is half-open is found out, and its subscription is taken back', async () => {
    const world = await openWorld(kind, { hub: { network: true, answerTimeoutMs: 500 } });
    const app = await world.follow('Viewer', SOON);
    const events = app.collect('Patient-open');
    world.hub.network?.halfOpen();
    const published = world.session.publish('Patient-open', patientContext(ADA), { timestamp: at(1) });
    await app.until(() => app.subscribed.length === 2 && app.client.syncStatus.state === 'in-sync');
    expect(app.states.some(({ reason }) => reason === 'deaf')).toBe(true);
    await published;
    await world.confirmed();
    // Where the hub does not tell what is open, the next event has to.
    if (kind.context === 'none') await world.session.publish('Patient-open', patientContext(ADA), { timestamp: at(2) });
    await app.until(() => events.length > 0 && app.client.syncStatus.state === 'in-sync');
    expect(app.client.context.current?.patient?.id).toBe(ADA.id);
    expect(world.session.subscriptions).toHaveLength(1);
  });

  it('of a hub whose heartbeats stop is found out', async () => {
    const world = await openWorld(kind, { hub: { network: true, heartbeatSeconds: 0.05 } });
    const app = await world.follow('Viewer', SOON);
    await app.until(() => app.client.counts.heartbeat >= 2);
    world.hub.network?.halfOpen();
    await app.until(() => app.errorCodes.includes('channel-silent') && app.client.state === 'active');
    expect(app.client.counts).toMatchObject({ delivered: 0 });
  });

  it('that is given up as often as the option says ends in denied, and ready() begins again', async () => {
    const world = await openWorld(kind, { hub: { network: true } });
    const app = await world.follow('Viewer', { reconnect: { ...SOON.reconnect, attempts: 2 } });
    world.hub.network?.refuse();
    world.hub.network?.cut();
    await app.until(() => app.client.state === 'denied');
    expect(app.states.map(({ reason }) => reason)).toEqual([
      'listening',
      'confirmed',
      'lost',
      'retrying',
      'failed',
      'retrying',
      'exhausted',
    ]);
    expect(app.client.syncStatus.state).toBe('disconnected');
    world.hub.network?.heal();
    await app.client.ready();
    await app.until(() => app.client.syncStatus.state === 'in-sync');
  });

  it('that the hub ends is asked for again, however often, for it may not have meant this app', async () => {
    const world = await openWorld(kind);
    const app = await world.follow('Viewer', SOON);
    for (let times = 1; times <= 4; times++) {
      await world.session.deny('Somebody left.');
      await app.until(() => app.subscribed.length === times + 1);
      await world.confirmed();
    }
    expect(app.client.state).toBe('active');
    expect(app.denials).toEqual([]);
    expect(new Set(app.errors.map(({ code, retryable }) => `${code} ${retryable}`))).toEqual(
      new Set(['subscription-denied true']),
    );
    const events = app.collect('Patient-open');
    await world.session.publish('Patient-open', patientContext(ADA));
    await app.until(() => events.length === 1);
    // Whoever is denied holds nothing, and nobody else is told that it has left.
    expect(world.session.subscriptions).toHaveLength(1);
    expect(world.seen('unsubscribe')).toEqual([]);
  });
});

describe.each(TELLING_WORLDS)('what happened without a connection: $title', (kind) => {
  it('is caught up with after a hub that restarted and remembers', async () => {
    const world = await openWorld(kind, { hub: { keepEndpoints: true } });
    const app = await world.follow('Viewer', SOON);
    const events = app.collect('Patient-open');
    await world.session.publish('Patient-open', patientContext(ADA), { timestamp: at(1) });
    world.hub.restart({ memory: true });
    await world.session.publish('Patient-open', patientContext(BRAM), { timestamp: at(2) });
    await app.until(() => events.length === 2 && app.client.syncStatus.state === 'in-sync');
    expect(events.map(({ patient }) => patient?.id)).toEqual([ADA.id, BRAM.id]);
    expect(app.client.context.current?.patient?.id).toBe(BRAM.id);
  });

  it('is caught up with after a hub that restarted and does not', async () => {
    const world = await openWorld(kind);
    const app = await world.follow('Viewer', SOON);
    const events = app.collect('Patient-open');
    const closed = app.collect('Patient-close');
    await app.client.ready();
    await world.session.publish('Patient-open', patientContext(ADA), { timestamp: at(1) });
    await app.until(() => events.length === 1);
    // A bare array that is empty may come from a hub that keeps nothing: it counts once the hub has told something.
    const asked = app.records.length;
    if (kind.context === 'array')
      await app.until(() => app.records.slice(asked).some(({ kind: of }) => of === 'current-context'));
    if (kind.context === 'array') await app.until(() => app.records.at(-1)?.status === 200);
    world.hub.restart({ memory: false });
    // A webhook hears nothing of it but that the hub has another context.
    await app.until(() => closed.length === 1 && app.client.syncStatus.state === 'in-sync');
    expect(closed).toMatchObject([{ source: 'resync', patient: { id: ADA.id } }]);
    expect(app.client.context.current).toBeNull();
    await world.confirmed();
    await world.session.publish('Patient-open', patientContext(BRAM), { timestamp: at(2) });
    await app.until(() => events.length === 2);
    expect(world.session.subscriptions).toHaveLength(1);
  });

  it('is caught up with when the hub lost an event on a living connection', async () => {
    const world = await openWorld(kind, { hub: { answerTimeoutMs: 500 } });
    const app = await world.follow('Viewer', SOON);
    const events = app.collect('Patient-open');
    world.session.disturbNext('drop');
    const published = world.session.publish('Patient-open', patientContext(ADA), { timestamp: at(1) });
    await app.until(() => events.length === 1 && app.client.syncStatus.state === 'in-sync');
    expect(app.errorCodes).toContain('event-missed');
    expect(app.client.context.current?.patient?.id).toBe(ADA.id);
    expect(app.syncs.map(({ state }) => state).slice(-3)).toEqual(['disconnected', 'behind', 'in-sync']);
    await published;
    await world.session.publish('Patient-open', patientContext(CHIDI), { timestamp: at(2) });
    await app.until(() => events.length === 2);
  });
});

describe.each(WORLDS)('the lease: $title', (kind) => {
  it('that the hub does not renew is followed by a new subscription before it ends', async () => {
    const world = await openWorld(kind, { hub: { leaseSeconds: 1 } });
    const app = await world.follow('Viewer', SOON);
    const [before] = world.session.subscriptions;
    world.hub.refuseNext({ kind: 'subscribe', status: 404, text: 'There is no such subscription.' });
    await world.hub.waitFor(({ kind: seen, status }) => seen === 'reply' && status === 404);
    const isNew = () =>
      world.session.subscriptions.some(
        ({ active, callback, endpoint }) => active && (callback ?? endpoint) !== (before?.callback ?? before?.endpoint),
      );
    await world.hub.waitFor(isNew);
    expect(app.client.state).toBe('active');
    expect(app.errorCodes).toEqual([]);
    const events = app.collect('Patient-open');
    await world.session.publish('Patient-open', patientContext(ADA));
    expect(events).toHaveLength(1);
  });

  it.each([0.2, 1e15])('of %d seconds leaves the app subscribed', async (leaseSeconds) => {
    const world = await openWorld(kind, { hub: { leaseSeconds } });
    const app = await world.follow('Viewer', SOON);
    await app.until(() => app.client.syncStatus.state === 'in-sync');
    await world.confirmed();
    const events = app.collect('Patient-open');
    await world.session.publish('Patient-open', patientContext(ADA));
    await app.until(() => events.length === 1);
  });

  it('that outlives the token is renewed with a new one', async () => {
    const world = await openWorld(kind, { hub: { leaseSeconds: 1 } });
    let token = world.session.issueToken('fhircast fhircast/*.*');
    let renewals = 0;
    const app = await world.follow('Viewer', {
      ...SOON,
      silenceMs: 60_000,
      accessToken: (refused) => {
        if (refused === token) {
          token = world.session.issueToken('fhircast fhircast/*.*');
          renewals++;
        }
        return token;
      },
    });
    world.session.revokeToken(token);
    const renewed = await world.hub.waitFor(({ kind: seen }) => seen === 'active', { since: world.hub.log.length });
    expect(renewed).toBeDefined();
    expect([app.client.state, renewals, app.errorCodes]).toEqual(['active', 1, []]);
  });

  it('that cannot be renewed because the token has ended says that the session is over', async () => {
    const world = await openWorld(kind, { hub: { leaseSeconds: 1 } });
    const token = world.session.issueToken('fhircast fhircast/*.*');
    const app = await world.follow('Viewer', { ...SOON, silenceMs: 60_000, accessToken: token });
    world.session.revokeToken(token);
    await app.until(() => app.client.state === 'denied');
    expect(app.errorCodes).toContain('session-over');
    expect(app.client.syncStatus.state).toBe('disconnected');
  });
});

describe.each(WEBHOOK_WORLDS.filter((kind) => TELLING_WORLDS.includes(kind)))('a callback: $title', (kind) => {
  it('is the same before and after a gap, so that no subscription is left behind', async () => {
    const world = await openWorld(kind, { hub: { answerTimeoutMs: 500 } });
    const app = await world.follow('Viewer', SOON);
    const [before] = world.session.subscriptions;
    world.session.disturbNext('drop');
    const published = world.session.publish('Patient-open', patientContext(ADA), { timestamp: at(1) });
    await app.until(() => app.subscribed.length === 2);
    await published;
    await world.hub.waitFor(() => world.session.subscriptions.length === 1);
    expect(world.session.subscriptions).toMatchObject([{ callback: before?.callback }]);
  });
});

describe.each(WORLDS)('in step or not: $title', (kind) => {
  it('says who does not follow, to everybody who listens to it, and when all follow again', async () => {
    const world = await openWorld(kind);
    const dictation = await world.follow('Dictation', {
      listener: (event) => event.refuse('A report is being dictated.'),
    });
    const viewer = await world.follow('Viewer', SOON);
    viewer.client.on('SyncError', () => undefined);
    await viewer.client.ready();
    await settled(viewer);
    await world.session.publish('Patient-open', patientContext(ADA), { timestamp: at(1) });
    await viewer.until(() => viewer.client.syncStatus.state === 'refused');
    expect(viewer.client.syncStatus).toMatchObject({ by: [{ subscriber: 'Dictation', isSelf: false }] });
    expect(dictation.client.syncStatus).toMatchObject({
      by: [{ subscriber: 'Dictation', isSelf: true, diagnostics: 'A report is being dictated.' }],
    });
    dictation.client.off('Patient-open').on('Patient-open', () => undefined);
    await dictation.client.ready();
    await world.session.publish('Patient-open', patientContext(BRAM), { timestamp: at(2) });
    await viewer.until(() => viewer.client.syncStatus.state === 'in-sync');
    expect(dictation.client.syncStatus.state).toBe('in-sync');
  });
});

// Without an answer to be asked for, nothing tells that the way to a hub that delivers by webhook is dead.
describe.each(WORLDS.filter((kind) => kind.channel === 'websocket' || kind.context !== 'none'))(
  'leaving a connection that has died: $title',
  (kind) => {
    it('takes back what the hub may still hold', async () => {
      const world = await openWorld(kind, { hub: { network: true, keepEndpoints: true, answerTimeoutMs: 500 } });
      const app = await world.follow('Viewer', { ...SOON, reconnect: { firstMs: 60_000, longestMs: 60_000 } });
      world.hub.network?.halfOpen();
      const published = world.session.publish('Patient-open', patientContext(ADA), { timestamp: at(1) });
      await app.until(() => app.client.state === 'reconnecting');
      await app.client.unsubscribe();
      await published;
      await world.hub.waitFor(() => world.session.subscriptions.length === 0);
      expect(app.client.state).toBe('closed');
    });
  },
);

describe.each(WORLDS)('leaving: $title', (kind) => {
  it('is what the end of a block does', async () => {
    const world = await openWorld(kind);
    const left = await (async () => {
      const app = await world.follow();
      await using client = app.client;
      expect(client.state).toBe('active');
      return client;
    })();
    expect(left).toBeInstanceOf(FhircastClient);
    expect(left.state).toBe('closed');
    await world.hub.waitFor(() => world.session.subscriptions.length === 0);
  });

  it('is over in time when the hub says nothing', async () => {
    const world = await openWorld(kind, { hub: { network: true } });
    const app = await world.follow('Viewer', SOON);
    world.hub.network?.delay(60_000);
    const left = app.client.unsubscribe().catch((error: unknown) => error);
    await left;
    expect(app.client.state).toBe('closed');
    world.hub.network?.heal();
  });
});
