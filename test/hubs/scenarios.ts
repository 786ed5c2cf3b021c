import { expect } from 'vitest';
import type { FhircastEvent } from '../../src/index.ts';
import type { HubPersonality } from '../../src/testing/index.ts';
import type { App } from '../integration/app.ts';
import { ADA, type AppOptions, at, BRAM, CHIDI, patientContext, settled, type World } from '../integration/world.ts';
import type { Setup } from './setups.ts';

/** What came of a scenario: it works, or in a word or two what this hub does not do. */
export type Verdict = 'yes' | (string & {});

/** One column of the table. */
export interface Scenario {
  readonly title: string;
  /** Plays it. What must hold with every hub is expected here, and what hubs do not do is the verdict. */
  play(world: World, setup: Setup): Promise<Verdict>;
}

/** A promise that is kept open by the test. */
const gate = () => {
  let open: () => void = () => {};
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
};

/**
 * Launches an app as a user would write it, and waits until nothing is under way: the discovery document may come later than
 * the confirmation, and some hubs remember those who have left.
 */
async function follow(world: World, setup: Setup, options: AppOptions = {}, name = 'Viewer'): Promise<App> {
  const since = world.hub.log.length;
  const { listener = () => undefined, ...more } = options;
  const app = await world.join(name, { listener, reconnect: { firstMs: 10, longestMs: 50 }, ...more });
  await app.client.ready();
  await app.until(() => app.client.hub.dialect === setup.dialect);
  await app.client.ready();
  await settled(app);
  await world.hub.waitFor(({ kind, sequence }) => kind === 'active' && sequence >= since);
  return app;
}

/** The EHR opens a chart. Some hubs wait for every answer, and some for none. */
const opens = (world: World, setup: Setup, patient = ADA, facts: { id?: string; timestamp?: string } = {}) =>
  world.session.publish(setup.opens, patientContext(patient), facts);

/** The statuses that the hub was told, by whichever way. */
const answersIn = (world: World): (number | undefined)[] =>
  world.hub.log
    .filter(({ kind, about, direction }) => kind === 'answer' && about === 'notify' && direction === 'in')
    .map(({ status }) => status);

/** Whether a status reaches the hub; on some websockets none may. */
const answered = async (world: World, app: App, status: number): Promise<Verdict> => {
  if (app.client.channel === 'websocket' && world.hub.traits.frames !== 'answers') return 'hears no answers';
  await world.hub.waitFor(() => answersIn(world).includes(status));
  return 'yes';
};

const launch: Scenario = {
  title: 'launch',
  async play(world, setup) {
    const app = await follow(world, setup);
    expect(app.client.hub.dialect).toBe(setup.dialect);
    expect(app.client.hub.channel).toBe(setup.channel);
    return 'yes';
  },
};

const subscribe: Scenario = {
  title: 'subscribe',
  async play(world, setup) {
    const app = await follow(world, setup);
    expect(app.client.state).toBe('active');
    expect(world.session.subscriptions.some(({ active }) => active)).toBe(true);
    return 'yes';
  },
};

const verify: Scenario = {
  title: 'verify',
  async play(world, setup) {
    const app = await follow(world, setup);
    expect(app.client.state).toBe('active');
    const kind = setup.channel === 'webhook' ? 'verify' : 'confirm';
    return world.hub.log.some((message) => message.kind === kind) ? 'yes' : 'does not confirm';
  },
};

const deny: Scenario = {
  title: 'deny',
  async play(world, setup) {
    const app = await follow(world, setup);
    // An app whose subscription is ended asks once more, and the hub means it.
    const denyNext = () => world.session.denyNext('Over.');
    app.client.on('state', denyNext);
    denyNext();
    await world.session.deny('Over.');
    if (!world.hub.log.some(({ kind }) => kind === 'deny')) return 'tells nobody';
    // Where an open socket or the hub's first frame counts as a yes, each denial comes after one.
    if (['none', 'handshake'].includes(world.hub.traits.confirmation)) {
      await app.until(() => app.subscribed.length > 1);
      return 'asks again';
    }
    await app.until(() => app.client.state === 'denied');
    expect(app.denials).toMatchObject([{ reason: 'Over.' }]);
    return 'yes';
  },
};

