import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ChannelError, FhircastError, HubError, SubscriptionDeniedError } from '../../src/errors/errors.ts';
import { CATALOGUE_NAMES } from '../../src/events/names.ts';
import { Chooser, type ChooserOptions } from '../../src/hub/chooser.ts';
import { fetchDiscovery, type HubDiscovery } from '../../src/hub/discovery.ts';
import { type DialectName, FhircastClient, type FhircastClientOptions, profiles } from '../../src/index.ts';
import type { HubPersonality } from '../../src/testing/index.ts';
import { App } from '../integration/app.ts';
import { openWorld, type World } from '../integration/world.ts';

const DIALECTS: readonly DialectName[] = ['draft', 'ballot', 'stu1', 'stu2', 'stu3'];

const choose = (options: Partial<ChooserOptions> = {}): Chooser =>
  new Chooser({
    dialect: undefined,
    channel: undefined,
    profiles: [],
    launched: undefined,
    hasCallback: false,
    ...options,
  });

const saying = (said: Partial<HubDiscovery>): HubDiscovery => ({
  eventsSupported: undefined,
  websocketSupport: undefined,
  webhookSupport: undefined,
  fhircastVersion: undefined,
  supportsGetCurrentContext: undefined,
  supportsNonCurrentContextUpdates: undefined,
  fhirVersion: undefined,
  ...said,
});

const STU2 = saying({ fhircastVersion: 'STU2' });
const FAILED = new ChannelError('channel-no-endpoint');

describe('what decides about the version', () => {
  it('is an option before everything else', () => {
    const chooser = choose({ dialect: 'stu1', profiles: [profiles.jsSandbox2018], launched: 'ballot' });
    chooser.discovered(STU2);
    expect(chooser.choice).toMatchObject({ dialect: 'stu1', dialectBy: 'option' });
    expect(chooser.dialect.id).toBe('stu1');
  });

  it('is a profile before the launch', () => {
    const chooser = choose({ profiles: [profiles.medplum], launched: 'draft' });
    chooser.discovered(STU2);
    expect(chooser.choice).toMatchObject({ dialect: 'stu3', dialectBy: 'profile', profiles: ['medplum'] });
  });

  it.each(['draft', 'ballot'] as const)('is the launch of the %s before the discovery document', (launched) => {
    const chooser = choose({ launched });
    chooser.discovered(STU2);
    expect(chooser.choice).toMatchObject({ dialect: launched, dialectBy: 'launch' });
  });

  it.each<[string | undefined, DialectName | undefined]>([
    ['STU1', 'stu1'],
    ['STU2', 'stu2'],
    ['STU3', 'stu3'],
    ['1.0.0', 'stu1'],
    ['2.0.0', 'stu2'],
    ['3.0.0', 'stu3'],
    ['stu2', 'stu2'],
    [' STU 3 ', 'stu3'],
    ['v2.0', 'stu2'],
    ['3.0.0-ballot', 'stu3'],
    ['2', 'stu2'],
    [undefined, undefined],
    ['', undefined],
    ['STU', undefined],
    ['STU4', undefined],
    ['4.0.0', undefined],
    ['10.0.0', undefined],
    ['0.3', undefined],
    ['R4', undefined],
    ['the newest', undefined],
  ])('is a document that says %j, and then it is %s', (fhircastVersion, dialect) => {
    const chooser = choose({ launched: 'stu3' });
    chooser.learn({ version: 'stu1' });
    chooser.discovered(saying({ fhircastVersion }));
    const expected = dialect ? { dialect, dialectBy: 'discovery' } : { dialect: 'stu1', dialectBy: 'answer' };
    expect(chooser.choice).toMatchObject(expected);
  });

  it('is an answer of the hub before a failure', () => {
    const chooser = choose({ launched: 'stu3', hasCallback: true });
    chooser.otherChannel(FAILED);
    expect(chooser.choice).toMatchObject({ dialect: 'stu1', dialectBy: 'failure' });
    chooser.learn({ version: 'stu2' });
    expect(chooser.choice).toMatchObject({ dialect: 'stu2', dialectBy: 'answer' });
  });

  it('is the launch of STU1 and later, for want of anything else', () => {
    expect(choose({ launched: 'stu3' }).choice).toMatchObject({ dialect: 'stu3', dialectBy: 'launch' });
  });

  it('is nothing, where nothing is known', () => {
    expect(choose().choice).toEqual({
      dialect: 'stu3',
      dialectBy: 'default',
      channel: 'websocket',
      channelBy: 'default',
      profiles: [],
      learnt: {},
      discovery: undefined,
    });
  });

  it('must be a version that there is', () => {
    expect(() => choose({ dialect: 'stu4' as DialectName })).toThrow(FhircastError);
    expect(() => choose({ profiles: [{ name: 'mine', dialect: 'toString' as DialectName }] })).toThrow(FhircastError);
  });
});

