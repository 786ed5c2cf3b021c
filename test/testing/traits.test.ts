import { describe, expect, it } from 'vitest';
import type { HubTraits, TestHub, TestSession } from '../../src/testing/index.ts';
import { openHub, openSocket, patientContext, postEvent, postForm, stuFields, subscribeSocket } from './support.ts';

const EVERYTHING = 'Patient-open,Patient-close,Encounter-open,Encounter-close,ImagingStudy-open,ImagingStudy-close';

const STUDY = [
  { key: 'study', resource: { resourceType: 'ImagingStudy', id: 's1' } },
  { key: 'encounter', resource: { resourceType: 'Encounter', id: 'e1' } },
  ...patientContext(),
];

/** Opens a hub with these traits, a session of it, and the socket of a subscriber. */
async function subscribed(traits: Partial<HubTraits>, events = EVERYTHING) {
  const hub = await openHub({ traits });
  const session = hub.openSession();
  return { hub, session, ...(await subscribeSocket(hub, session, { events })) };
}

/** Subscribes by websocket, and opens none. */
async function endpointFor(hub: TestHub, session: TestSession): Promise<string> {
  const response = await postForm(hub.url, session.accessToken, stuFields(session));
  return ((await response.json()) as { 'hub.channel.endpoint': string })['hub.channel.endpoint'];
}

describe('the EHR of a session', () => {
  it('gives one id to all of its events, and has a clock that is off', async () => {
    const hub = await openHub({ ehr: { eventId: '1', clockOffsetMs: -300_000 } });
    const session = hub.openSession();
    const { inbox } = await subscribeSocket(hub, session);
    const before = Date.now();
    await session.publish('Patient-open', patientContext('p1'));
    await session.publish('Patient-open', patientContext('p2'));
    for (const id of ['p1', 'p2']) {
      const { id: eventId, timestamp, event } = await inbox.next();
      expect([eventId, event?.['context']]).toEqual(['1', patientContext(id)]);
      const slow = before - Date.parse(String(timestamp));
      expect(slow).toBeLessThanOrEqual(300_000);
      expect(slow).toBeGreaterThan(240_000);
    }
  });

  it('may be another one than that of other sessions, and change', async () => {
    const hub = await openHub({ ehr: { eventId: '1' } });
    const session = hub.openSession({ ehr: { eventId: '2' } });
    const published = () => session.publish('Patient-open').then(({ id }) => id);
    expect(await published()).toBe('2');
    session.ehr.eventId = '3';
    expect(await published()).toBe('3');
    expect((await hub.openSession().publish('Patient-open')).id).toBe('1');
  });

  it('says otherwise where a test does', async () => {
    const { session, inbox } = await subscribed({});
    Object.assign(session.ehr, { eventId: '1', clockOffsetMs: 60_000 });
    await session.publish('Patient-open', patientContext(), { id: 'e1', timestamp: '2026-01-05T08:00:00.000Z' });
    expect(await inbox.next()).toMatchObject({ id: 'e1', timestamp: '2026-01-05T08:00:00.000Z' });
  });
});

describe('a hub that writes whole seconds', () => {
  it('cuts the times of all events, whoever sent them', async () => {
    const { hub, session, inbox } = await subscribed({ timestamps: 'seconds' });
    await session.publish('Patient-open', patientContext(), { timestamp: '2026-01-05T08:00:00.987Z' });
    await postEvent(hub.url, session.accessToken, session.id, 'Patient-open');
    expect((await inbox.next())['timestamp']).toBe('2026-01-05T08:00:00Z');
    expect((await inbox.next())['timestamp']).toBe('2024-05-01T10:00:00Z');
  });

  it('does so too where it sends on what it was sent', async () => {
    const hub = await openHub({ personality: 'js-sandbox-2024', traits: { timestamps: 'seconds' } });
    const session = hub.openSession();
    const response = await postForm(hub.url, session.accessToken, stuFields(session));
    const { 'hub.channel.endpoint': endpoint } = (await response.json()) as { 'hub.channel.endpoint': string };
    const { inbox } = openSocket(endpoint.replace('localhost', '127.0.0.1'), { status: 'silent' });
    await inbox.next();
    await session.publish('Patient-open', patientContext(), { timestamp: '2026-01-05T08:00:00.987Z' });
    expect((await inbox.next())['timestamp']).toBe('2026-01-05T08:00:00Z');
  });
});

