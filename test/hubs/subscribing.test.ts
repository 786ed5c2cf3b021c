import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { FhircastClient, profiles, type WebSocketLike } from '../../src/index.ts';
import { App } from '../integration/app.ts';
import { BRAM } from '../integration/world.ts';
import { MEDPLUM, openField, SANDBOXES } from './support.ts';

const S18_SOCKET = { profile: profiles.jsSandbox2018, channel: 'websocket' } as const;
const S24_WEBHOOK = { profile: profiles.jsSandbox2024, channel: 'webhook' } as const;

/** Opens sockets as Node does, and notes where. */
const noting = () => {
  const urls: string[] = [];
  const webSocket = (url: string): WebSocketLike => {
    urls.push(url);
    return new WebSocket(url) as unknown as WebSocketLike;
  };
  return { urls, webSocket };
};

describe('S18: the app makes up a bare endpoint id, and binds it after the text Accepted', () => {
  it('is done with a profile', async () => {
    const { followApp, opens, seen, hub } = await openField('js-sandbox-2018');
    const { urls, webSocket } = noting();
    const app = await followApp({ ...S18_SOCKET, webSocket });
    const id = seen('subscribe')[0]?.fields?.['hub.channel.endpoint'] ?? '';
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(seen('reply').find(({ about }) => about === 'subscribe')).toMatchObject({ status: 202, body: 'Accepted' });
    expect(urls).toEqual([`${new URL(hub.url).origin.replace('http', 'ws')}/bind/${id}`]);
    const events = app.collect('Patient-open');
    void opens();
    await app.until(() => events.length > 0);
  });

  it('is never guessed', async () => {
    const { launchApp, failure, seen } = await openField('js-sandbox-2018');
    const { urls, webSocket } = noting();
    const app = await launchApp({ channel: 'websocket', listener: () => undefined, webSocket });
    expect(await failure(app.client.ready())).toMatchObject({ code: 'channel-no-endpoint' });
    expect(urls).toEqual([]);
    expect(seen('subscribe')).toHaveLength(1);
  });
});

describe('S18, S24: any hub.channel.type is a websocket', () => {
  it.each([
    ['js-sandbox-2018', {}],
    ['js-sandbox-2024', S24_WEBHOOK],
  ] as const)('so the app names none for webhooks (%s)', async (personality, options) => {
    const { followApp, opens, seen, session } = await openField(personality);
    const app = await followApp(options);
    expect(seen('subscribe')[0]?.fields).not.toHaveProperty(['hub.channel.type']);
    expect(session.subscriptions).toMatchObject([{ channel: 'webhook', active: true }]);
    const events = app.collect('Patient-open');
    await opens();
    expect(events).toHaveLength(1);
  });
});

describe('S24: the endpoint’s host comes from the hub’s own configuration, often localhost', () => {
  it.each([
    [profiles.endpointOnHubHost, '127.0.0.1'],
    [profiles.jsSandbox2024, '127.0.0.1'],
    [{ name: 'ours', rewriteEndpoint: (url: string) => url.replace('localhost', '127.0.0.1') }, '127.0.0.1'],
    // By default as the hub says, because this hub is on this machine as well.
    [[], 'localhost'],
  ] as const)('so there is an option: %o', async (profile, hostname) => {
    const { followApp } = await openField('js-sandbox-2024');
    const { urls, webSocket } = noting();
    await followApp({ profile, webSocket });
    expect(urls.map((url) => new URL(url).hostname)).toEqual([hostname]);
  });
});

describe('S24, S18: a repeated subscription is added, and events arrive twice', () => {
  it('so a webhook drops the second one', async () => {
    const { followApp, opens, session } = await openField('js-sandbox-2018');
    const app = await followApp();
    const events = app.collect('Patient-open');
    app.client.on('Patient-close', () => undefined);
    await app.client.ready();
    expect(session.subscriptions).toHaveLength(2);
    await opens();
    expect(events).toHaveLength(1);
    expect(app.client.counts).toMatchObject({ delivered: 1, duplicate: 1 });
  });

  it.each([
    ['js-sandbox-2018', S18_SOCKET],
    ['js-sandbox-2024', {}],
  ] as const)('so a websocket moves to the newest endpoint, and the old one is closed (%s)', async (which, options) => {
    const { followApp, opens, hub, seen } = await openField(which);
    const { urls, webSocket } = noting();
    const app = await followApp({ ...options, webSocket });
    const events = app.collect('Patient-open');
    app.client.on('Patient-close', () => undefined);
    await app.client.ready();
    await hub.waitFor(({ kind }) => kind === 'disconnect');
    expect(new Set(urls).size).toBe(2);
    expect(seen('disconnect')).toMatchObject([{ status: 1000 }]);
    void opens();
    await app.until(() => events.length > 0);
    expect(app.client.counts).toMatchObject({ delivered: 1, duplicate: 0 });
    expect(app.client.state).toBe('active');
  });
});

