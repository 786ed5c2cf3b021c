import { describe, expect, it } from 'vitest';
import { statusFor } from '../../src/channels/websocket/acknowledgement.ts';
import { socketUrlOf } from '../../src/channels/websocket/endpoint-url.ts';
import { HubApi } from '../../src/hub/api.ts';
import { Chooser } from '../../src/hub/chooser.ts';
import type { Habits } from '../../src/hub/dialect.ts';
import { dialectOf } from '../../src/hub/versions.ts';
import { type ChannelType, type DialectName, type HubProfile, profiles } from '../../src/index.ts';

const HUB = 'https://hub.example.org/fhircast';
const TOPIC = 'session-1';
const { signal } = new AbortController();

interface Known {
  dialect?: DialectName;
  channel?: ChannelType;
  hasCallback?: boolean;
}

const chooserOf = (given: HubProfile | readonly HubProfile[], { dialect, channel, hasCallback = false }: Known = {}) =>
  new Chooser({ dialect, channel, profiles: [given].flat(), launched: undefined, hasCallback });

const dialectWith = (given: HubProfile | readonly HubProfile[], known?: Known) => chooserOf(given, known).dialect;

/** The calls to a hub that is known by profiles, and what they sent. The hub answers with each status in turn, then with 202. */
function apiOf(given: HubProfile | readonly HubProfile[], known: Known = {}, statuses: number[] = []) {
  const sent: { url: string; type: string; body: string }[] = [];
  const chooser = chooserOf(given, known);
  const api = new HubApi({
    hubUrl: HUB,
    topic: TOPIC,
    chooser,
    accessToken: () => undefined,
    record: () => {},
    timeoutMs: 2_000,
    fetch: async (url, { headers, body }) => {
      sent.push({ url, type: new Headers(headers).get('content-type') ?? '', body: String(body ?? '') });
      return new Response(null, { status: statuses.shift() ?? 202 });
    },
  });
  return { api, sent, chooser };
}

const webhook = {
  channel: 'webhook',
  topic: TOPIC,
  events: ['Patient-open', 'Patient-close'],
  callback: 'https://app.example.org/callback/1',
  secret: 'the secret',
} as const;
const websocket = {
  channel: 'websocket',
  topic: TOPIC,
  events: ['Patient-open', 'Patient-close'],
  endpoint: 'wss://hub.example.org/ws/1',
} as const;
const event = { body: { id: 'event-1' }, name: 'Patient-open' };
const formOf = (body: string | undefined) => Object.fromEntries(new URLSearchParams(body));

/** In which habits a profile departs from the version. */
const habitsOf = ({ name: _name, dialect: _dialect, channel: _channel, ...habits }: HubProfile): Partial<Habits> =>
  habits;

describe('every profile', () => {
  it.each(Object.entries(profiles))('%s is called what it is', (key, profile) => {
    expect(profile.name).toBe(key);
    expect(chooserOf(profile).choice.profiles).toEqual([key]);
  });

  it.each(Object.entries(profiles))('%s makes of the dialect what it says, and nothing else', (_, profile) => {
    const { spell: _spell, ...dialect } = dialectWith(profile);
    const { spell: _own, ...version } = dialectOf(profile.dialect ?? 'stu3');
    expect(dialect).toEqual({ ...version, ...habitsOf(profile) });
  });
});

