import { describe, expect, it } from 'vitest';
import { type ContextEntry, profiles } from '../../src/index.ts';
import { ADA, at, BRAM, CHIDI } from '../integration/world.ts';
import { type Field, openField } from './support.ts';

const studyOf = (accession: string): ContextEntry => ({
  key: 'study',
  resource: {
    resourceType: 'ImagingStudy',
    status: 'available',
    subject: { display: 'not told' },
    identifier: [{ system: 'urn:oid:2.16.840.1.113883.3', value: accession }],
  },
});

/** What the EHR has: of it, the hub's apps tell the study alone. */
const reportOf = (patient: typeof ADA, accession: string, id = `report-${accession}`): ContextEntry[] => [
  {
    key: 'report',
    resource: {
      resourceType: 'DiagnosticReport',
      id,
      status: 'partial',
      code: { text: 'CT' },
      subject: { reference: `Patient/${patient.id}` },
    },
  },
  { key: 'patient', resource: patient },
  studyOf(accession),
];

const updates = (): ContextEntry => ({ key: 'updates', resource: { resourceType: 'Bundle', type: 'transaction' } });

/** Follows reports at the hub of a reporting AI. */
async function followReports(field: Field, profile = profiles.radAi) {
  const app = await field.followApp({ profile, listener: () => undefined });
  const [opened, closed, updated] = ['open', 'close', 'update'].map((verb) => app.collect(`DiagnosticReport-${verb}`));
  await app.client.ready();
  await app.until(() => app.client.syncStatus.state === 'in-sync');
  const publish = (verb: string, context: { key: string; [datatype: string]: unknown }[], seconds: number) =>
    field.session.publish(`DiagnosticReport-${verb}`, context, { timestamp: at(seconds) });
  return { app, opened: opened ?? [], closed: closed ?? [], updated: updated ?? [], publish };
}

describe('a reporting AI on Medplum opens reports by the accession number of their study', () => {
  it('which is delivered with its profile: without an anchor and a patient, and with a warning', async () => {
    const field = await openField('rad-ai');
    const { app, opened, publish } = await followReports(field);
    const { answers } = await publish('open', reportOf(ADA, 'A-1'), 1);
    expect(answers).toMatchObject([{ status: 200 }]);
    expect(opened).toHaveLength(1);
    expect([opened[0]?.anchor, opened[0]?.report, opened[0]?.patient]).toEqual([undefined, undefined, undefined]);
    expect(opened[0]?.study?.identifier?.[0]?.value).toBe('A-1');
    expect(app.warnings.map(({ code, at: where }) => [code, where])).toEqual(
      expect.arrayContaining([['notification-deviation', 'report is missing']]),
    );
    const { current } = app.client.context;
    expect([current?.type, current?.anchor, current?.study?.identifier?.[0]?.value]).toEqual([
      'DiagnosticReport',
      undefined,
      'A-1',
    ]);
    expect((await app.client.getCurrentContext())?.study?.identifier?.[0]?.value).toBe('A-1');
    expect(app.client.syncStatus.state).toBe('in-sync');
  });

  it('which is refused without it, and the app is not in sync', async () => {
    const field = await openField('rad-ai');
    const { app, opened, publish } = await followReports(field, profiles.medplum);
    const { answers } = await publish('open', reportOf(ADA, 'A-1'), 1);
    expect(answers).toMatchObject([{ status: 422 }]);
    expect(app.errors).toMatchObject([{ code: 'anchor-missing', at: 'report' }]);
    expect([opened, app.client.context.current]).toEqual([[], null]);
    expect(app.client.syncStatus).toMatchObject({ state: 'behind', reason: 'event-refused' });
  });

  it('and closes what has the same study, and nothing else', async () => {
    const field = await openField('rad-ai');
    const { app, closed, publish } = await followReports(field);
    await publish('open', reportOf(ADA, 'A-1'), 1);
    await publish('open', reportOf(BRAM, 'B-1'), 2);
    await publish('close', reportOf(ADA, 'A-1'), 3);
    expect(closed).toHaveLength(1);
    const open = () => app.client.context.open.filter(({ type }) => type === 'DiagnosticReport');
    expect(open().map(({ study }) => study?.identifier?.[0]?.value)).toEqual(['B-1']);
    expect(app.client.context.current?.study?.identifier?.[0]?.value).toBe('B-1');
    await publish('close', reportOf(BRAM, 'B-1'), 4);
    expect([open(), app.client.context.current]).toEqual([[], null]);
  });

  it('and a study that is opened again is open once', async () => {
    const field = await openField('rad-ai');
    const { app, opened, publish } = await followReports(field);
    await publish('open', reportOf(ADA, 'A-1'), 1);
    await publish('open', reportOf(BRAM, 'B-1'), 2);
    await publish('open', reportOf(ADA, 'A-1'), 3);
    expect(opened).toHaveLength(3);
    const open = app.client.context.open.filter(({ type }) => type === 'DiagnosticReport');
    expect(open.map(({ study }) => study?.identifier?.[0]?.value)).toEqual(['B-1', 'A-1']);
  });

  it('and takes such changes from an app that has its profile, which is warned', async () => {
    const field = await openField('rad-ai');
    const { app, opened, closed, updated } = await followReports(field);
    const { client } = app;
    const change = (verb: string, context: ContextEntry[]) =>
      client.requestContextChange(`DiagnosticReport-${verb}`, context);
    expect(await change('open', [studyOf('A-1')])).toMatchObject({ accepted: true });
    await app.until(() => opened.length === 1);
    expect(app.warnings.map(({ code, at: where }) => [code, where])).toEqual(
      expect.arrayContaining([['change-deviation', 'report is missing']]),
    );
    // What an app follows, it can close.
    const context = client.context.current?.context ?? [];
    expect(await change('update', [...context, updates()])).toMatchObject({ accepted: true });
    await app.until(() => updated.length === 1);
    expect(await change('close', [...context])).toMatchObject({ accepted: true });
    await app.until(() => closed.length === 1);
    expect(client.context.current).toBeNull();
    // Nobody could tell which report is meant.
    for (const [verb, vague] of [
      ['open', []],
      ['update', [updates()]],
      ['open', [{ key: 'patient', resource: ADA }]],
    ] as const)
      await expect(change(verb, [...vague])).rejects.toMatchObject({ code: 'change-invalid' });
  });

  it('which nobody sends to a hub that does not know them', async () => {
    const field = await openField('medplum-stu3');
    const { app } = await followReports(field, profiles.medplum);
    await expect(app.client.requestContextChange('DiagnosticReport-open', [studyOf('A-1')])).rejects.toMatchObject({
      code: 'change-invalid',
      at: 'report is missing',
    });
  });

  it('and an update without the report is that of the current one, unless it contradicts it', async () => {
    const field = await openField('rad-ai');
    const { app, updated, publish } = await followReports(field);
    // Of what is not open, there is no content.
    expect((await publish('update', [updates()], 1)).answers).toMatchObject([{ status: 422 }]);
    await publish('open', reportOf(ADA, 'A-1'), 2);
    expect((await publish('update', [updates()], 3)).answers).toMatchObject([{ status: 200 }]);
    expect((await publish('update', [studyOf('A-1'), updates()], 4)).answers).toMatchObject([{ status: 200 }]);
    expect((await publish('update', [studyOf('B-1'), updates()], 5)).answers).toMatchObject([{ status: 422 }]);
    expect(updated).toHaveLength(2);
    expect(app.errors.map(({ code }) => code)).toEqual(['anchor-contradiction', 'anchor-contradiction']);
    expect(app.client.syncStatus.state).toBe('in-sync');
  });
});

