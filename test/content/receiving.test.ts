import { describe, expect, it } from 'vitest';
import type { ContentChange } from '../../src/content/index.ts';
import {
  chain,
  heldAt,
  heldBy,
  length,
  openContentWorld,
  put,
  remove,
  report,
  selects,
  sendRaw,
  updates,
} from './world.ts';

/** A report that is open and known, and what an app hears of it. */
async function open(options: Parameters<typeof openContentWorld>[0] = {}) {
  const world = await openContentWorld({ answerTimeoutMs: 500, ...options });
  const app = await world.share();
  const changes: ContentChange[] = [];
  app.content.on('change', (change) => changes.push(change));
  await world.session.publish('DiagnosticReport-open', report());
  await app.until(() => app.content.current?.status === 'known');
  const version = () => app.content.of('DiagnosticReport/r1')?.versionId;
  const asked = () => world.hub.log.filter(({ kind, direction }) => kind === 'context' && direction === 'in').length;
  return { ...world, ...app, app, changes, version, asked };
}

const told = ({ added, changed, removed }: ContentChange) => ({
  added: added.map(({ id }) => id),
  changed: changed.map(({ id }) => id),
  removed: removed.map(({ id }) => id),
});

describe('receiving', () => {
  it('1: the version of any event about the anchor is taken, also of a select', async () => {
    const { session, version } = await open();
    await sendRaw(session, 'DiagnosticReport-select', selects([]), chain(version(), 'v-select'));
    expect(version()).toBe('v-select');
    await sendRaw(session, 'DiagnosticReport-update', updates([put(length('o1'))]), chain('v-select', 'v2'));
    expect(version()).toBe('v2');
  });

  it('2: what builds on the version that is held is applied as a whole, and told as one change', async () => {
    const { session, version, changes, content } = await open();
    await sendRaw(
      session,
      'DiagnosticReport-update',
      updates([put(length('a')), put(length('b'))]),
      chain(version(), 'v1'),
    );
    await sendRaw(
      session,
      'DiagnosticReport-update',
      updates([remove('Observation/a'), put(length('b', 'other')), put(length('c'))]),
      chain('v1', 'v2'),
    );
    expect(changes.map(told)).toEqual([
      { added: ['a', 'b'], changed: [], removed: [] },
      { added: ['c'], changed: ['b'], removed: ['a'] },
    ]);
    expect(content.current?.resources('Observation').map(({ valueString }) => valueString)).toEqual(['other', 'c']);
  });

  it('2: a version that is held and an id that is known are dropped', async () => {
    const { session, version, changes, asked } = await open();
    await sendRaw(session, 'DiagnosticReport-update', updates([put(length('a'))]), {
      ...chain(version(), 'v1'),
      id: 'e1',
    });
    const before = asked();
    await sendRaw(session, 'DiagnosticReport-update', updates([put(length('x'))]), chain('v0', 'v1'));
    await sendRaw(session, 'DiagnosticReport-update', updates([put(length('y'))]), { ...chain('v7', 'v8'), id: 'e1' });
    expect(changes.map(told)).toEqual([{ added: ['a'], changed: [], removed: [] }]);
    expect([version(), asked()]).toEqual(['v1', before]);
  });

  it('2: anything else makes it unknown, the hub is asked, and what was missed comes as one change', async () => {
    const { session, changes, app, content } = await open();
    session.disturbNext('drop');
    session.disturbNext('drop');
    await session.publish('DiagnosticReport-update', updates([put(length('a')), put(length('b'))]));
    await session.publish('DiagnosticReport-update', updates([put(length('a', 'other')), remove('Observation/b')]));
    expect(changes).toEqual([]);
    await session.publish('DiagnosticReport-update', updates([put(length('c'))]));
    await app.until(() => content.current?.status === 'known' && content.current.size === 2);
    expect(changes.map(told)).toEqual([{ added: ['a', 'c'], changed: [], removed: [] }]);
    expect(heldBy(app)).toBe(heldAt(session));
  });

  it('2: a select that tells a version which is not held yet does not stand for the update that made it', async () => {
    const { session, app, content } = await open({ content: { selectVersions: 'told' } });
    session.disturbNext('reorder');
    await Promise.all([session.update({ put: [{ ...length('a'), id: 'a' }] }), session.select(['Observation/a'])]);
    await app.until(() => content.current?.status === 'known');
    expect(content.current).toMatchObject({
      versionId: session.content()?.versionId,
      selected: ['Observation/a'],
      size: 1,
    });
    expect(heldBy(app)).toBe(heldAt(session));
  });

  it('2: without a prior version the order of arrival counts, with a warning', async () => {
    const { session, version, app, content } = await open();
    await sendRaw(session, 'DiagnosticReport-update', updates([put(length('a'))]), { 'context.versionId': 'v1' });
    expect([version(), content.current?.size, content.current?.status]).toEqual(['v1', 1, 'known']);
    expect(app.warnings.map(({ at }) => at)).toContain('context.priorVersionId');
  });

  it('4: an open of the same version keeps the content, and another one asks', async () => {
    const { session, version, content, asked, app, changes } = await open();
    await session.publish('DiagnosticReport-update', updates([put(length('a'))]));
    const before = asked();
    await sendRaw(session, 'DiagnosticReport-open', report(), { 'context.versionId': version() });
    expect([content.current?.status, content.current?.size, content.current?.isResumed, asked()]).toEqual([
      'known',
      1,
      true,
      before,
    ]);
    await session.publish('DiagnosticReport-open', report());
    await app.until(() => asked() > before && content.current?.status === 'known');
    expect(heldBy(app)).toBe(heldAt(session));
    // The same resources are no change.
    expect(changes.map(told)).toEqual([{ added: ['a'], changed: [], removed: [] }]);
  });

  it('4: an open is no proof that there is no content', async () => {
    const { session, share } = await openContentWorld();
    await session.publish('DiagnosticReport-open', report());
    await session.publish('DiagnosticReport-update', updates([put(length('a'))]));
    const late = await share('Late');
    await late.until(() => late.content.current?.status === 'known');
    expect(late.content.current?.resources('Observation').map(({ id }) => id)).toEqual(['a']);
  });

  it('5: what is not current is unknown where its chain is broken, and is fetched when it is current again', async () => {
    const { session, content, app } = await open({ content: { nonCurrentUpdates: true } });
    await session.publish('DiagnosticReport-open', report('r2'));
    session.disturbNext('drop');
    await session.publish('DiagnosticReport-update', updates([put(length('a'))]));
    await session.publish('DiagnosticReport-update', updates([put(length('b'))]));
    const shown = content.of('DiagnosticReport/r1');
    expect([shown?.status, shown?.isCurrent, shown?.size]).toEqual(['unknown', false, 0]);
    await session.publish('DiagnosticReport-open', report());
    await app.until(() => content.current?.status === 'known' && content.current.size === 2);
    expect(heldBy(app)).toBe(heldAt(session));
  });

  it('6: an event says whether its anchor is the current one, and content of another is kept', async () => {
    const { session, client, content } = await open({ content: { nonCurrentUpdates: true } });
    const current: boolean[] = [];
    client.on('DiagnosticReport-update', ({ isCurrent }) => void current.push(isCurrent));
    await session.publish('DiagnosticReport-update', updates([put(length('a'))]));
    await session.publish('DiagnosticReport-open', report('r2'));
    await session.publish('DiagnosticReport-update', updates([put(length('b'))]));
    expect(current).toEqual([true, false]);
    expect(content.of('DiagnosticReport/r1')?.size).toBe(2);
    expect(content.current?.anchor).toBe('DiagnosticReport/r2');
  });

  it('6: neither Home-open nor another open ends it, and its close does', async () => {
    const { session, client, content, changes } = await open();
    client.on('Home-open', () => {});
    await client.ready();
    await session.publish('DiagnosticReport-update', updates([put(length('a'))]));
    await session.publish('Home-open');
    expect([content.current, content.of('DiagnosticReport/r1')?.size]).toEqual([null, 1]);
    await session.publish('DiagnosticReport-open', report('r2'));
    expect(content.of('DiagnosticReport/r1')?.size).toBe(1);
    await session.publish('DiagnosticReport-close', report('r1'));
    expect(content.of('DiagnosticReport/r1')).toBeNull();
    expect(changes.at(-1)).toMatchObject({ isClosed: true, removed: [{ resourceType: 'Observation', id: 'a' }] });
  });

  it('7: updates and selects are never dropped by time or likeness', async () => {
    const { session, version, content } = await open();
    const old = { timestamp: '2001-01-01T00:00:00Z' };
    await sendRaw(session, 'DiagnosticReport-update', updates([put(length('a'))]), {
      ...chain(version(), 'v1'),
      ...old,
    });
    await sendRaw(session, 'DiagnosticReport-select', selects(['Observation/a']), old);
    await sendRaw(session, 'DiagnosticReport-select', selects([]), old);
    await sendRaw(session, 'DiagnosticReport-select', selects(['Observation/a']), old);
    expect([content.current?.size, content.current?.selected]).toEqual([1, ['Observation/a']]);
  });

  it('8: the answer is 200, whoever listens', async () => {
    const { session } = await open();
    const { answers } = await session.publish('DiagnosticReport-update', updates([put(length('a'))]));
    expect(answers.map(({ status }) => status)).toEqual([200]);
  });

  it('9: the patient is the one of the open, whatever the content says', async () => {
    const { session, client, content } = await open();
    const { context } = client;
    const patient = { resourceType: 'Patient', id: 'p1', birthDate: '1970-01-01' };
    await session.publish('DiagnosticReport-update', updates([put(patient)]));
    expect(client.context).toBe(context);
    expect(client.context.current?.patient?.birthDate).toBeUndefined();
    expect(content.current?.get('Patient', 'p1')?.birthDate).toBe('1970-01-01');
  });

  it('a snapshot has the report as it is now', async () => {
    const { session, content } = await open();
    const before = content.current;
    const final = { resourceType: 'DiagnosticReport', id: 'r1', status: 'final' };
    await session.publish('DiagnosticReport-update', updates([put(final)]));
    expect([before?.report?.status, content.current?.report?.status]).toEqual(['unknown', 'final']);
  });

  it('a snapshot is frozen, stays as it is, and is the same until something changes', async () => {
    const { session, content, app } = await open();
    await session.publish('DiagnosticReport-update', updates([put(length('a'))]));
    const before = content.current;
    expect(content.of('DiagnosticReport/r1')).toBe(before);
    await session.publish('Patient-open', [{ key: 'patient', resource: { resourceType: 'Patient', id: 'p1' } }]);
    await session.publish('DiagnosticReport-open', report());
    await app.until(() => content.current?.status === 'known');
    await session.publish('DiagnosticReport-update', updates([remove('Observation/a')]));
    expect(before?.resources('Observation').map(({ id }) => id)).toEqual(['a']);
    expect(before?.get('Observation', 'a')?.id).toBe('a');
    expect(content.current?.size).toBe(0);
    expect(Object.isFrozen(before) && Object.isFrozen(before?.resources('Observation')[0]?.code)).toBe(true);
  });

  it('a Bundle that is too long, or names a resource twice, is not applied: the hub is asked', async () => {
    const { hub, session, version, content, app, asked } = await open();
    for (const entries of [
      Array.from({ length: 1_001 }, (_, i) => put(length(`o${i}`))),
      [put(length('a')), remove('Observation/a')],
      [{ request: { method: 'PATCH', url: 'Observation/a' }, resource: length('a') }],
      [{ resource: { resourceType: '../evil', id: 'a' } }],
      ['nonsense'],
    ]) {
      const before = asked();
      await sendRaw(session, 'DiagnosticReport-update', updates(entries), chain(version(), crypto.randomUUID()));
      expect([content.current?.status, content.current?.size]).toEqual(['fetching', 0]);
      await hub.waitFor(() => asked() > before);
      // The hub's own version is held again.
      await session.publish('DiagnosticReport-open', report());
      await app.until(() => content.current?.status === 'known');
    }
  });

  it('what was missed on a connection that lives is found when the hub is asked what is current', async () => {
    const { session, content, client, app } = await open();
    session.disturbNext('drop');
    await session.publish('DiagnosticReport-update', updates([put(length('a'))]));
    expect(content.current?.size).toBe(0);
    await client.getCurrentContext();
    expect(content.current?.size).toBe(1);
    expect(heldBy(app)).toBe(heldAt(session));
  });

  it('a lost connection is a gap: it says so, asks, and offers what was selected', async () => {
    const { session, content, app } = await open();
    await session.publish('DiagnosticReport-update', updates([put(length('a'))]));
    await session.publish('DiagnosticReport-select', selects(['Observation/a']));
    const seen = new Set<string | undefined>();
    content.subscribe(() => seen.add(content.of('DiagnosticReport/r1')?.status));
    session.dropConnections();
    await app.until(() => content.current?.status !== 'known');
    await session.publish('DiagnosticReport-update', updates([put(length('b'))]));
    await app.until(() => content.current?.status === 'known' && content.current.size === 2);
    expect(heldBy(app)).toBe(heldAt(session));
    expect(content.current?.offered).toEqual(['Observation/a']);
  });
});
