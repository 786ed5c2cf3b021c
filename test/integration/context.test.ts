import type { ImagingStudy } from 'fhir/r4';
import { describe, expect, it } from 'vitest';
import { ContextChangeError, type ContextChangeResult, HubError, NotificationError } from '../../src/index.ts';
import { ADA, at, BRAM, openWorld, patientContext } from './world.ts';
import { SILENT_WORLDS, TELLING_WORLDS, WORLDS } from './worlds.ts';

const STUDY: ImagingStudy = {
  resourceType: 'ImagingStudy',
  id: 'study-1',
  status: 'available',
  subject: { reference: 'Patient/ada-quill' },
};

/** What the tests read of a change on its way to the hub. */
interface Sent {
  readonly id: string;
  readonly timestamp: string;
}

/** The outcome of a change that the hub took. */
const outcomeOf = (change: ContextChangeResult) => (change.accepted ? change.outcome : undefined);

describe.each(TELLING_WORLDS)('current context: $title', (kind) => {
  it('has one shape, whatever the hub answers', async () => {
    const world = await openWorld(kind);
    const { client } = await world.join();
    const { versionId } = await world.session.publish('Patient-open', patientContext(ADA), {
      id: 'event-1',
      timestamp: at(1),
    });
    const context = await client.getCurrentContext();
    expect(context).toMatchObject({ type: 'Patient', versionId: kind.versions ? versionId : undefined });
    // STU3's answer has the shared content beside it.
    expect(context?.context.filter(({ key }) => key !== 'content')).toEqual(patientContext(ADA));
    expect(context?.patient).toEqual(ADA);
    expect(context?.study).toBeUndefined();
  });

  it('is that of the anchor that was opened last', async () => {
    const world = await openWorld(kind);
    const { client } = await world.join();
    await world.session.publish('Patient-open', patientContext(ADA), { timestamp: at(1) });
    const study = [{ key: 'study', resource: STUDY }, ...patientContext(ADA)];
    await world.session.publish('ImagingStudy-open', study, { timestamp: at(2) });
    const context = await client.getCurrentContext();
    expect(context?.type).toBe('ImagingStudy');
    expect(context?.study).toEqual(STUDY);
    expect(context?.patient).toEqual(ADA);
  });

  it('is null when there is none, at first and after a close', async () => {
    const world = await openWorld(kind);
    const { client } = await world.join();
    expect(await client.getCurrentContext()).toBeNull();
    await world.session.publish('Patient-open', patientContext(ADA));
    await world.session.publish('Patient-close', patientContext(ADA));
    expect(await client.getCurrentContext()).toBeNull();
  });

  it('says what the hub says when it refuses', async () => {
    const world = await openWorld(kind);
    const { client } = await world.join();
    world.hub.refuseNext({ kind: 'context', status: 403, text: 'Not you.' });
    const error = await world.failure(client.getCurrentContext());
    expect(error).toBeInstanceOf(HubError);
    expect(error).toMatchObject({ code: 'hub-unauthorized', status: 403, hubText: 'Not you.' });
  });

  it('is an error and no context when it contradicts itself about the patient', async () => {
    const world = await openWorld(kind);
    const { client } = await world.join();
    const study = [{ key: 'study', resource: STUDY }, ...patientContext(BRAM)];
    await world.session.publish('ImagingStudy-open', study);
    const error = await world.failure(client.getCurrentContext());
    expect(error).toBeInstanceOf(NotificationError);
    expect(error).toMatchObject({ code: 'anchor-contradiction' });
  });

  it('can be given up', async () => {
    const world = await openWorld(kind);
    const { client } = await world.join();
    const signal = AbortSignal.abort();
    expect(await world.failure(client.getCurrentContext({ signal }))).toMatchObject({ code: 'aborted' });
  });
});

describe.each(SILENT_WORLDS)('no current context: $title', (kind) => {
  it('is an error of its own, and what the events told is known', async () => {
    const world = await openWorld(kind);
    const { client } = await world.follow();
    await world.session.publish('Patient-open', patientContext(ADA));
    const error = await world.failure(client.getCurrentContext());
    expect(error).toBeInstanceOf(HubError);
    expect(error).toMatchObject({ code: 'context-unsupported', status: 404, retryable: false });
    expect(client.context.current?.patient).toEqual(ADA);
    expect(client.syncStatus.state).toBe('in-sync');
  });
});

