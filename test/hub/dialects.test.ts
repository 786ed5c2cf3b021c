import { describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/channels/websocket/endpoint-url.ts';
import { HubApi } from '../../src/hub/api.ts';
import { Chooser } from '../../src/hub/chooser.ts';
import { dialectOf } from '../../src/hub/versions.ts';
import {
  type ChannelType,
  type DialectName,
  FhircastClient,
  type FhircastEvent,
  type HubProfile,
  profiles,
} from '../../src/index.ts';
import { parseLaunch } from '../../src/launch/parse-launch.ts';
import { uncovered } from '../../src/launch/scopes.ts';
import type { HubPersonality, LaunchForm } from '../../src/testing/index.ts';
import { ADA, type AppOptions, openWorld, patientContext } from '../integration/world.ts';
import type { WorldKind } from '../integration/worlds.ts';

const HUB = 'https://hub.example.org/fhircast';
const SESSION_URL = `${HUB}/session-1`;
const CALLBACK = 'https://app.example.org/callback/1';
const ENDPOINT = 'wss://hub.example.org/ws/1';
const SECRET = 'the secret';
const EVENTS = ['Patient-open'];
const { signal } = new AbortController();

/** One column of the table, by one of its channels. */
interface Version {
  readonly title: string;
  readonly dialect: DialectName;
  readonly channel: ChannelType;
  /** The session as this version names it. */
  readonly topic: string;
  readonly personality: HubPersonality;
  readonly form: LaunchForm;
  readonly profile?: HubProfile;
}

const OPAQUE = { topic: 'session-1', form: 'stu' } as const;

const DRAFT: Version = {
  title: 'January 2019 draft',
  dialect: 'draft',
  channel: 'webhook',
  topic: SESSION_URL,
  personality: 'draft',
  form: 'draft',
};
const BALLOT: Version = {
  title: 'May 2019 ballot',
  dialect: 'ballot',
  channel: 'webhook',
  topic: SESSION_URL,
  personality: 'ballot',
  form: 'ballot',
};
const STU1: Version = { title: 'STU1', dialect: 'stu1', channel: 'webhook', personality: 'stu1', ...OPAQUE };
const FEB2020: Version = {
  title: 'February 2020 ballot by websocket',
  dialect: 'stu1',
  channel: 'websocket',
  personality: 'stu1-websocket',
  ...OPAQUE,
};
const FEB2020_WEBHOOK: Version = {
  title: 'February 2020 ballot by webhook',
  dialect: 'stu1',
  channel: 'webhook',
  personality: 'stu1-websocket',
  profile: profiles.namedWebhooks,
  ...OPAQUE,
};
const STU2: Version = {
  title: 'STU2 by websocket',
  dialect: 'stu2',
  channel: 'websocket',
  personality: 'stu2',
  ...OPAQUE,
};
const STU2_WEBHOOK: Version = {
  title: 'STU2 by webhook',
  dialect: 'stu2',
  channel: 'webhook',
  personality: 'stu2',
  ...OPAQUE,
};
const STU3: Version = { title: 'STU3', dialect: 'stu3', channel: 'websocket', personality: 'stu3', ...OPAQUE };

const VERSIONS = [DRAFT, BALLOT, STU1, FEB2020, FEB2020_WEBHOOK, STU2, STU2_WEBHOOK, STU3];
const [OF_2019, LATER] = [
  [DRAFT, BALLOT],
  [STU1, FEB2020, FEB2020_WEBHOOK, STU2, STU2_WEBHOOK, STU3],
];

const chooserOf = ({ dialect, channel, profile }: Version): Chooser =>
  new Chooser({ dialect, channel, profiles: profile ? [profile] : [], launched: undefined, hasCallback: true });

interface Sent {
  readonly url: string;
  readonly method: string | undefined;
  readonly type: string | null;
  readonly fields: Record<string, string>;
}

/** The calls to a hub of a version, and what they sent. */
function apiOf(version: Version, answer: () => Response = () => new Response(null, { status: 202 })) {
  const sent: Sent[] = [];
  const api = new HubApi({
    hubUrl: HUB,
    topic: version.topic,
    chooser: chooserOf(version),
    accessToken: () => 'a token',
    record: () => {},
    timeoutMs: 2_000,
    fetch: async (url, { method, headers, body }) => {
      const type = new Headers(headers).get('content-type');
      sent.push({ url, method, type, fields: Object.fromEntries(new URLSearchParams(String(body ?? ''))) });
      return answer();
    },
  });
  return { api, sent };
}

const requestOf = ({ channel, topic }: Version, endpoint: string | undefined) =>
  channel === 'webhook'
    ? { channel, topic, events: EVENTS, callback: CALLBACK, secret: SECRET, leaseSeconds: 60, subscriberName: 'Viewer' }
    : { channel, topic, events: EVENTS, secret: SECRET, endpoint, leaseSeconds: 60, subscriberName: 'Viewer' };

/** The fields of a subscription request. */
async function subscribed(version: Version): Promise<Record<string, string>> {
  const { api, sent } = apiOf(version);
  await api.subscribe(requestOf(version, undefined), signal);
  return sent[0]?.fields ?? {};
}

/** A hub that is this version to the letter. */
const worldOf = ({ title, form, dialect, channel, personality }: Version, options: WorldKind['options'] = {}) =>
  openWorld({
    title,
    form,
    dialect,
    channel,
    personality,
    options,
    spelling: { 'Patient-open': [], 'Patient-close': [], 'ImagingStudy-open': [], SyncError: [] },
    sendsSyncErrors: false,
    replays: false,
    context: 'none',
    versions: false,
  });

/** The same, and an app that is told of the version and follows a patient there. */
async function follow(version: Version, options: AppOptions = {}) {
  const { dialect, channel, profile } = version;
  const world = await worldOf(version, { dialect, channel, ...(profile ? { profile } : {}) });
  return { world, app: await world.follow('Viewer', options) };
}

describe('launch: hub', () => {
  it.each(OF_2019)('is cast-hub in the $title', ({ topic }) => {
    expect(parseLaunch({ 'cast-hub': HUB, 'hub.topic': topic }).hubUrl).toBe(HUB);
    expect(() => parseLaunch({ 'cast-session': topic })).toThrow('cast-hub');
  });

  it.each(LATER)('is hub.url in the $title', ({ topic }) => {
    expect(parseLaunch({ 'hub.url': HUB, 'hub.topic': topic }).hubUrl).toBe(HUB);
    expect(() => parseLaunch({ 'hub.topic': topic })).toThrow('hub.url');
  });
});

describe('launch: session', () => {
  it('is cast-session, a URL, in the January 2019 draft', () => {
    const launch = parseLaunch({ 'cast-hub': HUB, 'cast-session': SESSION_URL });
    expect(launch).toMatchObject({ topic: SESSION_URL, dialect: 'draft' });
    expect(() => parseLaunch({ 'cast-hub': HUB })).toThrow('cast-session');
  });

  it('is hub.topic, a URL, in the May 2019 ballot', () => {
    const launch = parseLaunch({ 'cast-hub': HUB, 'hub.topic': SESSION_URL });
    expect(launch).toMatchObject({ topic: SESSION_URL, dialect: 'ballot' });
  });

  it.each(LATER)('is hub.topic, opaque, in the $title', ({ topic }) => {
    // Nobody can tell the later ones by their launch: the newest is the first guess.
    expect(parseLaunch({ 'hub.url': HUB, 'hub.topic': topic })).toMatchObject({ topic, dialect: 'stu3' });
    expect(() => parseLaunch({ 'hub.url': HUB })).toThrow('hub.topic');
  });
});

describe('OAuth scope', () => {
  it.each(OF_2019)('is fhircast in the $title, and covers everything', ({ dialect }) => {
    expect(FhircastClient.scopes(['patient-open-chart'], 'read', dialect)).toBe('fhircast');
    expect(uncovered('launch fhircast', ['Patient-open', 'Patient-close'], 'read')).toEqual([]);
    expect(uncovered('launch fhircast', ['Patient-open'], 'write')).toEqual([]);
  });

  it.each(LATER)('is fhircast/<event>.read and .write in the $title, and covers what it names', ({ dialect }) => {
    const [spelt] = dialectOf(dialect).spell('Patient-open');
    expect(FhircastClient.scopes(['patient-open-chart'], 'read', dialect)).toBe(`fhircast/${spelt}.read`);
    expect(FhircastClient.scopes(['Patient-open', '*'], 'write', dialect)).toBe(
      `fhircast/${spelt}.write fhircast/*.write`,
    );
    const scope = `launch fhircast/${spelt}.read`;
    expect(uncovered(scope, ['Patient-open', 'Patient-close'], 'read')).toEqual(['Patient-close']);
    expect(uncovered(scope, ['Patient-open'], 'write')).toEqual(['Patient-open']);
  });
});

describe('channels', () => {
  it.each<[DialectName, { withCallback: ChannelType; without: ChannelType }]>([
    ['draft', { withCallback: 'webhook', without: 'webhook' }],
    ['ballot', { withCallback: 'webhook', without: 'webhook' }],
    // STU1 has webhooks, and the text of February 2020 websockets too.
    ['stu1', { withCallback: 'webhook', without: 'websocket' }],
    ['stu2', { withCallback: 'websocket', without: 'websocket' }],
    ['stu3', { withCallback: 'websocket', without: 'websocket' }],
  ])('of %s are %o', (dialect, expected) => {
    const channelOf = (hasCallback: boolean) =>
      new Chooser({ dialect, channel: undefined, profiles: [], launched: undefined, hasCallback }).channel;
    expect({ withCallback: channelOf(true), without: channelOf(false) }).toEqual(expected);
  });
});

describe('hub.channel.type in subscribe', () => {
  it.each([DRAFT, BALLOT, STU1])('is absent in the $title', async (version) => {
    expect(await subscribed(version)).not.toHaveProperty(['hub.channel.type']);
  });

  it.each([FEB2020, FEB2020_WEBHOOK, STU2, STU2_WEBHOOK, STU3])('is there in the $title', async (version) => {
    expect((await subscribed(version))['hub.channel.type']).toBe(version.channel);
  });
});

describe('hub.callback, hub.secret', () => {
  it.each([DRAFT, BALLOT, STU1, FEB2020_WEBHOOK, STU2_WEBHOOK])('are sent in the $title', async (version) => {
    expect(await subscribed(version)).toMatchObject({ 'hub.callback': CALLBACK, 'hub.secret': SECRET });
  });

  it.each([FEB2020, STU2, STU3])('are not sent in the $title', async (version) => {
    const fields = await subscribed(version);
    expect(Object.keys(fields).sort()).toEqual(
      ['hub.channel.type', 'hub.events', 'hub.lease_seconds', 'hub.mode', 'hub.topic'].concat(
        version === STU3 ? ['subscriber.name'] : [],
      ),
    );
  });

  it.each([DRAFT, BALLOT, STU1, STU2_WEBHOOK])('the secret of the $title is under 200 bytes', async (version) => {
    const { world } = await follow(version);
    const secret = world.seen('subscribe')[0]?.fields?.['hub.secret'] ?? '';
    expect(secret.length).toBeGreaterThanOrEqual(32);
    expect(secret.length).toBeLessThan(200);
  });
});

describe('websocket URL comes back as', () => {
  const answer = (text: string, location: string | null = null) => ({
    status: 202,
    ok: true,
    text,
    header: (name: string) => (name === 'content-location' ? location : null),
  });

  it.each([DRAFT, BALLOT, STU1])('nothing in the $title', async (version) => {
    expect(endpointOf(answer(''))).toBeUndefined();
    const { world } = await follow(version);
    expect(world.session.subscriptions).toMatchObject([{ channel: 'webhook' }]);
  });

  it.each([FEB2020])('the header Content-Location in the $title', async (version) => {
    expect(endpointOf(answer('', ENDPOINT))).toBe(ENDPOINT);
    const { app } = await follow(version);
    expect(app.client.channel).toBe('websocket');
  });

  it.each([STU2, STU3])('hub.channel.endpoint of a JSON body in $title', async (version) => {
    expect(endpointOf(answer(JSON.stringify({ 'hub.channel.endpoint': ENDPOINT })))).toBe(ENDPOINT);
    const { app } = await follow(version);
    expect(app.client.channel).toBe('websocket');
  });
});

describe('confirmation', () => {
  it.each([DRAFT, BALLOT, STU1, FEB2020_WEBHOOK, STU2_WEBHOOK])(
    'is a GET on the callback with hub.challenge in the $title',
    async (version) => {
      const { world, app } = await follow(version);
      expect(world.seen('verify')).toMatchObject([{ fields: { 'hub.mode': 'subscribe' } }]);
      expect(world.seen('verify')[0]?.fields).toHaveProperty(['hub.challenge']);
      expect(world.seen('confirm')).toEqual([]);
      expect(app.client.state).toBe('active');
    },
  );

  it.each([FEB2020, STU2, STU3])('is a frame on the socket in the $title', async (version) => {
    const { world, app } = await follow(version);
    expect(world.seen('confirm')).toHaveLength(1);
    expect(world.seen('verify')).toEqual([]);
    expect(app.client.state).toBe('active');
  });
});

describe('unsubscribe sends', () => {
  const ALL = { 'hub.events': 'Patient-open', 'hub.lease_seconds': '60' };
  const WEBHOOK = { 'hub.callback': CALLBACK, 'hub.secret': SECRET };
  const WEBSOCKET = { 'hub.channel.type': 'websocket', 'hub.channel.endpoint': ENDPOINT };
  it.each([
    { ...DRAFT, expected: { ...ALL, ...WEBHOOK } },
    { ...BALLOT, expected: { ...ALL, ...WEBHOOK } },
    { ...STU1, expected: { ...ALL, ...WEBHOOK } },
    { ...FEB2020, expected: { ...ALL, ...WEBSOCKET } },
    { ...FEB2020_WEBHOOK, expected: { ...ALL, ...WEBHOOK, 'hub.channel.type': 'webhook' } },
    { ...STU2, expected: WEBSOCKET },
    { ...STU2_WEBHOOK, expected: { 'hub.channel.type': 'webhook', 'hub.callback': CALLBACK } },
    { ...STU3, expected: WEBSOCKET },
  ])('in the $title its own fields', async ({ expected, ...version }) => {
    const { api, sent } = apiOf(version);
    await api.unsubscribe(requestOf(version, ENDPOINT), signal);
    expect(sent).toMatchObject([{ url: HUB, method: 'POST', type: 'application/x-www-form-urlencoded' }]);
    expect(sent[0]?.fields).toEqual({ 'hub.mode': 'unsubscribe', 'hub.topic': version.topic, ...expected });
  });

  it.each(VERSIONS)('what a hub of the $title takes', async (version) => {
    const { world, app } = await follow(version);
    await app.client.unsubscribe();
    await world.hub.waitFor(({ kind, about, status }) => kind === 'reply' && about === 'unsubscribe' && status === 202);
  });
});

describe('unsubscribe is verified by a challenge', () => {
  const challenges = async (version: Version) => {
    const { world, app } = await follow(version);
    await app.client.unsubscribe();
    return world.seen('verify').filter(({ fields }) => fields?.['hub.mode'] === 'unsubscribe');
  };

  it.each([DRAFT, BALLOT, STU1, FEB2020_WEBHOOK])('in the $title', async (version) => {
    const [challenge, ...others] = await challenges(version);
    expect(challenge?.fields).toHaveProperty(['hub.challenge']);
    expect(others).toEqual([]);
  });

  it.each([FEB2020, STU2, STU2_WEBHOOK, STU3])('not in $title', async (version) => {
    expect(await challenges(version)).toEqual([]);
  });
});

describe('current context', () => {
  it.each(VERSIONS)('is asked for by GET at the URL of the session in the $title', async (version) => {
    const { api, sent } = apiOf(version, () => Response.json([]));
    expect(await api.currentContext(signal)).toBeNull();
    expect(sent).toMatchObject([{ url: SESSION_URL, method: 'GET' }]);
  });
});

describe('current context: its answer', () => {
  const context = patientContext();
  const envelope = (entries: unknown) =>
    Response.json({
      timestamp: '2019-01-08T01:37:05.14',
      id: 'e1',
      event: { 'hub.topic': SESSION_URL, context: entries },
    });
  const object = (type: string, entries: unknown) =>
    Response.json({ 'context.type': type, 'context.versionId': type && '1', context: entries });

  it.each([
    { ...DRAFT, form: 'the envelope', some: () => envelope(context), none: () => envelope([]) },
    { ...BALLOT, form: 'the envelope', some: () => envelope(context), none: () => envelope([]) },
    { ...STU2, form: 'an array', some: () => Response.json(context), none: () => Response.json([]) },
    { ...STU3, form: 'the object', some: () => object('Patient', context), none: () => object('', []) },
  ])('is $form in the $title', async ({ some, none, ...rest }) => {
    const version: Version = { ...rest, form: 'stu' };
    const told = await apiOf(version, some).api.askContext(signal);
    expect(told).toMatchObject({
      worth: 'certain',
      context: { type: 'Patient', patient: { id: context[0]?.resource.id } },
    });
    expect(await apiOf(version, none).api.askContext(signal)).toMatchObject({ context: null });
  });

  it.each([STU1, FEB2020])('is that there is none at a hub of the $title, whose text has none', async (version) => {
    const { world, app } = await follow(version);
    expect(await world.failure(app.client.getCurrentContext())).toMatchObject({ code: 'context-unsupported' });
  });

  it.each([DRAFT, BALLOT])('of 404 is none in the $title', async (version) => {
    const { api } = apiOf(version, () => new Response('', { status: 404 }));
    expect(await api.currentContext(signal)).toBeNull();
  });

  it.each(LATER)('of 404 is no answer in the $title', async (version) => {
    const { api } = apiOf(version, () => new Response('', { status: 404 }));
    await expect(api.currentContext(signal)).rejects.toMatchObject({ code: 'context-unsupported' });
  });
});

describe('send an event (context change)', () => {
  it.each(OF_2019)('is a POST to the URL of the session in the $title', async (version) => {
    const { api, sent } = apiOf(version);
    await api.publish({ body: { id: 'e' }, name: 'Patient-open' }, signal);
    expect(sent).toMatchObject([{ url: SESSION_URL, method: 'POST' }]);
  });

  it.each(LATER)('is a POST to the URL of the hub in the $title', async (version) => {
    const { api, sent } = apiOf(version);
    await api.publish({ body: { id: 'e' }, name: 'Patient-open' }, signal);
    expect(sent).toMatchObject([{ url: HUB, method: 'POST' }]);
  });

  it.each(VERSIONS)('is taken by a hub of the $title', async (version) => {
    const { app } = await follow(version);
    const change = await app.client.requestContextChange('Patient-open', { patient: ADA });
    expect(change).toMatchObject({ accepted: true });
  });
});

describe('send an event: its content type', () => {
  it.each(VERSIONS)('is application/json in the $title', async (version) => {
    const { api, sent } = apiOf(version);
    await api.publish({ body: { id: 'e' }, name: 'Patient-open' }, signal);
    expect(sent).toMatchObject([{ type: 'application/json' }]);
  });

  it.each([STU3])('is application/fhir+json in $title where the hub wants that', async (version) => {
    const answers = [415, 202, 202];
    const { api, sent } = apiOf(version, () => new Response(null, { status: answers.shift() ?? 500 }));
    await api.publish({ body: { id: 'e' }, name: 'Patient-open' }, signal);
    await api.publish({ body: { id: 'e' }, name: 'Patient-open' }, signal);
    expect(sent.map(({ type }) => type)).toEqual([
      'application/json',
      'application/fhir+json',
      'application/fhir+json',
    ]);
  });
});

describe('answer to a notification', () => {
  const answersOf = async (version: Version, listener: () => unknown) => {
    const { world } = await follow(version, { listener });
    await world.session.publish('Patient-open', patientContext(), { id: 'event-1' });
    return world.seen('answer').filter(({ eventId }) => eventId === 'event-1');
  };
  const throws = () => {
    throw new Error('No.');
  };

  it.each([DRAFT, BALLOT, STU1, FEB2020_WEBHOOK, STU2_WEBHOOK])(
    'is the status of HTTP in the $title',
    async (version) => {
      expect(await answersOf(version, () => undefined)).toMatchObject([{ channel: 'webhook', status: 200 }]);
      expect(await answersOf(version, throws)).toMatchObject([{ channel: 'webhook', status: 500 }]);
    },
  );

  it.each([FEB2020, STU2, STU3])('is a frame with the id and the status as a text in $title', async (version) => {
    const [answer] = await answersOf(version, () => undefined);
    expect(JSON.parse(answer?.body ?? '')).toEqual({ id: 'event-1', status: '200' });
    const [failure] = await answersOf(version, throws);
    expect(JSON.parse(failure?.body ?? '')).toEqual({ id: 'event-1', status: '500' });
  });
});

describe('event names', () => {
  const OF_THE_DRAFT = {
    'Patient-open': ['open-patient-chart', 'switch-patient-chart'],
    'Patient-close': ['close-patient-chart'],
    'ImagingStudy-open': ['open-imaging-study', 'switch-imaging-study'],
    'ImagingStudy-close': ['close-imaging-study'],
  };
  const lowerCase = {
    'Patient-open': ['patient-open'],
    'Patient-close': ['patient-close'],
    'ImagingStudy-open': ['imagingstudy-open'],
    'ImagingStudy-close': ['imagingstudy-close'],
    UserLogout: ['userlogout'],
  };
  it.each<[DialectName, Record<string, readonly string[]>]>([
    ['draft', OF_THE_DRAFT],
    ['ballot', OF_THE_DRAFT],
    ['stu1', lowerCase],
    ['stu2', lowerCase],
    [
      'stu3',
      {
        'Patient-open': ['Patient-open'],
        'Patient-close': ['Patient-close'],
        'ImagingStudy-open': ['ImagingStudy-open'],
        UserLogout: ['UserLogout'],
        'DiagnosticReport-update': ['DiagnosticReport-update'],
      },
    ],
  ])('of %s are %o', (dialect, names) => {
    for (const [name, spellings] of Object.entries(names)) expect(dialectOf(dialect).spell(name)).toEqual(spellings);
    expect(dialectOf(dialect).spell('org.example.made_up')).toEqual(['org.example.made_up']);
  });

  it.each(VERSIONS)('are what a hub of the $title is asked for', async (version) => {
    const { world, app } = await follow(version);
    const asked = world.seen('subscribe').at(-1)?.fields?.['hub.events']?.split(',');
    const { spell, sendsSyncErrors } = dialectOf(version.dialect);
    const names = ['Patient-open', ...(sendsSyncErrors ? ['SyncError'] : [])];
    expect(asked).toEqual(names.flatMap(spell));
    expect(app.subscribed.at(-1)).toMatchObject({ granted: names });
  });
});

describe('discovery', () => {
  it.each<[DialectName, boolean]>([
    ['draft', false],
    ['ballot', false],
    ['stu1', false],
    ['stu2', true],
    ['stu3', true],
  ])('in %s: %s', async (dialect, has) => {
    expect(dialectOf(dialect).discovery).toBe(has);
    const chooser = new Chooser({
      dialect,
      channel: undefined,
      profiles: [],
      launched: undefined,
      hasCallback: true,
    });
    expect(chooser.mayDiscover).toBe(has);
  });

  it.each([DRAFT, BALLOT])('is not asked for in the $title', async (version) => {
    const world = await worldOf(version);
    await world.follow();
    expect(world.seen('discovery')).toEqual([]);
  });

  it.each([STU2, STU3])('is asked for in $title', async (version) => {
    const world = await worldOf(version);
    await world.join('Viewer', { listener: () => undefined });
    await world.hub.waitFor(({ kind }) => kind === 'discovery');
  });
});

describe('SyncError', () => {
  /** What is sent by an app that answered 202 and then does not follow. */
  const objection = async (version: Version) => {
    let fail: (error: Error) => void = () => {};
    const work = new Promise((_, reject) => (fail = reject));
    const listener = (event: FhircastEvent) => event.waitUntil(work);
    const { world, app } = await follow(version, { listener, acknowledgeWithinMs: 10 });
    // The draft and the ballot know 200 or an error.
    const accepted = ['draft', 'ballot'].includes(version.dialect) ? 200 : 202;
    void world.session.publish('Patient-open', patientContext());
    await world.hub.waitFor(({ about, status }) => about === 'notify' && status === accepted);
    const since = world.hub.log.length;
    fail(new Error('No images.'));
    return { world, app, since };
  };

  it.each([DRAFT])('is not there in the $title', async (version) => {
    const { world, app } = await objection(version);
    await app.until(() => app.errorCodes.length > 0);
    await app.client.unsubscribe();
    expect(world.seen('publish', 'Viewer')).toEqual([]);
  });

  it.each([
    // The May 2019 ballot has one under a name of its own.
    { ...BALLOT, name: 'sync-error' },
    { ...STU1, name: 'syncerror' },
    { ...FEB2020, name: 'syncerror' },
    { ...STU2, name: 'syncerror' },
    { ...STU2_WEBHOOK, name: 'syncerror' },
    { ...STU3, name: 'SyncError' },
  ])('is $name in the $title', async ({ name, ...version }) => {
    const { world, since } = await objection(version);
    const sent = await world.hub.waitFor(({ kind, event }) => kind === 'publish' && event !== 'Patient-open', {
      since,
    });
    expect(sent.event).toBe(name);
  });
});

describe('content sharing', () => {
  it.each([STU3])('has versions of a context in $title', async (version) => {
    const { world, app } = await follow(version);
    const events = app.collect('Patient-open');
    const { versionId } = await world.session.publish('Patient-open', patientContext());
    expect(versionId).toBeDefined();
    expect(events).toMatchObject([{ versionId }]);
    expect(app.client.context.current).toMatchObject({ versionId });
    expect(dialectOf('stu3').spell('DiagnosticReport-select')).toEqual(['DiagnosticReport-select']);
  });

  it.each([DRAFT, BALLOT, STU1, FEB2020, STU2])('has none in $title, and needs none', async (version) => {
    const { world, app } = await follow(version);
    const events = app.collect('Patient-open');
    await world.session.publish('Patient-open', patientContext());
    expect(events).toMatchObject([{ versionId: undefined }]);
    expect(app.warningCodes).toEqual([]);
  });
});

describe('subscriber.name', () => {
  it('is sent in STU3', async () => {
    expect((await subscribed(STU3))['subscriber.name']).toBe('Viewer');
  });

  it.each(VERSIONS.filter((version) => version !== STU3))('is not sent in the $title', async (version) => {
    expect(await subscribed(version)).not.toHaveProperty(['subscriber.name']);
  });
});
