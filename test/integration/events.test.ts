import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalName, type FhircastEvent } from '../../src/index.ts';
import { ADA, at, BRAM, CHIDI, openWorld, patientContext, settled, type World } from './world.ts';
import { WORLDS } from './worlds.ts';

/** What escaped: nothing that a listener does may end a process. */
const escaped: unknown[] = [];
const note = (cause: unknown) => void escaped.push(cause);
beforeEach(() => {
  escaped.length = 0;
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
});
afterEach(() => {
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
  expect(escaped).toEqual([]);
});

/** Opens a chart in the EHR, and gives each subscriber's answer. */
async function open({ session }: World, patient = ADA, options: { id?: string; timestamp?: string } = {}) {
  const { answers } = await session.publish('Patient-open', patientContext(patient), options);
  return Object.fromEntries(answers.map(({ subscriber, status }) => [subscriber, status]));
}

/** A promise that a test settles. */
function deferred() {
  let resolve: () => void = () => undefined;
  let reject: (cause: Error) => void = () => undefined;
  const promise = new Promise<void>((fulfil, fail) => {
    resolve = fulfil;
    reject = fail;
  });
  return { promise, resolve, reject };
}

describe.each(WORLDS)('event: $title', (kind) => {
  it('reaches the listener with its resources, and the hub is told 200', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('patient-open-chart');
    expect(await open(world, ADA, { id: 'event-1', timestamp: at(1) })).toEqual({ Viewer: 200 });
    expect(events).toMatchObject([
      {
        name: 'Patient-open',
        hubEvent: kind.spelling['Patient-open'][0],
        id: 'event-1',
        timestamp: at(1),
        time: Date.parse(at(1)),
        isEcho: false,
        source: 'hub',
        versionId: kind.versions ? expect.any(String) : undefined,
      },
    ]);
    expect(events[0]?.patient).toEqual(ADA);
    expect(app.client.context.current).toMatchObject({ type: 'Patient', id: 'event-1' });
    expect(app.client.context.current?.patient).toEqual(ADA);
    expect(app.client.counts).toMatchObject({ delivered: 1, duplicate: 0, stale: 0 });
    expect([app.errors, app.warnings]).toEqual([[], []]);
  });

  it('reaches those who listen to everything, and nobody who listens to something else', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const [all, closes] = [app.collect('*'), app.collect('Patient-close')];
    await app.client.ready();
    await world.confirmed();
    await open(world);
    expect(all.map(({ name }) => name)).toEqual(['Patient-open']);
    expect(closes).toEqual([]);
  });

  it('reaches a late app as what is open', async () => {
    const world = await openWorld(kind);
    await open(world, ADA, { id: 'event-1', timestamp: at(1) });
    const app = await world.join();
    const events = app.collect('Patient-open');
    if (kind.context === 'none') {
      // Nobody tells it, and it says nothing else.
      await settled(app);
      expect([events, app.client.context.current]).toEqual([[], null]);
      return;
    }
    await app.until(() => events.length > 0);
    const facts = kind.context === 'array' ? {} : { id: 'event-1', timestamp: at(1) };
    expect(events).toMatchObject([{ ...facts, patient: { id: ADA.id } }]);
    expect(events[0]?.source).toBe(kind.replays ? 'hub' : 'resync');
    expect(app.client.context.current?.patient).toEqual(ADA);
  });

  it('may hold what is too deep to be compared, and nothing escapes', async () => {
    const world = await openWorld(kind);
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const context = `[{"key":"patient","resource":{"resourceType":"Patient","id":"deep","identifier":${deep}}}]`;
    const fetchDeep = async (url: string, init: RequestInit) =>
      init.method === 'GET' ? new Response(context) : fetch(url, init);
    const app = await world.join('Viewer', { fetch: fetchDeep, channel: kind.channel });
    const events = app.collect('Patient-open');
    await app.client.ready();
    const [topic, name] = [world.session.subscriptions[0]?.topic, 'Patient-open'];
    for (const id of ['event-1', 'event-2']) {
      const event = `{"hub.topic":"${topic}","hub.event":"${name}","context":${context}}`;
      await world.session.sendRaw(`{"id":"${id}","timestamp":"${at(1)}","event":${event}}`);
    }
    expect(await open(world, ADA, { timestamp: at(2) })).toEqual({ Viewer: 200 });
    expect(events.at(-1)?.patient).toEqual(ADA);
    expect(app.client.state).toBe('active');
  });

  it('is refused when it does not say whose chart it opens', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('Patient-open');
    const { answers } = await world.session.publish('Patient-open', []);
    expect(answers).toEqual([{ subscriber: 'Viewer', status: 422 }]);
    expect(app.errors).toMatchObject([{ code: 'anchor-missing', at: 'patient' }]);
    expect(events).toEqual([]);
    expect(app.client.context.current).toBeNull();
  });

  it('is a typed error when it cannot be read', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('*');
    const [answer] = await world.session.sendRaw(JSON.stringify({ id: 'event-1', event: ADA }));
    expect(answer?.status).toBe(400);
    expect(app.errors).toMatchObject([{ code: 'notification-malformed' }]);
    expect(await open(world)).toEqual({ Viewer: 200 });
    expect(events).toHaveLength(1);
  });
});