describe('several profiles', () => {
  it('add up', () => {
    const dialect = dialectWith([profiles.okOnly, profiles.publishToSession, profiles.fhirJson]);
    expect(dialect).toMatchObject({
      acknowledgements: '200-only',
      publishTo: 'session',
      contentType: 'application/fhir+json',
    });
  });

  it.each([
    [[profiles.okOnly, profiles.noAcknowledgements], 'none'],
    [[profiles.noAcknowledgements, profiles.okOnly], '200-only'],
    [[profiles.jsSandbox2024, { name: 'mine', acknowledgements: 'all' } as const], 'all'],
  ] as const)('of which a later one outweighs an earlier one: %j', (given, acknowledgements) => {
    expect(dialectWith(given).acknowledgements).toBe(acknowledgements);
  });

  it('of which a later one outweighs an earlier one in the version and the channel too', () => {
    const { choice } = chooserOf([profiles.jsSandbox2018, profiles.medplumStu2]);
    expect(choice).toMatchObject({ dialect: 'stu2', channel: 'websocket', profiles: ['jsSandbox2018', 'medplumStu2'] });
  });

  it('leave alone what they do not name', () => {
    const { choice, dialect } = chooserOf([profiles.medplum, profiles.okOnly]);
    expect(choice).toMatchObject({ dialect: 'stu3', dialectBy: 'profile', channel: 'websocket' });
    expect(dialect.unsubscribesByEvents).toBe(true);
  });
});

describe('a profile of one’s own', () => {
  it('is data like the others, and can be made of one of them', () => {
    const mine: HubProfile = { ...profiles.jsSandbox2024, name: 'ours', acknowledgements: 'all' };
    const { choice, dialect } = chooserOf(mine);
    expect(choice.profiles).toEqual(['ours']);
    expect(dialect).toMatchObject({ acknowledgements: 'all', publishTo: 'session', rewriteEndpoint: 'hub-host' });
  });

  it('does not outweigh an option', () => {
    const { choice } = chooserOf(
      { name: 'ours', dialect: 'draft', channel: 'webhook' },
      { dialect: 'stu2', channel: 'websocket' },
    );
    expect(choice).toMatchObject({ dialect: 'stu2', dialectBy: 'option', channel: 'websocket', channelBy: 'option' });
  });
});

describe('jsSandbox2018', () => {
  it('is the draft, by webhook where there is a callback, and by a websocket else', () => {
    expect(chooserOf(profiles.jsSandbox2018, { hasCallback: true }).choice).toMatchObject({
      dialect: 'draft',
      channel: 'webhook',
    });
    expect(chooserOf(profiles.jsSandbox2018).channel).toBe('websocket');
  });

  it('binds a websocket that the app names at the hub’s origin', () => {
    const dialect = dialectWith(profiles.jsSandbox2018);
    expect(socketUrlOf('an-id', 'http://127.0.0.1:3000/api/hub/', dialect)).toBe('ws://127.0.0.1:3000/bind/an-id');
    expect(socketUrlOf('an-id', HUB, dialect)).toBe('wss://hub.example.org/bind/an-id');
  });

  it('sends events to the session, subscribes to every spelling, and answers no frame', async () => {
    const { api, sent } = apiOf(profiles.jsSandbox2018);
    await api.publish(event, signal);
    expect(sent).toMatchObject([{ url: `${HUB}/${TOPIC}` }]);
    const dialect = dialectWith(profiles.jsSandbox2018);
    expect(dialect.spell('Patient-open')).toEqual(
      expect.arrayContaining(['open-patient-chart', 'switch-patient-chart', 'patient-open-chart', 'Patient-open']),
    );
    expect(dialect).toMatchObject({ acknowledgements: 'none', unsubscribeEnds: 'everyone', keepsContext: false });
  });
});

describe('jsSandbox2024', () => {
  it('leaves the version to the hub, and names no webhook', async () => {
    expect(chooserOf(profiles.jsSandbox2024).choice).toMatchObject({ dialect: 'stu3', dialectBy: 'default' });
    const { api, sent } = apiOf(profiles.jsSandbox2024, { channel: 'webhook' });
    await api.subscribe(webhook, signal);
    expect(formOf(sent[0]?.body)).not.toHaveProperty(['hub.channel.type']);
    await api.publish(event, signal);
    expect(sent[1]?.url).toBe(`${HUB}/${TOPIC}`);
  });

  it('still names a websocket, on the hub’s own host', async () => {
    const { api, sent } = apiOf(profiles.jsSandbox2024);
    await api.subscribe(websocket, signal);
    expect(formOf(sent[0]?.body)).toMatchObject({ 'hub.channel.type': 'websocket' });
    const dialect = dialectWith(profiles.jsSandbox2024);
    expect(socketUrlOf('ws://localhost:3000/bind/1', HUB, dialect)).toBe('wss://hub.example.org/bind/1');
  });
});