describe('what decides about the channel', () => {
  it('is an option before everything else', () => {
    const chooser = choose({ channel: 'webhook', profiles: [profiles.medplum] });
    expect(chooser.choice).toMatchObject({ channel: 'webhook', channelBy: 'option' });
  });

  it.each([
    [true, 'webhook'],
    [false, 'websocket'],
  ] as const)('is a profile that has either, with a callback (%s)', (hasCallback, channel) => {
    const chooser = choose({ hasCallback, profiles: [profiles.jsSandbox2018] });
    expect(chooser.choice).toMatchObject({ channel, channelBy: 'profile' });
  });

  it.each<[DialectName, boolean, string]>([
    ['draft', false, 'webhook'],
    ['ballot', true, 'webhook'],
    ['stu1', true, 'webhook'],
    ['stu1', false, 'websocket'],
    ['stu2', true, 'websocket'],
    ['stu3', true, 'websocket'],
  ])('is the version: of %s with a callback (%s) it is %s', (dialect, hasCallback, channel) => {
    expect(choose({ dialect, hasCallback }).choice).toMatchObject({ channel, channelBy: 'option' });
  });

  it('is the version that the document says', () => {
    const chooser = choose({ launched: 'stu3', hasCallback: true });
    chooser.discovered(saying({ fhircastVersion: '1.0.0' }));
    expect(chooser.choice).toMatchObject({ channel: 'webhook', channelBy: 'discovery' });
  });

  it('is the websocket that an answer of the hub was about', () => {
    const chooser = choose({ launched: 'stu3', hasCallback: true });
    chooser.learn({ version: 'stu1' });
    expect(chooser.choice).toMatchObject({ channel: 'websocket', channelBy: 'answer' });
  });

  it('is the failure of the websocket, and the document that says so', () => {
    const failing = choose({ hasCallback: true });
    expect(failing.otherChannel(FAILED)).toBe(true);
    expect(failing.choice).toMatchObject({ channel: 'webhook', channelBy: 'failure' });
    const said = choose({ hasCallback: true });
    expect(said.take()).toBe('websocket');
    said.discovered(saying({ websocketSupport: false }));
    expect(said.otherChannel(new HubError('hub-refused', { status: 404 }))).toBe(true);
    expect(said.choice).toMatchObject({ channel: 'webhook', channelBy: 'discovery', dialect: 'stu3' });
  });
});

describe('what the document says of the channels', () => {
  it.each<[boolean | undefined, boolean, string, string]>([
    [false, true, 'webhook', 'discovery'],
    // There is no other way: the hub may tell why not.
    [false, false, 'websocket', 'launch'],
    [true, true, 'websocket', 'launch'],
    [undefined, true, 'websocket', 'launch'],
  ])('websockets: %o; with a callback (%s) it is %s by %s', (websocketSupport, hasCallback, channel, channelBy) => {
    const chooser = choose({ launched: 'stu3', hasCallback });
    chooser.discovered(saying({ websocketSupport }));
    expect(chooser.choice).toMatchObject({ channel, channelBy });
  });

  it('outweighs what is usual for STU1', () => {
    const chooser = choose({ launched: 'stu3', hasCallback: true });
    chooser.discovered(saying({ websocketSupport: true, fhircastVersion: '1.0.0' }));
    expect(chooser.choice).toMatchObject({ dialect: 'stu1', channel: 'websocket' });
  });
});