describe.each(WORLDS)('duplicate: $title', (kind) => {
  it('is delivered once and answered as before', async () => {
    const world = await openWorld(kind);
    const app = await world.follow('Viewer');
    const events = app.collect('Patient-open');
    const message = world.message('Patient-open');
    for (const _ of ['first', 'second', 'third']) {
      expect(await world.session.sendRaw(message)).toEqual([{ subscriber: 'Viewer', status: 200 }]);
    }
    expect(events).toHaveLength(1);
    expect(app.client.counts).toMatchObject({ delivered: 1, duplicate: 2 });
  });

  it('that the app refused asks the app again', async () => {
    const world = await openWorld(kind);
    const decisions: ((event: FhircastEvent) => void)[] = [
      (event) => event.refuse('A report is being dictated.'),
      () => {
        throw new Error('The viewer failed.');
      },
      () => {},
    ];
    const app = await world.follow('Viewer', { listener: (event) => decisions.shift()?.(event) });
    const message = world.message('Patient-open');
    for (const status of [409, 500, 200, 200])
      expect(await world.session.sendRaw(message)).toEqual([{ subscriber: 'Viewer', status }]);
    expect(app.client.counts).toMatchObject({ delivered: 3, duplicate: 1 });
  });

  it('waits for the answer of the first', async () => {
    const world = await openWorld(kind);
    const { promise, reject } = deferred();
    const calls: string[] = [];
    const app = await world.follow('Viewer', { listener: ({ id }) => [calls.push(id), promise][1] });
    const message = world.message('Patient-open');
    const answers = [world.session.sendRaw(message), world.session.sendRaw(message)];
    await app.until(() => app.arrived === 2);
    reject(new Error('No images.'));
    expect((await Promise.all(answers)).flat().map(({ status }) => status)).toEqual([500, 500]);
    expect(calls).toEqual(['event-1']);
    expect(app.client.counts).toMatchObject({ delivered: 1, duplicate: 1 });
  });

  it('is known under another id by its time and context', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('Patient-open');
    await open(world, ADA, { id: 'event-1', timestamp: at(1) });
    expect(await open(world, ADA, { id: 'event-2', timestamp: at(1) })).toEqual({ Viewer: 200 });
    expect(events.map(({ id }) => id)).toEqual(['event-1']);
  });

  it('of what is found by asking is not delivered again whenever it is asked for', async () => {
    const world = await openWorld(kind);
    // Some hubs answer with a bare array, which has neither id nor time.
    const bare = async (url: string, init: RequestInit) =>
      init.method === 'GET' ? Response.json(patientContext(ADA)) : fetch(url, init);
    const app = await world.join('Viewer', { fetch: bare, channel: kind.channel, silenceMs: 20 });
    // In the draft's form the session is named, and this may be any other's.
    const found = ['draft', 'ballot'].includes(kind.dialect) ? [] : [[ADA, 'resync']];
    const events = app.collect('Patient-open');
    const told = () => app.records.filter((record) => record.kind === 'current-context' && record.direction === 'in');
    await app.until(() => told().length >= 3);
    expect(events.map(({ patient, source }) => [patient, source])).toEqual(found);
    expect(app.client.state).toBe('active');
  });

  it('of what was found by asking is answered as the app decided', async () => {
    const world = await openWorld(kind);
    await open(world, ADA, { id: 'event-1', timestamp: at(1) });
    const app = await world.join('Viewer', { listener: (event) => event.refuse('A report is being dictated.') });
    const events = app.collect('Patient-open');
    if (kind.context === 'none') {
      await settled(app);
      await open(world, ADA, { id: 'event-1', timestamp: at(1) });
    }
    await app.until(() => events.length > 0);
    await world.confirmed();
    expect(await open(world, ADA, { id: 'event-1', timestamp: at(1) })).toEqual({ Viewer: 409 });
    // What the hub had sent itself, and was refused, is asked for again.
    const isSentAgain = events[0]?.source === 'hub';
    expect(events.map(({ patient }) => patient?.id)).toEqual(isSentAgain ? [ADA.id, ADA.id] : [ADA.id]);
  });
});

