import { describe, expect, it } from 'vitest';
import {
  accessionsOf,
  closeReport,
  conformanceStatement,
  type IraActor,
  iraOptions,
  openReport,
  RadiologyError,
} from '../../src/radiology/index.ts';
import { askedFor, next, OF_ADA, openReadingRoom } from './reading-room.ts';
import { STUDY } from './support.ts';

const ACTORS: readonly IraActor[] = [
  'image-display',
  'report-creator',
  'worklist-client',
  'evidence-creator',
  'stateless-evidence-creator',
  'watcher',
];

describe('subscribing (RAD-146, RAD-147, RAD-152)', () => {
  it.each(ACTORS)('a %s asks for the five events by websocket and by its name', async (actor) => {
    const { hub, topic, join } = await openReadingRoom();
    const client = await join(actor, { subscriberName: `Our ${actor}` });
    const { fields } = await hub.waitFor(({ kind }) => kind === 'subscribe');
    expect(fields).toMatchObject({
      'hub.channel.type': 'websocket',
      'hub.mode': 'subscribe',
      'hub.topic': topic,
      'subscriber.name': `Our ${actor}`,
    });
    expect(fields?.['hub.events']?.toLowerCase().split(',').sort()).toEqual([
      'diagnosticreport-close',
      'diagnosticreport-open',
      'diagnosticreport-select',
      'diagnosticreport-update',
      'syncerror',
    ]);
    expect(client.state).toBe('active');
    expect(hub.session(topic)?.subscriptions).toMatchObject([{ active: true, socketOpen: true }]);
  });

  it('adds the events of the app', async () => {
    const { hub, join } = await openReadingRoom();
    await join('watcher', { events: ['org.example.dictation'] });
    const { fields } = await hub.waitFor(({ kind }) => kind === 'subscribe');
    expect(fields?.['hub.events']?.split(',')).toHaveLength(6);
    expect(fields?.['hub.events']).toContain('org.example.dictation');
  });

  it('renews the subscription before its lease ends, and names its endpoint', async () => {
    const { hub, join } = await openReadingRoom({ leaseSeconds: 1 });
    await join('image-display');
    const [endpoint] = hub.log.flatMap(endpointIn);
    const renewal = await hub.waitFor(({ kind, fields }) => kind === 'subscribe' && !!fields?.['hub.channel.endpoint']);
    expect(renewal.fields?.['hub.channel.endpoint']).toBe(endpoint);
  });

  it('follows sessions of several hubs at once', async () => {
    const rooms = [await openReadingRoom(), await openReadingRoom()];
    const watchers = await Promise.all(rooms.map(({ join }) => join('watcher')));
    const opened = watchers.map((watcher) => next(watcher, 'DiagnosticReport-open'));
    for (const room of rooms) await openReport(await room.join('worklist-client'), OF_ADA);
    expect(new Set((await Promise.all(opened)).map(({ topic }) => topic))).toEqual(
      new Set(rooms.map(({ topic }) => topic)),
    );
  });

  it('leaves with its endpoint, and the hub holds nothing of it', async () => {
    const { hub, topic, join } = await openReadingRoom();
    const client = await join('evidence-creator');
    await client.unsubscribe();
    const { fields } = await hub.waitFor(({ kind }) => kind === 'unsubscribe');
    expect(fields?.['hub.channel.endpoint']).toBe(hub.log.flatMap(endpointIn)[0]);
    expect(hub.session(topic)?.subscriptions).toEqual([]);
  });

  it.each<[string, () => unknown, string]>([
    ['an actor that there is not', () => iraOptions('hub' as IraActor, { subscriberName: 'x' }), 'actor'],
    ['no name', () => iraOptions('watcher', {} as { subscriberName: string }), 'subscriberName'],
    ['an empty name', () => iraOptions('watcher', { subscriberName: ' ' }), 'subscriberName'],
  ])('refuses %s', (_, act, at) => {
    expect(act).toThrow(RadiologyError);
    expect(act).toThrow(expect.objectContaining({ code: 'option-invalid', at }));
  });
});