describe('netSandbox2019', () => {
  it('is the draft by webhook', () => {
    expect(chooserOf(profiles.netSandbox2019).choice).toMatchObject({ dialect: 'draft', channel: 'webhook' });
  });
});

describe('javaHub2019', () => {
  it('subscribes and unsubscribes by JSON at the URL of the session', async () => {
    const { api, sent } = apiOf(profiles.javaHub2019);
    await api.subscribe(webhook, signal);
    await api.unsubscribe(webhook, signal);
    expect(sent).toMatchObject([
      { url: `${HUB}/${TOPIC}`, type: 'application/json' },
      { url: `${HUB}/${TOPIC}`, type: 'application/json' },
    ]);
    expect(sent.map(({ body }) => JSON.parse(body))).toMatchObject([
      { 'hub.mode': 'subscribe', 'hub.callback': webhook.callback, 'hub.secret': webhook.secret },
      { 'hub.mode': 'unsubscribe', 'hub.callback': webhook.callback },
    ]);
  });

  it('does not let unverified messages through by itself', () => {
    expect(dialectWith(profiles.javaHub2019).unverifiedSignatures).toBe(false);
    expect(dialectWith([profiles.javaHub2019, profiles.unverifiedSignatures]).unverifiedSignatures).toBe(true);
  });
});

describe.each([
  ['medplum', profiles.medplum, 'stu3'],
  ['medplumStu2', profiles.medplumStu2, 'stu2'],
] as const)('%s', (_, profile, dialect) => {
  it('unsubscribes with the events at the first try', async () => {
    expect(chooserOf(profile, { hasCallback: true }).choice).toMatchObject({ dialect, channel: 'websocket' });
    const { api, sent } = apiOf(profile);
    await api.unsubscribe(websocket, signal);
    expect(sent.map(({ body }) => formOf(body)['hub.events'])).toEqual(['Patient-open,Patient-close']);
  });
});

describe('radiology, endpointSentBack', () => {
  it('send the endpoint back', () => {
    expect(chooserOf(profiles.radiology).choice).toMatchObject({ dialect: 'stu2', channel: 'websocket' });
    expect(dialectWith(profiles.radiology).sendsEndpoint).toBe(true);
    expect(dialectWith(profiles.endpointSentBack).sendsEndpoint).toBe(true);
    expect(dialectOf('stu2').sendsEndpoint).toBe(false);
  });
});

describe('okOnly', () => {
  it.each([
    [200, 200],
    [202, 200],
    [409, 409],
    [500, 500],
  ])('answers %s by %s', (decided, status) => {
    expect(statusFor(dialectWith(profiles.okOnly).acknowledgements, decided)).toBe(status);
    for (const newer of ['stu1', 'stu2', 'stu3'] as const)
      expect(statusFor(dialectOf(newer).acknowledgements, decided)).toBe(decided);
    // They know no 202: to them it is an error.
    for (const older of ['draft', 'ballot'] as const)
      expect(statusFor(dialectOf(older).acknowledgements, decided)).toBe(status);
  });
});

describe('publishToSession', () => {
  it.each<DialectName>(['stu1', 'stu2', 'stu3'])('sends events to the URL of the session in %s', async (dialect) => {
    const { api, sent } = apiOf(profiles.publishToSession, { dialect });
    await api.publish(event, signal);
    await api.subscribe(websocket, signal);
    expect(sent).toMatchObject([{ url: `${HUB}/${TOPIC}` }, { url: HUB }]);
  });
});