describe('some: answer with the bare websocket URL, as a JSON string or plain, or in Content-Location', () => {
  it.each(['bare-endpoint', 'stu2', 'stu3', 'stu1-websocket'] as const)('which is found (%s)', async (personality) => {
    const { followApp } = await openField(personality);
    expect((await followApp()).client.channel).toBe('websocket');
  });

  it('which is found as a JSON string', async () => {
    const { followApp } = await openField('bare-endpoint');
    const quoting = async (url: string, init: RequestInit) => {
      const answer = await fetch(url, init);
      if (init.method !== 'POST') return answer;
      return new Response(JSON.stringify(await answer.text()), { status: answer.status });
    };
    expect((await followApp({ fetch: quoting })).client.channel).toBe('websocket');
  });
});

describe('S18, S24: missing events are accepted, and then every publish of anyone fails', () => {
  it.each(SANDBOXES)('so the app never subscribes to nothing (%s)', async (personality) => {
    const { launchApp, followApp, failure, seen } = await openField(personality);
    const silent = await launchApp();
    expect(await failure(silent.client.ready())).toMatchObject({ code: 'no-events' });
    expect(seen('subscribe')).toEqual([]);
    const app = await followApp();
    app.client.off('Patient-open');
    await app.until(() => app.client.state === 'idle');
    expect(seen('subscribe').filter(({ event }) => !event)).toEqual([]);
  });
});

describe('S18: a websocket subscription without hub.secret gets nothing', () => {
  it('so the draft sends one, whatever the channel', async () => {
    const { followApp, opens, seen } = await openField('js-sandbox-2018');
    const app = await followApp(S18_SOCKET);
    expect(seen('subscribe')[0]?.fields?.['hub.secret']).toMatch(/^[0-9a-f]{64}$/);
    void opens();
    await app.until(() => app.client.counts.delivered > 0);
  });
});

describe('N19: 202 with an empty body, verified later; callback and secret required; hub.channel.type ignored', () => {
  it('so 202 is asked, and not active', async () => {
    const { launchApp, seen } = await openField('net-sandbox-2019');
    const app = await launchApp({ listener: () => undefined });
    const states: string[] = [];
    app.client.on('protocol', ({ kind, direction }) => {
      if (direction === 'in' && (kind === 'subscribe' || kind === 'verification')) states.push(app.client.state);
    });
    await app.client.ready();
    expect(states).toEqual(['subscribing', 'subscribing']);
    expect(app.client.state).toBe('active');
    expect(seen('reply').find(({ about }) => about === 'subscribe')).toMatchObject({ status: 202 });
    expect(seen('subscribe')[0]?.fields).toMatchObject({
      'hub.callback': expect.any(String),
      'hub.secret': expect.any(String),
    });
  });
});

describe('N19: appends its parameters to a callback URL without &', () => {
  it('so the callback is known by its path', async () => {
    const { followApp, opens, seen } = await openField('net-sandbox-2019');
    const app = await followApp();
    const callback = new URL(seen('subscribe')[0]?.fields?.['hub.callback'] ?? '');
    expect(callback.search).toBe('');
    expect(callback.pathname.split('/').at(-1)).toMatch(/^[0-9a-f]{48}$/);
    await opens();
    expect(app.client.counts.delivered).toBe(1);
  });
});

describe('P19: takes JSON, at its own URL per topic', () => {
  it('which a profile does', async () => {
    const { followApp, seen, session } = await openField('java-2019');
    await followApp({ profile: profiles.javaHub2019 });
    expect(JSON.parse(seen('subscribe')[0]?.body ?? '')).toMatchObject({ 'hub.mode': 'subscribe' });
    expect(session.subscriptions).toMatchObject([{ channel: 'webhook', active: true }]);
  });

  it('and without it the app is told that the hub does not want the request', async () => {
    const { launchApp, failure } = await openField('java-2019');
    const app = await launchApp({ listener: () => undefined });
    expect(await failure(app.client.ready())).toMatchObject({ name: 'HubError', status: expect.any(Number) });
  });
});

describe('MP: errors are an OperationOutcome, and not text', () => {
  it.each(MEDPLUM)('whose text is told (%s)', async (personality) => {
    const { launchApp, failure } = await openField(personality);
    const app = await launchApp({ scope: 'fhircast/Patient-close.read', listener: () => undefined });
    expect(await failure(app.client.ready())).toMatchObject({
      code: 'hub-unauthorized',
      status: 403,
      hubText: expect.stringMatching(/^The scope does not cover/),
    });
  });

  it.each(MEDPLUM)('also of a token that it does not know (%s)', async (personality) => {
    const { launchApp, failure } = await openField(personality);
    const app = await launchApp({ accessToken: 'nobody-knows-it', listener: () => undefined });
    expect(await failure(app.client.ready())).toMatchObject({
      code: 'session-over',
      hubText: expect.not.stringContaining('{'),
    });
  });
});

