import { describe, expect, it } from 'vitest';
import { ContentError, type ContentUpdateResult } from '../../src/content/index.ts';
import { FhircastError, HubError, type SmartLaunchOptions } from '../../src/index.ts';
import type { TestHubOptions } from '../../src/testing/index.ts';
import { heldAt, heldBy, length, openContentWorld, put, remove, report, updates } from './world.ts';

/** A report that is open and known to two apps; what the first one sends is kept. */
async function open(hub: TestHubOptions = {}, share: object = {}) {
  const world = await openContentWorld({ answerTimeoutMs: 500, ...hub });
  const sent: { id: string; event: Record<string, unknown> & { context: { key: string; resource?: unknown }[] } }[] =
    [];
  let heard = () => {};
  const whenSent = (act: () => void) => {
    heard = act;
  };
  const fetchAndKeep: NonNullable<SmartLaunchOptions['fetch']> = (url, init) => {
    if (typeof init.body === 'string' && init.body.startsWith('{')) {
      sent.push(JSON.parse(init.body));
      heard();
    }
    return fetch(url, init);
  };
  const app = await world.share('Viewer', share, { fetch: fetchAndKeep });
  const other = await world.share('Reporter');
  await world.session.publish('DiagnosticReport-open', report());
  for (const one of [app, other]) await one.until(() => one.content.current?.status === 'known');
  const asked = () => world.hub.log.filter(({ kind, direction }) => kind === 'context' && direction === 'in').length;
  return { ...world, ...app, app, other, sent, asked, whenSent };
}

const errorOf = async (promise: Promise<unknown>): Promise<FhircastError> => {
  const error: unknown = await promise.then(
    () => 'it was done',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FhircastError);
  return error as FhircastError;
};

const entriesOf = ({ event }: { event: { context: { key: string; resource?: unknown }[] } }) =>
  event.context.flatMap(({ key, resource }) => (key === 'updates' ? (resource as { entry: object[] }).entry : []));