describe('opening and closing reports (RAD-148, RAD-149)', () => {
  it('starts a session, launches another app in it, and opens a report there', async () => {
    const { join } = await openReadingRoom();
    const worklist = await join('worklist-client');
    const viewer = await join('image-display');
    const opened = next(viewer, 'DiagnosticReport-open');
    expect(await openReport(worklist, OF_ADA)).toMatchObject({ accepted: true });
    const event = await opened;
    expect(event.report).toMatchObject({ id: 'report-1', status: 'unknown' });
    expect(event.patient?.id).toBe('patient-1');
    expect(accessionsOf(event)).toEqual(['GH339884']);
  });

  it('sends nothing when something is missing', async () => {
    const { hub, join } = await openReadingRoom();
    const worklist = await join('worklist-client');
    const opening = openReport(worklist, { ...OF_ADA, studies: [{ ...STUDY, identifier: [] }] });
    await expect(opening).rejects.toThrow(RadiologyError);
    expect(askedFor(hub, 'DiagnosticReport-open')).toEqual([]);
  });

  it('closes a report, and the others let go of it', async () => {
    const { join } = await openReadingRoom();
    const reporting = await join('report-creator');
    const viewer = await join('image-display');
    const opened = next(viewer, 'DiagnosticReport-open');
    await openReport(reporting, OF_ADA);
    await opened;
    const closed = next(viewer, 'DiagnosticReport-close');
    expect(await closeReport(reporting, OF_ADA)).toMatchObject({ accepted: true });
    await closed;
    expect(viewer.context).toMatchObject({ current: null, open: [] });
  });

  it('resumes a report with the same contexts under a new event id', async () => {
    const { join } = await openReadingRoom();
    const worklist = await join('worklist-client');
    const viewer = await join('image-display');
    const first = next(viewer, 'DiagnosticReport-open');
    await openReport(worklist, OF_ADA);
    const { id, context } = await first;
    const again = next(viewer, 'DiagnosticReport-open');
    await openReport(worklist, OF_ADA);
    const resumed = await again;
    expect(resumed.id).not.toBe(id);
    expect(resumed.context).toEqual(context);
  });

  it.each([true, false])(
    'sends it again under the same id after a silence (the first one arrived: %s)',
    async (arrives) => {
      const { hub, join } = await openReadingRoom();
      const worklist = await join('worklist-client');
      const viewer = await join('image-display');
      const opened: string[] = [];
      viewer.on('DiagnosticReport-open', ({ id }) => void opened.push(id));
      await viewer.ready();
      hub.loseNextAnswer({ kind: 'publish', arrives });
      const change = await openReport(worklist, OF_ADA);
      expect(change).toMatchObject({ accepted: true });
      await hub.waitFor(({ kind, about }) => kind === 'answer' && about === 'notify');
      expect(askedFor(hub, 'DiagnosticReport-open').map(({ eventId }) => eventId)).toEqual([change.id, change.id]);
      await viewer.getCurrentContext();
      expect(new Set(opened)).toEqual(new Set([change.id]));
    },
  );

  it('sends it under a new id after an answer that is an error', async () => {
    const { hub, join } = await openReadingRoom();
    const worklist = await join('worklist-client');
    hub.refuseNext({ kind: 'publish', status: 503 });
    const refused = await openReport(worklist, OF_ADA);
    expect(refused).toMatchObject({ accepted: false, status: 503 });
    const accepted = await openReport(worklist, OF_ADA);
    expect(accepted).toMatchObject({ accepted: true });
    expect(accepted.id).not.toBe(refused.id);
  });

  it('gives up after the third silence', async () => {
    const { hub, join } = await openReadingRoom();
    const worklist = await join('worklist-client');
    for (let times = 0; times < 3; times++) hub.loseNextAnswer({ kind: 'publish', arrives: false });
    await expect(openReport(worklist, OF_ADA)).rejects.toMatchObject({ code: 'hub-unreachable' });
    expect(new Set(askedFor(hub, 'DiagnosticReport-open').map(({ eventId }) => eventId)).size).toBe(1);
  });
});

