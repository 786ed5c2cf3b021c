import { describe, expect, it, onTestFinished } from 'vitest';
import { FhircastClient, profiles } from '../../src/index.ts';
import { App } from '../integration/app.ts';
import { Evidence } from '../integration/evidence.ts';
import { type Answered, type Asked, confirming, type PlainHub, startPlainHub, usual } from './plain-hub.ts';

const TOPIC = 'the-session';

const patient = (id: string) => ({ key: 'patient', resource: { resourceType: 'Patient', id } });
const told = (...ids: readonly string[]) => ids.map((id) => ({ contextType: 'Patient', context: [patient(id)] }));
const openOf = (id: string) =>
  JSON.stringify({
    timestamp: new Date().toISOString(),
    id: `open-${id}`,
    event: { 'hub.topic': TOPIC, 'hub.event': 'Patient-open', context: [patient(id)] },
  });

/** A hub that tells what is open in its answer to a subscription, and in another way only if a test says so. */
const startHub = (contexts: () => unknown, current: (asked: Asked) => Answered, welcome = confirming(TOPIC)) =>
  startPlainHub((asked, self: PlainHub) => {
    const isContext = asked.method === 'GET' && !asked.path.includes('/.well-known/');
    if (isContext) return current(asked);
    const answered = usual(asked, self);
    const isSubscription = new URLSearchParams(asked.body).get('hub.mode') === 'subscribe';
    if (!isSubscription) return answered;
    return { status: 202, body: JSON.stringify({ 'hub.channel.endpoint': self.socketUrl, contexts: contexts() }) };
  }, welcome);

async function follow(hub: PlainHub) {
  const client = new FhircastClient({ hubUrl: hub.url, topic: TOPIC, profile: profiles.powerCast });
  onTestFinished(() => client.unsubscribe().catch(() => {}));
  const app = new App('Viewer', client, new Evidence());
  const opened = app.collect('Patient-open');
  await client.ready();
  return { app, client, opened };
}

const UNSUPPORTED = () => ({ status: 404 });

describe('what a hub tells in its answer to a subscription', () => {
  it('is followed, also where the hub tells it in no other way', async () => {
    const hub = await startHub(() => told('p1'), UNSUPPORTED);
    const { app, client, opened } = await follow(hub);
    await app.until(() => client.syncStatus.state === 'in-sync');
    expect(opened.map((event) => [event.patient?.id, event.source])).toEqual([['p1', 'resync']]);
    expect(client.context.current?.patient?.id).toBe('p1');
  });

  it('is followed after a gap, which leaves the client in sync', async () => {
    let open = 'p1';
    const hub = await startHub(() => told(open), UNSUPPORTED);
    const { app, client, opened } = await follow(hub);
    await app.until(() => client.syncStatus.state === 'in-sync');
    open = 'p2';
    // The hub does not know the endpoint any more.
    for (const socket of hub.sockets) socket.close(1008);
    await app.until(() => client.context.current?.patient?.id === 'p2');
    await app.until(() => client.syncStatus.state === 'in-sync');
    expect(opened.map((event) => event.patient?.id)).toEqual(['p1', 'p2']);
  });

  it('is older than an event that came with the confirmation', async () => {
    const hub = await startHub(
      () => told('p1'),
      UNSUPPORTED,
      (socket) => {
        confirming(TOPIC)(socket);
        socket.send(openOf('p2'));
      },
    );
    const { app, client } = await follow(hub);
    await app.until(() => client.context.current?.patient?.id === 'p2');
    expect(client.context.current?.patient?.id).toBe('p2');
  });

  it.each<[string, unknown, string]>([
    ['a text', 'p1', 'hub-answer-invalid'],
    ['a list of anything', [7, null], 'hub-answer-invalid'],
    ['a list without an end', Array(65).fill(told('p1')[0]), 'hub-answer-invalid'],
    ['another session’s', [{ ...told('p1')[0], 'hub.topic': 'another' }], 'notification-wrong-topic'],
    ['two patients', told('p1', 'p2'), 'anchor-contradiction'],
    ['a patient without identity', [{ contextType: 'Patient', context: [{ key: 'patient' }] }], 'anchor-missing'],
  ])('is warned of when it is %s, and the hub is asked', async (_, contexts, code) => {
    const hub = await startHub(
      () => contexts,
      () => ({ status: 200, body: JSON.stringify({ 'context.type': 'Patient', context: [patient('p3')] }) }),
    );
    const { app, client } = await follow(hub);
    await app.until(() => client.context.current !== null);
    expect(app.warningCodes).toContain(code);
    expect(client.context.current?.patient?.id).toBe('p3');
    expect(client.state).toBe('active');
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty list', []],
  ])('is no context when it is %s', async (_, contexts) => {
    const hub = await startHub(() => contexts, UNSUPPORTED);
    const { app, client, opened } = await follow(hub);
    await app.until(() => client.syncStatus.state === 'in-sync');
    expect([opened, app.warningCodes, app.errors]).toEqual([[], ['events-not-granted'], []]);
    expect(client.context.current).toBeNull();
  });
});
