import { describe, expect, it, onTestFinished } from 'vitest';
import { FhircastClient } from '../../src/index.ts';
import { App } from '../integration/app.ts';
import { Evidence } from '../integration/evidence.ts';
import { startPlainHub, usual } from './plain-hub.ts';

const TOPIC = 'the-session';

const message = (id: string, name: string, context: unknown) =>
  JSON.stringify({
    timestamp: new Date().toISOString(),
    id,
    event: { 'hub.topic': TOPIC, 'hub.event': name, context },
  });
const patient = (id: string) => ({ key: 'patient', resource: { resourceType: 'Patient', id } });

const SYSTEM = 'https://fhircast.hl7.org/events/syncerror/';
const objection = (id: string, eventId: string | undefined) =>
  message(id, 'SyncError', [
    {
      key: 'operationoutcome',
      resource: {
        resourceType: 'OperationOutcome',
        issue: [
          {
            severity: 'warning',
            code: 'processing',
            diagnostics: 'It answered 422.',
            details: {
              coding: [
                ...(eventId === undefined ? [] : [{ system: `${SYSTEM}eventid`, code: eventId }]),
                { system: `${SYSTEM}eventname`, code: 'Patient-open' },
                { system: `${SYSTEM}subscriber`, code: 'Viewer' },
              ],
            },
          },
        ],
      },
    },
  ]);

/** An app on a hub that grants these events, and tells no current context unless it does. */
async function follow(granted: string, tells = false) {
  const confirmation = (events: string) =>
    JSON.stringify({ 'hub.mode': 'subscribe', 'hub.topic': TOPIC, 'hub.events': events, 'hub.lease_seconds': 7200 });
  const hub = await startPlainHub(
    (asked, self) => {
      if (asked.method !== 'GET' || asked.path.includes('/.well-known/')) return usual(asked, self);
      const body = JSON.stringify({ 'context.type': 'Patient', context: [patient('p1')] });
      return tells ? { status: 200, body } : { status: 404 };
    },
    (socket) => socket.send(confirmation(granted)),
  );
  const client = new FhircastClient({ hubUrl: hub.url, topic: TOPIC, launched: 'stu3', subscriberName: 'Viewer' });
  const app = new App('Viewer', client, new Evidence());
  onTestFinished(() => client.unsubscribe().catch(() => {}));
  client.on('Patient-open', () => {});
  await client.ready();
  await app.until(() => client.syncStatus.state === 'in-sync');
  /** Sends a frame, and waits until it has been answered. */
  const send = async (id: string, text: string) => {
    hub.sockets[0]?.send(text);
    await hub.until(() => hub.frames.some((frame) => JSON.parse(frame).id === id));
  };
  return { hub, client, app, send };
}

describe('what the hub grants', () => {
  it.each([
    ['Patient-open', 'unheard', ['SyncError']],
    ['SyncError', 'heard', ['Patient-open']],
    ['patient-open,sync-error', 'heard', []],
    ['*', 'heard', []],
    ['', 'heard', []],
  ])(
    '(%j) says whether objections are heard: %s, and what is missing is a warning',
    async (granted, objections, missing) => {
      const { client, app } = await follow(granted);
      expect(client.syncStatus.objections).toBe(objections);
      const warnings = app.warnings.filter(({ code }) => code === 'events-not-granted');
      expect(warnings.map(({ at }) => at)).toEqual(missing);
    },
  );

  it('is warned of once, however often the hub says the same', async () => {
    const { hub, client, app } = await follow('Patient-open');
    const sockets = hub.sockets.length;
    hub.sockets[0]?.terminate();
    await app.until(() => app.states.filter(({ state }) => state === 'active').length === 2);
    expect(hub.sockets.length).toBeGreaterThan(sockets);
    expect(client.syncStatus.objections).toBe('unheard');
    expect(app.warningCodes.filter((code) => code === 'events-not-granted')).toHaveLength(1);
  });
});

describe('an event that this client refused itself', () => {
  it.each([
    ['contradicts itself', [patient('p2'), patient('p3')]],
    ['says nothing', []],
  ])('(it %s) leaves it out of step, also when the hub tells everybody so, until the next open', async (_, context) => {
    const { client, send } = await follow('');
    await send('e1', message('e1', 'Patient-open', [patient('p1')]));
    expect(client.syncStatus.state).toBe('in-sync');
    await send('e2', message('e2', 'Patient-open', context));
    expect(client.syncStatus).toMatchObject({ state: 'behind' });
    // Nobody refuses what is shown: it is the client's own refusal of another event.
    await send('s1', objection('s1', 'e2'));
    expect(client.syncStatus).toMatchObject({ state: 'behind' });
    await send('e3', message('e3', 'Patient-open', [patient('p4')]));
    expect(client.syncStatus.state).toBe('in-sync');
    // And over with the open that came after it.
    await send('s2', objection('s2', 'e1'));
    expect(client.syncStatus.state).toBe('in-sync');
  });

  it('is no doubt any more when the hub, asked again, agrees', async () => {
    const { client, app, send } = await follow('', true);
    await send('e2', message('e2', 'Patient-open', [patient('p2'), patient('p3')]));
    await app.until(() => app.syncs.some((sync) => sync.state === 'behind' && sync.reason === 'event-refused'));
    await app.until(() => client.syncStatus.state === 'in-sync');
    expect(client.context.current?.patient?.id).toBe('p1');
  });
});