describe('fhirJson, and a hub that answers 415', () => {
  const typesOf = (sent: { type: string }[]) => sent.map(({ type }) => type);

  it('sends application/fhir+json at the first try', async () => {
    const { api, sent } = apiOf(profiles.fhirJson);
    await api.publish(event, signal);
    expect(typesOf(sent)).toEqual(['application/fhir+json']);
  });

  it('is not needed: the other media type is sent, and remembered', async () => {
    const { api, sent, chooser } = apiOf([], { dialect: 'stu3' }, [415]);
    expect(await api.publish(event, signal)).toMatchObject({ status: 202 });
    await api.publish(event, signal);
    expect(typesOf(sent)).toEqual(['application/json', 'application/fhir+json', 'application/fhir+json']);
    expect(chooser.choice.learnt).toEqual({ contentType: 'application/fhir+json' });
  });

  it('works the other way round once', async () => {
    const { api, sent } = apiOf(profiles.fhirJson, {}, [415]);
    expect(await api.publish(event, signal)).toMatchObject({ status: 202 });
    expect(typesOf(sent)).toEqual(['application/fhir+json', 'application/json']);
  });

  it('that takes neither is the end of it, and nothing is remembered', async () => {
    const { api, sent, chooser } = apiOf([], { dialect: 'stu3' }, [415, 415]);
    expect(await api.publish(event, signal)).toMatchObject({ ok: false, status: 415 });
    expect(sent).toHaveLength(2);
    expect(chooser.choice.learnt).toEqual({});
  });

  it.each([400, 404, 409, 500])('sends nothing again after %s', async (status) => {
    const { api, sent } = apiOf([], { dialect: 'stu3' }, [status]);
    expect(await api.publish(event, signal)).toMatchObject({ ok: false, status });
    expect(sent).toHaveLength(1);
  });
});

describe('noConfirmation', () => {
  it('waits for none', () => {
    expect(dialectWith(profiles.noConfirmation).confirms).toBe(false);
    expect(dialectOf('stu2').confirms).toBe(true);
  });
});

describe('endpointOnHubHost', () => {
  const dialect = dialectWith(profiles.endpointOnHubHost);

  it.each([
    ['wss://elsewhere.example.org/ws/1', HUB, 'wss://hub.example.org/ws/1'],
    ['ws://elsewhere.example.org:8080/ws/1?a=b', HUB, 'wss://hub.example.org/ws/1?a=b'],
    ['ws://localhost:3000/ws/1', 'http://127.0.0.1:4000/hub', 'ws://127.0.0.1:4000/ws/1'],
  ])('puts the hub’s host in place of that of %s', (endpoint, hubUrl, url) => {
    expect(socketUrlOf(endpoint, hubUrl, dialect)).toBe(url);
  });

  it('is not needed for an endpoint on this machine of a hub that is not', () => {
    expect(socketUrlOf('ws://localhost:3000/ws/1', HUB, dialectOf('stu3'))).toBe('wss://hub.example.org/ws/1');
    expect(socketUrlOf('ws://localhost:3000/ws/1', 'http://127.0.0.1:4000/hub', dialectOf('stu3'))).toBe(
      'ws://localhost:3000/ws/1',
    );
    expect(socketUrlOf('wss://elsewhere.example.org/1', HUB, dialectOf('stu3'))).toBe('wss://elsewhere.example.org/1');
  });

  it('may be a function of the app’s', () => {
    const rewriteEndpoint = (endpoint: string) => endpoint.replace('ws.internal', 'hub.example.org');
    const mine = dialectWith({ name: 'ours', rewriteEndpoint });
    expect(socketUrlOf('wss://ws.internal/1', HUB, mine)).toBe('wss://hub.example.org/1');
  });
});

describe('everySpelling', () => {
  it.each<DialectName>(['draft', 'stu1', 'stu3'])(
    'subscribes to all that were published, the own of %s first',
    (dialect) => {
      const [first, ...others] = dialectWith(profiles.everySpelling, { dialect }).spell('Patient-open');
      expect(first).toBe(dialectOf(dialect).spell('Patient-open')[0]);
      expect([first, ...others].sort()).toEqual(
        [
          'Patient-open',
          'patient-open',
          'open-patient-chart',
          'patient-open-chart',
          'patient-chart-open',
          'switch-patient-chart',
          'patient-switch-chart',
        ].sort(),
      );
    },
  );
});