const event: Scenario = {
  title: 'event',
  async play(world, setup) {
    const app = await follow(world, setup);
    const events = app.collect('patient-open-chart');
    void opens(world, setup, ADA, { id: 'event-1', timestamp: at(1) });
    await app.until(() => events.length > 0);
    expect(events).toMatchObject([{ name: 'Patient-open', patient: { id: ADA.id }, time: Date.parse(at(1)) }]);
    expect(app.client.context.current?.patient?.id).toBe(ADA.id);
    return 'yes';
  },
};

const duplicate: Scenario = {
  title: 'duplicate',
  async play(world, setup) {
    const app = await follow(world, setup);
    const events = app.collect('Patient-open');
    const facts = { id: 'event-1', timestamp: at(1) };
    void opens(world, setup, ADA, facts);
    await app.until(() => app.arrived > 0);
    void opens(world, setup, ADA, facts);
    await app.until(() => app.client.counts.duplicate > 0);
    expect(events).toHaveLength(1);
    return 'yes';
  },
};

const stale: Scenario = {
  title: 'stale',
  async play(world, setup) {
    const app = await follow(world, setup);
    const events = app.collect('Patient-open');
    void opens(world, setup, BRAM, { id: 'event-2', timestamp: at(2) });
    await app.until(() => events.length > 0);
    void opens(world, setup, ADA, { id: 'event-1', timestamp: at(1) });
    // The hub is asked, and its word counts: clocks differ. Medplum keeps what came last, whatever its time.
    const isKept = world.hub.traits.contextKeeping === 'last-opened';
    await app.until(() => app.client.counts.stale > 0 || events.length > 1);
    expect(events.map(({ patient }) => patient?.id)).toEqual(isKept ? [BRAM.id, ADA.id] : [BRAM.id]);
    expect(app.client.context.current?.patient?.id).toBe(isKept ? ADA.id : BRAM.id);
    // Where the hub cannot be asked, or its word is not to be relied on, what was dropped is a doubt until the next event.
    const { contextForm } = world.hub.traits;
    if (contextForm === 'none' || contextForm.startsWith('last-of-'))
      expect(app.client.syncStatus).toMatchObject({ state: 'behind', reason: 'stale-dropped' });
    else await settled(app);
    return isKept ? 'the hub decides' : 'yes';
  },
};

const wrongTopic: Scenario = {
  title: 'wrong topic',
  async play(world, setup) {
    const app = await follow(world, setup);
    const events = app.collect('Patient-open');
    void world.session.sendRaw(world.message(setup.opens, { topic: 'another' }), { timeoutMs: 100 });
    await app.until(() => app.client.counts.wrongTopic > 0);
    expect([events, app.client.context.current]).toEqual([[], null]);
    return 'yes';
  },
};

const refuse: Scenario = {
  title: 'refuse',
  async play(world, setup) {
    const app = await follow(world, setup, { listener: (opened) => opened.refuse('A report is being dictated.') });
    void opens(world, setup);
    await app.until(() => app.client.syncStatus.state === 'refused');
    return answered(world, app, 409);
  },
};

/** Hubs to which 202 is an error, or a no. */
const KNOW_NO_202 = new Set<HubPersonality>([
  'draft',
  'ballot',
  'js-sandbox-2018',
  'js-sandbox-2024',
  'net-sandbox-2019',
  'java-2019',
  'ok-only',
]);

const slow: Scenario = {
  title: 'slow listener',
  async play(world, setup) {
    const { passed, open } = gate();
    const listener = (opened: FhircastEvent) => opened.waitUntil(passed);
    const app = await follow(world, setup, { listener, acknowledgeWithinMs: 30 });
    void opens(world, setup);
    await app.until(() => app.client.counts.delivered > 0);
    const verdict = await answered(world, app, KNOW_NO_202.has(setup.personality) ? 200 : 202).finally(open);
    expect(app.client.syncStatus.state).toBe('in-sync');
    return verdict;
  },
};

