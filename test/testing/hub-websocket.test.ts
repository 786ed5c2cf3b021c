import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { openHub, openSocket, patientContext, postForm, stuFields, subscribeSocket } from './support.ts';

describe('a websocket subscription in STU3', () => {
  it('is answered with an unguessable endpoint and confirmed on the socket', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const fields = { ...stuFields(session, 'Patient-open,patient-close'), 'hub.lease_seconds': '999999' };
    const response = await postForm(hub.url, session.accessToken, fields);
    expect(response.status).toBe(202);
    const { 'hub.channel.endpoint': endpoint } = (await response.json()) as { 'hub.channel.endpoint': string };
    expect(endpoint).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/socket\/[0-9a-f]{32}$/);
    expect(session.subscriptions[0]).toMatchObject({ active: false, socketOpen: false, name: 'Viewer', endpoint });
    const { inbox } = openSocket(endpoint);
    expect(await inbox.next()).toEqual({
      'hub.mode': 'subscribe',
      'hub.topic': session.id,
      'hub.events': 'Patient-open,patient-close',
      'hub.lease_seconds': 7200,
    });
    expect(session.subscriptions[0]).toMatchObject({ active: true, socketOpen: true });
  });

  it('gets events in its own spelling, and its answers count as text and as number', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const { inbox } = await subscribeSocket(hub, session, { events: 'PATIENT-OPEN', name: 'A' });
    await subscribeSocket(hub, session, { name: 'B', status: 202 });
    const { answers, versionId } = await session.publish('open-patient-chart', patientContext(), {
      id: 'e1',
      timestamp: '2024-05-01T10:00:00Z',
    });
    expect(answers).toEqual([
      { subscriber: 'A', status: 200 },
      { subscriber: 'B', status: 202 },
    ]);
    expect(await inbox.next()).toEqual({
      id: 'e1',
      timestamp: '2024-05-01T10:00:00Z',
      event: {
        'hub.topic': session.id,
        'hub.event': 'PATIENT-OPEN',
        context: patientContext(),
        'context.versionId': versionId,
      },
    });
  });

  it('is refused at an endpoint that is unknown or taken', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const { endpoint } = await subscribeSocket(hub, session);
    for (const url of [endpoint, `${endpoint}0`]) {
      const socket = new WebSocket(url);
      const [error] = await once(socket, 'error');
      expect(String(error)).toContain('404');
    }
  });

  it('catches up with the latest open event of each type, the oldest first', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const study = (id: string) => [{ key: 'study', resource: { resourceType: 'ImagingStudy', id } }];
    const at = (minute: number) => ({ id: `e${minute}`, timestamp: `2024-05-01T10:0${minute}:00Z` });
    await session.publish('Patient-open', patientContext('p1'), at(1));
    await session.publish('ImagingStudy-open', study('s1'), at(2));
    await session.publish(
      'Encounter-open',
      [{ key: 'encounter', resource: { resourceType: 'Encounter', id: 'c' } }],
      at(3),
    );
    await session.publish('Patient-open', patientContext('p2'), at(4));
    await session.publish('Home-open', [], at(5));
    await session.publish('ImagingStudy-open', study('s2'), at(6));
    await session.publish('ImagingStudy-close', study('s2'), at(7));
    const { inbox } = await subscribeSocket(hub, session, { events: 'Patient-open,ImagingStudy-open,Patient-close' });
    const replayed = [await inbox.next(), await inbox.next()];
    expect(replayed.map(({ id, timestamp, event }) => [id, timestamp, event?.['hub.event']])).toEqual([
      ['e2', '2024-05-01T10:02:00Z', 'ImagingStudy-open'],
      ['e4', '2024-05-01T10:04:00Z', 'Patient-open'],
    ]);
    await session.publish('Patient-close', patientContext('p2'), { id: 'after' });
    expect((await inbox.next()).id).toBe('after');
  });

  it('is not kept when nobody connects', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    await postForm(hub.url, session.accessToken, stuFields(session));
    expect(session.subscriptions).toHaveLength(1);
    await hub.waitFor(({ kind }) => kind === 'ended');
    expect(session.subscriptions).toEqual([]);
  });

  it('is denied when the socket opens', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    session.denyNext('Not today');
    const { confirmation, closed } = await subscribeSocket(hub, session);
    expect(confirmation).toEqual({
      'hub.mode': 'denied',
      'hub.topic': session.id,
      'hub.events': 'Patient-open',
      'hub.reason': 'Not today',
    });
    expect(await closed).toBe(1000);
    expect(session.subscriptions).toEqual([]);
  });

  it('is denied later, one subscriber alone', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const { inbox, closed } = await subscribeSocket(hub, session, { name: 'A' });
    await subscribeSocket(hub, session, { name: 'B' });
    await session.deny('The shift is over', 'A');
    expect(await inbox.next()).toMatchObject({ 'hub.mode': 'denied', 'hub.reason': 'The shift is over' });
    expect(await closed).toBe(1000);
    expect(session.subscriptions.map(({ name }) => name)).toEqual(['B']);
  });

  it('is changed by subscribing again with its endpoint, and told only what is new', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    await session.publish('Patient-open', patientContext(), { id: 'patient' });
    await session.publish('Encounter-open', [], { id: 'encounter' });
    const { inbox, endpoint } = await subscribeSocket(hub, session);
    expect((await inbox.next()).id).toBe('patient');
    const response = await postForm(hub.url, session.accessToken, {
      ...stuFields(session, 'Patient-open,Encounter-open'),
      'hub.channel.endpoint': endpoint,
      'hub.lease_seconds': '60',
    });
    expect([response.status, await response.json()]).toEqual([202, { 'hub.channel.endpoint': endpoint }]);
    expect(await inbox.next()).toMatchObject({ 'hub.events': 'Patient-open,Encounter-open', 'hub.lease_seconds': 60 });
    expect((await inbox.next()).id).toBe('encounter');
    expect(session.subscriptions).toHaveLength(1);
  });

  it('cannot be changed at an endpoint that is unknown', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const fields = { ...stuFields(session), 'hub.channel.endpoint': 'ws://127.0.0.1:1/socket/0' };
    expect((await postForm(hub.url, session.accessToken, fields)).status).toBe(404);
  });

  it('ends by an unsubscription, with a denial and a closed socket', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const { inbox, endpoint, closed } = await subscribeSocket(hub, session);
    const fields = {
      'hub.channel.type': 'websocket',
      'hub.mode': 'unsubscribe',
      'hub.topic': session.id,
      'hub.channel.endpoint': endpoint,
    };
    expect((await postForm(hub.url, session.accessToken, fields)).status).toBe(202);
    expect(await inbox.next()).toMatchObject({ 'hub.mode': 'denied', 'hub.topic': session.id });
    expect(await closed).toBe(1000);
    expect((await postForm(hub.url, session.accessToken, fields)).status).toBe(404);
  });

  it('ends with its lease', async () => {
    const hub = await openHub({ leaseSeconds: 2 });
    const session = hub.openSession();
    const { inbox, closed, confirmation } = await subscribeSocket(hub, session);
    expect(confirmation['hub.lease_seconds']).toBe(2);
    expect(await inbox.next()).toMatchObject({ 'hub.mode': 'denied', 'hub.reason': 'The lease expired.' });
    expect(await closed).toBe(1000);
  });

  it('ends at once when a test lets leases expire', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const { closed } = await subscribeSocket(hub, session);
    session.expireLeases();
    expect(await closed).toBe(1000);
  });

  it.each([
    [undefined, 1006],
    [1012, 1012],
  ])('loses its connection on demand (%s)', async (code, seen) => {
    const hub = await openHub();
    const session = hub.openSession();
    const { closed } = await subscribeSocket(hub, session);
    session.dropConnections(code);
    expect(await closed).toBe(seen);
    expect(session.subscriptions).toEqual([]);
  });

  it('gets raw messages as they are', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const { inbox } = await subscribeSocket(hub, session, { status: 400 });
    expect(await session.sendRaw('{"id":"raw-1"}')).toEqual([{ subscriber: 'Viewer', status: 400 }]);
    expect(await inbox.next()).toEqual({ id: 'raw-1' });
    expect(await session.sendRaw('{"no":"id"}')).toEqual([{ subscriber: 'Viewer', status: undefined }]);
    expect(await inbox.next()).toEqual({ no: 'id' });
  });

  it('logs a frame that is no answer', async () => {
    const hub = await openHub();
    const { socket } = await subscribeSocket(hub, hub.openSession());
    socket.send('rubbish');
    expect((await hub.waitFor(({ kind }) => kind === 'malformed')).body).toBe('rubbish');
  });
});
