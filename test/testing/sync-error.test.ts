import { describe, expect, it } from 'vitest';
import { type Frame, openHub, patientContext, postEvent, subscribeCallback, subscribeSocket } from './support.ts';

const SYSTEM = 'https://fhircast.hl7.org/events/syncerror';

function syncError(eventId: string, subscriber: string) {
  return {
    id: expect.any(String),
    timestamp: expect.any(String),
    event: {
      'hub.topic': expect.any(String),
      'hub.event': 'syncerror',
      context: [
        {
          key: 'operationoutcome',
          resource: {
            resourceType: 'OperationOutcome',
            issue: [
              {
                severity: 'warning',
                code: 'processing',
                diagnostics: expect.stringContaining(subscriber),
                details: {
                  coding: [
                    { system: `${SYSTEM}/eventid`, code: eventId },
                    { system: `${SYSTEM}/eventname`, code: 'Patient-open' },
                    { system: `${SYSTEM}/subscriber`, code: subscriber },
                  ],
                },
              },
            ],
          },
        },
      ],
    },
  };
}

describe('a SyncError', () => {
  it.each([409, 404, '500'])('tells everybody that a websocket answered %s', async (status) => {
    const hub = await openHub();
    const session = hub.openSession();
    const watcher = await subscribeSocket(hub, session, { events: 'syncerror', name: 'Watcher' });
    const refuser = await subscribeSocket(hub, session, {
      events: 'Patient-open,syncerror',
      name: 'Dictation',
      status,
    });
    const { answers } = await session.publish('Patient-open', patientContext(), { id: 'e1' });
    expect(answers).toEqual([{ subscriber: 'Dictation', status: Number(status) }]);
    expect(await watcher.inbox.next()).toEqual(syncError('e1', 'Dictation'));
    expect((await refuser.inbox.next()).id).toBe('e1');
    expect(await refuser.inbox.next()).toEqual(syncError('e1', 'Dictation'));
  });

  it('tells that a webhook refused, and is not followed by another when it is refused itself', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const callback = await subscribeCallback(hub, session, { events: 'open-patient-chart,syncerror', status: 409 });
    const watcher = await subscribeSocket(hub, session, { events: 'syncerror', name: 'Watcher' });
    await session.publish('Patient-open', patientContext(), { id: 'e1' });
    expect(await watcher.inbox.next()).toEqual(syncError('e1', 'webhook-1'));
    await hub.waitFor(({ about, event, status }) => about === 'notify' && event === 'syncerror' && status === 409);
    await session.publish('SyncError', [], { id: 'last' });
    expect((await watcher.inbox.next()).id).toBe('last');
    expect(callback.inbox.all.filter(({ method }) => method === 'POST')).toHaveLength(3);
  });

  it.each([200, 202])('does not follow a %i', async (status) => {
    const hub = await openHub();
    const session = hub.openSession();
    const { inbox } = await subscribeSocket(hub, session, { events: 'Patient-open,syncerror', status });
    await session.publish('Patient-open', patientContext(), { id: 'e1' });
    await session.publish('SyncError', [], { id: 'last' });
    expect([(await inbox.next()).id, (await inbox.next()).id]).toEqual(['e1', 'last']);
  });

  it('tells that a subscriber did not answer in time', async () => {
    const hub = await openHub({ answerTimeoutMs: 1000 });
    const session = hub.openSession();
    const watcher = await subscribeSocket(hub, session, { events: 'syncerror', name: 'Watcher' });
    await subscribeSocket(hub, session, { name: 'Sleeper', status: 'silent' });
    const callback = await subscribeCallback(hub, session);
    callback.settings.silent = true;
    const { answers } = await session.publish('Patient-open', patientContext(), { id: 'e1' });
    expect(answers.map(({ status }) => status)).toEqual([undefined, undefined]);
    const told = [await watcher.inbox.next(), await watcher.inbox.next()];
    expect(told).toContainEqual(syncError('e1', 'Sleeper'));
    expect(told).toContainEqual(syncError('e1', 'webhook-1'));
  });

  it('tells that a connection was lost, and not that one was closed', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const watcher = await subscribeSocket(hub, session, { events: 'syncerror', name: 'Watcher' });
    const leaver = await subscribeSocket(hub, session, { name: 'Leaver' });
    leaver.socket.close(1000);
    await hub.waitFor(({ kind, subscriber }) => kind === 'ended' && subscriber === 'Leaver');
    const crasher = await subscribeSocket(hub, session, { name: 'Crasher' });
    await session.publish('Patient-open', patientContext(), { id: 'e1' });
    crasher.socket.terminate();
    expect(await watcher.inbox.next()).toEqual(syncError('e1', 'Crasher'));
    expect(session.subscriptions.map(({ name }) => name)).toEqual(['Watcher']);
  });

  it('of a subscriber is broadcast as any event', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const { inbox } = await subscribeSocket(hub, session, { events: 'SyncError' });
    const context = [{ key: 'operationoutcome', resource: { resourceType: 'OperationOutcome', id: 'mine' } }];
    const { status } = await postEvent(hub.url, session.accessToken, session.id, 'syncerror', { context });
    expect(status).toBe(202);
    const frame: Frame = await inbox.next();
    expect(frame.event).toEqual({ 'hub.topic': session.id, 'hub.event': 'SyncError', context });
  });
});