describe('webhooks in the place of a websocket', () => {
  const refused = (status: number) => new HubError('hub-refused', { status });

  it.each([refused(400), refused(422), refused(501), FAILED])('are worth a try after %s', (failed) => {
    expect(choose({ hasCallback: true }).otherChannel(failed)).toBe(true);
  });

  it.each([
    ...[401, 402, 403, 404, 405, 409, 410, 413, 429, 500, 502, 503, 504].map(refused),
    new HubError('hub-unreachable'),
    new ChannelError('confirmation-timeout'),
    new ChannelError('channel-not-opened', { closeCode: 1006 }),
    new SubscriptionDeniedError('subscription-denied'),
  ])('are not after %o', (failed) => {
    const chooser = choose({ hasCallback: true });
    expect(chooser.otherChannel(failed)).toBe(false);
    expect(chooser.choice).toMatchObject({ channel: 'websocket', dialect: 'stu3' });
  });

  it.each<[string, Partial<ChooserOptions>]>([
    ['there is no callback', { hasCallback: false }],
    ['the app wants a websocket', { channel: 'websocket' }],
    ['the profile does', { profiles: [profiles.medplum] }],
    ['they are used already', { channel: 'webhook' }],
    ['the launch is of the draft', { launched: 'draft' }],
  ])('are not when %s', (_, options) => {
    expect(choose({ hasCallback: true, ...options }).otherChannel(FAILED)).toBe(false);
  });

  it('are not when the document says that there are websockets', () => {
    const chooser = choose({ hasCallback: true });
    chooser.discovered(saying({ websocketSupport: true }));
    expect(chooser.otherChannel(FAILED)).toBe(false);
  });
});

describe('what is known beyond the version', () => {
  it('was learnt from the hub, and a profile outweighs it', () => {
    const chooser = choose({ profiles: [profiles.fhirJson] });
    chooser.learn({ contentType: 'application/json', publishTo: 'session' });
    expect(chooser.dialect).toMatchObject({ contentType: 'application/fhir+json', publishTo: 'session' });
    expect(chooser.choice.learnt).toEqual({ contentType: 'application/json', publishTo: 'session' });
  });

  it('outlasts the document, and adds up', () => {
    const chooser = choose();
    chooser.learn({ publishTo: 'session' });
    chooser.learn({ acknowledgements: 'none' });
    chooser.discovered(STU2);
    expect(chooser.dialect).toMatchObject({ id: 'stu2', publishTo: 'session', acknowledgements: 'none' });
  });

  it('are the spellings of the document, to the letter', () => {
    const chooser = choose();
    chooser.discovered(
      saying({ eventsSupported: ['PATIENT-OPEN', 'open-patient-chart', 'x'], fhircastVersion: 'STU2' }),
    );
    expect(chooser.dialect.spell('Patient-open')).toEqual(['PATIENT-OPEN', 'open-patient-chart']);
    expect(chooser.dialect.spell('Patient-close')).toEqual(['patient-close']);
  });
});

describe('the discovery document may tell something', () => {
  it.each<[string, Partial<ChooserOptions>, boolean]>([
    ['nothing', {}, true],
    ['the version', { dialect: 'stu2' }, true],
    ['the channel', { channel: 'websocket' }, true],
    ['both', { dialect: 'stu2', channel: 'websocket' }, false],
    ['both by a profile', { profiles: [profiles.radiology] }, false],
    [
      'one by an option and one by a profile',
      { channel: 'webhook', profiles: [{ name: 'a', dialect: 'stu3' }] },
      false,
    ],
    ['that it is the draft', { launched: 'draft' }, false],
    ['that it is the ballot', { launched: 'ballot' }, false],
    ['that it is STU1', { dialect: 'stu1' }, false],
  ])('where the app knows %s: %o', (_, options, may) => {
    expect(choose(options).mayDiscover).toBe(may);
  });
});