const throwing: Scenario = {
  title: 'throw',
  async play(world, setup) {
    const listener = () => {
      throw new Error('No images.');
    };
    const app = await follow(world, setup, { listener });
    void opens(world, setup);
    await app.until(() => app.errorCodes.includes('listener-failed'));
    return answered(world, app, 500);
  },
};

const currentContext: Scenario = {
  title: 'current context',
  async play(world, setup) {
    const app = await follow(world, setup);
    const events = app.collect('Patient-open');
    if (world.hub.traits.contextForm === 'none') {
      expect(await world.failure(app.client.getCurrentContext())).toMatchObject({ code: 'context-unsupported' });
      return 'does not tell';
    }
    expect(await app.client.getCurrentContext()).toBeNull();
    void opens(world, setup);
    await app.until(() => events.length > 0);
    const context = await app.client.getCurrentContext();
    expect([context?.type, context?.patient?.id]).toEqual(['Patient', ADA.id]);
    return 'yes';
  },
};

const contextChange: Scenario = {
  title: 'context change',
  async play(world, setup) {
    const app = await follow(world, setup);
    const events = app.collect('Patient-open');
    const change = await app.client.requestContextChange('Patient-open', { patient: BRAM });
    expect(change).toMatchObject({ accepted: true });
    if (world.hub.traits.echo === 'others') return 'hears no echo';
    await app.until(() => events.length > 0);
    expect(events).toMatchObject([{ isEcho: true, patient: { id: BRAM.id } }]);
    return 'yes';
  },
};

const changeRefused: Scenario = {
  title: 'refusal of it',
  async play(world, setup) {
    const app = await follow(world, setup);
    world.hub.refuseNext({ kind: 'publish', status: 403, text: 'Not you.' });
    const change = await app.client.requestContextChange('Patient-open', { patient: BRAM });
    expect(change).toMatchObject({
      accepted: false,
      status: 403,
      reason: expect.stringMatching(/^(Error: )?Not you\.$/),
    });
    expect(app.client.context.current).toBeNull();
    return 'yes';
  },
};

const unsubscribe: Scenario = {
  title: 'unsubscribe',
  async play(world, setup) {
    const app = await follow(world, setup);
    const events = app.collect('Patient-open');
    const error: unknown = await app.client.unsubscribe().catch((thrown: unknown) => thrown);
    expect(app.client.state).toBe('closed');
    // Somebody else stays, so that the hub has somebody to tell.
    const other = await follow(world, setup, {}, 'Dictation');
    void opens(world, setup);
    await other.until(() => other.client.counts.delivered > 0);
    expect(events).toEqual([]);
    if (error) expect(error).toMatchObject({ code: 'hub-failed' });
    return error ? 'fails at the hub' : 'yes';
  },
};

const anotherLeaves: Scenario = {
  title: 'another leaves',
  async play(world, setup) {
    const app = await follow(world, setup);
    const other = await follow(world, setup, {}, 'Dictation');
    await other.client.unsubscribe().catch(() => undefined);
    await app.until(() => app.client.state === 'active');
    const events = app.collect('Patient-open');
    // Where that ended everybody's, the app has a new subscription first.
    await world.confirmed();
    void opens(world, setup, BRAM);
    await app.until(() => events.length > 0);
    expect(app.client.context.current?.patient?.id).toBe(BRAM.id);
    return 'yes';
  },
};

/** Whether the hub tells what is open, in a form that can be relied on. */
const tells = ({ hub }: World): boolean => !/^(?:none|last-of-.*)$/.test(hub.traits.contextForm);

/** Does something, and sees to it that the app is never in sync with another patient than this one afterwards. */
const neverElsewhere = (app: App, patient: typeof ADA, act: () => void): { readonly wrong: readonly unknown[] } => {
  const wrong: unknown[] = [];
  act();
  app.client.on('sync', ({ state }) => {
    const { current } = app.client.context;
    if (state === 'in-sync' && current?.patient?.id !== patient.id) wrong.push(current?.patient?.id);
  });
  return { wrong };
};

