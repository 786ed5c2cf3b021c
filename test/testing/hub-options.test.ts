import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { TestHub, TestSession } from '../../src/testing/index.ts';
import {
  openHub,
  openSocket,
  patientContext,
  postEvent,
  postForm,
  stuFields,
  subscribeCallback,
  subscribeSocket,
} from './support.ts';

/** Subscribes by websocket, and opens none. */
async function subscribe(hub: TestHub, session: TestSession): Promise<string> {
  const response = await postForm(hub.url, session.accessToken, stuFields(session));
  return ((await response.json()) as { 'hub.channel.endpoint': string })['hub.channel.endpoint'];
}

describe('a hub that keeps endpoints', () => {
  it('confirms again whoever comes back after a loss, and tells what is open', async () => {
    const hub = await openHub({ keepEndpoints: true });
    const session = hub.openSession();
    const { socket, endpoint, inbox } = await subscribeSocket(hub, session, { name: 'Lost' });
    const watch = await subscribeSocket(hub, session, { events: 'SyncError', name: 'Watch' });
    await session.publish('Patient-open', patientContext(), { id: 'e1' });
    await inbox.next();
    socket.terminate();
    const syncError = JSON.stringify(await watch.inbox.next());
    expect(syncError).toContain('The connection to Lost was lost (1006).');
    expect(session.subscriptions).toMatchObject([{ active: false, socketOpen: false, endpoint }, { active: true }]);
    const { answers } = await session.publish('Patient-open', patientContext('p2'), { id: 'e2' });
    expect(answers).toEqual([]);
    const again = openSocket(endpoint);
    expect(await again.inbox.next()).toMatchObject({ 'hub.mode': 'subscribe' });
    expect((await again.inbox.next()).id).toBe('e2');
    await session.publish('Patient-open', patientContext('p3'), { id: 'e3' });
    expect((await again.inbox.next()).id).toBe('e3');
  });

  it('refuses a second socket, also while the first is half-open', async () => {
    const hub = await openHub({ keepEndpoints: true, network: true });
    const session = hub.openSession();
    const { endpoint } = await subscribeSocket(hub, session);
    for (const fault of [() => undefined, () => hub.network?.halfOpen()]) {
      fault();
      const [error] = await once(new WebSocket(endpoint), 'error');
      expect(String(error)).toContain('404');
    }
  });

  it.each([1000, 1001])('ends a subscription whose subscriber left with %i', async (code) => {
    const hub = await openHub({ keepEndpoints: true });
    const session = hub.openSession();
    const { socket } = await subscribeSocket(hub, session);
    socket.close(code);
    await hub.waitFor(({ kind }) => kind === 'ended');
    expect(session.subscriptions).toEqual([]);
  });

  it.each([undefined, 1012])('lets subscribers come back whose connections it dropped (%s)', async (code) => {
    const hub = await openHub({ keepEndpoints: true });
    const session = hub.openSession();
    const { closed, endpoint } = await subscribeSocket(hub, session);
    session.dropConnections(code);
    await closed;
    expect(await openSocket(endpoint).inbox.next()).toMatchObject({ 'hub.mode': 'subscribe' });
  });

  it('takes a new socket while the old one is still saying goodbye', async () => {
    const hub = await openHub({ keepEndpoints: true });
    const session = hub.openSession();
    const { socket, endpoint } = await subscribeSocket(hub, session);
    // It reads no close frame, and so answers none.
    socket.pause();
    session.dropConnections(1012);
    expect(await openSocket(endpoint).inbox.next()).toMatchObject({ 'hub.mode': 'subscribe' });
    socket.terminate();
    await hub.waitFor(({ kind }) => kind === 'disconnect');
    const { answers } = await session.publish('Patient-open', patientContext());
    expect(answers).toEqual([{ subscriber: 'Viewer', status: 200 }]);
  });

  it('ends the lease of a subscription without a socket', async () => {
    const hub = await openHub({ keepEndpoints: true });
    const session = hub.openSession();
    const { socket } = await subscribeSocket(hub, session);
    socket.terminate();
    await hub.waitFor(({ kind }) => kind === 'disconnect');
    session.expireLeases();
    expect(session.subscriptions).toEqual([]);
  });
});

describe('a hub that does not replay', () => {
  it('says nothing after a confirmation', async () => {
    const hub = await openHub({ replay: false });
    const session = hub.openSession();
    await session.publish('Patient-open', patientContext(), { id: 'before' });
    const { inbox } = await subscribeSocket(hub, session);
    await session.publish('Patient-open', patientContext(), { id: 'after' });
    expect((await inbox.next()).id).toBe('after');
  });
});

