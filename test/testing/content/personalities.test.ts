import { describe, expect, it } from 'vitest';
import type { ContextEntry, HubPersonality } from '../../../src/testing/index.ts';
import { openHub, openSocket, patientContext, postForm, stuFields } from '../support.ts';
import { put, remove } from './entries.ts';
import { contentIn, finding, report, selects, send, told, updates } from './support.ts';

/** A hub, an app that hears of reports, and a report that is open. */
async function openAt(personality: HubPersonality) {
  const hub = await openHub({ personality });
  const session = hub.openSession();
  const events = 'DiagnosticReport-open,DiagnosticReport-close,DiagnosticReport-update,DiagnosticReport-select';
  const answer = await postForm(hub.url, session.accessToken, {
    ...stuFields(session, events),
    ...(personality === 'powercast' ? { 'hub.callback': '', 'hub.secret': '' } : {}),
  });
  const { 'hub.channel.endpoint': endpoint } = (await answer.json()) as { 'hub.channel.endpoint': string };
  const { inbox } = openSocket(endpoint);
  await inbox.next();
  const { versionId = '' } = await session.publish('DiagnosticReport-open', report());
  const opened = await inbox.next();
  const update = (entry: readonly unknown[], more: { versionId?: string; id?: string } = {}) =>
    send(hub, session, 'DiagnosticReport-update', {
      context: updates(entry),
      versionId: session.content()?.versionId ?? '',
      ...more,
    });
  const sends = (name: string, context: readonly ContextEntry[], version = session.content()?.versionId) =>
    send(hub, session, name, version === undefined ? { context } : { context, versionId: version });
  return { hub, session, inbox, versionId, opened, update, sends };
}

const one = put(finding('o1'), 'https://ehr.example/fhir/Observation/o1');

