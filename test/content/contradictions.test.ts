import { describe, expect, it } from 'vitest';
import { type ContentError, shareContent } from '../../src/content/index.ts';
import { FhircastClient, profiles, type SmartLaunchOptions } from '../../src/index.ts';
import type { TestHubOptions } from '../../src/testing/index.ts';
import { chain, length, openContentWorld, put, remove, report, selects, sendRaw, updates } from './world.ts';

/** What the hub answers to a request for the current context, made into something else. */
const telling = (
  change: (answer: Record<string, unknown> & { context: { key: string; resource?: unknown }[] }) => unknown,
): SmartLaunchOptions => ({
  fetch: async (url, init) => {
    const response = await fetch(url, init);
    if (init.method !== 'GET' || url.includes('.well-known')) return response;
    return new Response(JSON.stringify(change(await response.json())), { status: 200 });
  },
});

async function open(
  hub: TestHubOptions = {},
  client: SmartLaunchOptions = {},
  name = 'DiagnosticReport-open',
  context = report(),
) {
  const world = await openContentWorld(hub);
  const app = await world.share('Viewer', { anchors: ['DiagnosticReport', 'ImagingStudy'] }, client);
  await world.session.publish(name, context);
  await app.until(() => app.content.current && app.content.current.status !== 'fetching');
  return { ...world, ...app, app, version: () => app.content.current?.versionId };
}

