import type { FhirResource } from 'fhir/r4';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { CallbackEndpoint, CallbackOwner } from '../../src/channels/callback.ts';
import { type ContextEntry, NotificationError } from '../../src/index.ts';
import type { HubTraits } from '../../src/testing/index.ts';
import { syncErrorOutcome } from '../../src/testing/session/sync-error-event.ts';
import type { App } from './app.ts';
import { ADA, at, BRAM, CHIDI, openWorld, patientContext, type World } from './world.ts';
import { WORLDS, type WorldKind } from './worlds.ts';

const entry = (key: string, resource: object): ContextEntry => ({ key, resource: resource as FhirResource });
const study = (id: string) => [entry('study', { resourceType: 'ImagingStudy', id, status: 'available' })];
const shown = ({ client }: App) => client.context.current?.patient?.id ?? null;

/** Sends a message as it is, and tells how each app answered. */
const send = async (world: World, text: string): Promise<(number | undefined)[]> =>
  (await world.session.sendRaw(text)).map(({ status }) => status);

const STU3: readonly WorldKind[] = WORLDS.filter(({ title }) => title === 'STU3 by websocket');
const WITH_CONTEXT = WORLDS.filter(({ context }) => context !== 'none');

describe.each(WORLDS)('the same event: $title', (kind) => {
  it('is another one under the id of all events of a publisher', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const opened = app.collect('Patient-open');
    const say = (patient: typeof ADA, seconds: number) =>
      send(world, world.message('Patient-open', { id: '1', context: patientContext(patient), timestamp: at(seconds) }));
    expect(await say(ADA, 0)).toEqual([200]);
    expect(await say(BRAM, 300)).toEqual([200]);
    expect(shown(app)).toBe(BRAM.id);
    expect(app.warningCodes).toContain('notification-deviation');
    expect(await say(ADA, 600)).toEqual([200]);
    expect(opened.map(({ patient }) => patient?.id)).toEqual([ADA.id, BRAM.id, ADA.id]);
    expect(shown(app)).toBe(ADA.id);
  });

  it('is no other one under the id of all events, when it tells the same millisecond', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const opened = app.collect('Patient-open');
    const say = (verb: string, patient: typeof ADA, ms: number) => {
      const timestamp = new Date(Date.parse(at(1)) + ms).toISOString();
      return send(world, world.message(`Patient-${verb}`, { id: '1', context: patientContext(patient), timestamp }));
    };
    await say('open', BRAM, 1);
    // A hub that sends each event twice may send the copies after the next event.
    await say('open', ADA, 2);
    await say('close', BRAM, 3);
    await say('open', ADA, 2);
    await say('close', BRAM, 3);
    expect(opened.map(({ patient }) => patient?.id)).toEqual([BRAM.id, ADA.id]);
  });

  it('is another one when something came between, though it happened in the same second', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    for (const [index, patient] of [ADA, BRAM, ADA].entries())
      await send(
        world,
        world.message('Patient-open', { id: `e${index}`, context: patientContext(patient), timestamp: at(1) }),
      );
    expect(shown(app)).toBe(ADA.id);
    app.collect('Patient-close');
    await app.client.ready();
    await world.confirmed();
    for (const [index, verb] of ['open', 'close', 'open'].entries())
      await send(
        world,
        world.message(`Patient-${verb}`, { id: `f${index}`, context: patientContext(CHIDI), timestamp: at(2) }),
      );
    expect(shown(app)).toBe(CHIDI.id);
  });

  it('is each of three that change no context', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const ticks = app.collect('org.example.tick');
    await app.client.ready();
    await world.confirmed();
    for (const id of ['a', 'b', 'c'])
      await send(world, world.message('org.example.tick', { id, context: [], timestamp: at(1) }));
    expect(ticks).toHaveLength(3);
  });

  it('is another one than an event that the hub derived under its id', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const studies = app.collect('ImagingStudy-open');
    await app.client.ready();
    await world.confirmed();
    await send(world, world.message('Patient-open', { id: 'one' }));
    await send(world, world.message('ImagingStudy-open', { id: 'one', context: study('s1') }));
    expect(studies.map(({ study: opened }) => opened?.id)).toEqual(['s1']);
    expect(app.warningCodes).toEqual([]);
  });
});

