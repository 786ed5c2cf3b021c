import diagnostics from 'node:diagnostics_channel';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FhircastClient, type SmartLaunchOptions } from '../../src/index.ts';
import {
  type AuditRecord,
  audit,
  logTo,
  type Observation,
  observe,
  publishDiagnostics,
  toAuditEvent,
} from '../../src/observe/index.ts';
import { startTestHub } from '../../src/testing/index.ts';
import { printed } from '../printed.ts';

/** Words that stand for what must not be written down. */
const SECRETS = ['Quillfeather', 'mrn-990017', 'spoken-in-confidence'];

const patient = (id: string) => [
  {
    key: 'patient',
    resource: {
      resourceType: 'Patient',
      id,
      name: [{ family: 'Quillfeather' }],
      identifier: [{ system: 'urn:mrn', value: 'mrn-990017' }],
    } as const,
  },
];

/** A hub, and a client that does not yet listen to anything. */
async function open(options: SmartLaunchOptions = {}) {
  const hub = await startTestHub();
  onTestFinished(() => hub.close());
  const session = hub.openSession();
  const client = await FhircastClient.fromSmartLaunch(session.launch('stu'), {
    subscriberName: 'Viewer',
    reconnect: { firstMs: 1, longestMs: 50 },
    ...options,
  });
  onTestFinished(() => client.unsubscribe().catch(() => {}));
  return { hub, session, client };
}

describe('what is observed', () => {
  it('says how a subscription was made, what came and how it was answered', async () => {
    const { session, client } = await open();
    const seen: Observation[] = [];
    observe(client, (observation) => seen.push(observation), { label: 'viewer' });
    client.on('Patient-open', () => {});
    await client.ready({ caughtUp: true });
    await session.publish('Patient-open', patient('p1'), { id: 'e7000000-0000-4000-8000-000000000001' });
    const told = (kind: string) => seen.filter((one) => one.kind === kind);
    expect(told('state').map(({ message }) => message)).toEqual([
      'state: idle → subscribing (listening)',
      'state: subscribing → active (confirmed)',
    ]);
    expect(told('subscribed')[0]?.fields).toMatchObject({ channel: 'websocket', label: 'viewer' });
    const ofTheEvent = told('protocol').filter(
      ({ fields }) => fields.eventId === 'e7000000-0000-4000-8000-000000000001',
    );
    expect(ofTheEvent.map(({ message }) => message)).toEqual(['in websocket notification', 'out websocket answer']);
    expect(ofTheEvent[1]?.fields).toMatchObject({ status: 200, label: 'viewer' });
    expect(seen.every(({ at, level }) => at > 0 && ['debug', 'info', 'warn', 'error'].includes(level))).toBe(true);
  });

  it('names the event of an own change', async () => {
    const { client } = await open();
    const seen: Observation[] = [];
    observe(client, (observation) => seen.push(observation), { kinds: ['protocol'] });
    client.on('Patient-open', () => {});
    await client.ready();
    const change = await client.requestContextChange('Patient-open', patient('p1'));
    const sent = seen.filter(({ fields }) => fields.kind === 'context-change');
    expect(sent.map(({ fields }) => [fields.direction, fields.eventId])).toEqual([
      ['out', change.id],
      ['in', change.id],
    ]);
  });

  it('holds nothing that is confidential, whatever a hub and other apps write', async () => {
    const { hub, session, client } = await open();
    const seen: Observation[] = [];
    observe(client, (observation) => seen.push(observation));
    client.on('Patient-open', (event) => event.refuse('Quillfeather is spoken-in-confidence'));
    // What the app itself listens to is no secret to it.
    client.on('an odd name-open' as string, () => {});
    await client.ready();
    await session.publish('Patient-open', patient('p1'), { id: 'mrn-990017' });
    await session.sendRaw('{"id": "x", "Quillfeather": ');
    await session.sendRaw(
      JSON.stringify({
        id: 'Quillfeather 1',
        timestamp: 'spoken-in-confidence',
        event: { 'hub.topic': session.id, 'hub.event': 'Quillfeather mrn-990017-open', context: patient('p2') },
      }),
    );
    hub.refuseNext({ status: 400, kind: 'publish' });
    await client.requestContextChange('Patient-open', patient('p3'));
    await client.unsubscribe();
    expect(new Set(seen.map(({ kind }) => kind))).toEqual(
      new Set(['state', 'sync', 'subscribed', 'protocol', 'error', 'warning']),
    );
    const text = printed(seen);
    const secrets = [...SECRETS, session.id, session.accessToken, hub.url];
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });

  it('is over when it is ended, and never keeps the client from following', async () => {
    const { session, client } = await open();
    let count = 0;
    const end = observe(client, () => {
      count++;
      throw new Error('The log is full.');
    });
    client.on('Patient-open', () => {});
    await client.ready();
    const { answers } = await session.publish('Patient-open', patient('p1'));
    expect(answers.map(({ status }) => status)).toEqual([200]);
    expect(count).toBeGreaterThan(4);
    end();
    const before = count;
    await session.publish('Patient-open', patient('p2'));
    expect(count).toBe(before);
  });
});

