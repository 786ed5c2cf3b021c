import { describe, expect, it } from 'vitest';
import { put, remove } from './entries.ts';
import { contentIn, finding, openReport, report, selects, send, told, updates } from './support.ts';

describe('an open', () => {
  it('has no content, and the current context says so', async () => {
    const { hub, session, versionId } = await openReport();
    const context = await told(hub, session);
    expect(context).toMatchObject({ 'context.type': 'DiagnosticReport', 'context.versionId': versionId });
    expect(context.context).toEqual([
      ...report(),
      { key: 'content', resource: { resourceType: 'Bundle', id: expect.any(String), type: 'collection' } },
    ]);
    expect(session.content()).toEqual({
      anchor: 'DiagnosticReport/r1',
      versionId,
      resources: [],
      fullUrls: {},
      selected: [],
    });
  });
});

describe('an update', () => {
  it('makes a new version, is told to everybody under its id, and is in the current context from then on', async () => {
    const { hub, session, versionId, inbox } = await openReport();
    const context = updates([put(finding('o1'), 'Observation/o1'), put(finding('o2'))]);
    const answer = await send(hub, session, 'DiagnosticReport-update', { context, versionId, id: 'u1' });
    expect(answer.status).toBe(202);
    const held = session.content();
    expect(held).toMatchObject({
      resources: [finding('o1'), finding('o2')],
      fullUrls: { 'Observation/o1': 'Observation/o1' },
    });
    expect(held?.versionId).not.toBe(versionId);
    expect(await inbox.next()).toMatchObject({
      id: 'u1',
      event: { context, 'context.versionId': held?.versionId, 'context.priorVersionId': versionId },
    });
    const current = await told(hub, session);
    expect(current['context.versionId']).toBe(held?.versionId);
    expect(contentIn(current)).toEqual([
      { fullUrl: 'Observation/o1', resource: finding('o1') },
      { resource: finding('o2') },
    ]);
  });

  it('replaces a resource as a whole, deletes by fullUrl, and leaves the opened context as it was', async () => {
    const { hub, session } = await openReport();
    await session.publish('DiagnosticReport-update', updates([put(finding('o1')), put(finding('o2'))]));
    const final = { resourceType: 'DiagnosticReport', id: 'r1', status: 'final' };
    const bare = { resourceType: 'Observation', id: 'o2' };
    await session.publish('DiagnosticReport-update', updates([remove('Observation/o1'), put(bare), put(final)]));
    expect(session.content()?.resources).toEqual([bare, final]);
    const { context } = await told(hub, session);
    expect(context.slice(0, 3)).toEqual(report());
    expect(contentIn({ context })).toEqual([{ resource: bare }, { resource: final }]);
  });

  it('of two writers on one version only the first is taken', async () => {
    const { hub, session, versionId, inbox } = await openReport();
    const statuses = await Promise.all(
      ['o1', 'o2', 'o3', 'o4'].map((id) =>
        send(hub, session, 'DiagnosticReport-update', { context: updates([put(finding(id))]), versionId }),
      ),
    );
    expect(statuses.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409]);
    const [kept] = session.content()?.resources ?? [];
    expect(session.content()?.resources).toHaveLength(1);
    expect(JSON.stringify(await inbox.next())).toContain(`"id":"${kept?.id}"`);
    await session.publish('DiagnosticReport-close', report());
    expect((await inbox.next()).event?.['hub.event']).toBe('DiagnosticReport-close');
  });
});

describe('a select', () => {
  it('replaces the selection, without what nobody knows, and is told without a version', async () => {
    const { session, versionId, inbox } = await openReport();
    await session.publish('DiagnosticReport-update', updates([put(finding('o1')), put(finding('o2'))]));
    await inbox.next();
    const context = selects(['Observation/o1', 'ImagingStudy/s1', 'Observation/nobody']);
    await session.publish('DiagnosticReport-select', context);
    expect(session.content()?.selected).toEqual(['Observation/o1', 'ImagingStudy/s1']);
    const { event } = await inbox.next();
    expect(event).toEqual({ 'hub.topic': session.id, 'hub.event': 'DiagnosticReport-select', context });
    expect(session.content()?.versionId).not.toBe(versionId);
    await session.publish('DiagnosticReport-select', selects(['Observation/o2']));
    expect(session.content()?.selected).toEqual(['Observation/o2']);
    await session.publish('DiagnosticReport-update', updates([remove('Observation/o2')]));
    expect(session.content()?.selected).toEqual([]);
  });
});