describe.each(['rad-ai', 'powercast'] as const)('%s: names in the past tense, and names of its own', (personality) => {
  it('are events of the app, and change no context', async () => {
    const field = await openField(personality);
    const profile = personality === 'rad-ai' ? profiles.radAi : profiles.powerCast;
    const app = await field.followApp({ profile });
    const names = [
      'DiagnosticReport-opened',
      'DiagnosticReport-closed',
      'DiagnosticReport-updated',
      'DMVAMessage',
      'login',
    ];
    const events = names.map((name) => app.collect(name));
    await app.client.ready();
    await field.opens(ADA);
    for (const name of names) {
      const { answers } = await field.session.publish(name, reportOf(BRAM, 'B-1'));
      expect(answers).toMatchObject([{ status: 200 }]);
    }
    expect(events.map((list) => list.map(({ name }) => name))).toEqual(names.map((name) => [name.toLowerCase()]));
    expect(app.client.context.current?.patient?.id).toBe(ADA.id);
    expect(app.errors).toEqual([]);
  });
});

describe('PowerCast', () => {
  const reference = { reference: 'DiagnosticReport/report-A-1' };
  const bundle = {
    resourceType: 'Bundle' as const,
    type: 'transaction' as const,
    entry: [
      {
        request: { method: 'POST' as const, url: 'Observation' },
        resource: { resourceType: 'Basic' as const, id: 'b-1', code: {} },
      },
    ],
  };

  it('answers 409 to a change where the context is another one: the hub is asked, and its word counts', async () => {
    const field = await openField('powercast');
    const app = await field.followApp({ profile: profiles.powerCast });
    await field.opens(ADA);
    // The user has gone on, and the app did not hear of it.
    field.session.disturbNext('drop');
    void field.opens(BRAM);
    await field.hub.waitFor(() => field.session.current?.event.context[0]?.['resource'] === BRAM);
    field.hub.refuseNext({ kind: 'publish', status: 409, text: 'Fetch first.' });
    const change = await app.client.requestContextChange('Patient-open', { patient: CHIDI });
    expect(change).toMatchObject({ accepted: false, status: 409 });
    expect(app.client.syncStatus.state).toBe('behind');
    await app.until(() => app.client.syncStatus.state === 'in-sync');
    expect(app.client.context.current?.patient?.id).toBe(BRAM.id);
  });

  it.each([
    ['updates', { key: 'updates', resource: bundle }, []],
    ['bundle', { key: 'bundle', resource: bundle }, []],
    ['content', { key: 'content', resource: bundle }, ['updates is missing']],
  ])('sends an update under %s, with null for what there is not', async (key, entry, deviations) => {
    const field = await openField('powercast');
    const { app, updated, publish } = await followReports(field, profiles.powerCast);
    await publish('open', reportOf(ADA, 'A-1'), 1);
    const { answers } = await publish('update', [{ key: 'report', reference, resource: null }, { ...entry }], 2);
    expect(answers).toMatchObject([{ status: 200 }]);
    expect(updated).toMatchObject([{ anchorReference: reference, anchor: undefined }]);
    const [update] = updated;
    expect(update?.resources(key, 'Bundle')).toHaveLength(1);
    if (key === 'bundle') expect(update?.resources('updates', 'Bundle')).toHaveLength(1);
    const told = app.warnings.filter(({ code }) => code === 'notification-deviation').map(({ at: where }) => where);
    expect(told).toEqual(deviations);
    expect(app.client.context.current?.report?.id).toBe('report-A-1');
  });
});
