import { describe, expect, it } from 'vitest';
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

/** A report that is open and known to one app, on a hub whose every word may be crooked. */
async function open(content: object = {}) {
  const world = await openContentWorld({ answerTimeoutMs: 500, content });
  const app = await world.share();
  await world.session.publish('DiagnosticReport-open', report());
  await app.until(() => app.content.current?.status === 'known');
  const update = (entry: readonly unknown[], versions: object, anchor?: string) =>
    sendRaw(world.session, 'DiagnosticReport-update', updates(entry, anchor), versions as Record<string, string>);
  const version = () => app.content.of('DiagnosticReport/r1')?.versionId;
  /** The hub is honest again, and the app has what it has. */
  const honest = async () => {
    await world.session.publish('DiagnosticReport-open', report());
    await world.session.publish('DiagnosticReport-update', updates([put(length('honest'))]));
    await app.until(() => app.content.current?.status === 'known' && app.content.current.get('Observation/honest'));
    expect(heldBy(app)).toBe(heldAt(world.session));
  };
  return { ...world, ...app, app, update, version, honest };
}

const strings = (letter: string, characters: number) => letter.repeat(characters);

describe('a crooked hub', () => {
  it.each<[string, (v: string) => (readonly [string | undefined, string | undefined])[]]>([
    [
      'jump',
      (v) => [
        [`${v}-5`, 'v6'],
        ['v9', 'v10'],
      ],
    ],
    [
      'repeat',
      (v) => [
        [v, 'v1'],
        [v, 'v1'],
        ['v1', 'v1'],
      ],
    ],
    [
      'go back',
      (v) => [
        [v, 'v1'],
        ['v1', 'v2'],
        ['v2', 'v1'],
        ['v1', v],
      ],
    ],
    [
      'go in a circle',
      (v) => [
        [v, 'v1'],
        ['v1', v],
        [v, 'v1'],
        ['v1', v],
      ],
    ],
    [
      'follow themselves',
      (v) => [
        [v, v],
        ['x', 'x'],
        ['x', 'x'],
      ],
    ],
    [
      'are missing',
      () => [
        [undefined, undefined],
        [undefined, undefined],
      ],
    ],
    ['are too long', () => [[strings('v', 100_000), strings('w', 100_000)]]],
  ])('whose versions %s: nothing is applied twice, and the honest word is believed', async (_, steps) => {
    const { update, version, honest, content } = await open();
    for (const [index, [prior, next]] of steps(version() ?? '').entries()) {
      const before = content.current?.get('Observation', 'x')?.valueString;
      await update([put(length('x', `${index}`))], { 'context.versionId': next, 'context.priorVersionId': prior });
      const now = content.current?.get('Observation', 'x')?.valueString;
      expect([before, `${index}`]).toContain(now);
    }
    await honest();
  });

  it.each<[string, unknown[]]>([
    ['of one resource that is put and deleted', [put(length('x')), remove('Observation/x')]],
    [
      'of one resource twice, by a fullUrl and by a url',
      [
        { fullUrl: 'urn:uuid:x', request: { method: 'DELETE' } },
        { fullUrl: 'urn:uuid:x', request: { method: 'DELETE' } },
      ],
    ],
    ['without a resource', [{ request: { method: 'PUT', url: 'Observation/x' } }]],
    ['without anything', [{}, null, 7, 'x', []]],
    ['of a resource that is a list', [{ request: { method: 'PUT' }, resource: [length('x')] }]],
    ['of a resource without an id', [{ request: { method: 'PUT' }, resource: { resourceType: 'Observation' } }]],
    ['of 9,000 resources', Array.from({ length: 9_000 }, (_, i) => put({ resourceType: 'Basic', id: `${i}` }))],
  ])('whose Bundle has entries %s: the hub is asked, and nothing is applied in part', async (_, entries) => {
    const { update, version, honest, content } = await open();
    await update([put(length('before'))], chain(version(), 'v1'));
    await update([put(length('y')), ...entries], chain('v1', 'v2'));
    expect(content.current?.get('Observation/y')).toBeUndefined();
    await honest();
  });

  it('that deletes what is not there changes nothing but the version', async () => {
    const { update, version, content, honest } = await open();
    const told: object[] = [];
    content.on('change', (change) => told.push(change));
    await update(
      [remove('Observation/nobody'), { fullUrl: 'urn:uuid:nobody', request: { method: 'DELETE' } }],
      chain(version(), 'v1'),
    );
    expect([content.current?.status, version(), told]).toEqual(['known', 'v1', []]);
    await honest();
  });

  it('that shares resources under the names of prototypes', async () => {
    const { session, update, version, content, honest } = await open();
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    await update(
      names.map((id) => put(length(id))),
      chain(version(), 'v1'),
    );
    const evil = JSON.parse('{"resourceType": "Observation", "id": "evil", "__proto__": {"polluted": true}}');
    await update([{ request: { method: 'PUT' }, resource: evil }], chain('v1', 'v2'));
    for (const type of names) await update([put({ resourceType: type, id: 'x' })], chain('v2', 'v3'));
    expect(content.current?.resources('Observation').map(({ id }) => id)).toEqual([...names, 'evil']);
    expect([content.of('__proto__/x'), content.current?.get('constructor/x')]).toEqual([null, undefined]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    await sendRaw(session, 'DiagnosticReport-select', selects(['Observation/__proto__', '__proto__', 'constructor/x']));
    await honest();
  });

  it('that updates what was closed, and what was never open', async () => {
    const { session, update, content, app } = await open();
    const { versionId } = content.current ?? {};
    await session.publish('DiagnosticReport-close', report());
    expect(content.all).toEqual([]);
    await update([put(length('late'))], chain(versionId, 'v9'));
    await update([put(length('other'))], chain('v0', 'v1'), 'never');
    for (const anchor of ['DiagnosticReport/r1', 'DiagnosticReport/never']) {
      const shown = content.of(anchor);
      expect(shown?.status ?? 'unknown').toBe('unknown');
      expect(shown?.size ?? 0).toBe(0);
    }
    expect(content.current).toBeNull();
    await session.publish('DiagnosticReport-open', report());
    await app.until(() => content.current?.status === 'known');
    expect(heldBy(app)).toBe(heldAt(session));
  });

  it('that sends an update again after a gap: it is not applied again', async () => {
    const { session, content, app, honest } = await open();
    await session.update({ put: [{ ...length('a', 'first'), id: 'a' }] });
    const [last] = content.current?.resources('Observation') ?? [];
    const before = content.current?.versionId;
    await session.update({ put: [{ ...length('a', 'second'), id: 'a' }] });
    const now = content.current?.versionId;
    session.dropConnections();
    await app.until(() => content.current?.status !== 'known');
    await app.until(() => content.current?.status === 'known');
    await sendRaw(session, 'DiagnosticReport-update', updates([put(last ?? {})]), chain('v0', `${before}`));
    await sendRaw(session, 'DiagnosticReport-update', updates([put(last ?? {})]), chain(before, `${now}`));
    expect(content.current?.get('Observation', 'a')?.valueString).toBe('second');
    await honest();
  });

  it('that selects what nobody can: numbers, objects, what does not exist, too much, and what is too long', async () => {
    const { session, content, warnings, honest } = await open();
    const select = (entries: object[]) => sendRaw(session, 'DiagnosticReport-select', [...selects([]), ...entries]);
    await select([
      { key: 'select', reference: { reference: 7 } },
      { key: 'select', reference: [{ reference: {} }, 7, null] },
    ]);
    await select([
      { key: 'select', resource: [{ resourceType: {}, id: {} }] },
      { key: 'select', reference: {} },
    ]);
    await select([{ key: 'select', reference: { reference: strings('x', 100_000) } }]);
    expect(content.current?.selected).toEqual([]);
    await sendRaw(
      session,
      'DiagnosticReport-select',
      selects(Array.from({ length: 3_000 }, (_, i) => `Observation/${strings('x', 100)}${i}`)),
    );
    expect(content.current?.selected).toEqual([]);
    expect(warnings.map(({ at }) => at)).toContain('context.select');
    await honest();
  });

  it('whose SyncErrors name events that nobody has sent refuses nothing', async () => {
    const { session, content, honest } = await open();
    const sending = content.update({ put: length('a') });
    for (const id of ['nobody', '__proto__', ''])
      await sendRaw(session, 'SyncError', [
        {
          key: 'operationoutcome',
          resource: {
            resourceType: 'OperationOutcome',
            issue: [
              {
                severity: 'error',
                code: 'too-long',
                details: { coding: [{ system: 'https://fhircast.hl7.org/events/syncerror/eventid', code: id }] },
              },
            ],
          },
        },
      ]);
    await sending;
    expect(content.current?.get('Observation/a')).toBeDefined();
    await honest();
  });

  it('that shares more text than anybody keeps: the status says so, and nothing grows', {
    timeout: 30_000,
  }, async () => {
    const { update, version, content, app, honest } = await open();
    const large = strings('x', 12 * 1024 * 1024);
    let at = version();
    for (let i = 0; i < 3; i++) {
      await update([put(length(`o${i}`, large))], chain(at, `v${i}`));
      at = `v${i}`;
      await app.until(() => version() === at);
    }
    expect([content.current?.status, content.current?.size]).toEqual(['fetching', 2]);
    await honest();
  });

  it('that changes many resources: whom it touched last is known, and the others are a conflict rather than overwritten', async () => {
    const { update, version, content } = await open();
    const basedOn = content.current ?? undefined;
    let at = version();
    await update([put(length('mine', 'theirs'))], chain(at, 'first'));
    at = 'first';
    for (let i = 0; i < 6; i++) {
      const entries = Array.from({ length: 1_000 }, (_, j) => put({ resourceType: 'Basic', id: `${i}-${j}` }));
      await update(entries, chain(at, `v${i}`));
      at = `v${i}`;
    }
    const sending = content.update({ put: length('mine') }, { basedOn });
    await expect(sending).rejects.toMatchObject({ code: 'content-conflict' });
  });
});

describe('what waits to be sent', () => {
  it('is bounded by its text: more is a typed error, and what waited is sent', { timeout: 30_000 }, async () => {
    const { content, session } = await open();
    const text = strings('x', 12 * 1024 * 1024);
    const dragged = Array.from({ length: 4 }, (_, i) =>
      content.update({ put: length('a', `${i} ${text}`) }, { throttle: 60_000 }).then(
        () => 'sent',
        ({ code }: { code: string }) => code,
      ),
    );
    await content.update({ put: length('a', 'last') });
    const became = await Promise.all(dragged);
    expect(became).toEqual(['sent', 'sent', 'content-too-large', 'content-too-large']);
    expect(session.content()?.resources).toMatchObject([{ valueString: 'last' }]);
    await content.update({ put: length('b', text.slice(0, 1000)) });
  });
});
