import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import {
  draftFields,
  openCallback,
  openHub,
  openSocket,
  patientContext,
  postForm,
  stuFields,
  subscribeCallback,
  subscribeSocket,
} from './support.ts';

/** What became of a connection attempt at an endpoint that is not there. */
async function refusalAt(endpoint: string): Promise<string> {
  const socket = new WebSocket(endpoint);
  const [error] = await once(socket, 'error');
  return String(error);
}

/** Does something until it works: Node's `fetch` learns by failing that a connection it kept is gone. */
async function insist<Result>(act: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
}

describe('a hub that restarts with its memory', () => {
  it('cuts websockets, whose endpoints take another socket and tell what is open', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const { endpoint, closed } = await subscribeSocket(hub, session, { events: 'Patient-open,SyncError' });
    await session.publish('Patient-open', patientContext(), { id: 'before' });
    hub.restart({ memory: true });
    expect(await closed).toBe(1006);
    expect(session.subscriptions).toMatchObject([{ active: false, socketOpen: false, endpoint }]);
    const meanwhile = await session.publish('Patient-open', patientContext('p2'), { id: 'meanwhile' });
    expect(meanwhile.answers).toEqual([]);
    const { inbox } = openSocket(endpoint);
    expect(await inbox.next()).toMatchObject({ 'hub.mode': 'subscribe', 'hub.topic': session.id });
    // It was the hub's doing, so there is no SyncError in between.
    expect((await inbox.next()).id).toBe('meanwhile');
    expect(session.subscriptions).toMatchObject([{ active: true, socketOpen: true }]);
  });

  it('delivers to webhooks as before', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const callback = await subscribeCallback(hub, session);
    hub.restart({ memory: true });
    const { answers } = await session.publish('Patient-open', patientContext());
    expect(answers).toEqual([{ subscriber: 'webhook-1', status: 200 }]);
    expect((await callback.inbox.next()).method).toBe('POST');
  });

  it('keeps tokens, and takes requests at once', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    await subscribeSocket(hub, session);
    hub.restart({ memory: true });
    await insist(() => subscribeSocket(hub, session));
  });
});

describe('a hub that restarts without its memory', () => {
  it('forgets contexts and subscriptions, but not sessions and tokens', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const { endpoint, closed } = await subscribeSocket(hub, session);
    await subscribeCallback(hub, session);
    await session.publish('Patient-open', patientContext());
    hub.restart({ memory: false });
    expect(await closed).toBe(1006);
    expect([session.subscriptions, session.open, session.current]).toEqual([[], [], undefined]);
    expect(await refusalAt(endpoint)).toContain('404');
    const { inbox } = await insist(() => subscribeSocket(hub, session));
    await session.publish('Patient-open', patientContext(), { id: 'after' });
    expect((await inbox.next()).id).toBe('after');
  });

  it('takes an event that is older than what it forgot', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    await session.publish('Patient-open', patientContext('p1'), { timestamp: '2024-05-01T10:00:00Z' });
    hub.restart({ memory: false });
    await session.publish('Patient-open', patientContext('p2'), { timestamp: '2024-05-01T09:00:00Z' });
    expect(session.current?.event.context).toEqual(patientContext('p2'));
  });
});

describe.each([true, false])('a hub that restarts (memory: %s)', (memory) => {
  it('waits no longer for the answers of before, and makes no SyncError of them', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const { inbox } = await subscribeSocket(hub, session, { name: 'Mute', status: 'silent' });
    const callback = await subscribeCallback(hub, session);
    callback.settings.silent = true;
    const watch = await openCallback();
    await postForm(hub.draftUrl, session.accessToken, draftFields(session, watch.url, 'syncerror,org.example.next'));
    await hub.waitFor(({ kind, subscriber }) => kind === 'active' && subscriber === 'webhook-2');
    const published = session.publish('Patient-open', patientContext());
    await Promise.all([inbox.next(), callback.inbox.next()]);
    hub.restart({ memory });
    expect((await published).answers).toEqual([
      { subscriber: 'Mute', status: undefined },
      { subscriber: 'webhook-1', status: undefined },
    ]);
    await session.publish('org.example.next', [], { id: 'next' });
    const told = memory ? ['next'] : [];
    expect(watch.inbox.all.flatMap(({ body }) => (body.length > 0 ? [JSON.parse(body.toString()).id] : []))).toEqual(
      told,
    );
  });

  it('gives up the verification that was under way', async () => {
    const hub = await openHub({ verifyInline: true });
    const session = hub.openSession();
    const callback = await openCallback({ silent: true });
    const fields = { ...stuFields(session), 'hub.channel.type': 'webhook', 'hub.callback': callback.url };
    const refused = expect(postForm(hub.url, session.accessToken, fields)).rejects.toThrow();
    await callback.inbox.next();
    hub.restart({ memory });
    await refused;
    await hub.waitFor(({ kind }) => kind === 'ended');
    expect(session.subscriptions).toEqual([]);
  });
});