describe('MP: an unsubscription is broadcast as denied to every subscriber of the topic', () => {
  it.each(MEDPLUM)('so the others subscribe once more (%s)', async (personality) => {
    const { followApp, opens } = await openField(personality);
    const stays = await followApp({}, 'Viewer');
    const leaves = await followApp({}, 'Dictation');
    await leaves.client.unsubscribe();
    await stays.until(() => stays.states.filter(({ state }) => state === 'active').length === 2);
    await stays.client.ready();
    expect(stays.client.state).toBe('active');
    expect(stays.denials).toEqual([]);
    void opens(BRAM);
    await stays.until(() => stays.client.context.current?.patient?.id === BRAM.id);
  });

  it.each(MEDPLUM)('but not for one of another endpoint or topic (%s)', async (personality) => {
    const { followApp, opens, session, seen } = await openField(personality);
    const app = await followApp();
    const { topic, endpoint } = session.subscriptions[0] ?? {};
    const before = seen('subscribe').length;
    const denial = { 'hub.mode': 'denied', 'hub.events': 'Patient-open', 'hub.reason': 'Subscriber unsubscribed' };
    const others = [
      { 'hub.topic': topic, 'hub.channel.endpoint': `${endpoint}x` },
      { 'hub.topic': 'elsewhere', 'hub.channel.endpoint': endpoint },
      { 'hub.topic': 'elsewhere' },
    ];
    for (const other of others) await session.sendRaw(JSON.stringify({ ...denial, ...other }), { timeoutMs: 1 });
    void opens(BRAM);
    await app.until(() => app.client.context.current?.patient?.id === BRAM.id);
    expect(app.client.state).toBe('active');
    expect([seen('subscribe').length, app.denials]).toEqual([before, []]);
  });

  it.each(MEDPLUM)(
    'and as often as that happens, without telling it to everybody in turn (%s)',
    async (personality) => {
      const { followApp, session, seen } = await openField(personality);
      const app = await followApp({ reconnect: { firstMs: 5, longestMs: 20 } });
      const denial = JSON.stringify({
        'hub.mode': 'denied',
        'hub.topic': session.subscriptions[0]?.topic,
        'hub.events': 'Patient-open',
        'hub.reason': 'Subscriber unsubscribed.',
      });
      for (let times = 1; times <= 5; times++) {
        await session.sendRaw(denial, { timeoutMs: 1 });
        await app.until(() => app.subscribed.length === times + 1);
      }
      expect([app.client.state, app.denials, seen('unsubscribe')]).toEqual(['active', [], []]);
      expect(app.client.hub.learnt).toMatchObject({ unsubscribeEnds: 'everyone' });
      // The end of the socket is enough, and nobody else hears of it.
      await app.client.unsubscribe();
      expect(seen('unsubscribe')).toEqual([]);
    },
  );
});

describe('S24: an unsubscription closes every socket of the same subscriber.name, and two without a name match', () => {
  it('so each app has a name of its own', async () => {
    const { launch, take, callback, evidence, hub, opens, seen } = await openField('js-sandbox-2024');
    const follow = async (): Promise<App> => {
      const client = await FhircastClient.fromSmartLaunch(launch(), { callback });
      const app = take(new App('Viewer', client, evidence));
      client.on('Patient-open', () => undefined);
      await client.ready();
      return app;
    };
    const [stays, leaves] = [await follow(), await follow()];
    const names = seen('subscribe').map(({ fields }) => fields?.['subscriber.name']);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^fhircast-client-[0-9a-f]+$/);
    await leaves.client.unsubscribe();
    await hub.waitFor(({ kind }) => kind === 'disconnect');
    void opens();
    await stays.until(() => stays.client.counts.delivered > 0);
    expect(stays.states.map(({ state }) => state)).toEqual(['subscribing', 'active']);
  });
});

describe('S18, S24: an unsubscription leaves the socket open, or closes it without a status; there is no denial', () => {
  it('so the app closes with 1000 itself (S18)', async () => {
    const { followApp, hub } = await openField('js-sandbox-2018');
    const app = await followApp(S18_SOCKET);
    await app.client.unsubscribe();
    expect(app.client.state).toBe('closed');
    expect(await hub.waitFor(({ kind }) => kind === 'disconnect')).toMatchObject({ status: 1000 });
  });

  it('and waits for nothing (S24)', async () => {
    const { followApp, hub, seen } = await openField('js-sandbox-2024');
    const app = await followApp();
    await app.client.unsubscribe();
    expect(app.client.state).toBe('closed');
    expect(seen('unsubscribe')).toHaveLength(1);
    expect(await hub.waitFor(({ kind }) => kind === 'disconnect')).toMatchObject({ channel: 'websocket' });
    expect(app.errors).toEqual([]);
  });

  it('and ends nobody else’s subscription (S18)', async () => {
    const { followApp, opens, seen } = await openField('js-sandbox-2018');
    const stays = await followApp(S18_SOCKET, 'Viewer');
    const leaves = await followApp(S18_SOCKET, 'Dictation');
    await leaves.client.unsubscribe();
    void opens();
    await stays.until(() => stays.client.counts.delivered > 0);
    expect(seen('unsubscribe')).toEqual([]);
  });
});
