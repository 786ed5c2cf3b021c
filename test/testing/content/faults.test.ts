import { describe, expect, it } from 'vitest';
import { put } from './entries.ts';
import { finding, openReport, report, selects, send, updates } from './support.ts';

const context = updates([put(finding('o1'))]);

describe('an answer that is lost', () => {
  it.each([
    ['update', context],
    ['select', selects(['ImagingStudy/s1'])],
  ])('leaves an %s applied and told, and the same id is answered once more and changes nothing', async (verb, sent) => {
    const { hub, session, versionId, inbox } = await openReport();
    hub.loseNextAnswer();
    const request = { context: sent, versionId, id: 'again' };
    await expect(send(hub, session, `DiagnosticReport-${verb}`, request)).rejects.toThrow();
    const held = session.content();
    expect(verb === 'update' ? held?.resources : held?.selected).toHaveLength(1);
    expect((await inbox.next()).id).toBe('again');
    expect((await send(hub, session, `DiagnosticReport-${verb}`, request)).status).toBe(202);
    expect(session.content()).toEqual(held);
    await session.publish('DiagnosticReport-close', report());
    expect((await inbox.next()).event?.['hub.event']).toBe('DiagnosticReport-close');
  });

  it('may be that of a request that was lost too', async () => {
    const { hub, session, versionId } = await openReport();
    hub.loseNextAnswer({ arrives: false });
    const request = { context, versionId, id: 'again' };
    await expect(send(hub, session, 'DiagnosticReport-update', request)).rejects.toThrow();
    expect(session.content()).toMatchObject({ versionId, resources: [] });
    expect((await send(hub, session, 'DiagnosticReport-update', request)).status).toBe(202);
    expect(session.content()?.resources).toHaveLength(1);
  });

  it('may be one that never comes', async () => {
    const { hub, session, versionId } = await openReport();
    hub.loseNextAnswer({ how: 'silence' });
    const silent = send(hub, session, 'DiagnosticReport-update', { context, versionId }).catch(() => 'cut');
    await hub.waitFor(({ kind, event }) => kind === 'notify' && event === 'DiagnosticReport-update');
    expect(session.content()?.resources).toHaveLength(1);
    await hub.close();
    expect(await silent).toBe('cut');
  });

  it('is of the kind that was named', async () => {
    const { hub, session, versionId } = await openReport();
    hub.loseNextAnswer({ kind: 'context' });
    expect((await send(hub, session, 'DiagnosticReport-update', { context, versionId })).status).toBe(202);
    const asking = fetch(`${hub.url}/${session.id}`, { headers: { Authorization: `Bearer ${session.accessToken}` } });
    await expect(asking).rejects.toThrow();
  });

  it('of an id that a hub does not know again is judged anew', async () => {
    const { hub, session, versionId } = await openReport({ content: { repeatedIds: 'judged' } });
    const request = { context, versionId, id: 'again' };
    expect((await send(hub, session, 'DiagnosticReport-update', request)).status).toBe(202);
    expect((await send(hub, session, 'DiagnosticReport-update', request)).status).toBe(409);
  });
});

describe('a broadcast', () => {
  it('of an update may be lost: the next one names a version that nobody told', async () => {
    const { session, versionId, inbox } = await openReport({ answerTimeoutMs: 50 });
    session.disturbNext('drop');
    await session.update({ put: [finding('o1')] });
    const missed = session.content()?.versionId;
    await session.update({ put: [finding('o2')] });
    const told = [await inbox.next(), await inbox.next()].find(({ event }) => event?.['hub.event'] !== 'SyncError');
    expect(told?.event).toMatchObject({ 'context.priorVersionId': missed });
    expect(missed).not.toBe(versionId);
  });

  it.each([
    ['duplicate', ['u1', 'u1', 'u2']],
    ['reorder', ['u2', 'u1']],
  ] as const)('of an update may go wrong: %s', async (disturbance, ids) => {
    const { session, inbox } = await openReport();
    session.disturbNext(disturbance);
    const first = session.update({ put: [finding('o1')] }, { id: 'u1' });
    const second = session.update({ put: [finding('o2')] }, { id: 'u2' });
    const heard: unknown[] = [];
    for (const _ of ids) heard.push((await inbox.next()).id);
    expect(heard).toEqual(ids);
    await Promise.all([first, second]);
    expect(session.content()?.resources).toEqual([finding('o1'), finding('o2')]);
  });

  it('of a select may be lost', async () => {
    const { session, inbox } = await openReport({ answerTimeoutMs: 50 });
    session.disturbNext('drop');
    await session.select(['ImagingStudy/s1']);
    expect(session.content()?.selected).toEqual(['ImagingStudy/s1']);
    await session.select([], { id: 's2' });
    const heard = [await inbox.next(), await inbox.next()];
    expect(heard.find(({ event }) => event?.['hub.event'] !== 'SyncError')?.id).toBe('s2');
    expect(session.content()?.selected).toEqual([]);
  });
});
