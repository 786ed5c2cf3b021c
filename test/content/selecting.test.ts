import { describe, expect, it } from 'vitest';
import type { SmartLaunchOptions } from '../../src/index.ts';
import type { TestHubOptions } from '../../src/testing/index.ts';
import { length, openContentWorld, put, report, selects, sendRaw, updates } from './world.ts';

async function open(hub: TestHubOptions = {}, client: SmartLaunchOptions = {}) {
  const world = await openContentWorld(hub);
  const sent: { id: string; event: Record<string, unknown> & { context: object[] } }[] = [];
  const fetchAndKeep: NonNullable<SmartLaunchOptions['fetch']> = (url, init) => {
    if (typeof init.body === 'string' && init.body.startsWith('{')) sent.push(JSON.parse(init.body));
    return fetch(url, init);
  };
  const app = await world.share('Viewer', {}, { fetch: fetchAndKeep, ...client });
  await world.session.publish('DiagnosticReport-open', report());
  await app.until(() => app.content.current?.status === 'known');
  await app.content.update({ put: [length('a'), length('b')] });
  const selectsSent = () =>
    sent.flatMap(({ event }) => (event['hub.event'] === 'DiagnosticReport-select' ? [event] : []));
  return { ...world, ...app, app, sent, selectsSent };
}

describe('a select', () => {
  it('replaces the whole selection for everybody, by names, references or resources', async () => {
    const { content, session, selectsSent } = await open();
    await content.select(['Observation/a', { reference: 'Observation/b' }]);
    expect(content.current?.selected).toEqual(['Observation/a', 'Observation/b']);
    await content.select([length('b')]);
    expect(session.content()?.selected).toEqual(['Observation/b']);
    expect([content.current?.isSelected('Observation/a'), content.current?.isSelected(length('b'))]).toEqual([
      false,
      true,
    ]);
    expect(selectsSent()[1]?.context).toEqual([
      { key: 'report', reference: { reference: 'DiagnosticReport/r1' } },
      { key: 'patient', reference: { reference: 'Patient/p1' } },
      { key: 'select', reference: { reference: 'Observation/b' } },
    ]);
  });

  it("is told as this app's own, and to others as another's", async () => {
    const { content, share, session } = await open();
    const other = await share('Reporter');
    const [ours, theirs]: [boolean[], boolean[]] = [[], []];
    content.on('change', ({ isSelection, isEcho }) => isSelection && ours.push(isEcho));
    other.content.on('change', ({ isSelection, isEcho }) => isSelection && theirs.push(isEcho));
    await content.select(['Observation/a']);
    await other.until(() => other.content.current?.isSelected('Observation/a'));
    await session.publish('DiagnosticReport-select', selects(['Observation/b']));
    expect([ours, theirs]).toEqual([
      [true, false],
      [false, false],
    ]);
  });

  it('may select what was opened', async () => {
    const { content } = await open();
    const { ignored } = await content.select(['ImagingStudy/s1']);
    expect([ignored, content.current?.selected]).toEqual([[], ['ImagingStudy/s1']]);
  });

  it('ignores what nobody knows, and tells of it', async () => {
    const { content } = await open();
    const { ignored } = await content.select(['Observation/nobody', 'Observation/a']);
    expect([ignored, content.current?.selected]).toEqual([['Observation/nobody'], ['Observation/a']]);
  });

  it('loses what is deleted', async () => {
    const { content } = await open();
    await content.select(['Observation/a', 'Observation/b']);
    await content.update({ delete: 'Observation/a' });
    expect(content.current?.selected).toEqual(['Observation/b']);
  });

  it.each<[string, SmartLaunchOptions, object[]]>([
    ['an entry without a reference', {}, [{ key: 'select' }]],
    ['nothing, by a profile', { profile: { name: 'bare', clearsBy: 'nothing' } }, []],
  ])('[] clears it: %s', async (_, client, entries) => {
    const { content, selectsSent, session } = await open({}, client);
    await content.select(['Observation/a']);
    await content.select([]);
    expect(selectsSent()[1]?.context.slice(2)).toEqual(entries);
    expect([content.current?.selected, session.content()?.selected]).toEqual([[], []]);
  });

  it.each<['reference' | 'resource' | 'resources', object]>([
    ['reference', { key: 'select', reference: [{ reference: 'Observation/a' }] }],
    ['resource', { key: 'select', resource: [{ resourceType: 'Observation', id: 'a' }] }],
    ['resources', { key: 'select', resources: [{ resourceType: 'Observation', id: 'a' }] }],
  ])('is written as older texts have it by a profile: %s', async (selectsBy, entry) => {
    const { content, selectsSent } = await open({}, { profile: { name: 'older', selectsBy } });
    await content.select(['Observation/a']);
    expect(selectsSent()[0]?.context[2]).toEqual(entry);
    expect(content.current?.selected).toEqual(['Observation/a']);
  });

  it('of what is not current is refused before it is sent', async () => {
    const { content, session, sent } = await open();
    await session.publish('DiagnosticReport-open', report('r2'));
    const before = sent.length;
    await expect(content.select(['Observation/a'], { anchor: 'DiagnosticReport/r1' })).rejects.toMatchObject({
      code: 'content-not-current',
    });
    await expect(content.select([{ resourceType: 'Observation' }])).rejects.toMatchObject({ code: 'content-invalid' });
    expect(sent.length).toBe(before);
  });

  it('206 is a success in part (IHE IRA)', async () => {
    const { content } = await open({ personality: 'ira' });
    const { status, ignored } = await content.select(['Observation/nobody', 'Observation/a']);
    expect([status, ignored, content.current?.selected]).toEqual([206, ['Observation/nobody'], ['Observation/a']]);
  });

  it('with a version is refused for it: the hub is asked, and it is sent once more', async () => {
    const { content, session, selectsSent } = await open({ personality: 'ira', answerTimeoutMs: 300 });
    session.disturbNext('drop');
    await session.publish('DiagnosticReport-update', updates([put(length('c'))]));
    await content.select(['Observation/c']);
    const versions = selectsSent().map((event) => event['context.versionId']);
    expect(versions.length).toBe(2);
    expect(new Set(versions).size).toBe(2);
    expect(content.current?.selected).toEqual(['Observation/c']);
    // It changes the version there.
    expect(content.current?.versionId).toBe(session.content()?.versionId);
  });
});