describe('whatever a hub says of itself', () => {
  const optional = <T>(of: readonly T[]) => fc.constantFrom(undefined, ...of);
  const member = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('STU1', 'STU2', '3.0.0', true, false, 'true', null, '__proto__', '\u0000', '1'.repeat(1000)),
    fc.array(fc.oneof(fc.constantFrom(...CATALOGUE_NAMES, 'patient-open', '', '__proto__', ','), fc.jsonValue())),
  );
  const document = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(
      fc.constantFrom(
        'eventsSupported',
        'websocketSupport',
        'webhookSupport',
        'fhircastVersion',
        'getCurrentSupport',
        'capabilities',
        '__proto__',
        'constructor',
      ),
      member,
    ),
  );
  const knowledge = fc.record({
    dialect: optional(DIALECTS),
    channel: optional(['websocket', 'webhook'] as const),
    profiles: fc.subarray(Object.values(profiles)),
    launched: optional(DIALECTS),
    hasCallback: fc.boolean(),
  });
  const failures = fc.array(
    fc.oneof(
      fc.integer({ min: 100, max: 599 }).map((status) => new HubError('hub-refused', { status })),
      fc.constantFrom(FAILED, new SubscriptionDeniedError('subscription-denied')),
    ),
    { maxLength: 3 },
  );

  it('choosing does not throw, and there is a version, a channel and a spelling', async () => {
    await fc.assert(
      fc.asyncProperty(knowledge, document, failures, async (options, said, failed) => {
        const chooser = new Chooser(options);
        const discovery = await fetchDiscovery(
          'https://hub.example.org',
          { timeoutMs: 1_000, fetch: async () => new Response(JSON.stringify(said)) },
          () => {},
          undefined,
        );
        chooser.discovered(discovery);
        for (const failure of failed) chooser.otherChannel(failure);
        const { dialect, channel } = chooser.choice;
        expect(DIALECTS).toContain(dialect);
        expect(chooser.dialect.id).toBe(dialect);
        expect(['websocket', 'webhook']).toContain(channel);
        expect(chooser.channel).toBe(channel);
        if (options.dialect) expect(dialect).toBe(options.dialect);
        if (options.channel) expect(channel).toBe(options.channel);
        for (const name of ['Patient-open', 'org.example.other']) {
          const spelt = chooser.dialect.spell(name);
          expect(spelt.length).toBeGreaterThan(0);
          expect(spelt.every((spelling) => typeof spelling === 'string' && spelling !== '')).toBe(true);
        }
      }),
    );
  });
});

/** Each test has a hub URL of its own: what is remembered of one is not of another that gets its port. */
let numbers = 0;

/** A hub of a version, and what makes clients that were told nothing of it. */
async function openHub(personality: HubPersonality) {
  const world = await openWorld({
    title: personality,
    form: 'stu',
    dialect: 'stu3',
    channel: 'websocket',
    personality,
    spelling: { 'Patient-open': [], 'Patient-close': [], 'ImagingStudy-open': [], SyncError: [] },
    sendsSyncErrors: false,
    replays: false,
    context: 'none',
    versions: false,
  });
  const hubUrl = `${world.hub.url}?hub=${numbers++}`;
  const follow = (options: Partial<FhircastClientOptions> = {}): App => {
    const topic = world.session.id;
    const accessToken = world.session.issueToken('fhircast/*.*');
    world.evidence.keep('the token', accessToken);
    const { callback } = world;
    const client = new FhircastClient({ hubUrl, topic, accessToken, launched: 'stu3', callback, ...options });
    const app = world.take(new App('Viewer', client, world.evidence));
    client.on('Patient-open', () => undefined);
    return app;
  };
  return { world, follow };
}

/** A fetch that keeps discovery documents back until they are released. */
const holding = () => {
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const asked: string[] = [];
  return {
    release: () => release(),
    asked,
    fetch: async (url: string, init: RequestInit): Promise<Response> => {
      asked.push(url.includes('.well-known') ? 'discovery' : (init.method ?? 'GET'));
      if (url.includes('.well-known')) await released;
      return fetch(url, init);
    },
  };
};

const eventsOf = (world: World) => world.seen('subscribe').map(({ fields }) => fields?.['hub.events']);