describe.each(WORLDS)('context change: $title', (kind) => {
  // Some hubs send the change on before they answer who made it.
  it.each([true, false])(
    'is accepted, followed by all, and known when it comes back (echoFirst: %s)',
    async (echoFirst) => {
      const world = await openWorld(kind, { hub: { echoFirst } });
      const viewer = await world.follow('Viewer');
      const other = await world.follow('Dictation');
      const [echoes, events] = [viewer.collect('Patient-open'), other.collect('Patient-open')];
      const change = await viewer.client.requestContextChange('patient-open-chart', { patient: ADA });
      expect(change).toMatchObject({ accepted: true, status: 202 });
      await viewer.until(() => echoes.length > 0);
      await other.until(() => events.length > 0);
      const facts = { id: change.id, hubEvent: kind.spelling['Patient-open'][0], patient: ADA };
      expect(echoes.map(({ id, hubEvent, patient }) => ({ id, hubEvent, patient }))).toEqual([facts]);
      expect(events.map(({ id, hubEvent, patient }) => ({ id, hubEvent, patient }))).toEqual([facts]);
      expect([echoes[0]?.isEcho, events[0]?.isEcho]).toEqual([true, false]);
      expect(world.session.current?.event).toMatchObject({ id: change.id, context: patientContext(ADA) });
      expect(viewer.client.context.current?.patient).toEqual(ADA);
      expect(other.client.context.current?.patient).toEqual(ADA);
    },
  );

  it('is sent once, under the name that the version knows, and newer than what it replaces', async () => {
    const world = await openWorld(kind);
    const { client } = await world.follow();
    const ahead = new Date(Date.now() + 60_000).toISOString();
    await world.session.publish('Patient-open', patientContext(BRAM), { timestamp: ahead });
    await client.requestContextChange('PATIENT-OPEN', { patient: ADA });
    const sent = world.seen('publish', 'Viewer');
    expect(sent).toMatchObject([{ event: kind.spelling['Patient-open'][0] }]);
    const { timestamp } = JSON.parse(sent[0]?.body ?? '') as { timestamp: string };
    expect(Date.parse(timestamp)).toBeGreaterThan(Date.parse(ahead));
    await world.hub.waitFor(() => world.session.current?.event.timestamp === timestamp);
    expect(world.session.current?.event.context).toEqual(patientContext(ADA));
  });

  it('takes a context array and several studies as well', async () => {
    const world = await openWorld(kind);
    const { client } = await world.join();
    const report = { resourceType: 'DiagnosticReport', id: 'report-1', status: 'preliminary', code: {} } as const;
    const resources = { report, patient: ADA, study: [STUDY, { ...STUDY, id: 'study-2' }] };
    await client.requestContextChange('DiagnosticReport-open', resources);
    await client.requestContextChange('Patient-open', patientContext(BRAM));
    const contexts = world.seen('publish').map(({ body = '' }) => JSON.parse(body).event.context);
    expect(contexts).toEqual([
      [
        { key: 'report', resource: report },
        { key: 'patient', resource: ADA },
        { key: 'study', resource: STUDY },
        { key: 'study', resource: { ...STUDY, id: 'study-2' } },
      ],
      patientContext(BRAM),
    ]);
  });

  it.each([
    ['a time of its own', (sent: Sent) => ({ id: sent.id, timestamp: new Date(Date.now() + 1000).toISOString() })],
    ['an id of its own', (sent: Sent) => ({ id: 'event-1', timestamp: sent.timestamp })],
  ])('is known when it comes back from a hub that gives it %s', async (_, rewrite) => {
    const world = await openWorld(kind);
    const sent: Sent[] = [];
    const keeping = async (url: string, init: RequestInit) => {
      if (!String(init.body).startsWith('{')) return fetch(url, init);
      sent.push(JSON.parse(String(init.body)));
      return new Response('', { status: 202 });
    };
    const app = await world.follow('Viewer', { fetch: keeping });
    const events = app.collect('Patient-open');
    await app.client.requestContextChange('Patient-open', { patient: ADA });
    const [change] = sent;
    await world.session.sendRaw(world.message('Patient-open', change && rewrite(change)));
    expect(events.map(({ isEcho, patient }) => [isEcho, patient])).toEqual([[true, ADA]]);
    await world.session.publish('Patient-open', patientContext(BRAM), {
      timestamp: new Date(Date.now() + 2000).toISOString(),
    });
    expect(events.map(({ isEcho }) => isEcho)).toEqual([true, false]);
  });

  it('is told when another app does not follow, and which', async () => {
    const world = await openWorld(kind);
    const viewer = await world.follow('Viewer');
    // Where the version has no event for it, only hubs that have one all the same tell.
    if (!kind.sendsSyncErrors) {
      viewer.client.on('SyncError', () => undefined);
      await viewer.client.ready();
    }
    await world.follow('Dictation', { listener: (event) => event.refuse('A report is being dictated.') });
    await world.confirmed();
    const change = await viewer.client.requestContextChange('Patient-open', { patient: ADA });
    const outcome = await outcomeOf(change);
    expect(outcome).toMatchObject({
      kind: 'sync-error',
      subscriber: 'Dictation',
      diagnostics: expect.any(String),
      event: { name: 'SyncError' },
    });
    // Before STU2 it has the id of the event that it is about, and does not name it otherwise.
    const told = outcome?.kind === 'sync-error' ? (outcome.event.syncError?.eventId ?? outcome.event.id) : undefined;
    expect(told).toBe(change.id);
    // It is told of the objection without having listened to anything more.
    expect(world.session.subscriptions.find(({ name }) => name === 'Viewer')?.events).toEqual(
      expect.arrayContaining(kind.spelling.SyncError),
    );
  });

  it('is told when a newer context came instead', async () => {
    const world = await openWorld(kind);
    const { client } = await world.follow();
    const change = await client.requestContextChange('ImagingStudy-open', { study: STUDY, patient: ADA });
    await world.session.publish('Patient-open', patientContext(BRAM), { id: 'event-1' });
    expect(await outcomeOf(change)).toMatchObject({ kind: 'overtaken', event: { id: 'event-1' } });
  });

  it('is not known what became of it when the app leaves', async () => {
    const world = await openWorld(kind);
    const { client } = await world.follow();
    const change = await client.requestContextChange('Patient-open', { patient: ADA });
    await client.unsubscribe();
    expect(await outcomeOf(change)).toMatchObject({ kind: 'unknown' });
    const late = client.requestContextChange('Patient-open', { patient: ADA });
    expect(await world.failure(late)).toMatchObject({ code: 'closed' });
  });
});

