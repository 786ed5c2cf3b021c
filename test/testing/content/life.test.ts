import { describe, expect, it } from 'vitest';
import { openHub, patientContext, subscribeSocket } from '../support.ts';
import { put } from './entries.ts';
import { contentIn, finding, openReport, report, send, told, updates } from './support.ts';

const R1 = 'DiagnosticReport/r1';

/** A report with a finding in it that is selected. */
async function openFilled(options: Parameters<typeof openReport>[0] = {}) {
  const opened = await openReport(options);
  await opened.session.update({ put: [finding('o1')] });
  await opened.session.select(['Observation/o1']);
  const held = opened.session.content(R1);
  for (let heard = 0; heard < 2; heard += 1) await opened.inbox.next();
  return { ...opened, held, version: held?.versionId ?? '' };
}

describe('content', () => {
  it('lives through Home-open and opens of other anchors', async () => {
    const { hub, session, held } = await openFilled();
    await session.publish('Home-open');
    expect(session.content()).toBeUndefined();
    expect(session.content(R1)).toEqual(held);
    await session.publish('Patient-open', patientContext());
    expect(session.content(R1)).toEqual(held);
    expect(contentIn(await told(hub, session))).toEqual([]);
  });

  it('is there when the anchor is opened again that is still open, under a new version', async () => {
    const { hub, session, held, inbox } = await openFilled();
    await session.publish('Home-open');
    const { versionId } = await session.publish('DiagnosticReport-open', report());
    expect(versionId).not.toBe(held?.versionId);
    expect(session.content()).toEqual({ ...held, versionId });
    expect((await inbox.next()).event?.['context.versionId']).toBe(versionId);
    expect(contentIn(await told(hub, session))).toHaveLength(1);
  });

  it('is disposed of when its anchor is closed', async () => {
    const { hub, session } = await openFilled();
    await session.publish('DiagnosticReport-close', report());
    expect(session.content(R1)).toBeUndefined();
    expect((await told(hub, session)).context).toEqual([]);
    await session.publish('DiagnosticReport-open', report());
    expect(session.content(R1)).toMatchObject({ resources: [], selected: [] });
  });

  it('stays when another anchor is closed', async () => {
    const { session, held } = await openFilled();
    await session.publish('DiagnosticReport-open', report('r2'));
    await session.publish('DiagnosticReport-close', report('r2'));
    expect(session.content(R1)).toEqual(held);
  });

  it('comes back with a reopened anchor in a hub that keeps it, with nothing selected', async () => {
    const { session, held } = await openFilled({ content: { afterClose: 'kept', reopenedVersion: 'same' } });
    await session.publish('DiagnosticReport-close', report());
    expect(session.content(R1)).toBeUndefined();
    expect((await session.publish('DiagnosticReport-open', report())).versionId).toBe(held?.versionId);
    expect(session.content(R1)).toEqual({ ...held, selected: [] });
  });

  it('goes with a hub that forgets, and not with one that remembers', async () => {
    const { hub, session, held } = await openFilled();
    hub.restart({ memory: true });
    expect(session.content(R1)).toEqual(held);
    hub.restart({ memory: false });
    expect(session.content(R1)).toBeUndefined();
  });

  it('is a copy', async () => {
    const { session, held } = await openFilled();
    Object.assign(session.content()?.resources[0] ?? {}, { status: 'changed' });
    expect(session.content()).toEqual(held);
  });

  it('is of any anchor', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    await session.publish('ImagingStudy-open', [
      { key: 'study', resource: { resourceType: 'ImagingStudy', id: 's1' } },
    ]);
    await session.update({ put: [finding('o1')] });
    expect(session.content('ImagingStudy/s1')?.resources).toEqual([finding('o1')]);
  });
});

describe('what is open and not current', () => {
  it('is not updated', async () => {
    const { hub, session, version } = await openFilled();
    await session.publish('DiagnosticReport-open', report('r2'));
    const context = updates([put(finding('o2'))]);
    expect((await send(hub, session, 'DiagnosticReport-update', { context, versionId: version })).status).toBe(409);
  });

  it('is updated where the hub says that it can be', async () => {
    const { hub, session, version } = await openFilled({ content: { nonCurrentUpdates: true } });
    expect(hub.wellKnown?.['capabilities']).toMatchObject({ supportsNonCurrentContextUpdates: true });
    const second = await session.publish('DiagnosticReport-open', report('r2'));
    const context = updates([put(finding('o2'))]);
    expect((await send(hub, session, 'DiagnosticReport-update', { context, versionId: version })).status).toBe(202);
    expect(session.content(R1)?.resources).toHaveLength(2);
    expect(session.content()).toMatchObject({ versionId: second.versionId, resources: [] });
  });
});

describe('a late subscriber', () => {
  it.each([
    ['current', true],
    ['opened', false],
  ] as const)('is told of an open in the version that is %s', async (replayedVersion, isCurrent) => {
    const { hub, session, versionId, version } = await openFilled({ content: { replayedVersion } });
    const { inbox } = await subscribeSocket(hub, session, { events: 'DiagnosticReport-open', name: 'Late' });
    expect((await inbox.next()).event?.['context.versionId']).toBe(isCurrent ? version : versionId);
  });
});

describe('a hub that shares nothing', () => {
  it('says so, tells no content, and sends updates on like any other event', async () => {
    const { hub, session, versionId, inbox } = await openReport({ content: false });
    const events = hub.wellKnown?.['eventsSupported'] as string[];
    expect(events.filter((name) => /-(update|select)$/.test(name))).toEqual([]);
    expect((await told(hub, session)).context).toEqual(report());
    const context = updates([put(finding('o1'))]);
    expect((await send(hub, session, 'DiagnosticReport-update', { context, versionId: 'any' })).status).toBe(202);
    expect((await inbox.next()).event).toMatchObject({ 'context.versionId': 'any', context });
    expect(session.current?.versionId).toBe(versionId);
    expect(session.content()).toBeUndefined();
  });

  it.each(['draft', 'ballot', 'stu1', 'stu2', 'js-sandbox-2024', 'cast-hub', 'medplum-stu2'] as const)(
    'is one of %s',
    async (personality) => {
      expect((await openHub({ personality })).traits.content).toBeUndefined();
    },
  );

  it('is not one of STU3, which names its events', async () => {
    const hub = await openHub({ personality: 'stu3' });
    expect(hub.wellKnown?.['eventsSupported']).toEqual(
      expect.arrayContaining(['DiagnosticReport-update', 'DiagnosticReport-select', 'ImagingStudy-update']),
    );
  });
});
