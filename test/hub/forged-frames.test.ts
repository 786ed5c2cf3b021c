import { describe, expect, it, onTestFinished } from 'vitest';
import { FhircastClient, type FhircastClientOptions, type FhircastEvent } from '../../src/index.ts';
import { App } from '../integration/app.ts';
import { Evidence } from '../integration/evidence.ts';
import { confirming, type PlainHub, startPlainHub, usual } from './plain-hub.ts';

const TOPIC = 'the-session';
const patient = (id: string) => [{ key: 'patient', resource: { resourceType: 'Patient', id } }];

/** An event, and whatever else its sender wrote beside it. */
const event = (id: string, patientId: string, beside: object = {}) =>
  JSON.stringify({
    ...beside,
    timestamp: new Date().toISOString(),
    id,
    event: { 'hub.topic': TOPIC, 'hub.event': 'Patient-open', context: patient(patientId) },
  });

/** An app on a socket that the hub has confirmed. What is sent then came from whoever may publish. */
async function established(options: Partial<FhircastClientOptions> = {}) {
  const hub = await startPlainHub(usual, confirming(TOPIC));
  const client = new FhircastClient({ hubUrl: hub.url, topic: TOPIC, launched: 'stu3', ...options });
  const app = new App('Viewer', client, new Evidence());
  onTestFinished(() => client.unsubscribe().catch(() => {}));
  const events: FhircastEvent[] = [];
  client.on('Patient-open', (opened) => void events.push(opened));
  await client.ready();
  return { hub, app, client, events };
}

const answersOf = (hub: PlainHub) => hub.frames.map((frame) => JSON.parse(frame));

describe('a frame that passes for the hub’s own, on a socket that is confirmed', () => {
  it.each<[string, object]>([
    ['a sandbox’s confirmation', { bound: 'x' }],
    ['that with a lease that is over', { bound: 'x', 'hub.mode': 'subscribe', 'hub.lease_seconds': 0.001 }],
    ['a confirmation without a topic', { 'hub.mode': 'subscribe', 'hub.lease_seconds': 0.001 }],
    ['a confirmation of our topic', { 'hub.mode': 'subscribe', 'hub.topic': TOPIC, 'hub.lease_seconds': 0.001 }],
    ['a confirmation of other events', { 'hub.mode': 'subscribe', 'hub.topic': TOPIC, 'hub.events': 'x' }],
    ['a denial of another topic', { 'hub.mode': 'denied', 'hub.topic': 'another' }],
    ['a denial of another endpoint', { 'hub.mode': 'denied', 'hub.topic': TOPIC, 'hub.channel.endpoint': 'ws://x/' }],
    ['another mode', { 'hub.mode': 'unsubscribe', 'hub.topic': TOPIC }],
  ])('changes nothing: %s', async (_, forged) => {
    const { hub, app, client, events } = await established();
    for (let times = 0; times < 3; times++) hub.sockets[0]?.send(JSON.stringify(forged));
    hub.sockets[0]?.send(event('1', 'p1'));
    await hub.until(() => hub.frames.some((frame) => frame.includes('"1"')));
    expect(answersOf(hub).filter(({ id }) => id === '1')).toEqual([{ id: '1', status: '200' }]);
    expect(events.map(({ id }) => id)).toEqual(['1']);
    await client.ready();
    expect(client.hub).toMatchObject({ dialect: 'stu3', learnt: {} });
    expect(app.states.map(({ state }) => state)).toEqual(['subscribing', 'active']);
    expect(app.subscribed).toHaveLength(1);
    expect(app.denials).toEqual([]);
    expect([hub.subscriptions.length, hub.sockets.length]).toEqual([1, 1]);
  });

  it.each<[string, object]>([
    ['`bound`', { bound: 'x' }],
    ['a confirmation', { 'hub.mode': 'subscribe', 'hub.topic': TOPIC, 'hub.lease_seconds': 0.001 }],
    ['a denial', { 'hub.mode': 'denied', 'hub.topic': TOPIC }],
    ['both', { 'hub.mode': 'denied', bound: 'x' }],
  ])('is an event like any other beside one: %s', async (_, beside) => {
    const { hub, app, client, events } = await established();
    // Before the event, and after it.
    hub.sockets[0]?.send(event('1', 'p1', beside));
    hub.sockets[0]?.send(JSON.stringify({ ...JSON.parse(event('2', 'p2')), ...beside }, undefined, 2));
    await hub.until(() => hub.frames.length === 2);
    expect(answersOf(hub)).toEqual([
      { id: '1', status: '200' },
      { id: '2', status: '200' },
    ]);
    expect(events.map(({ id }) => id)).toEqual(['1', '2']);
    expect(client.hub.learnt).toEqual({});
    expect(app.subscribed).toHaveLength(1);
    expect(app.states.map(({ state }) => state)).toEqual(['subscribing', 'active']);
  });

  it('that denies without naming the session or the endpoint ends no subscription for good', async () => {
    const { hub, app, client, events } = await established({ reconnect: { firstMs: 1, longestMs: 1 } });
    for (let times = 1; times <= 4; times++) {
      hub.sockets.at(-1)?.send('{"hub.mode":"denied","hub.reason":"Forged."}');
      await app.until(() => app.subscribed.length === times + 1);
    }
    expect(client.state).toBe('active');
    expect(app.denials).toEqual([]);
    // Each costs a socket, and the hub has the subscription all the time.
    expect([hub.subscriptions.length, hub.sockets.length]).toEqual([1, 5]);
    hub.sockets.at(-1)?.send(event('1', 'p1'));
    await hub.until(() => hub.frames.length > 0);
    expect(events.map(({ id }) => id)).toEqual(['1']);
  });
});

describe('a confirmation that was asked for', () => {
  it('again is heard once, with what it grants', async () => {
    const { hub, app, client } = await established();
    client.on('Patient-close', () => {});
    await client.ready();
    expect(hub.subscriptions.map((fields) => fields.get('hub.events'))).toEqual([
      'Patient-open,SyncError',
      'Patient-close,Patient-open,SyncError',
    ]);
    const before = app.subscribed.length;
    const confirmation = (events: string) =>
      JSON.stringify({ 'hub.mode': 'subscribe', 'hub.topic': TOPIC, 'hub.events': events, 'hub.lease_seconds': 60 });
    hub.sockets[0]?.send(confirmation('Patient-open,Patient-close'));
    hub.sockets[0]?.send(confirmation('Encounter-open'));
    hub.sockets[0]?.send(event('1', 'p1'));
    await hub.until(() => hub.frames.length > 0);
    expect(app.subscribed.slice(before)).toMatchObject([
      { granted: ['Patient-open', 'Patient-close'], leaseSeconds: 60 },
    ]);
  });
});