describe('the discovery document of a hub', () => {
  it('is asked for beside the subscription and never before it, and not waited for', async () => {
    const { world, follow } = await openHub('stu2');
    const { fetch, asked, release } = holding();
    const app = follow({ fetch });
    await app.client.ready();
    expect(asked.slice(0, 2)).toEqual(['POST', 'discovery']);
    expect(app.client.hub).toMatchObject({ dialect: 'stu3', dialectBy: 'launch', discovery: undefined });
    expect(world.seen('discovery')).toEqual([]);
    release();
  });

  it('that comes late leads to exactly one more subscription request, in the hub’s spelling', async () => {
    const { world, follow } = await openHub('stu2');
    const { fetch, release } = holding();
    const app = follow({ fetch });
    await app.client.ready();
    expect(eventsOf(world)).toEqual(['Patient-open,SyncError']);
    release();
    await app.until(() => app.client.hub.discovery !== undefined);
    await app.client.ready();
    await app.client.unsubscribe();
    expect(eventsOf(world)).toEqual(['Patient-open,SyncError', 'patient-open,syncerror']);
    expect(app.client.hub).toMatchObject({ dialect: 'stu2', dialectBy: 'discovery', channelBy: 'discovery' });
  });

  it('that says what is known leads to no more', async () => {
    const { world, follow } = await openHub('stu3');
    const { fetch, release } = holding();
    const app = follow({ fetch });
    await app.client.ready();
    release();
    // It changes nothing that the client would tell of.
    await vi.waitFor(() => expect(app.client.hub.discovery).toBeDefined());
    await app.client.ready();
    await app.client.unsubscribe();
    expect(eventsOf(world)).toEqual(['Patient-open,SyncError']);
  });

  it('is remembered: the next client uses it at once, and does not ask', async () => {
    const { world, follow } = await openHub('stu2');
    const first = follow();
    await first.until(() => first.client.hub.discovery !== undefined);
    await first.client.ready();
    const since = world.hub.log.length;
    const second = follow();
    expect(second.client.hub).toMatchObject({ dialect: 'stu2', dialectBy: 'discovery' });
    await second.client.ready();
    await second.client.unsubscribe();
    const asked = world.hub.log.slice(since).filter(({ direction }) => direction === 'in');
    expect(asked.filter(({ kind }) => kind === 'discovery')).toEqual([]);
    expect(asked.filter(({ kind }) => kind === 'subscribe')).toMatchObject([{ event: 'patient-open,syncerror' }]);
  });

  it('is asked for at the hub after the subscription, however long the token takes', async () => {
    const { world, follow } = await openHub('stu2');
    const token = world.session.issueToken('fhircast/*.*');
    world.evidence.keep('the token', token);
    const accessToken = () => new Promise<string>((resolve) => setTimeout(resolve, 20, token));
    const { fetch, asked, release } = holding();
    release();
    const app = follow({ accessToken, fetch });
    await app.until(() => app.client.hub.discovery !== undefined);
    expect(asked.slice(0, 2)).toEqual(['POST', 'discovery']);
  });

  it('that is not there is asked for once by each client', async () => {
    const { world, follow } = await openHub('stu3');
    world.hub.wellKnown = undefined;
    for (const app of [follow(), follow()]) {
      await app.client.ready();
      await world.hub.waitFor(() => world.seen('discovery').length > 0);
    }
    await world.hub.waitFor(() => world.seen('discovery').length === 2);
  });

  it.each([
    { dialect: 'draft' as const },
    { dialect: 'ballot' as const },
    { dialect: 'stu1' as const },
    { dialect: 'stu2' as const, channel: 'websocket' as const },
  ])('is not asked for by a client that knows %o', async (options) => {
    const { follow } = await openHub('stu2');
    const { fetch, asked } = holding();
    const app = follow({ fetch, confirmationTimeoutMs: 50, ...options });
    await app.client.ready().catch(() => {});
    expect(asked).not.toContain('discovery');
  });
});

describe('a hub that does not understand a subscription by websocket', () => {
  it.each([400, 422, 501])('and says so with %s is subscribed to by webhook', async (status) => {
    const { world, follow } = await openHub('stu1');
    const events = 'patient-open,syncerror';
    // A refusal may be because of objections, which the app did not ask for: they are left out once.
    world.hub.refuseNext({ kind: 'subscribe', status });
    if (status !== 501) world.hub.refuseNext({ kind: 'subscribe', status });
    const app = follow();
    await app.client.ready();
    await world.hub.waitFor(() => {
      const [subscription, ...others] = world.session.subscriptions;
      return subscription?.active === true && subscription.events.join() === events && others.length === 0;
    });
    expect(world.session.subscriptions).toMatchObject([{ channel: 'webhook' }]);
    expect(app.client.hub).toMatchObject({
      dialect: 'stu1',
      dialectBy: 'failure',
      channel: 'webhook',
      channelBy: 'failure',
    });
    expect(world.seen('subscribe').at(-1)?.fields).not.toHaveProperty(['hub.channel.type']);
  });

  it('and says in its document that it has none is subscribed to by webhook, after any refusal', async () => {
    const { world, follow } = await openHub('stu2');
    world.hub.wellKnown = { ...world.hub.wellKnown, websocketSupport: false };
    world.hub.refuseNext({ kind: 'subscribe', status: 404 });
    world.hub.refuseNext({ kind: 'subscribe', status: 404 });
    const app = follow();
    await app.client.ready();
    expect(app.client.hub).toMatchObject({ dialect: 'stu2', channel: 'webhook', channelBy: 'discovery' });
    // It is remembered: the next client does not try.
    const before = world.seen('subscribe');
    const next = follow();
    await next.client.ready();
    expect(before[0]).toMatchObject({ channel: 'websocket' });
    expect(world.seen('subscribe').slice(before.length)).toMatchObject([{ channel: 'webhook' }]);
  });
});