describe.each(WORLDS)('the very same message again, after another one: $title', (kind) => {
  /** Ada, Bram, and the very message about Ada once more. */
  const again = async (traits: Partial<HubTraits>) => {
    const world = await openWorld(kind, { hub: { traits } });
    const app = await world.follow();
    const syncs: string[] = [];
    app.client.on('sync', ({ state }) => void syncs.push(state));
    const says = (patient: typeof ADA, id: string, seconds: number) =>
      world.session.publish('Patient-open', patientContext(patient), { id, timestamp: at(seconds) });
    await says(ADA, 'a', 0);
    await says(BRAM, 'b', 1);
    await app.until(() => shown(app) === BRAM.id && app.client.syncStatus.state === 'in-sync');
    syncs.length = 0;
    const answered = () => app.records.filter((one) => one.kind === 'current-context' && one.direction === 'in').length;
    const before = answered();
    await says(ADA, 'a', 0);
    return { world, app, syncs, answers: () => answered() - before };
  };

  it('is followed where the hub has its patient, asked at once', async () => {
    const { app, world } = await again({ contextKeeping: 'last-opened' });
    if (kind.context === 'none') {
      // Nobody can say whether a user has opened her again, until the next event.
      await app.until(() => app.client.syncStatus.state === 'behind');
      expect(app.client.syncStatus).toMatchObject({ reason: 'stale-dropped' });
      await world.session.publish('Patient-open', patientContext(ADA));
    }
    await app.until(() => shown(app) === ADA.id && app.client.syncStatus.state === 'in-sync');
  });

  it('is followed where something came first after a gap, and this only later', async () => {
    if (kind.channel !== 'websocket' || kind.context === 'none') return;
    const world = await openWorld(kind, { hub: { traits: { contextKeeping: 'last-opened' } } });
    const app = await world.follow('Viewer', { silenceMs: 60_000 });
    const says = (patient: typeof ADA, id: string, seconds: number) =>
      world.session.publish('Patient-open', patientContext(patient), { id, timestamp: at(seconds) });
    await says(ADA, 'a', 0);
    await says(BRAM, 'b', 1);
    world.session.dropConnections();
    await app.until(() => app.subscribed.length === 2 && app.client.syncStatus.state === 'in-sync');
    await world.confirmed();
    expect(shown(app)).toBe(BRAM.id);
    await says(ADA, 'a', 0);
    await app.until(() => shown(app) === ADA.id && app.client.syncStatus.state === 'in-sync');
  });

  it('alarms nobody where the hub, asked at once, keeps the other one', async () => {
    if (kind.context === 'none') return;
    const { app, syncs, answers } = await again({});
    // An event may be ahead of what the hub tells: it is asked twice.
    await app.until(() => answers() === 2);
    await app.client.getCurrentContext();
    expect(shown(app)).toBe(BRAM.id);
    expect(syncs).toEqual([]);
  });
});

describe.each(WITH_CONTEXT)('an earlier event that comes again under another id: $title', (kind) => {
  it('is not taken for the current one, when somebody objects to it', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const states: string[] = [];
    app.client.on('sync', ({ state }) => void states.push(state));
    const time = (second: number) => `${at(second).slice(0, -4)}123Z`;
    const say = (patient: typeof ADA, id: string, second: number) =>
      send(world, world.message('Patient-open', { id, context: patientContext(patient), timestamp: time(second) }));
    await say(ADA, 'a', 0);
    await say(BRAM, 'b', 1);
    await say(ADA, 'a-again', 0);
    expect(app.client.counts.duplicate).toBe(1);
    const resource = syncErrorOutcome({
      eventId: 'a-again',
      eventName: 'Patient-open',
      subscriber: 'PACS',
      diagnostics: 'busy',
    });
    await send(world, world.message('SyncError', { id: 'no', context: [entry('operationoutcome', resource)] }));
    expect(states).not.toContain('refused');
    expect(app.client.counts.delivered).toBe(3);
  });
});

describe.each(WORLDS.filter(({ channel, context }) => channel === 'webhook' && context !== 'none'))(
  'a signed event that an endpoint has dropped as an old one: $title',
  (kind) => {
    it('makes the client ask the hub, which may have its patient', async () => {
      const world = await openWorld(kind);
      const owners: CallbackOwner[] = [];
      const open: CallbackEndpoint['open'] = (owner, about) => {
        owners.push(owner);
        return world.callback.open(owner, about);
      };
      const app = await world.follow('Viewer', { callback: { ...world.callback, open } });
      await world.session.publish('Patient-open', patientContext());
      await app.until(() => shown(app) === ADA.id && app.client.syncStatus.state === 'in-sync');
      world.session.disturbNext('drop');
      await world.session.publish('Patient-open', patientContext(BRAM));
      expect(shown(app)).toBe(ADA.id);
      owners[0]?.rejected(new NotificationError('notification-stale'));
      await app.until(() => shown(app) === BRAM.id && app.client.syncStatus.state === 'in-sync');
    });
  },
);