describe('a hub that derives events', () => {
  it('opens the broader resources after a study, and closes them in reverse, each as an event of its own', async () => {
    const { session, inbox } = await subscribed({ derivedEvents: { ids: 'own', order: 'after' } });
    for (const action of ['open', 'close']) {
      await session.publish(`ImagingStudy-${action}`, STUDY, { id: action, timestamp: '2026-01-05T08:00:00.000Z' });
    }
    const frames = [];
    for (let count = 0; count < 6; count += 1) frames.push(await inbox.next());
    expect(frames.map(({ event }) => event?.['hub.event'])).toEqual([
      'ImagingStudy-open',
      'Encounter-open',
      'Patient-open',
      'ImagingStudy-close',
      'Patient-close',
      'Encounter-close',
    ]);
    expect(frames.map(({ timestamp }) => String(timestamp).slice(-5))).toEqual([
      '.000Z',
      '.001Z',
      '.002Z',
      '.000Z',
      '.001Z',
      '.002Z',
    ]);
    expect(new Set(frames.map(({ id }) => id)).size).toBe(6);
    expect(frames[1]?.event?.['context']).toEqual(STUDY.slice(1));
    expect(frames[2]?.event?.['context']).toEqual(patientContext());
    expect(session.current).toBeUndefined();
  });

  it('keeps the most specific as the current one', async () => {
    const { session } = await subscribed({ derivedEvents: { ids: 'own', order: 'after' } });
    await session.publish('ImagingStudy-open', STUDY);
    expect(session.current?.type).toBe('ImagingStudy');
  });

  it('may send them first, under the id and the time of the event', async () => {
    const { session, inbox } = await subscribed({ derivedEvents: { ids: 'same', order: 'before' } });
    await session.publish('ImagingStudy-open', [STUDY[0], STUDY[2]] as typeof STUDY, { id: 'e1' });
    const [derived, event] = [await inbox.next(), await inbox.next()];
    expect([derived.event?.['hub.event'], event.event?.['hub.event']]).toEqual(['Patient-open', 'ImagingStudy-open']);
    expect([derived.id, derived['timestamp']]).toEqual([event.id, event['timestamp']]);
  });

  it('tells them to those alone that subscribed to them, and gives the answers to the event', async () => {
    const { session, inbox } = await subscribed({ derivedEvents: { ids: 'own', order: 'after' } }, 'Patient-open');
    const { answers } = await session.publish('ImagingStudy-open', STUDY);
    expect(answers).toEqual([]);
    expect((await inbox.next()).event?.['hub.event']).toBe('Patient-open');
    await session.publish('UserLogout');
    expect(inbox.all).toHaveLength(2);
  });
});

describe('a hub that derives closes', () => {
  it('has closed what it says that it closed', async () => {
    const { session } = await subscribed({ derivedEvents: { ids: 'own', order: 'after' } });
    await session.publish('Patient-open', patientContext());
    await session.publish('ImagingStudy-close', STUDY);
    expect(session.current).toBeUndefined();
  });
});

describe('a hub that takes events as they come', () => {
  it.each([
    ['open-contexts-as-they-come', 'p2'],
    ['open-contexts', 'p1'],
  ] as const)('%s: an open whose time is earlier than that of the one before makes it %s', async (keeping, current) => {
    const { session } = await subscribed({ contextKeeping: keeping });
    await session.publish('Patient-open', patientContext('p1'), { timestamp: '2026-01-05T08:05:00.000Z' });
    await session.publish('Patient-open', patientContext('p2'), { timestamp: '2026-01-05T08:00:00.000Z' });
    expect(session.current?.event.context).toEqual(patientContext(current));
  });
});

describe('a hub that sends each event twice', () => {
  it.each([
    ['own', 2],
    ['same', 1],
  ] as const)('with its %s id', async (copyIds, count) => {
    const { session, inbox } = await subscribed({ copies: 2, copyIds });
    await session.publish('Patient-open', patientContext());
    const [one, other] = [await inbox.next(), await inbox.next()];
    expect(new Set([one.id, other.id]).size).toBe(count);
    expect(other['timestamp']).toBe(one['timestamp']);
  });
});