describe('a selection', () => {
  it('is offered again when its anchor is opened again, and is not sent by itself', async () => {
    const { content, session, app, sent } = await open();
    await content.select(['Observation/a']);
    const before = sent.length;
    await session.publish('DiagnosticReport-open', report());
    await app.until(() => content.current?.status === 'known');
    expect([content.current?.selected, content.current?.offered]).toEqual([[], ['Observation/a']]);
    expect(sent.length).toBe(before);
    await content.select(content.current?.offered ?? []);
    expect([content.current?.selected, content.current?.offered]).toEqual([['Observation/a'], []]);
  });

  it('is offered when its anchor was closed and is opened again', async () => {
    const { content, session, app } = await open();
    await content.select(['Observation/a']);
    await session.publish('DiagnosticReport-close', report());
    await session.publish('DiagnosticReport-open', report());
    await app.until(() => content.current?.status === 'known');
    expect([content.current?.selected, content.current?.offered]).toEqual([[], ['Observation/a']]);
  });

  it.each([
    ['of others meanwhile is not known: what was selected before a gap is offered', false],
    ['that is offered stays so after a gap', true],
  ])('%s', async (_, isReopened) => {
    const { content, session, app } = await open();
    await content.select(['Observation/a']);
    if (isReopened) await session.publish('DiagnosticReport-open', report());
    await app.until(() => content.current?.status === 'known');
    session.dropConnections();
    await app.until(() => content.current?.status !== 'known');
    await app.until(() => content.current?.status === 'known');
    expect([content.current?.selected, content.current?.offered]).toEqual([[], ['Observation/a']]);
  });

  it('of others is one form, whichever text they follow', async () => {
    const { content, session } = await open();
    const [anchor] = selects([]);
    const [a, b] = [{ resourceType: 'Observation', id: 'a' }, { reference: 'Observation/b' }];
    for (const [entries, selected] of [
      [[{ select: [a] }], ['Observation/a']],
      [[{ key: 'select', resources: [a] }], ['Observation/a']],
      [[{ key: 'select', resource: [a] }], ['Observation/a']],
      [[{ key: 'select', reference: [b] }], ['Observation/b']],
      [[{ key: 'select', reference: b }], ['Observation/b']],
      [[{ key: 'select', reference: { reference: 'https://ehr.example.org/fhir/Observation/b' } }], ['Observation/b']],
      [[{ key: 'select' }], []],
      [[{ key: 'select', reference: b }], ['Observation/b']],
      [[], []],
    ] as const) {
      await sendRaw(session, 'DiagnosticReport-select', [anchor, ...entries]);
      expect(content.current?.selected).toEqual(selected);
    }
  });
});