describe.each(WORLDS.filter(({ sendsSyncErrors }) => sendsSyncErrors))('an objection: $title', (kind) => {
  it('that has the id of the event that was not followed is heard', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const objections = app.collect('SyncError');
    await app.client.ready();
    await world.confirmed();
    await send(world, world.message('Patient-open', { id: 'one' }));
    const outcome = { resourceType: 'OperationOutcome', issue: [{ severity: 'warning', code: 'processing' }] };
    const context = [entry('operationoutcome', outcome)];
    await send(world, world.message('SyncError', { id: 'one', context, timestamp: at(1) }));
    expect(objections).toHaveLength(1);
    expect(app.client.syncStatus.state).toBe('refused');
  });

  it('to a change of ours is its outcome', async () => {
    const world = await openWorld(kind);
    const app = await world.follow('Viewer', { resends: 0 });
    app.collect('SyncError');
    await app.client.ready();
    await world.confirmed();
    const change = await app.client.requestContextChange('Patient-open', { patient: ADA });
    if (!change.accepted) throw new Error('The hub refused the change.');
    await app.until(() => shown(app) === ADA.id);
    const outcome = { resourceType: 'OperationOutcome', issue: [{ severity: 'warning', code: 'processing' }] };
    const context = [entry('operationoutcome', outcome)];
    await send(world, world.message('SyncError', { id: change.id, context, timestamp: new Date().toISOString() }));
    expect(await change.outcome).toMatchObject({ kind: 'sync-error' });
  });
});

describe.each(WORLDS)('an id that is a number: $title', (kind) => {
  it('goes back digit by digit, and is told apart so', async () => {
    const world = await openWorld(kind);
    const sent: string[] = [];
    const webSocket = (url: string) => {
      const socket = new WebSocket(url);
      const send = socket.send.bind(socket) as (data: string) => void;
      return Object.assign(socket, { send: (data: string) => send(sent[sent.push(data) - 1] ?? '') });
    };
    const app = await world.follow('Viewer', { webSocket });
    const opened = app.collect('Patient-open');
    const say = (id: string, patient: typeof ADA) => {
      const facts = { id: 'ID', context: patientContext(patient), timestamp: at(1) };
      return send(world, world.message('Patient-open', facts).replace('"id":"ID"', `"id":${id}`));
    };
    const ids = ['9007199254740993', '9007199254740992'] as const;
    const answers = [say(ids[0], ADA), say(ids[1], BRAM)];
    await app.until(() => opened.length === 2);
    expect(opened.map(({ id }) => id)).toEqual(ids);
    if (kind.channel === 'webhook') expect(await Promise.all(answers)).toEqual([[200], [200]]);
    else
      for (const id of ids) expect(sent.filter((answer) => answer === `{"id":${id},"status":"200"}`)).toHaveLength(1);
  });
});

describe.each(WORLDS)('a key that stands twice: $title', (kind) => {
  const [ours, theirs] = [JSON.stringify(ADA), JSON.stringify(BRAM)];
  it.each([
    ['the id of the patient', (text: string) => text.replace(`"id":"${ADA.id}"`, `"id":"${ADA.id}","id":"${BRAM.id}"`)],
    ['the resource', (text: string) => text.replace(ours, `${ours},"resource":${theirs}`)],
    [
      'the session, in other letters',
      (text: string) => text.replace('"hub.topic"', '"hub\\u002etopic":"x","hub.topic"'),
    ],
    [
      'an identifier',
      (text: string) => text.replace('"resourceType"', '"identifier":[{"value":"7"}],"identifier":[],"resourceType"'),
    ],
  ])('leaves in doubt who is meant (%s)', async (_, twice) => {
    const world = await openWorld(kind);
    const app = await world.follow();
    await send(world, world.message('Patient-open', { id: 'before', context: patientContext(BRAM) }));
    const text = twice(world.message('Patient-open', { id: 'after', timestamp: at(1) }));
    expect(await send(world, text)).toEqual([400]);
    expect(shown(app)).toBe(BRAM.id);
    expect(app.errorCodes).toContain('notification-malformed');
    // Nobody knows what was meant, until the hub has been asked.
    expect(app.syncs.map((sync) => sync.state)).toContain('behind');
  });
});