describe('a hub that confirms anything', () => {
  it.each([
    ['bound-true', { bound: true }],
    ['connection-established', { type: 'connection.established' }],
    ['standard', { 'hub.mode': 'subscribe', 'hub.topic': '', 'hub.events': '', 'hub.lease_seconds': 3600 }],
    ['bound', { timestamp: expect.any(String), bound: 'forgotten' }],
  ] as const)('says so at an endpoint that nobody knows: %s', async (confirmation, frame) => {
    const hub = await openHub({ traits: { confirmation, unknownEndpoints: 'confirmed' } });
    const session = hub.openSession();
    const known = await endpointFor(hub, session);
    const { inbox } = openSocket(known.replace(/[^/]*$/, 'forgotten'));
    expect(await inbox.next()).toEqual(frame);
  });

  it('sends nothing to an endpoint that it has forgotten', async () => {
    const { hub, session, endpoint } = await subscribed({
      confirmation: 'bound-true',
      unknownEndpoints: 'confirmed',
    });
    hub.restart({ memory: false });
    const { inbox } = openSocket(endpoint);
    expect(await inbox.next()).toEqual({ bound: true });
    expect((await session.publish('Patient-open', patientContext())).answers).toEqual([]);
  });

  it('lets a socket open and says nothing, where nothing confirms', async () => {
    const hub = await openHub({ traits: { confirmation: 'none', unknownEndpoints: 'confirmed' } });
    const known = await endpointFor(hub, hub.openSession());
    const { socket } = openSocket(known.replace(/[^/]*$/, 'forgotten'));
    await new Promise((resolve) => socket.once('open', resolve));
    await hub.close();
    expect(hub.log.map(({ kind }) => kind)).not.toContain('confirm');
  });
});

describe('keepalives', () => {
  it.each([
    ['text', 'ping'],
    ['empty', ''],
    ['json', '{"type":"ping"}'],
  ] as const)('reach every socket, also those that nothing else reaches: %s', async (form, text) => {
    const { inbox, texts, endpoint } = await subscribed({
      keepalive: { form, seconds: 0.01 },
      unknownEndpoints: 'confirmed',
    });
    const deaf = openSocket(endpoint.replace(/[^/]*$/, 'forgotten'));
    await inbox.next();
    await deaf.inbox.next();
    await deaf.inbox.next();
    expect(texts[1]).toBe(text);
    expect(deaf.texts[1]).toBe(text);
  });

  it('come before an event on demand, in every form', async () => {
    const { session, texts, inbox } = await subscribed({});
    session.disturbNext('keepalive');
    await session.publish('Patient-open', patientContext(), { id: 'e1' });
    for (let count = 0; count < 4; count += 1) await inbox.next();
    expect(texts.slice(1, 4)).toEqual(['ping', '', '{"type":"ping"}']);
  });
});

describe('binary frames', () => {
  it('bring everything, or one event on demand', async () => {
    const all = await subscribed({ frameType: 'binary' });
    const one = await subscribed({});
    for (const [{ session, socket, inbox }, before] of [
      [all, true],
      [one, false],
    ] as const) {
      const binary: boolean[] = [];
      socket.on('message', (_data, isBinary) => binary.push(isBinary));
      await session.publish('Patient-open', patientContext());
      await inbox.next();
      session.disturbNext('binary');
      await session.publish('Patient-open', patientContext('p2'));
      await inbox.next();
      expect(binary).toEqual([before, true]);
    }
  });
});

describe('a SyncError before STU2', () => {
  it('has the id of the event that failed, and does not name it', async () => {
    const hub = await openHub({ traits: { syncErrorIds: 'failed-event' } });
    const session = hub.openSession();
    const watcher = await subscribeSocket(hub, session, { events: 'syncerror', name: 'Watcher' });
    await subscribeSocket(hub, session, { name: 'Dictation', status: 409 });
    await session.publish('Patient-open', patientContext(), { id: 'e1' });
    const { id, event } = await watcher.inbox.next();
    expect(id).toBe('e1');
    expect(JSON.stringify(event)).toContain('syncerror/eventname');
    expect(JSON.stringify(event)).not.toContain('syncerror/eventid');
  });
});