describe.each(WORLDS)('stale: $title', (kind) => {
  it('is dropped when it is older than the current context', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('Patient-open');
    await open(world, BRAM, { timestamp: at(20) });
    expect(await open(world, ADA, { timestamp: at(10) })).toEqual({ Viewer: 200 });
    expect(events.map(({ patient }) => patient)).toEqual([BRAM]);
    expect(app.client.context.current?.patient).toEqual(BRAM);
    expect(app.warningCodes).toEqual(['notification-stale']);
    expect(app.client.counts).toMatchObject({ delivered: 1, stale: 1 });
    await open(world, CHIDI, { timestamp: at(20) });
    expect(events.map(({ patient }) => patient)).toEqual([BRAM, CHIDI]);
  });
});

describe.each(WORLDS)('wrong topic: $title', (kind) => {
  it('is never emitted, counted, and answered 404', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('*');
    const message = world.message('Patient-open', { topic: 'another-session' });
    expect(await world.session.sendRaw(message)).toEqual([{ subscriber: 'Viewer', status: 404 }]);
    expect(events).toEqual([]);
    expect(app.client.context.current).toBeNull();
    expect(app.client.counts).toMatchObject({ wrongTopic: 1, delivered: 0 });
    expect(app.warningCodes).toEqual(['notification-wrong-topic']);
    expect(app.client.state).toBe('active');
    // Its id is not taken: the same id in our session is another event.
    expect(await world.session.sendRaw(world.message('Patient-open'))).toMatchObject([{ status: 200 }]);
    expect(events).toHaveLength(1);
  });
});

describe.each(WORLDS)('refuse: $title', (kind) => {
  it('tells the hub 409, and everyone by a SyncError that names the app', async () => {
    const world = await openWorld(kind);
    const witness = await world.follow('Witness');
    const syncErrors = witness.collect('syncerror');
    await witness.client.ready();
    await world.follow('Dictation', { listener: (event) => event.refuse('A report is being dictated.') });
    await world.confirmed();
    expect(await open(world, ADA, { id: 'event-1' })).toEqual({ Witness: 200, Dictation: 409 });
    await witness.until(() => syncErrors.length > 0);
    // Before STU2 a SyncError has the id of the event that it is about, and does not name it otherwise.
    expect(syncErrors.map(({ id, syncError }) => syncError?.eventId ?? id)).toEqual(['event-1']);
    expect(syncErrors.map(({ syncError }) => syncError)).toMatchObject([
      { subscriber: 'Dictation', diagnostics: expect.any(String) },
    ]);
    expect(witness.errors).toEqual([]);
  });

  it('tells everyone why the user stays logged in, by a SyncError where the version has one', async () => {
    const world = await openWorld(kind);
    const witness = await world.follow('Witness', { listener: () => {} });
    const syncErrors = witness.collect('syncerror');
    await witness.client.ready();
    const app = await world.follow('Dictation', { listener: () => {} });
    app.client.on('UserLogout', (event) => event.refuse('A report is being dictated.'));
    await world.confirmed();
    await app.until(() =>
      app.subscribed.some(({ granted }) => granted.some((name) => canonicalName(name) === 'UserLogout')),
    );
    const { answers } = await world.session.publish('UserLogout', [], { id: 'logout-1' });
    expect(answers).toContainEqual({ subscriber: 'Dictation', status: 409 });
    const why = () => syncErrors.find(({ syncError }) => syncError?.diagnostics === 'A report is being dictated.');
    if (kind.sendsSyncErrors) {
      await witness.until(() => why() !== undefined);
      expect(why()?.syncError).toMatchObject({ eventId: 'logout-1', subscriber: 'Dictation' });
    } else {
      expect(await open(world)).toEqual({ Witness: 200, Dictation: 200 });
      expect(world.seen('publish', 'Dictation')).toEqual([]);
    }
    expect(app.errors).toEqual([]);
  });

  it('outweighs what other listeners do', async () => {
    const world = await openWorld(kind);
    const app = await world.follow('Viewer', { listener: (event) => event.refuse('A report is being dictated.') });
    app.client.on('Patient-open', () => {
      throw new Error('No images.');
    });
    app.client.on('Patient-open', () => Promise.resolve());
    expect(await open(world)).toEqual({ Viewer: 409 });
    expect(app.errorCodes).toEqual(['listener-failed']);
  });
});