const missedPatient: Scenario = {
  title: 'missed patient',
  async play(world, setup) {
    const app = await follow(world, setup, { silenceMs: 60 });
    void opens(world, setup, ADA);
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
    await settled(app);
    const answered = () =>
      app.records.filter(({ kind, direction }) => kind === 'current-context' && direction === 'in');
    const before = answered().length;
    const { wrong } = neverElsewhere(app, BRAM, () => {
      if (setup.channel === 'websocket') world.session.dropConnections();
      else world.session.disturbNext('drop');
      void opens(world, setup, BRAM);
    });
    const isWith = (patient: typeof ADA) => app.client.context.current?.patient?.id === patient.id;
    const { contextForm } = world.hub.traits;
    if (setup.channel === 'webhook' && contextForm === 'none') {
      // Neither the connection nor the hub shows that anything was missed.
      void opens(world, setup, CHIDI);
      await app.until(() => isWith(CHIDI));
      return 'cannot know';
    }
    if (tells(world)) {
      await app.until(() => isWith(BRAM) && app.client.syncStatus.state === 'in-sync');
      expect(wrong).toEqual([]);
      return 'yes';
    }
    await app.until(() => app.client.syncStatus.state === 'behind' && answered().length > before);
    expect(wrong).toEqual([]);
    void opens(world, setup, CHIDI);
    await app.until(() => isWith(CHIDI) && app.client.syncStatus.state === 'in-sync');
    return 'says `behind`';
  },
};

const hubForgets: Scenario = {
  title: 'hub forgets',
  async play(world, setup) {
    // By webhook nothing but the hub's word and the end of the lease shows it.
    const app = await follow(world, setup, {
      silenceMs: 60,
      ...(setup.channel === 'webhook' ? { leaseSeconds: 1 } : {}),
    });
    void opens(world, setup, ADA);
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
    await settled(app);
    const since = world.hub.log.length;
    world.hub.restart({ memory: false });
    await world.hub.waitFor(({ kind, sequence }) => kind === 'active' && sequence >= since);
    void opens(world, setup, BRAM);
    await app.until(() => app.client.context.current?.patient?.id === BRAM.id);
    await settled(app);
    return 'yes';
  },
};

const changeFirst: Scenario = {
  title: 'change before `on()`',
  async play(world, setup) {
    const app = await world.join('Viewer', { reconnect: { firstMs: 10, longestMs: 50 } });
    const change = await app.client.requestContextChange('Patient-open', { patient: BRAM });
    expect(world.hub.crashed).toBeUndefined();
    const events = app.collect('Patient-open');
    await app.client.ready();
    await world.confirmed();
    void opens(world, setup, CHIDI);
    await app.until(() => events.some(({ patient }) => patient?.id === CHIDI.id));
    return change.accepted ? 'yes' : 'wants subscribers';
  },
};

const objection: Scenario = {
  title: 'another refuses',
  async play(world, setup) {
    const app = await follow(world, setup);
    await follow(world, setup, { listener: (opened) => opened.refuse('No images.') }, 'Dictation');
    void opens(world, setup);
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
    const { syncErrors } = world.hub.traits;
    if (app.client.syncStatus.objections === 'unheard' || syncErrors === 'nobody') {
      expect(app.client.syncStatus.state).toBe('in-sync');
      return app.client.syncStatus.objections === 'unheard' ? 'says `unheard`' : 'tells nobody';
    }
    await app.until(() => app.client.syncStatus.state === 'refused');
    expect(app.client.syncStatus).toMatchObject({ by: [{ subscriber: 'Dictation', isSelf: false }] });
    return 'yes';
  },
};

/** Every column of the table. */
export const SCENARIOS: readonly Scenario[] = [
  launch,
  subscribe,
  verify,
  deny,
  event,
  duplicate,
  stale,
  wrongTopic,
  refuse,
  slow,
  throwing,
  currentContext,
  contextChange,
  changeRefused,
  unsubscribe,
  anotherLeaves,
  missedPatient,
  hubForgets,
  changeFirst,
  objection,
];