describe('an update', () => {
  it('is the Bundle of the profile, with the version that it builds on', async () => {
    const { content, sent, session } = await open();
    await content.update({ put: length('a') });
    const version = content.current?.versionId;
    await content.update({ put: length('b'), delete: 'Observation/a' });
    const [, last] = sent;
    expect(last?.event).toMatchObject({ 'hub.event': 'DiagnosticReport-update', 'context.versionId': version });
    expect(last?.event).not.toHaveProperty('context.priorVersionId');
    expect(last?.event.context).toEqual([
      { key: 'report', reference: { reference: 'DiagnosticReport/r1' } },
      { key: 'patient', reference: { reference: 'Patient/p1' } },
      {
        key: 'updates',
        resource: {
          resourceType: 'Bundle',
          id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-a[\da-f]{3}-[\da-f]{12}$/),
          type: 'transaction',
          entry: [put(length('b')), remove('Observation/a')],
        },
      },
    ]);
    expect(session.content()?.resources).toEqual([length('b')]);
  });

  it('resolves when it has come back and is applied, as its own', async () => {
    const { content, app, session } = await open();
    const own: boolean[] = [];
    content.on('change', ({ isEcho }) => void own.push(isEcho));
    const { put: names, content: now, id } = await content.update({ put: length('a') });
    expect([names, now.get('Observation/a'), own]).toEqual([['Observation/a'], length('a'), [true]]);
    expect(typeof id).toBe('string');
    expect(now).toBe(content.current);
    expect(heldBy(app)).toBe(heldAt(session));
  });

  it('gives what is new and has no id a UUID', async () => {
    const { content } = await open();
    const { id: _id, ...fresh } = length('a');
    const { put: names } = await content.update({ put: fresh });
    expect(names[0]).toMatch(/^Observation\/[\da-f-]{36}$/);
  });

  it('is one at a time, and those that are made meanwhile are sent together', async () => {
    const { content, sent, session, whenSent } = await open();
    await Promise.all([content.update({ put: length('a') }), content.update({ put: length('b') })]);
    sent.length = 0;
    const later: Promise<unknown>[] = [];
    whenSent(() => {
      whenSent(() => {});
      later.push(
        content.update({ put: length('d') }),
        content.update({ put: length('d', 'newer') }),
        content.update({ delete: 'Observation/a' }),
      );
    });
    await content.update({ put: length('c') });
    await Promise.all(later);
    expect(sent.map(entriesOf)).toEqual([[put(length('c'))], [put(length('d', 'newer')), remove('Observation/a')]]);
    expect(
      session
        .content()
        ?.resources.map(({ id }) => id)
        .sort(),
    ).toEqual(['b', 'c', 'd']);
  });

  it('that is dragged is sent once, when the hand rests', async () => {
    const { content, sent } = await open();
    const results: Promise<ContentUpdateResult>[] = [];
    for (let i = 0; i < 50; i++) results.push(content.update({ put: length('a', `at ${i}`) }, { throttle: 20 }));
    const done = await Promise.all(results);
    expect(sent.map(entriesOf)).toEqual([[put(length('a', 'at 49'))]]);
    expect(new Set(done.map(({ id }) => id)).size).toBe(1);
  });

  it('of what is dragged is overtaken by no later call', async () => {
    const { content, sent, session } = await open();
    const texts = () =>
      session
        .content()
        ?.resources.map((one) => 'valueString' in one && `${one.id} ${one.valueString}`)
        .sort();
    const moving = content.update({ put: [length('a', 'moving'), length('b')] }, { throttle: 60_000 });
    await content.update({ put: length('a', 'at rest') });
    await moving;
    expect(texts()).toEqual(['a at rest', 'b b']);
    const last = content.update({ put: length('a', 'moving') }, { throttle: 60_000 });
    await content.update({ delete: 'Observation/a' });
    await last;
    expect(texts()).toEqual(['b b']);
    const both = content.update({ put: [length('a', 'first'), length('b', 'first')] }, { throttle: 60_000 });
    await Promise.all([both, content.update({ put: length('a', 'second') }, { throttle: 20 })]);
    expect(texts()).toEqual(['a second', 'b first']);
    const dragged = content.update({ put: length('c') }, { throttle: 60_000 });
    expect((await content.select(['Observation/c'])).ignored).toEqual([]);
    await dragged;
    expect(sent.length).toBe(5);
  });

  it('of what is dragged goes on when the latest is given up', async () => {
    const { content, sent } = await open();
    const life = new AbortController();
    const first = content.update({ put: length('a', 'first') }, { throttle: 20 });
    const second = errorOf(content.update({ put: length('a', 'second') }, { throttle: 20, signal: life.signal }));
    life.abort();
    expect((await second).code).toBe('aborted');
    await first;
    expect(sent.map(entriesOf)).toEqual([[put(length('a', 'first'))]]);
  });

  it('by a function that changes nothing sends nothing', async () => {
    const { content, sent } = await open();
    expect(await content.update(() => undefined)).toMatchObject({ id: undefined, put: [] });
    expect(sent).toEqual([]);
  });

  it('of a function that throws rejects with that', async () => {
    const { content } = await open();
    const broken = new Error('broken');
    await expect(
      content.update(() => {
        throw broken;
      }),
    ).rejects.toBe(broken);
  });

  it.each<[string, Parameters<Awaited<ReturnType<typeof open>>['content']['update']>[0]]>([
    ['a DELETE of what the open brought', { delete: 'DiagnosticReport/r1' }],
    ['a DELETE of its patient', { delete: { resourceType: 'Patient', id: 'p1' } }],
    ['a resource twice', { put: [length('a'), length('a', 'b')] }],
    ['a resource that is put and deleted', { put: length('a'), delete: 'Observation/a' }],
    ['a missing id', { delete: { resourceType: 'Observation' } }],
    ['a missing type', { put: { id: 'a' } as never }],
    ['an empty Bundle', {} as never],
    ['a misspelt key', { puts: length('a'), delete: 'Observation/b' } as never],
    ['a resource alone', length('a') as never],
    ['a promise of a function', (async () => ({ put: length('a') })) as never],
    ['a word of a function', (() => 'put') as never],
    ['an empty list', { put: [] }],
    ['what is no JSON', { put: { ...length('a'), value: 1n } as never }],
  ])('is refused before it is sent: %s', async (_, change) => {
    const { content, sent } = await open();
    expect((await errorOf(content.update(change))).code).toBe('content-invalid');
    expect(sent).toEqual([]);
  });

  it('says what was wrong with it', async () => {
    const { content } = await open();
    const at = async (change: unknown, options?: object) =>
      (await errorOf(content.update(change as never, options as never))).at;
    expect(await at({ puts: length('a') })).toBe('puts is neither put nor delete');
    expect(await at(async () => ({ put: length('a') }))).toBe('the function returned a promise');
    expect(await at({ put: { id: 'a' } })).toBe('put without a resourceType, or with an id that is none');
    expect(await at({ put: length('a') }, { throtle: true })).toBe('throtle');
    expect(await at(() => ({ put: length('a') }), { throttle: true })).toBe('throttle');
    expect(
      await at({ put: length('a') }, { basedOn: { anchor: 'DiagnosticReport/other' }, anchor: 'DiagnosticReport/r1' }),
    ).toBe('basedOn');
    expect((await errorOf(content.select([], { throttle: true } as never))).at).toBe('throttle');
  });

  it('that is based on an older snapshot is a conflict where others have changed the same since', async () => {
    const { content, app, other } = await open();
    await content.update({ put: [length('a'), length('b')] });
    const basedOn = content.current ?? undefined;
    await other.until(() => other.content.current?.size === 2);
    await other.content.update({ put: length('a', 'of another') });
    await app.until(() => content.current?.get('Observation', 'a')?.valueString === 'of another');
    const error = await errorOf(content.update({ put: length('a', 'of the form') }, { basedOn }));
    expect(error).toMatchObject({
      code: 'content-conflict',
      changes: { changed: [{ resourceType: 'Observation', id: 'a' }] },
    });
    await content.update({ put: length('b', 'of the form') }, { basedOn });
    // What this app has changed itself is no conflict.
    await content.update({ put: length('b', 'of the form, again') }, { basedOn });
    await content.update({ put: length('a', 'after all') }, { basedOn: content.current ?? undefined });
    expect(content.current?.resources('Observation').map(({ valueString }) => valueString)).toEqual([
      'after all',
      'of the form, again',
    ]);
  });

  it('that is made before the own open has come back waits for it', async () => {
    const { session, share } = await openContentWorld();
    const { client, content } = await share();
    const change = await client.requestContextChange('DiagnosticReport-open', report());
    expect(change.accepted).toBe(true);
    await Promise.all([
      content.update({ put: length('a', 'first') }),
      content.update({ put: length('a', 'second') }),
      content.update({ put: length('b') }, { anchor: 'DiagnosticReport/r1' }),
    ]);
    await content.select(['Observation/b']);
    const held = session.content()?.resources.map((one) => 'valueString' in one && one.valueString);
    expect(held?.sort()).toEqual(['b', 'second']);
  });

  it('never goes to the report that an own open is about to leave', async () => {
    const { session, share } = await openContentWorld();
    const { client, content, until } = await share();
    await session.publish('DiagnosticReport-open', report());
    await until(() => content.current?.status === 'known');
    const change = client.requestContextChange('DiagnosticReport-open', report('r2'));
    expect((await change).accepted).toBe(true);
    await content.update({ put: length('a') });
    expect(content.of('DiagnosticReport/r2')?.size).toBe(1);
    // Where its event does not come, nobody knows which report is meant.
    session.disturbNext('drop');
    await client.requestContextChange('DiagnosticReport-open', report());
    for (const sending of [content.update({ put: length('b') }), content.select(['Observation/a'])])
      expect((await errorOf(sending)).code).toBe('content-not-current');
    expect([content.current?.anchor, content.current?.size, session.content()?.resources]).toEqual([
      'DiagnosticReport/r2',
      1,
      [],
    ]);
  });

  it('that waits for an own open ends with the client, and nothing is thrown past it', async () => {
    const { session, share } = await openContentWorld();
    const { client, content, until } = await share();
    await session.publish('DiagnosticReport-open', report());
    await until(() => content.current?.status === 'known');
    session.disturbNext('drop');
    await client.requestContextChange('DiagnosticReport-open', report('r2'));
    const sending = errorOf(content.update({ put: length('a') }));
    const thrown: unknown[] = [];
    const keep = (error: unknown) => void thrown.push(error);
    process.prependListener('uncaughtException', keep);
    await client.unsubscribe();
    expect((await sending).code).toBe('closed');
    process.off('uncaughtException', keep);
    expect(thrown).toEqual([]);
  });

  it('says what is current where it is not shared', async () => {
    const { session, share } = await openContentWorld();
    const { client, content, until } = await share(
      'Viewer',
      {},
      {
        events: ['open', 'close', 'update', 'select']
          .map((verb) => `DiagnosticReport-${verb}`)
          .concat('Patient-open', 'SyncError'),
      },
    );
    expect((await errorOf(content.update({ put: length('a') }))).at).toBe('nothing is open');
    await session.publish('DiagnosticReport-open', report());
    await session.publish('Patient-open', report().slice(1, 2));
    await until(() => client.context.current?.type === 'Patient');
    expect((await errorOf(content.update({ put: length('a') }))).at).toBe('Patient is current');
    expect((await errorOf(content.select([]))).at).toBe('Patient is current');
    expect((await errorOf(content.update({ put: length('a') }, { anchor: 'DiagnosticReport/r2' }))).at).toBe('anchor');
  });

  it('of what is not current is refused, unless the hub or an option allows it', async () => {
    const { content, session, sent } = await open();
    await session.publish('DiagnosticReport-open', report('r2'));
    expect((await errorOf(content.update({ put: length('a') }, { anchor: 'DiagnosticReport/r1' }))).code).toBe(
      'content-not-current',
    );
    expect(sent).toEqual([]);
    const allowed = await open({ content: { nonCurrentUpdates: true } });
    await allowed.session.publish('DiagnosticReport-open', report('r2'));
    await allowed.content.update({ put: length('a') }, { anchor: 'DiagnosticReport/r1' });
    expect(allowed.session.content('DiagnosticReport/r1')?.resources).toEqual([length('a')]);
    const optional = await open({}, { nonCurrentUpdates: true });
    await optional.session.publish('DiagnosticReport-open', report('r2'));
    const error = await errorOf(optional.content.update({ put: length('a') }, { anchor: 'DiagnosticReport/r1' }));
    // This hub refuses it.
    expect([error.code, error.status]).toEqual(['hub-refused', 409]);
  });

  it('of nothing that is open is refused', async () => {
    const { content, session, sent } = await open();
    await session.publish('DiagnosticReport-close', report());
    expect((await errorOf(content.update({ put: length('a') }))).code).toBe('content-not-current');
    expect((await errorOf(content.select([]))).code).toBe('content-not-current');
    expect(sent).toEqual([]);
  });
});