describe.each(WORLDS)('slow listener: $title', (kind) => {
  // The draft and the ballot know 200 or an error.
  const accepted = ['draft', 'ballot'].includes(kind.dialect) ? 200 : 202;

  it('is told 200 to the hub when it settles in time', async () => {
    const world = await openWorld(kind);
    const { promise, resolve } = deferred();
    const app = await world.follow('Viewer', { listener: (event) => event.waitUntil(promise) });
    const answers = open(world);
    await app.until(() => app.arrived === 1);
    expect(world.seen('answer').filter(({ about }) => about === 'notify')).toEqual([]);
    resolve();
    expect(await answers).toEqual({ Viewer: 200 });
    expect(app.errors).toEqual([]);
  });

  it('is told as accepted to the hub when it takes longer, and nothing more when it succeeds then', async () => {
    const world = await openWorld(kind);
    const { promise, resolve } = deferred();
    const app = await world.follow('Viewer', { listener: () => promise, acknowledgeWithinMs: 30 });
    expect(await open(world, ADA, { id: 'event-1' })).toEqual({ Viewer: accepted });
    resolve();
    // Answered as the first was, also when it has settled since.
    await promise;
    const [repeated] = await world.session.sendRaw(world.message('Patient-open', { id: 'event-1' }));
    expect(repeated?.status).toBe(accepted);
    expect(app.errors).toEqual([]);
    expect(world.seen('publish', 'Viewer')).toEqual([]);
  });

  it.each([
    ['fails', (_: FhircastEvent, fail: () => void) => fail(), ['listener-failed-late'], /Viewer/],
    [
      'refuses',
      (event: FhircastEvent) => event.refuse('A report is being dictated.'),
      [],
      /^A report is being dictated\.$/,
    ],
  ])('that %s after that is a SyncError where the version has one', async (_, decide, codes, diagnostics) => {
    const world = await openWorld(kind);
    const witness = await world.follow('Witness');
    const syncErrors = witness.collect('SyncError');
    await witness.client.ready();
    const { promise, reject } = deferred();
    const events: FhircastEvent[] = [];
    const listener = (event: FhircastEvent) => {
      events.push(event);
      return promise;
    };
    const app = await world.follow('Viewer', { listener, acknowledgeWithinMs: 30 });
    await world.confirmed();
    expect(await open(world, ADA, { id: 'event-1' })).toEqual({ Witness: 200, Viewer: accepted });
    const [event] = events;
    if (event) decide(event, () => reject(new Error('No images.')));
    if (kind.sendsSyncErrors) {
      await witness.until(() => syncErrors.length > 0);
      expect(syncErrors.map(({ syncError }) => syncError)).toMatchObject([
        { eventId: 'event-1', eventName: kind.spelling['Patient-open'][0], subscriber: 'Viewer' },
      ]);
      expect(syncErrors[0]?.syncError?.diagnostics).toMatch(diagnostics);
      expect(syncErrors[0]?.operationOutcome).toMatchObject({
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'warning', code: 'processing' }],
      });
      expect(app.errorCodes).toEqual(codes);
      expect(world.seen('publish')).toHaveLength(2);
    } else {
      await app.until(() => app.errorCodes.includes('sync-error-not-sent'));
      expect(app.errorCodes).toEqual([...codes, 'sync-error-not-sent']);
      expect(world.seen('publish')).toHaveLength(1);
    }
  });
});

describe.each(WORLDS)('throw: $title', (kind) => {
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('No images.');
      },
    ],
    ['rejects', () => Promise.reject(new Error('No images.'))],
    ['throws nothing', () => Promise.reject()],
  ])('a listener that %s is told 500 to the hub, and does not keep the event from others', async (_, listener) => {
    const world = await openWorld(kind);
    const app = await world.follow('Viewer', { listener });
    const events = app.collect('Patient-open');
    expect(await open(world)).toEqual({ Viewer: 500 });
    expect(events.map(({ patient }) => patient)).toEqual([ADA]);
    expect(app.errorCodes).toEqual(['listener-failed']);
    expect(app.client.state).toBe('active');
    expect(app.client.context.current?.patient).toEqual(ADA);
    expect(await open(world, BRAM)).toEqual({ Viewer: 500 });
    expect(events).toHaveLength(2);
  });
});