describe('receiving (RAD-153, RAD-154, RAD-155, RAD-156)', () => {
  it('gets the current context after subscribing', async () => {
    const { join } = await openReadingRoom();
    const worklist = await join('worklist-client');
    await openReport(worklist, OF_ADA);
    const late = await join('evidence-creator');
    expect(late.shown?.report?.id).toBe('report-1');
  });

  it('acknowledges, refuses and keeps the version of the context', async () => {
    const { hub, join } = await openReadingRoom();
    const worklist = await join('worklist-client');
    const viewer = await join('image-display');
    const seen = next(viewer, 'DiagnosticReport-open');
    viewer.once('DiagnosticReport-open', (event) => event.refuse('Dictation in progress'));
    const told = next(worklist, 'SyncError');
    await openReport(worklist, OF_ADA);
    expect((await seen).versionId).toBe(viewer.context.current?.versionId);
    expect((await told).syncError).toMatchObject({ subscriber: 'image-display' });
    // A SyncError is acknowledged too, by whoever gets it.
    const { eventId } = await hub.waitFor(({ kind, event }) => kind === 'notify' && event === 'SyncError');
    await hub.waitFor((message) => message.kind === 'answer' && message.eventId === eventId && message.status === 200);
  });

  it('tells by a SyncError with severity warning what fails after a 202', async () => {
    const { hub, join } = await openReadingRoom();
    const viewer = await join('image-display', { acknowledgeWithinMs: 10 });
    let fail: (reason: Error) => void = () => {};
    viewer.on('DiagnosticReport-open', () => new Promise((_, reject) => (fail = reject)));
    viewer.on('error', () => {});
    await openReport(await join('worklist-client'), OF_ADA);
    await hub.waitFor(({ kind, status }) => kind === 'answer' && status === 202);
    fail(new Error('There are no images.'));
    const { body = '' } = await hub.waitFor(
      ({ kind, event }) => kind === 'publish' && event?.toLowerCase() === 'syncerror',
    );
    expect(JSON.parse(body).event.context[0].resource.issue[0]).toMatchObject({ severity: 'warning' });
  });

  it('tells the current context on demand, after a close too', async () => {
    const { join } = await openReadingRoom();
    const reporting = await join('report-creator');
    await openReport(reporting, OF_ADA);
    expect(await reporting.getCurrentContext()).toMatchObject({ type: 'DiagnosticReport' });
    await closeReport(reporting, OF_ADA);
    expect(await reporting.getCurrentContext()).toBeNull();
  });

  it('sends a SyncError again under the same id after a silence', async () => {
    const { hub, join } = await openReadingRoom();
    const viewer = await join('image-display', { acknowledgeWithinMs: 10, reconnect: { firstMs: 1 } });
    const worklist = await join('worklist-client');
    let fail: (reason: Error) => void = () => {};
    viewer.on('DiagnosticReport-open', () => new Promise((_, reject) => (fail = reject)));
    viewer.on('error', () => {});
    await viewer.ready();
    const told = next(worklist, 'SyncError');
    await openReport(worklist, OF_ADA);
    await hub.waitFor(({ kind, status }) => kind === 'answer' && status === 202);
    hub.loseNextAnswer({ kind: 'publish', arrives: false });
    fail(new Error('There are no images.'));
    expect((await told).syncError).toMatchObject({ subscriber: 'image-display' });
    const ids = askedFor(hub, 'SyncError').map(({ eventId }) => eventId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('takes a 206 for a success in part', async () => {
    const { hub, join } = await openReadingRoom();
    const viewer = await join('image-display');
    await openReport(viewer, OF_ADA);
    hub.refuseNext({ kind: 'publish', status: 206 });
    const selected = await viewer.requestContextChange('DiagnosticReport-select', [
      { key: 'report', reference: { reference: 'DiagnosticReport/report-1' } },
      { key: 'select', reference: { reference: 'Observation/unknown' } },
    ]);
    expect(selected).toMatchObject({ accepted: true, status: 206 });
  });
});

describe('conformanceStatement()', () => {
  const transactions = (statement: string) => [...statement.matchAll(/RAD-(\d+)/g)].map(([, number]) => Number(number));
  const receiving = [146, 147, 152, 153, 154, 155, 156];

  it.each<[IraActor, boolean | undefined, number[]]>([
    ['image-display', undefined, [...receiving, 148, 149]],
    ['image-display', true, [...receiving, 148, 149, 150, 151]],
    ['report-creator', undefined, [...receiving, 148, 149, 150, 151]],
    ['worklist-client', undefined, [...receiving, 148, 149]],
    ['evidence-creator', true, [...receiving, 150, 151]],
    ['stateless-evidence-creator', undefined, receiving],
    ['watcher', undefined, receiving],
  ])('of a %s (shares content: %s) lists the transactions of the profile', (actor, sharesContent, expected) => {
    const statement = conformanceStatement(actor, sharesContent === undefined ? {} : { sharesContent });
    expect(transactions(statement)).toEqual([...expected].sort());
    expect(statement).toMatch(/^# IHE RAD IRA 1\.0\.0: [A-Z]/);
  });

  it.each<[IraActor, boolean]>([
    ['report-creator', true],
    ['stateless-evidence-creator', false],
    ['watcher', false],
  ])('of a %s says whether the app restores what was shown: %s', (actor, restores) => {
    const statement = conformanceStatement(actor);
    expect(statement.includes('restored when a report is resumed')).toBe(restores);
    expect(statement).toMatch(/\.\n$/);
  });

  it('refuses an actor that there is not', () => {
    expect(() => conformanceStatement('hub' as IraActor)).toThrow(RadiologyError);
  });
});

function endpointIn({ body = '' }: { readonly body?: string }): string[] {
  const [, endpoint] = /"hub\.channel\.endpoint":"([^"]+)"/.exec(body) ?? [];
  return endpoint ? [endpoint] : [];
}