describe('unnamedWebhooks, namedWebhooks', () => {
  it.each<[HubProfile | readonly HubProfile[], DialectName, string | undefined]>([
    [[], 'draft', undefined],
    [[], 'stu1', undefined],
    [[], 'stu2', 'webhook'],
    [profiles.namedWebhooks, 'stu1', 'webhook'],
    [profiles.namedWebhooks, 'draft', 'webhook'],
    [profiles.unnamedWebhooks, 'stu2', undefined],
  ])('%j in %s: hub.channel.type is %s', async (given, dialect, type) => {
    const { api, sent } = apiOf(given, { dialect });
    await api.subscribe(webhook, signal);
    await api.unsubscribe(webhook, signal);
    expect(sent.map(({ body }) => formOf(body)['hub.channel.type'])).toEqual([type, type]);
  });
});

describe('unsubscribeByEvents, and a hub that answers 400', () => {
  const eventsIn = (sent: { body: string }[]) => sent.map(({ body }) => formOf(body)['hub.events']);
  const ALL = 'Patient-open,Patient-close';

  it('names the events at the first try', async () => {
    const { api, sent } = apiOf(profiles.unsubscribeByEvents);
    await api.unsubscribe(websocket, signal);
    expect(eventsIn(sent)).toEqual([ALL]);
  });

  it('is not needed: they are named then, and from then on', async () => {
    const { api, sent, chooser } = apiOf([], {}, [400]);
    await api.unsubscribe(websocket, signal);
    await api.unsubscribe(websocket, signal);
    expect(eventsIn(sent)).toEqual([undefined, ALL, ALL]);
    expect(chooser.choice.learnt).toEqual({
      unsubscribesByEvents: true,
      unsubscribesByEndpoint: true,
      closeClears: true,
      derivesEvents: true,
    });
  });

  it('that refuses both says what is wrong, and nothing is remembered', async () => {
    const { api, sent, chooser } = apiOf([], {}, [400, 400]);
    await expect(api.unsubscribe(websocket, signal)).rejects.toMatchObject({ code: 'hub-refused', status: 400 });
    expect(eventsIn(sent)).toEqual([undefined, ALL]);
    expect(chooser.choice.learnt).toEqual({});
  });

  it.each([401, 403, 404, 500])('is not asked again after %s', async (status) => {
    const { api, sent } = apiOf([], {}, [status]);
    await expect(api.unsubscribe(websocket, signal)).rejects.toMatchObject({ status });
    expect(sent).toHaveLength(1);
  });
});

describe('unreliableContext', () => {
  it('makes nothing of the answer certain', async () => {
    const answer = {
      'context.type': 'Patient',
      'context.versionId': '1',
      context: [{ key: 'patient', resource: { resourceType: 'Patient', id: 'p1' } }],
    };
    const worthOf = async (given: readonly HubProfile[]) => {
      const api = new HubApi({
        hubUrl: HUB,
        topic: TOPIC,
        chooser: chooserOf(given),
        accessToken: () => undefined,
        record: () => {},
        timeoutMs: 2_000,
        fetch: async () => Response.json(answer),
      });
      return (await api.askContext(signal)).worth;
    };
    expect(await worthOf([])).toBe('certain');
    expect(await worthOf([profiles.unreliableContext])).toBe('unlikely');
  });
});

describe('unverifiedSignatures', () => {
  it('is never on by itself', () => {
    const { unverifiedSignatures, ...others } = profiles;
    for (const profile of Object.values(others)) expect(dialectWith(profile).unverifiedSignatures).toBe(false);
    expect(dialectWith(unverifiedSignatures).unverifiedSignatures).toBe(true);
  });
});