describe.each(WORLDS)('what a resource is called: $title', (kind) => {
  const close = async (world: World, name: string, context: ContextEntry[]) =>
    send(world, world.message(name, { id: 'closing', context, timestamp: at(5) }));
  const closing = async (world: World) => {
    const app = await world.follow();
    for (const name of ['Patient-close', 'ImagingStudy-open', 'ImagingStudy-close']) app.collect(name);
    await app.client.ready();
    await world.confirmed();
    return app;
  };

  it.each<[string, object, object]>([
    ['a number is its text', { id: 7 }, { id: '7' }],
    [
      'another system has another id',
      { id: 'a', identifier: [{ system: 'urn:mrn', value: '1' }] },
      { id: 'b', identifier: [{ system: 'urn:mrn', value: '1' }] },
    ],
    [
      'an identifier may be a number',
      { identifier: [{ system: 'urn:mrn', value: 1 }] },
      { id: '', identifier: [{ system: 'urn:mrn', value: '1' }] },
    ],
    [
      'an empty id is none',
      { id: '', identifier: [{ system: 'urn:mrn', value: '1' }] },
      { id: null, identifier: [{ system: 'urn:mrn', value: '1' }] },
    ],
  ])('%s: a close closes it', async (_, opened, closed) => {
    const world = await openWorld(kind);
    const app = await closing(world);
    const patient = (facts: object) => [entry('patient', { resourceType: 'Patient', ...facts })];
    expect(await send(world, world.message('Patient-open', { context: patient(opened) }))).toEqual([200]);
    expect(await close(world, 'Patient-close', patient(closed))).toEqual([200]);
    expect(app.client.context).toMatchObject({ current: null, open: [] });
  });

  it('a study is known by the UID of older versions of FHIR', async () => {
    const world = await openWorld(kind);
    const app = await closing(world);
    const uid = 'urn:oid:1.2.3.4';
    const old = [entry('study', { resourceType: 'ImagingStudy', uid })];
    const identifier = [{ system: 'urn:dicom:uid', value: uid }];
    expect(await send(world, world.message('ImagingStudy-open', { context: old }))).toEqual([200]);
    const context = [entry('study', { resourceType: 'ImagingStudy', id: 's9', identifier })];
    expect(await close(world, 'ImagingStudy-close', context)).toEqual([200]);
    expect(app.client.context.open).toEqual([]);
  });

  it('a close without a word closes what is current, and nothing of another type', async () => {
    const world = await openWorld(kind);
    const app = await closing(world);
    await send(world, world.message('Patient-open', { id: 'p' }));
    await send(world, world.message('ImagingStudy-open', { id: 's', context: study('s1'), timestamp: at(1) }));
    expect(await close(world, 'ImagingStudy-close', [])).toEqual([200]);
    expect(app.client.context.open.map(({ type }) => type)).toEqual(['Patient']);
  });
});

/** Loses the connection, and lets something happen meanwhile that nobody is told of. */
const missing = async (world: World, app: App, happen: () => Promise<unknown>) => {
  world.session.disturbNext('drop');
  // Its answer never comes.
  void happen();
  world.session.dropConnections();
  if (world.kind.channel === 'webhook') world.session.expireLeases();
  await app.until(() => app.states.some(({ state }) => state === 'reconnecting'));
};

describe.each(WITH_CONTEXT.filter(({ channel }) => channel === 'websocket'))('after a gap: $title', (kind) => {
  it.each<[string, object, object]>([
    [
      'an empty id',
      { id: '', identifier: [{ system: 'urn:mrn', value: '1' }] },
      { id: '', identifier: [{ system: 'urn:mrn', value: '2' }] },
    ],
    [
      'the same id at another hospital',
      { id: '1', identifier: [{ system: 'urn:mrn', value: '1' }] },
      { id: '1', identifier: [{ system: 'urn:mrn', value: '2' }] },
    ],
    [
      'an identifier that is a number',
      { identifier: [{ system: 'urn:mrn', value: 1 }] },
      { identifier: [{ system: 'urn:mrn', value: 2 }] },
    ],
  ])('another patient is shown who has %s', async (_, first, second) => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const patient = (facts: object) => [entry('patient', { resourceType: 'Patient', ...facts })];
    await world.session.publish('Patient-open', patient(first));
    await missing(world, app, () => world.session.publish('Patient-open', patient(second)));
    await app.until(() => app.client.syncStatus.state === 'in-sync');
    expect(app.client.context.current?.patient).toMatchObject(second);
  });
});