describe('Medplum', () => {
  const open = () => openAt('medplum-2026-08');

  it('says 400 to whatever it does not take', async () => {
    const { session, update } = await open();
    const refused = [
      await update([one], { versionId: 'another' }),
      await update([remove('Observation/o0')]),
      await update([one, one]),
    ];
    await session.publish('Patient-open', patientContext());
    refused.push(await update([one]));
    expect(refused.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    for (const { text } of refused) expect(JSON.parse(text)).toMatchObject({ resourceType: 'OperationOutcome' });
    expect(session.content('DiagnosticReport/r1')?.resources).toEqual([]);
  });

  it('takes an id for what it says, however often it comes', async () => {
    const { update, versionId } = await open();
    expect((await update([one], { versionId, id: 'u1' })).status).toBe(202);
    expect((await update([one], { versionId, id: 'u1' })).status).toBe(400);
  });

  it('tells content without fullUrls, and shares it for reports alone', async () => {
    const { hub, session, update } = await open();
    await update([one]);
    expect(contentIn(await told(hub, session))).toEqual([{ resource: finding('o1') }]);
    const { versionId } = await session.publish('Patient-open', patientContext());
    expect(versionId).toEqual(expect.any(String));
    expect(contentIn(await told(hub, session))).toBeUndefined();
    expect(session.content()).toBeUndefined();
  });

  it('takes back what was changed of the context, which stays itself', async () => {
    const { hub, session, update } = await open();
    await update([put({ ...finding('x'), resourceType: 'DiagnosticReport', id: 'r1' })]);
    expect(session.content()?.resources).toHaveLength(1);
    expect((await update([remove('DiagnosticReport/r1')])).status).toBe(202);
    expect(session.content()?.resources).toEqual([]);
    expect((await told(hub, session)).context.slice(0, 3)).toEqual(report());
    expect((await update([remove('DiagnosticReport/r1')])).status).toBe(400);
  });

  it('clears the current context by any close, and keeps version and content for whoever opens the report again', async () => {
    const { hub, session, update } = await open();
    await update([one]);
    const held = session.content();
    await session.publish('Patient-close', patientContext('somebody-else'));
    expect((await told(hub, session)).context).toEqual([]);
    expect((await update([one], { versionId: held?.versionId ?? '' })).status).toBe(400);
    expect((await session.publish('DiagnosticReport-open', report())).versionId).toBe(held?.versionId);
    expect(session.content()).toEqual(held);
  });

  it('shares nothing in its older versions', async () => {
    for (const personality of ['medplum-stu3', 'medplum-2025', 'medplum-r4'] as const)
      expect((await openHub({ personality })).traits.content).toBeUndefined();
  });
});

describe("a hub of IHE's profile", () => {
  const open = () => openAt('ira');

  it('wants a name, and makes the session of whatever topic it is given', async () => {
    const hub = await openHub({ personality: 'ira' });
    const fields = { 'hub.channel.type': 'websocket', 'hub.mode': 'subscribe', 'hub.topic': 'a-topic-of-ours' };
    const nameless = await postForm(hub.url, '', { ...fields, 'hub.events': 'DiagnosticReport-open' });
    expect([nameless.status, await nameless.text()]).toEqual([400, 'subscriber.name is missing.']);
    const named = { ...fields, 'hub.events': 'DiagnosticReport-open', 'subscriber.name': 'Viewer' };
    const update = () =>
      fetch(hub.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          timestamp: '2026-01-05T08:00:00.000Z',
          id: 'u1',
          event: { 'hub.topic': 'a-topic-of-ours', 'hub.event': 'DiagnosticReport-update', context: updates([one]) },
        }),
      });
    expect((await update()).status).toBe(400);
    expect(hub.session('a-topic-of-ours')).toBeUndefined();
    expect((await postForm(hub.url, '', named)).status).toBe(202);
    expect((await update()).status).toBe(409);
    const [subscription] = hub.session('a-topic-of-ours')?.subscriptions ?? [];
    expect(subscription?.name).toBe('Viewer');
  });

  it.each(['report', 'patient', 'study'])('wants a report to be opened with its %s', async (key) => {
    const { sends } = await open();
    const context = report('r2').filter((entry) => entry.key !== key);
    expect((await sends('DiagnosticReport-open', context)).status).toBe(400);
    expect((await sends('DiagnosticReport-open', report('r2'))).status).toBe(202);
  });

  it('says 409 to what is about a report that is not open', async () => {
    const { sends, session } = await open();
    await session.publish('DiagnosticReport-close', report());
    expect((await sends('DiagnosticReport-update', updates([one]), 'v')).status).toBe(409);
    expect((await sends('DiagnosticReport-select', selects(['Observation/o1']), 'v')).status).toBe(409);
    expect((await sends('DiagnosticReport-close', report())).status).toBe(409);
  });

  it.each([
    ['a close without a report', 'DiagnosticReport-close', report().slice(1)],
    ['a select without the key', 'DiagnosticReport-select', selects([])],
    ['an edit of the patient', 'DiagnosticReport-update', updates([put(withIdentifier('Patient', 'p1', '8'))])],
    ['an edit of the study', 'DiagnosticReport-update', updates([put(withIdentifier('ImagingStudy', 's1', 'acc-2'))])],
    [
      'a patient without the identifier',
      'DiagnosticReport-update',
      updates([put({ resourceType: 'Patient', id: 'p1' })]),
    ],
    ['a DELETE of the patient', 'DiagnosticReport-update', updates([remove('Patient/p1')])],
  ])('says 400 to %s', async (_, name, context) => {
    const { session, sends, versionId } = await open();
    expect((await sends(name, context)).status).toBe(400);
    expect(session.content()).toMatchObject({ versionId, resources: [] });
  });

  it('says 400 to another version, of an update and of a select', async () => {
    const { sends } = await open();
    expect((await sends('DiagnosticReport-update', updates([one]), 'another')).status).toBe(400);
    expect((await sends('DiagnosticReport-select', selects(['Patient/p1']), 'another')).status).toBe(400);
  });

  it('gives a new version to a close, and takes POST for PUT', async () => {
    const { session, sends, inbox } = await open();
    const posted = { request: { method: 'POST' }, resource: finding('o1') };
    expect((await sends('DiagnosticReport-update', updates([posted]))).status).toBe(202);
    const held = session.content();
    expect(held?.resources).toEqual([finding('o1')]);
    await inbox.next();
    await session.publish('DiagnosticReport-close', report());
    const { event } = await inbox.next();
    expect(event).toMatchObject({ 'hub.event': 'DiagnosticReport-close', 'context.priorVersionId': held?.versionId });
    expect(event?.['context.versionId']).toEqual(expect.any(String));
  });

  it('takes a change of what is no identifier', async () => {
    const { session, sends } = await open();
    const study = { ...withIdentifier('ImagingStudy', 's1', 'acc-1'), description: 'CT' };
    expect((await sends('DiagnosticReport-update', updates([put(study)]))).status).toBe(202);
    expect(session.content()?.resources).toEqual([study]);
  });

  it('gives a new version to a select, and 206 to one of what it does not know', async () => {
    const { session, sends, versionId, inbox } = await open();
    expect((await sends('DiagnosticReport-select', selects(['Patient/p1']))).status).toBe(202);
    const first = session.content()?.versionId;
    expect((await inbox.next()).event).toMatchObject({
      'context.versionId': first,
      'context.priorVersionId': versionId,
    });
    const both = selects(['ImagingStudy/s1', 'Observation/nobody']);
    expect((await sends('DiagnosticReport-select', both)).status).toBe(206);
    const held = session.content();
    expect(held?.selected).toEqual(['ImagingStudy/s1']);
    expect((await inbox.next()).event).toMatchObject({
      'context.versionId': held?.versionId,
      'context.priorVersionId': first,
      context: selects(['ImagingStudy/s1']),
    });
  });

  it('leaves out what it does not know in each form of a select', async () => {
    const { session, sends, inbox } = await open();
    const known = [{ resourceType: 'Patient', id: 'p1' }];
    const unknown = { resourceType: 'Observation', id: 'nobody' };
    for (const place of ['resource', 'resources', 'select'])
      expect(
        (await sends('DiagnosticReport-select', [...selects([]), { key: 'select', [place]: [...known, unknown] }]))
          .status,
      ).toBe(206);
    expect(session.content()?.selected).toEqual(['Patient/p1']);
    for (const place of ['resource', 'resources', 'select'])
      expect((await inbox.next()).event?.['context']).toEqual([...selects([]), { key: 'select', [place]: known }]);
  });
});