describe.each(WORLDS)('refusal of a context change: $title', (kind) => {
  it.each([400, 403, 409, 500])('is a result with the status %i and the text of the hub', async (status) => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('Patient-open');
    // While the version is a guess, a 400 may be about the URL.
    if (kind.dialect === 'stu3') await app.until(() => app.client.hub.discovery !== undefined);
    world.hub.refuseNext({ kind: 'publish', status, text: 'A report is being dictated.' });
    const change = await app.client.requestContextChange('Patient-open', { patient: ADA });
    expect(change).toEqual({ accepted: false, id: expect.any(String), status, reason: 'A report is being dictated.' });
    expect(world.session.current).toBeUndefined();
    expect(events).toEqual([]);
    expect(app.errors).toEqual([]);
    expect(world.seen('publish')).toHaveLength(1);
  });

  it('is a result when the scope does not cover it', async () => {
    const world = await openWorld(kind);
    const { client } = await world.join('Viewer', { scope: 'fhircast/Patient-open.read' });
    const change = await client.requestContextChange('Patient-open', { patient: ADA });
    expect(change).toMatchObject({ accepted: false, status: 403, reason: expect.stringContaining('scope') });
  });

  it.each<[string, string, unknown]>([
    ['no patient', 'Patient-open', {}],
    ['nothing', 'Patient-open', undefined],
    ['a patient without identity', 'Patient-open', { patient: { resourceType: 'Patient' } }],
    ['another resource for the patient', 'Patient-open', { patient: STUDY }],
    ['two patients', 'Patient-open', [...patientContext(ADA), ...patientContext(BRAM)]],
    ['a study of another patient', 'ImagingStudy-open', { study: STUDY, patient: BRAM }],
    ['an encounter without patient', 'Encounter-open', { encounter: { resourceType: 'Encounter', id: 'encounter-1' } }],
  ])('with %s comes before anything is sent', async (_, name, resources) => {
    const world = await openWorld(kind);
    const { client } = await world.follow();
    const before = world.hub.log.length;
    const error = await world.failure(client.requestContextChange(name, resources as never));
    expect(error).toBeInstanceOf(ContextChangeError);
    expect(error).toMatchObject({ code: 'change-invalid' });
    expect(world.hub.log.slice(before)).toEqual([]);
  });

  const identifier = [{ system: 'urn:mrn', value: '7' }];
  const whole = { resourceType: 'Patient', id: 'p7', identifier };
  it.each<[string, string, unknown, string[]]>([
    ['no identifier', 'Patient-open', { patient: { ...whole, identifier: undefined } }, ['patient.identifier']],
    ['an empty identifier', 'Patient-open', { patient: { ...whole, identifier: [{}] } }, ['patient.identifier']],
    ['no id', 'Patient-open', { patient: { ...whole, id: undefined } }, ['patient.id']],
    ['an empty id', 'Patient-open', { patient: { ...whole, id: '' } }, ['patient.id']],
    [
      'a study without either',
      'ImagingStudy-open',
      { study: { resourceType: 'ImagingStudy', id: 's7' }, patient: { ...whole, id: undefined } },
      ['study.identifier', 'patient.id'],
    ],
    ['an older study', 'ImagingStudy-open', { study: { resourceType: 'ImagingStudy', id: 's7', uid: '1.2.3' } }, []],
    ['both', 'Patient-open', { patient: whole }, []],
    ['neither, but closes', 'Patient-close', { patient: { resourceType: 'Patient', id: 'p7' } }, []],
  ])('with %s is sent, and what others may need is warned of', async (_, name, resources, at) => {
    const world = await openWorld(kind);
    const { client, warnings } = await world.follow();
    const before = warnings.length;
    let warnedBefore: unknown[] | undefined;
    client.on('protocol', (entry) => {
      if (entry.kind === 'context-change' && entry.direction === 'out') warnedBefore ??= warnings.slice(before);
    });
    expect(await client.requestContextChange(name, resources as never)).toMatchObject({ accepted: true });
    const expected = at.map((one) => ({ code: 'change-deviation', at: one }));
    expect(warnedBefore).toMatchObject(expected);
    expect(warnedBefore).toHaveLength(expected.length);
  });
});