describe('silence', () => {
  it.each([
    ['the answer is lost, and the update arrived', true],
    ['the update is lost', false],
  ])('%s: the hub is asked, and the same id is sent again where it did not arrive', async (_, arrives) => {
    const { content, hub, session, sent } = await open();
    hub.loseNextAnswer({ arrives });
    await content.update({ put: length('a') });
    expect(session.content()?.resources).toEqual([length('a')]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(sent.length).toBe(arrives ? 1 : 2);
  });

  it('the echo is lost: the hub is asked', async () => {
    const { content, session, app, sent } = await open({}, { echoWithinMs: 100 });
    session.disturbNext('drop', { subscriber: 'Viewer' });
    await content.update({ put: length('a') });
    expect(heldBy(app)).toBe(heldAt(session));
    expect(sent.length).toBe(1);
  });

  it('an answer that is an error: a new id', async () => {
    const { content, hub, session, sent } = await open();
    hub.refuseNext({ kind: 'publish', status: 503 });
    await content.update({ put: length('a') });
    expect(session.content()?.resources).toEqual([length('a')]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
  });

  it('the echo is lost, somebody objects, and the hub cannot be asked at once: it is asked again, and nothing is called refused', {
    timeout: 20_000,
  }, async () => {
    const { content, hub, session } = await open({ answerTimeoutMs: 100 }, { echoWithinMs: 2_000 });
    session.disturbNext('drop');
    const updating = content.update({ put: length('a') });
    for (let ask = 0; ask < 4; ask++) hub.refuseNext({ kind: 'context', status: 503 });
    await updating;
    expect(session.content()?.resources).toEqual([length('a')]);
  });

  it('the echo is lost, and somebody objects when something else is current: nobody knows, and nothing is called refused', async () => {
    const { content, session, whenSent } = await open({ answerTimeoutMs: 100 }, { echoWithinMs: 2_000 });
    const sending = new Promise<void>((resolve) => whenSent(resolve));
    session.disturbNext('drop');
    const updating = errorOf(content.update({ put: length('a') }));
    await sending;
    while (session.content('DiagnosticReport/r1')?.resources.length === 0) await new Promise(setImmediate);
    await session.publish('DiagnosticReport-open', report('r2'));
    expect((await updating).code).toBe('content-unknown');
    expect(content.of('DiagnosticReport/r1')?.status).toBe('unknown');
    expect(session.content('DiagnosticReport/r1')?.resources).toEqual([length('a')]);
  });

  it('the answer and the echo are lost, and its repetition is refused when something else is current: nobody knows', async () => {
    const { content, hub, session } = await open({ content: { repeatedIds: 'judged' } });
    session.disturbNext('drop');
    hub.loseNextAnswer();
    const updating = errorOf(content.update({ put: length('a') }));
    while (session.content('DiagnosticReport/r1')?.resources.length === 0) await new Promise(setImmediate);
    for (let ask = 0; ask < 2; ask++) hub.refuseNext({ kind: 'context', status: 503 });
    await session.publish('DiagnosticReport-open', report('r2'));
    expect((await updating).code).toBe('content-unknown');
    expect(session.content('DiagnosticReport/r1')?.resources).toEqual([length('a')]);
  });

  it('a lost connection: the update is found in the content', async () => {
    const { content, session, app } = await open();
    const updating = content.update({ put: length('a') });
    session.dropConnections();
    await updating;
    await app.until(() => content.current?.status === 'known');
    expect(heldBy(app)).toBe(heldAt(session));
    expect(session.content()?.resources).toEqual([length('a')]);
  });
});

describe.each<[string, TestHubOptions]>([
  ['by 409', {}],
  ['by 400', { content: { statuses: { version: 400, notOpen: 400, notCurrent: 400, invalid: 400 } } }],
  ['by 202 and a SyncError', { content: { refusals: 'sync-error' } }],
])('a conflict, told %s', (_, hub) => {
  /** Another app is first, and nobody here has heard of it. */
  const beforeHand = async (world: Awaited<ReturnType<typeof open>>, entries: object[]) => {
    world.session.disturbNext('drop', { subscriber: 'Viewer' });
    await world.session.publish('DiagnosticReport-update', updates(entries));
  };

  it('is solved by the function of the app', async () => {
    const world = await open(hub);
    await beforeHand(world, [put(length('a', 'theirs'))]);
    const seen: (string | undefined)[] = [];
    await world.content.update((current) => {
      const { valueString } = current.get('Observation', 'a') ?? {};
      seen.push(valueString);
      return { put: length('a', `${valueString} and ours`) };
    });
    expect(seen).toEqual([undefined, 'theirs']);
    expect(world.session.content()?.resources).toEqual([length('a', 'theirs and ours')]);
    expect(new Set(world.sent.map(({ id }) => id)).size).toBe(2);
  });

  it('is solved by itself where others changed other resources', async () => {
    const world = await open(hub);
    await beforeHand(world, [put(length('theirs'))]);
    await world.content.update({ put: length('ours') });
    expect(world.session.content()?.resources.map(({ id }) => id)).toEqual(['theirs', 'ours']);
  });

  it('is otherwise an error that says what others changed, without content', async () => {
    const world = await open(hub);
    await world.content.update({ put: [length('a'), length('b')] });
    await beforeHand(world, [put(length('a', 'secret')), remove('Observation/b')]);
    const error = await errorOf(world.content.update({ put: [length('a', 'ours'), length('b', 'ours')] }));
    expect(error).toBeInstanceOf(ContentError);
    expect([error.code, (error as ContentError).changes]).toEqual([
      'content-conflict',
      {
        added: [],
        changed: [{ resourceType: 'Observation', id: 'a' }],
        removed: [{ resourceType: 'Observation', id: 'b' }],
      },
    ]);
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(heldBy(world.app)).toBe(heldAt(world.session));
  });

  it('is told from a refusal by asking: the same version is a real refusal', async () => {
    const world = await open({ ...hub, content: { ...(hub.content || {}), deletesOfUnknown: 'refused' } });
    const error = await errorOf(world.content.update({ delete: 'Observation/nobody' }));
    expect(error).toBeInstanceOf(HubError);
    expect(error.code).toBe('hub-refused');
    expect(world.sent.length).toBe(1);
    // One that goes with it is not refused with it.
    const [bad, good] = await Promise.allSettled([
      world.content.update({ delete: 'Observation/nobody' }),
      world.content.update({ put: length('good') }),
    ]);
    expect([bad?.status, good?.status]).toEqual(['rejected', 'fulfilled']);
  });

  it('too much is an error of its own', async () => {
    const world = await open({ ...hub, content: { ...(hub.content || {}), maxBytes: 1_000 } });
    const before = world.asked();
    const error = await errorOf(world.content.update({ put: length('a', 'x'.repeat(2_000)) }));
    expect([error.code, world.asked()]).toEqual(['content-too-large', before]);
  });
});

describe('two writers on one version', () => {
  it('lose nothing, ten at a time', async () => {
    const { session, share } = await openContentWorld();
    await session.publish('DiagnosticReport-open', report());
    const writers = await Promise.all(Array.from({ length: 10 }, (_, i) => share(`W${i}`)));
    await Promise.all(writers.map((writer) => writer.until(() => writer.content.current?.status === 'known')));
    await Promise.all(
      writers.flatMap(({ content }, i) => [
        content.update({ put: length(`own-${i}`) }),
        content.update((current) => ({
          put: length('count', String(Number(current.get('Observation', 'count')?.valueString ?? 0) + 1)),
        })),
      ]),
    );
    expect(session.content()?.resources.length).toBe(11);
    expect(session.content()?.resources.find(({ id }) => id === 'count')).toEqual(length('count', '10'));
    for (const writer of writers) await writer.until(() => heldBy(writer) === heldAt(session));
  }, 20_000);
});

describe('leaving', () => {
  it('ends what waits', async () => {
    const { content, client } = await open();
    const updating = errorOf(content.update({ put: length('a') }, { throttle: 60_000 }));
    await client.unsubscribe();
    expect((await updating).code).toBe('closed');
    expect((await errorOf(content.update({ put: length('a') }))).code).toBe('closed');
  });

  it('and a signal gives up what has not been sent', async () => {
    const { content, sent } = await open();
    const life = new AbortController();
    const updating = errorOf(content.update({ put: length('a') }, { signal: life.signal }));
    life.abort();
    expect((await updating).code).toBe('aborted');
    await content.update({ put: length('b') });
    expect(sent.flatMap(entriesOf)).toEqual([put(length('b'))]);
  });
});