describe('a logger', () => {
  it('of the shape of console takes the message and then the fields', async () => {
    const { client } = await open();
    const lines: unknown[][] = [];
    const write = (...texts: unknown[]) => lines.push(texts);
    logTo(client, { debug: write, info: write, warn: write, error: write }, { label: 'a', kinds: ['state'] });
    client.on('Patient-open', () => {});
    await client.ready();
    const code = expect.any(Number);
    expect(lines[0]).toEqual([
      'state: idle → subscribing (listening)',
      { label: 'a', state: 'subscribing', previous: 'idle', reason: 'listening', code, fhircast: 'state' },
    ]);
  });

  it('of pino takes the fields and then the message', async () => {
    const { client } = await open();
    const lines: Record<string, unknown>[] = [];
    const stream = new Writable({
      decodeStrings: false,
      write(chunk: string, _, done) {
        lines.push(JSON.parse(chunk));
        done();
      },
    });
    const end = logTo(client, pino({ level: 'debug' }, stream), { label: 'viewer' });
    client.on('Patient-open', () => {});
    await client.ready();
    end();
    const line = lines.find(({ msg }) => msg === 'state: subscribing → active (confirmed)');
    expect(line).toMatchObject({ level: 30, fhircast: 'state', label: 'viewer', state: 'active' });
    expect(lines.some(({ level, direction }) => level === 20 && direction === 'out')).toBe(true);
  });
});

describe('the channels of node:diagnostics_channel', () => {
  it('carry each kind, and nothing is published that nobody listens to', async () => {
    const { client } = await open();
    const states: Observation[] = [];
    const asked: string[] = [];
    const hear = (message: unknown) => states.push(message as Observation);
    diagnostics.subscribe('fhircast-client:state', hear);
    onTestFinished(() => void diagnostics.unsubscribe('fhircast-client:state', hear));
    publishDiagnostics(client, {
      channel: (name) => {
        asked.push(name);
        return diagnostics.channel(name);
      },
    });
    client.on('Patient-open', () => {});
    await client.ready();
    expect(states.map(({ fields }) => fields.state)).toEqual(['subscribing', 'active']);
    expect(asked).toContain('fhircast-client:protocol');
  });
});

describe('an audit', () => {
  const following = async (options: Parameters<typeof audit>[2] = {}) => {
    const world = await open();
    const records: AuditRecord[] = [];
    const end = audit(world.client, (record) => records.push(record), options);
    let isBusy = false;
    world.client.on('Patient-open', (event) => isBusy && event.refuse('An edit is not saved.'));
    await world.client.ready({ caughtUp: true });
    const publish = (id: string, eventId = `e7000000-0000-4000-8000-0000000000${id}`) =>
      world.session.publish('Patient-open', patient(id), { id: eventId });
    return { ...world, records, end, publish, busy: (is: boolean) => (isBusy = is) };
  };
  const done = (records: readonly AuditRecord[]) =>
    records.map(({ action, eventId }) => `${action} ${eventId?.slice(-2)}`);

  it('tells what is shown, left and refused, each once and in order', async () => {
    const { records, publish, busy, end } = await following();
    await publish('01');
    await publish('02');
    busy(true);
    await publish('03');
    await publish('04');
    busy(false);
    await publish('05');
    end();
    expect(done(records)).toEqual([
      'shown 01',
      'left 01',
      'shown 02',
      'refused 03',
      'refused 04',
      'left 02',
      'shown 05',
      'left 05',
    ]);
    expect(records.every(({ resourceType }) => resourceType === 'Patient')).toBe(true);
  });

  it('names nobody, unless the app does so', async () => {
    const { records, publish } = await following();
    await publish('01', 'Quillfeather’s chart');
    expect(SECRETS.filter((secret) => printed(records).includes(secret))).toEqual([]);
    expect(records[0]).toMatchObject({ subject: undefined, eventId: undefined });
    const named = await following({
      label: 'viewer',
      subject: ({ patient }) => (patient?.id ? { reference: `Patient/${patient.id}` } : undefined),
    });
    await named.publish('01');
    expect(named.records[0]).toMatchObject({ label: 'viewer', subject: { reference: 'Patient/01' } });
  });

  it('becomes an AuditEvent of FHIR', async () => {
    const { records, publish, busy } = await following({ subject: () => ({ reference: 'Patient/p1' }) });
    await publish('01');
    busy(true);
    await publish('02');
    const [shown, refused] = records.map((record) =>
      toAuditEvent(record, { source: 'Viewer', agent: { altId: 'user-42' } }),
    );
    expect(shown).toMatchObject({
      resourceType: 'AuditEvent',
      type: { code: '110110' },
      action: 'R',
      outcome: '0',
      agent: [{ altId: 'user-42', requestor: true }],
      source: { observer: { display: 'Viewer' } },
      entity: [{ what: { reference: 'Patient/p1' }, type: { code: 'Patient' } }],
    });
    expect(refused).toMatchObject({ action: 'E', outcome: '4' });
    expect(Number.isNaN(Date.parse(shown?.recorded ?? ''))).toBe(false);
  });

  it('goes on where the trail fails', async () => {
    const { client, session } = await open();
    audit(client, () => {
      throw new Error('The trail is full.');
    });
    client.on('Patient-open', () => {});
    await client.ready({ caughtUp: true });
    const { answers } = await session.publish('Patient-open', patient('p1'));
    expect(answers.map(({ status }) => status)).toEqual([200]);
    expect(client.shown?.patient?.id).toBe('p1');
  });
});