describe('PowerCast', () => {
  it.each(['updates', 'bundle', 'content'])('takes a Bundle under %s, and POST for PUT', async (key) => {
    const { session, sends } = await openAt('powercast');
    const posted = { request: { method: 'POST', url: 'Observation' }, resource: finding('o1') };
    const context = updates([posted]).map((entry) => (entry.key === 'updates' ? { ...entry, key } : entry));
    expect((await sends('DiagnosticReport-update', context)).status).toBe(202);
    expect(session.content()?.resources).toEqual([finding('o1')]);
  });

  it('writes the version into the report too, and tells content in a list of contexts', async () => {
    const { hub, session, opened, versionId, update } = await openAt('powercast');
    const meta = (context: unknown) => (context as ContextEntry[])[0]?.['resource'];
    expect(meta(opened.event?.['context'])).toMatchObject({ id: 'r1', meta: { versionId } });
    await update([one]);
    const now = session.content()?.versionId;
    const response = await fetch(`${hub.url}/${session.id}`, {
      headers: { Authorization: `Bearer ${session.accessToken}` },
    });
    const [context] = (await response.json()) as { 'context.versionId': string; context: ContextEntry[] }[];
    expect(context).toMatchObject({ 'context.versionId': now, contextType: 'DiagnosticReport' });
    expect(meta(context?.context)).toMatchObject({ id: 'r1', meta: { versionId: now } });
    expect(contentIn({ context: context?.context ?? [] })).toEqual([{ fullUrl: one.fullUrl, resource: finding('o1') }]);
  });

  it('says 409 to another version', async () => {
    const { update } = await openAt('powercast');
    expect((await update([one], { versionId: 'another' })).status).toBe(409);
  });
});

function withIdentifier(resourceType: string, id: string, value: string) {
  const system = resourceType === 'Patient' ? { system: 'urn:mrn' } : {};
  return { resourceType, id, identifier: [{ ...system, value }] };
}