describe('each contradiction of the texts has one reading', () => {
  it.each<[string, object, unknown[]]>([
    ['context.versionId', { 'context.versionId': 'v1' }, []],
    ['versionId', { versionId: 'v1' }, []],
    ['an entry with the key version', {}, [{ key: 'version', versionId: 'v1' }]],
  ])('context.versionId, versionId, an entry version: all are read (%s)', async (_, versions, more) => {
    const { session, version } = await open();
    const prior = { 'context.priorVersionId': version() };
    await sendRaw(session, 'DiagnosticReport-update', [...updates([put(length('a'))]), ...more], {
      ...versions,
      ...prior,
    });
    expect(version()).toBe('v1');
  });

  it('a prior version that is absent is borne', async () => {
    const { session, content } = await open();
    await sendRaw(session, 'DiagnosticReport-update', updates([put(length('a'))]), { 'context.versionId': 'v1' });
    expect(content.current).toMatchObject({ status: 'known', versionId: 'v1', size: 1 });
  });

  it('request.url is ignored when received: absent, and the hub’s URL for all', async () => {
    const { session, content, version } = await open();
    const entries = [
      { request: { method: 'PUT' }, resource: length('a') },
      { request: { method: 'PUT', url: 'https://hub.example.org' }, resource: length('b') },
      { request: { method: 'DELETE', url: 'https://hub.example.org' }, fullUrl: 'Observation/a' },
    ];
    await sendRaw(session, 'DiagnosticReport-update', updates(entries.slice(0, 2)), chain(version(), 'v1'));
    await sendRaw(session, 'DiagnosticReport-update', updates(entries.slice(2)), chain('v1', 'v2'));
    expect(content.current?.resources('Observation').map(({ id }) => id)).toEqual(['b']);
  });

  it.each<[string, object]>([
    ['relative', { fullUrl: 'Observation/a' }],
    ['urn:<id>', { fullUrl: 'urn:a' }],
    ['urn:uuid:<id>', { fullUrl: 'urn:uuid:a' }],
    ['urn:Observation/<id>', { fullUrl: 'urn:Observation/a' }],
    ['absolute', { fullUrl: 'https://ehr.example.org/fhir/Observation/a' }],
    ['none: request.url is read', { request: { method: 'DELETE', url: 'Observation/a' } }],
  ])('the fullUrl of a DELETE: %s', async (_, entry) => {
    const { session, content, version } = await open();
    await sendRaw(
      session,
      'DiagnosticReport-update',
      updates([put(length('a')), put(length('b'))]),
      chain(version(), 'v1'),
    );
    await sendRaw(
      session,
      'DiagnosticReport-update',
      updates([{ request: { method: 'DELETE' }, ...entry }]),
      chain('v1', 'v2'),
    );
    expect(content.current?.resources('Observation').map(({ id }) => id)).toEqual(['b']);
  });

  it('the id of the Bundle is a second way to know an echo', async () => {
    let sent: { id: string; event: { context: object[] } } | undefined;
    const keep: SmartLaunchOptions['fetch'] = (url, init) => {
      if (typeof init.body !== 'string' || !init.body.startsWith('{')) return fetch(url, init);
      sent = JSON.parse(init.body);
      // A hub that makes up an id of its own.
      return Promise.resolve(new Response('', { status: 202 }));
    };
    const { session, content, version } = await open({}, { fetch: keep });
    const updating = content.update({ put: length('a') });
    while (!sent) await new Promise((resolve) => setTimeout(resolve, 5));
    await sendRaw(session, 'DiagnosticReport-update', sent.event.context, {
      id: 'of the hub',
      ...chain(version(), 'v1'),
    });
    expect((await updating).content).toMatchObject({ versionId: 'v1', size: 1 });
  });

  it('a version on selects is sent when it is known', async () => {
    const { hub, session, content } = await open({ personality: 'ira' });
    await content.update({ put: length('a') });
    await content.select(['Observation/a']);
    expect(content.current?.versionId).toBe(session.content()?.versionId);
    expect(hub.log.filter(({ kind, direction }) => kind === 'publish' && direction === 'in').length).toBe(3);
  });

  it('a version of a select that is absent changes nothing of the content', async () => {
    const { session, content, version } = await open();
    const before = version();
    await sendRaw(session, 'DiagnosticReport-select', selects(['DiagnosticReport/r1']));
    expect(content.current).toMatchObject({ status: 'known', versionId: before, selected: ['DiagnosticReport/r1'] });
  });

  it('report, patient and study may be references or resources; one that was changed there is a change of content', async () => {
    const { session, content, version } = await open();
    const [opened, patient] = report();
    const entries = [put(length('a'))];
    const [, bundle] = updates(entries);
    await sendRaw(session, 'DiagnosticReport-update', [opened, patient, bundle], chain(version(), 'v1'));
    expect(content.current?.size).toBe(1);
    const final = { resourceType: 'DiagnosticReport', id: 'r1', status: 'final', subject: { reference: 'Patient/p1' } };
    const [, other] = updates([put(length('b'))]);
    await sendRaw(session, 'DiagnosticReport-update', [{ key: 'report', resource: final }, other], chain('v1', 'v2'));
    expect(content.current?.get('DiagnosticReport', 'r1')?.status).toBe('final');
    const stub = { key: 'report', resource: { resourceType: 'DiagnosticReport', id: 'r1' } };
    await sendRaw(session, 'DiagnosticReport-update', [stub, updates([put(length('c'))])[1]], chain('v2', 'v3'));
    expect([content.current?.size, content.current?.get('DiagnosticReport', 'r1')?.status]).toEqual([4, 'final']);
  });

  it('POST is PUT when received, also where its id is its fullUrl', async () => {
    const { session, content, version } = await open();
    const { id: _id, ...fresh } = length('b');
    const entries = [
      { request: { method: 'POST', url: 'Observation' }, resource: length('a') },
      { request: { method: 'POST' }, fullUrl: 'urn:uuid:b', resource: fresh },
    ];
    await sendRaw(session, 'DiagnosticReport-update', updates(entries), chain(version(), 'v1'));
    expect(content.current?.resources('Observation').map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('PATCH makes the content unknown, and the hub is asked', async () => {
    const { session, content, version } = await open();
    const entry = {
      request: { method: 'PATCH', url: 'Observation/a' },
      resource: { resourceType: 'Binary', data: '' },
    };
    await sendRaw(session, 'DiagnosticReport-update', updates([entry]), chain(version(), 'v1'));
    expect(content.current?.status).toBe('fetching');
  });

  it.each(['study', 'imagingstudy', 'ImagingStudy'])(
    'the anchor of an ImagingStudy-update may be %s, and is sent as study',
    async (key) => {
      let sent: { event: { context: { key: string }[] } } | undefined;
      const keep: SmartLaunchOptions['fetch'] = (url, init) => {
        if (typeof init.body === 'string' && init.body.startsWith('{')) sent = JSON.parse(init.body);
        return fetch(url, init);
      };
      const study = report()
        .filter((entry) => entry.key !== 'report')
        .reverse();
      const { session, content, version } = await open({}, { fetch: keep }, 'ImagingStudy-open', study);
      const [, bundle] = updates([put(length('a'))]);
      const anchor = { key, reference: { reference: 'ImagingStudy/s1' } };
      await content.update({ put: length('b') });
      expect(sent?.event.context[0]).toEqual({ key: 'study', reference: { reference: 'ImagingStudy/s1' } });
      await sendRaw(session, 'ImagingStudy-update', [anchor, bundle], chain(version(), 'v1'));
      expect(content.current).toMatchObject({ anchor: 'ImagingStudy/s1', versionId: 'v1', size: 2 });
    },
  );

  it('SyncErrors about updates are read, though the text says that there are none; none is sent', async () => {
    const { content, hub, session } = await open({ content: { refusals: 'sync-error', maxBytes: 500 } });
    await expect(content.update({ put: length('a', 'x'.repeat(1_000)) })).rejects.toMatchObject({
      code: 'content-too-large',
    });
    const names = hub.log.flatMap(({ kind, direction, event }) =>
      kind === 'publish' && direction === 'in' ? [event] : [],
    );
    expect(names).not.toContain('SyncError');
    expect(session.content()?.resources).toEqual([]);
  });

  it('the content of the current context is trusted when its version fits, and asked for again when it does not', async () => {
    let stale = 0;
    const { session, content, app } = await open(
      {},
      telling((answer) => {
        const isStale = stale > 0 && stale--;
        return isStale ? { ...answer, 'context.versionId': 'of nobody' } : answer;
      }),
    );
    session.disturbNext('drop');
    stale = 2;
    void session.publish('DiagnosticReport-update', updates([put(length('a'))]));
    await session.publish('DiagnosticReport-update', updates([put(length('b'))]));
    await app.until(() => content.current?.status === 'known');
    expect([stale, content.current?.size]).toEqual([0, 2]);
  });

  it('support follows from eventsSupported, not from a version', async () => {
    // Medplum gives every open a version, and shares the content of reports alone.
    const world = await openContentWorld({ personality: 'medplum-2026-08' });
    const app = await world.share(
      'Viewer',
      { anchors: ['DiagnosticReport', 'Patient'] },
      { profile: profiles.medplum },
    );
    await world.session.publish('Patient-open', [report()[1] ?? { key: 'patient' }]);
    await app.until(() => app.content.current?.status === 'unsupported');
    await expect(app.content.update({ put: length('a') })).rejects.toMatchObject({
      code: 'content-unsupported',
      at: 'eventsSupported',
    });
  });
});

describe('Medplum', () => {
  it('keeps version and content of a report that is opened again, and loses fullUrls', async () => {
    const { session, content, app } = await open({ personality: 'medplum-2026-08' }, { profile: profiles.medplum });
    await content.update({ put: length('a') });
    const before = content.current?.versionId;
    await session.publish('DiagnosticReport-close', report());
    await session.publish('DiagnosticReport-open', report());
    await app.until(() => content.current?.status === 'known');
    expect(content.current).toMatchObject({ versionId: before, size: 1, isResumed: true });
    await content.update({ delete: 'Observation/a' });
    expect(session.content()?.resources).toEqual([]);
  });

  it('says 400 to a wrong version and to all else: asking tells them apart', async () => {
    const { session, content } = await open(
      { personality: 'medplum-2026-08', answerTimeoutMs: 300 },
      { profile: profiles.medplum },
    );
    session.disturbNext('drop');
    await session.publish('DiagnosticReport-update', updates([put(length('a'))]));
    await content.update({ put: length('b') });
    expect(session.content()?.resources.length).toBe(2);
    await expect(content.update({ delete: 'Observation/nobody' })).rejects.toMatchObject({
      code: 'hub-refused',
      status: 400,
    });
  });
});

describe('a hub that does not share content', () => {
  it('is told by what it lists, before anything is sent', async () => {
    const { content, hub } = await open({ content: false, discovery: true });
    const error: ContentError = await content.update({ put: length('a') }).catch((thrown) => thrown);
    expect([error.code, error.at, content.current?.status]).toEqual([
      'content-unsupported',
      'eventsSupported',
      'unsupported',
    ]);
    expect(error.message).toContain('Ask the hub for content sharing');
    await expect(content.select([])).rejects.toMatchObject({ code: 'content-unsupported' });
    expect(hub.log.filter(({ kind }) => kind === 'publish').length).toBeLessThanOrEqual(2);
  });

  it('is told by the missing key content', async () => {
    const { content } = await open({ content: false, discovery: false });
    expect(content.current?.status).toBe('unsupported');
    await expect(content.update({ put: length('a') })).rejects.toMatchObject({
      code: 'content-unsupported',
      at: 'content',
    });
  });

  it('and shares it after all when an update comes', async () => {
    const { session, content, version } = await open({ content: false, discovery: false });
    await sendRaw(session, 'DiagnosticReport-update', updates([put(length('a'))]), chain(version(), 'v1'));
    expect(content.current).toMatchObject({ status: 'known', size: 1 });
  });

  it('empty forms of the current context mean none, and are no error', async () => {
    for (const empty of [
      { 'context.type': '', context: [] },
      { 'context.type': '', context: [{ key: 'content', resource: { resourceType: 'Bundle', type: 'collection' } }] },
      { 'context.type': '', 'context.versionId': '', context: [] },
    ]) {
      const world = await openContentWorld();
      const app = await world.share(
        'Viewer',
        {},
        telling(() => empty),
      );
      expect([app.content.current, app.errors]).toEqual([null, []]);
      await world.end();
    }
  });

  it('and a client that pins its events without those of content cannot share it', async () => {
    const { session } = await openContentWorld();
    const client = await FhircastClient.fromSmartLaunch(session.launch('stu'), { events: ['DiagnosticReport-open'] });
    expect(() => shareContent(client)).toThrow(expect.objectContaining({ code: 'option-invalid', at: 'events' }));
    await client.unsubscribe();
    expect(() => shareContent(client)).toThrow(expect.objectContaining({ code: 'closed' }));
  });
});

describe('resuming', () => {
  it('an app that starts while a report is open has its content', async () => {
    const { session, share, content } = await open();
    await content.update({ put: length('a') });
    const late = await share('Late');
    await late.until(() => late.content.current?.status === 'known');
    expect(late.content.current?.resources('Observation')).toEqual([length('a')]);
    expect(late.content.current?.versionId).toBe(session.content()?.versionId);
  });

  it('sharing may begin at any time in the life of a client', async () => {
    const { session } = await open();
    const client = await FhircastClient.fromSmartLaunch(session.launch('stu'), { subscriberName: 'Later' });
    client.on('DiagnosticReport-open', () => {});
    await client.ready({ caughtUp: true });
    const content = shareContent(client);
    expect(shareContent(client)).toBe(content);
    await new Promise<void>((resolve) => {
      const end = content.subscribe(() => {
        if (content.current?.status !== 'known') return;
        end();
        resolve();
      });
    });
    await content.update({ put: length('a') });
    expect(session.content()?.resources).toEqual([length('a')]);
    await client.unsubscribe();
  });

  it('says whether there was content when the anchor was opened, where that can be known', async () => {
    const { session, content, app } = await open();
    expect(content.current?.isResumed).toBe(false);
    await content.update({ put: length('a') });
    await session.publish('DiagnosticReport-open', report());
    await app.until(() => content.current?.status === 'known');
    expect(content.current?.isResumed).toBe(true);
  });

  it('keeps the fullUrl of what is replaced', async () => {
    const { session, content } = await open();
    const entry = { ...put(length('a')), fullUrl: 'urn:uuid:4f1c7c0e-4d2e-4c39-8f0e-2d8e9d6c1a11' };
    await session.publish('DiagnosticReport-update', updates([entry]));
    await content.update({ put: length('a', 'other') });
    expect(session.content()?.fullUrls).toEqual({ 'Observation/a': entry.fullUrl });
    await content.update({ delete: remove('Observation/a').fullUrl });
    expect(session.content()?.resources).toEqual([]);
  });
});