describe('a hub that does not want a subscription', () => {
  it.each([
    [401, 1],
    [403, 2],
    [404, 2],
    [409, 2],
    [410, 2],
    [429, 1],
    [500, 1],
    [503, 1],
  ])('and says %s is not asked by webhook, but %s times', async (status, times) => {
    const { world, follow } = await openHub('stu2');
    world.hub.wellKnown = undefined;
    for (let time = 0; time < times; time++) world.hub.refuseNext({ kind: 'subscribe', status });
    const app = follow({ reconnect: { firstMs: 60_000 } });
    expect(await world.failure(app.client.ready())).toMatchObject({ status });
    expect(app.client.hub).toMatchObject({ dialect: 'stu3', channel: 'websocket', channelBy: 'launch' });
    expect(world.seen('subscribe')).toMatchObject(Array(times).fill({ channel: 'websocket' }));
    expect(world.session.subscriptions).toEqual([]);
  });

  it('and denies it is not asked by webhook', async () => {
    const { world, follow } = await openHub('stu2');
    world.hub.wellKnown = undefined;
    world.session.denyNext('Not you.');
    const app = follow({ reconnect: { firstMs: 200 } });
    // What a hub denies after it said 202 is worth one more request.
    expect(await world.failure(app.client.ready())).toMatchObject({ code: 'subscription-denied', retryable: true });
    expect([app.client.state, app.denials]).toEqual(['reconnecting', []]);
    world.session.denyNext('Not you.');
    await app.until(() => app.client.state === 'denied');
    expect(app.denials).toMatchObject([{ reason: 'Not you.' }]);
    expect(world.seen('subscribe')).toMatchObject([{ channel: 'websocket' }, { channel: 'websocket' }]);
  });
});

describe('what an answer shows', () => {
  it('is the February 2020 ballot, by the header with the websocket', async () => {
    const { world, follow } = await openHub('stu1-websocket');
    const app = follow();
    await app.client.ready();
    await app.until(() => app.client.hub.dialectBy === 'answer');
    await app.client.ready();
    expect(app.client.hub).toMatchObject({ dialect: 'stu1', channel: 'websocket', channelBy: 'answer' });
    expect(eventsOf(world).at(-1)).toBe('patient-open,syncerror');
  });
});

describe('client.hub', () => {
  it('tells what was chosen, and why', async () => {
    const { follow } = await openHub('stu2');
    const app = follow({ profile: [profiles.okOnly, profiles.everySpelling] });
    await app.until(() => app.client.hub.discovery !== undefined);
    expect(app.client.hub).toMatchObject({
      dialect: 'stu2',
      dialectBy: 'discovery',
      channel: 'websocket',
      channelBy: 'discovery',
      profiles: ['okOnly', 'everySpelling'],
      learnt: {},
      discovery: { fhircastVersion: 'STU2', websocketSupport: true },
    });
  });

  it('refuses a version that there is not', () => {
    const options = { hubUrl: 'https://hub.example.org', topic: 'a', dialect: 'stu9' as DialectName };
    expect(() => new FhircastClient(options)).toThrow('dialect');
  });
});

describe('the version that a document names', () => {
  it.each([
    ['2.1.0', 'stu3'],
    ['2.1.0-ballot', 'stu3'],
    ['3.0.0-ballot', 'stu3'],
    ['STU3', 'stu3'],
    ['2.0.0', 'stu2'],
    ['STU2', 'stu2'],
    ['v2', 'stu2'],
    ['1.0.0', 'stu1'],
  ] as const)('%s is %s', (fhircastVersion, dialect) => {
    const chooser = choose({ hasCallback: true });
    // STU3 has websockets alone, whatever the document says of webhooks.
    chooser.discovered(saying({ fhircastVersion, websocketSupport: true, webhookSupport: true }));
    expect(chooser.choice).toMatchObject({ dialect, dialectBy: 'discovery', channel: 'websocket' });
  });
});