describe('a hub without a current context', () => {
  it('answers 404, and says so in its discovery document', async () => {
    const hub = await openHub({ currentContext: false });
    const session = hub.openSession();
    await session.publish('Patient-open', patientContext());
    for (const url of [session.url, `${hub.url}/${session.id}`]) {
      const { status } = await fetch(url, { headers: { Authorization: `Bearer ${session.accessToken}` } });
      expect(status).toBe(404);
    }
    expect(hub.wellKnown).toMatchObject({
      getCurrentSupport: false,
      capabilities: { supportsGetCurrentContext: false },
    });
  });
});

describe('a hub with a heartbeat', () => {
  it('sends it on websockets, and misses no answer', async () => {
    const hub = await openHub({ heartbeatSeconds: 0.02, answerTimeoutMs: 10 });
    const session = hub.openSession();
    const { inbox } = await subscribeSocket(hub, session, { events: 'SyncError', status: 'silent' });
    const beats = [await inbox.next(), await inbox.next(), await inbox.next()];
    for (const { event } of beats) {
      expect(event).toEqual({
        'hub.topic': session.id,
        'hub.event': 'heartbeat',
        context: [{ key: 'period', decimal: '0.02' }],
      });
    }
    expect(new Set(beats.map(({ id }) => id)).size).toBe(3);
    expect(hub.log.filter(({ kind }) => kind === 'answer')).toEqual([]);
  });

  it('sends none to webhooks', async () => {
    const hub = await openHub({ heartbeatSeconds: 0.02 });
    const session = hub.openSession();
    const callback = await subscribeCallback(hub, session);
    const { inbox } = await subscribeSocket(hub, session);
    for (let beat = 1; beat <= 3; beat += 1) await inbox.next();
    expect(callback.inbox.all.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('a hub with a network', () => {
  it('is reached through it alone', async () => {
    const hub = await openHub({ network: true });
    const session = hub.openSession();
    const origin = hub.network?.origin ?? '';
    const { endpoint, inbox } = await subscribeSocket(hub, session);
    const places = [hub.url, hub.draftUrl, session.url, endpoint.replace('ws:', 'http:')];
    expect(places.every((place) => place.startsWith(`${origin}/`))).toBe(true);
    await subscribeCallback(hub, session);
    await postEvent(session.url, session.accessToken, session.url, 'Patient-open');
    expect((await inbox.next()).id).toBe('event-1');
  });

  it('loses its websockets when that is cut, and waits for none of them', async () => {
    const hub = await openHub({ network: true });
    const session = hub.openSession();
    const { inbox, closed } = await subscribeSocket(hub, session, { status: 'silent' });
    const published = session.publish('Patient-open', patientContext());
    await inbox.next();
    hub.network?.cut();
    expect(await closed).toBe(1006);
    expect((await published).answers).toEqual([{ subscriber: 'Viewer', status: undefined }]);
    expect((await session.publish('Patient-open', patientContext())).answers).toEqual([]);
  });

  it('finds a half-open websocket by the missing answer, and by nothing else', async () => {
    const hub = await openHub({ network: true, answerTimeoutMs: 50 });
    const session = hub.openSession();
    const { socket, inbox } = await subscribeSocket(hub, session);
    hub.network?.halfOpen();
    socket.terminate();
    const { answers } = await session.publish('Patient-open', patientContext());
    expect(answers).toEqual([{ subscriber: 'Viewer', status: undefined }]);
    expect(session.subscriptions).toMatchObject([{ active: true, socketOpen: true }]);
    expect(inbox.all).toHaveLength(1);
    expect(hub.log.filter(({ event }) => event === 'Patient-open').map(({ kind }) => kind)).toContain('answer');
  });

  it('closes in no time, with connections that are dead or slow', async () => {
    const hub = await openHub({ network: true });
    const session = hub.openSession();
    const [first, second] = [await subscribe(hub, session), await subscribe(hub, session)];
    const dead = openSocket(first);
    await dead.inbox.next();
    hub.network?.halfOpen();
    const slow = openSocket(second);
    await slow.inbox.next();
    hub.network?.delay(3_600_000);
    await hub.close();
    expect(await slow.closed).toBe(1001);
    expect(await dead.closed).toBe(1006);
    expect(hub.network?.connections).toBe(0);
  });

  it('has none unless asked', async () => {
    expect((await openHub()).network).toBeUndefined();
  });
});

describe('a hub with a network and a port', () => {
  it('is reached at that port, by the network', async () => {
    const first = await openHub();
    const { port } = new URL(first.url);
    await expect(openHub({ port: Number(port), network: true })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.close();
    const hub = await openHub({ port: Number(port), network: true });
    expect([new URL(hub.url).port, hub.network?.origin]).toEqual([port, `http://127.0.0.1:${port}`]);
    expect((await fetch(`${hub.url}/.well-known/fhircast-configuration`)).status).toBe(200);
    hub.network?.refuse();
    await expect(fetch(`${hub.url}/.well-known/fhircast-configuration`, { keepalive: false })).rejects.toThrow();
  });
});