describe.each(WORLDS)('a publisher whose clock is slow: $title', (kind) => {
  /** An app changes the context by a clock that is right, and the EHR's is five minutes behind. */
  const behindTheEhr = async (world: World) => {
    const app = await world.follow();
    const change = await app.client.requestContextChange('Patient-open', { patient: ADA });
    expect(change.accepted).toBe(true);
    await app.until(() => shown(app) === ADA.id);
    const timestamp = new Date(Date.now() - 300_000).toISOString();
    void world.session.publish('Patient-open', patientContext(BRAM), { timestamp });
    return app;
  };

  it('is followed when the hub, asked at once, has its patient', async () => {
    // Most hubs keep what came last, whatever its time.
    const world = await openWorld(kind, { hub: { traits: { contextKeeping: 'last-opened' } } });
    const app = await behindTheEhr(world);
    if (kind.context === 'none') {
      await app.until(() => app.warningCodes.includes('notification-stale'));
      // Nobody can say who is right, until the next event.
      expect(app.client.syncStatus).toMatchObject({ state: 'behind', reason: 'stale-dropped' });
      await world.session.publish('Patient-open', patientContext(BRAM));
    }
    await app.until(() => shown(app) === BRAM.id && app.client.syncStatus.state === 'in-sync');
  });

  it('is not followed when the hub, asked at once, keeps the other one', async () => {
    if (kind.context === 'none') return;
    const world = await openWorld(kind);
    const app = await behindTheEhr(world);
    await app.until(() => app.warningCodes.includes('notification-stale') && app.client.syncStatus.state === 'in-sync');
    expect(shown(app)).toBe(ADA.id);
  });
});

describe.each(WORLDS)('an event from ahead: $title', (kind) => {
  it('does not keep the next one out', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const hours = (count: number) => new Date(Date.now() + count * 3_600_000).toISOString();
    for (const [index, ahead] of [23, 1, 0.1].entries())
      await send(world, world.message('Patient-open', { id: `a${index}`, timestamp: hours(ahead) }));
    expect(
      await send(world, world.message('Patient-open', { id: 'b', context: patientContext(BRAM), timestamp: hours(0) })),
    ).toEqual([200]);
    await app.until(() => shown(app) === BRAM.id);
  });
});

describe.each(STU3)('what the hub derives: $title', (kind) => {
  const report = () => [
    entry('report', { resourceType: 'DiagnosticReport', id: 'r1', status: 'unknown', code: { text: 'CT' } }),
    ...patientContext(),
    ...study('s1'),
  ];

  it.each(['same', 'own'])('leaves the most specific context current (ids: %s)', async (ids) => {
    const world = await openWorld(kind);
    const profile = { name: 'test', derivesEvents: ids === 'own' };
    const app = await world.follow('Viewer', { profile });
    for (const name of ['DiagnosticReport', 'ImagingStudy', 'Patient'])
      for (const verb of ['open', 'close']) app.collect(`${name}-${verb}`);
    await app.client.ready();
    await world.confirmed();
    const id = (name: string) => (ids === 'same' ? 'one' : name);
    const says = (name: string, context: ContextEntry[], seconds: number) =>
      send(world, world.message(name, { id: id(name), context, timestamp: at(seconds) }));
    await says('DiagnosticReport-open', report(), 1);
    await says('ImagingStudy-open', study('s1'), 2);
    await says('Patient-open', patientContext(), 3);
    expect(app.client.context.current?.type).toBe('DiagnosticReport');
    expect(app.client.context.open.map(({ type }) => type).sort()).toEqual([
      'DiagnosticReport',
      'ImagingStudy',
      'Patient',
    ]);
    await says('Patient-close', patientContext(), 4);
    expect(app.client.context.current?.type).toBe('DiagnosticReport');
    await says('ImagingStudy-close', study('s1'), 5);
    await says('DiagnosticReport-close', report(), 6);
    expect(app.client.context).toMatchObject({ current: null, open: [] });
  });
});
