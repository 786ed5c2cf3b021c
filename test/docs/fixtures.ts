import { once } from 'node:events';
import { createServer, type RequestListener, Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import { FhircastClient } from 'fhircast-client';
import { createCallbackEndpoint, type HttpCallbackEndpoint, MemoryRouter } from 'fhircast-client/callback';
import type { lambdaCallback } from 'fhircast-client/callback/aws-lambda';
import { type RedisRouter, redisRouter } from 'fhircast-client/redis';
import { createRelay, type Relay, relayChannel } from 'fhircast-client/relay';
import { startTestEhr, TEST_PATIENTS, type TestHub, type TestSession } from 'fhircast-client/testing';
import smart from 'fhirclient';
import { createClient } from 'redis';
import { expect, vi } from 'vitest';
import { startRedis } from '../redis/support.ts';

/** What a block leaves behind. */
export type Result = Readonly<Record<string, unknown>>;

/** Where a block runs. */
export interface Stage {
  readonly hub: TestHub;
  readonly session: TestSession;
  /** What the block's own functions were called with, by their names. */
  readonly calls: Readonly<Record<string, unknown[]>>;
  /** Puts a function on the stage that notes what it is called with. */
  spy(name: string): (...values: unknown[]) => void;
  /** Let go of something at the end. */
  later(close: () => unknown): void;
}

/** How a block is run, and what is expected of it. */
export interface Fixture {
  /** Declarations of what the block takes for granted. */
  readonly declarations: string;
  /** Makes what the block takes for granted. */
  prepare(stage: Stage): Promise<Result> | Result;
  /** What must have come of it. */
  check(stage: Stage, result: Result): Promise<void> | void;
}

const chart = (index: number) => {
  const resource = TEST_PATIENTS[index];
  if (!resource) throw new Error(`There is no patient ${index}.`);
  return [{ key: 'patient', resource }];
};

const [ada, bram] = TEST_PATIENTS;
const STUDY = [{ key: 'study', resource: { resourceType: 'ImagingStudy', id: 'study-1' } }];

/** A chart that is opened reaches the block's showChart(). */
const expectToFollow = async ({ session, calls }: Stage, { client }: Result) => {
  expect(client).toBeInstanceOf(FhircastClient);
  await (client as FhircastClient).ready();
  const { answers } = await session.publish('Patient-open', chart(0));
  expect(answers.map(({ status }) => status)).toEqual([200]);
  expect(calls.showChart?.at(-1)).toMatchObject({ resourceType: 'Patient', id: ada?.id });
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const SHOW_CHART = "declare function showChart(patient: import('fhir/r4').Patient): void;";
const WEBHOOK = `declare const publicUrl: string; declare const port: number;
declare const tokenResponse: import('fhircast-client').TokenResponse;`;
const SHOW = 'declare function showBanner(text: string): void; declare function showConnection(state: string): void;';
const CLIENT = "declare const client: import('fhircast-client').FhircastClient;";

/** A connection is taken up again after up to half a second, and then after up to one. */
const AFTER_A_GAP = { timeout: 4_000 };

/** What a page finds after its SMART launch. */
const launchPage = ({ session, later }: Stage, form?: 'draft'): void => {
  const ready = async () => ({ state: { tokenResponse: session.launch(form) } });
  Object.assign(globalThis, { FHIR: { oauth2: { ready } } });
  later(() => Reflect.deleteProperty(globalThis, 'FHIR'));
};

const joined = async ({ session, later }: Stage): Promise<FhircastClient> => {
  const { accessToken } = session;
  const options = { accessToken, subscriberName: 'Documented app' };
  const client = await FhircastClient.fromSmartLaunch(session.launch(), options);
  later(() => client.unsubscribe());
  return client;
};

const SESSION = 'declare const hubUrl: string; declare const topic: string; declare const accessToken: string;';
const EXPRESS_SESSION = `type WithSession = import('express').Request & { sessionID: string; session: { destroy(done: () => void): void } };
type Handler = (request: WithSession, response: import('express').Response) => unknown;
declare const app: { get(path: string, handler: Handler): void; post(path: string, handler: Handler): void };`;

/** A server that listens already. */
interface Closable {
  close(): unknown;
}

type WebHandler = (request: Request) => Promise<Response>;

/** Serves handlers of web-standard requests, each for its method. */
const byWebHandlers = (handlers: Readonly<Record<string, WebHandler>>): RequestListener =>
  getRequestListener(async (request) => handlers[request.method]?.(request) ?? new Response(null, { status: 405 }));

/** Serves a function of AWS Lambda, as a function URL does. */
const byLambda = (handler: ReturnType<typeof lambdaCallback>): RequestListener =>
  getRequestListener(async (request) => {
    const { method, headers } = request;
    const { pathname, search } = new URL(request.url);
    const event = {
      rawPath: pathname,
      rawQueryString: search.slice(1),
      headers: Object.fromEntries(headers),
      requestContext: { http: { method } },
      body: await request.text(),
      isBase64Encoded: false,
    };
    const answer = await handler(event as unknown as Parameters<typeof handler>[0]);
    return new Response(answer.body || null, { status: answer.statusCode, headers: answer.headers });
  });

/** Lets a listener that a block has made listen at the block's port, and waits for a server that listens by itself. */
const listen = async ({ later }: Stage, server: RequestListener | Closable, { port }: Result): Promise<void> => {
  const listening = typeof server === 'function' ? createServer(server).listen(Number(port)) : server;
  later(() => listening.close());
  if (!(listening instanceof Server)) return;
  later(() => listening.closeAllConnections());
  if (!listening.listening) await once(listening, 'listening');
};

/**
 * A block that mounts an endpoint, which then must take a client through a whole subscription.
 *
 * @param serverOf a listener that the block has made, or a server of its own that listens at its port
 */
const mounted = (serverOf: (result: Result) => RequestListener | Closable): Fixture => ({
  declarations: `${WEBHOOK} declare const router: import('fhircast-client/callback').CallbackRouter;`,
  prepare: async ({ later }) => {
    const port = await freePort();
    later(() => Reflect.deleteProperty(globalThis, 'callback'));
    return { port, publicUrl: `http://127.0.0.1:${port}/fhircast`, router: new MemoryRouter() };
  },
  check: async (stage, result) => {
    await listen(stage, serverOf(result), result);
    const callback = (result.callback ?? (result.shared as Result).callback) as HttpCallbackEndpoint;
    const client = await FhircastClient.fromSmartLaunch(stage.session.launch('draft'), { callback });
    stage.later(() => client.unsubscribe());
    client.on('Patient-open', ({ patient }) => stage.spy('showChart')(patient));
    await expectToFollow(stage, { client });
    expect(callback.counts).toMatchObject({ verified: 1, delivered: 1 });
  },
});

/** The cookie of a user who may use the relay. */
const COOKIE = 'session=mine';

const RELAY = `declare const publicUrl: string; declare const port: number; declare const redisUrl: string;
declare function isSignedIn(request: import('express').Request): boolean;`;

/**
 * A block that mounts a relay, which then must take a page through a whole subscription.
 *
 * @param serverOf a listener that the block has made, or a server of its own that listens at its port
 */
const relaying = (serverOf: (result: Result) => RequestListener | Closable | undefined): Fixture => ({
  declarations: RELAY,
  prepare: async () => {
    const port = await freePort();
    const isSignedIn = ({ headers }: express.Request) => headers.cookie === COOKIE;
    return { port, publicUrl: `http://127.0.0.1:${port}/relay`, isSignedIn };
  },
  check: async (stage, result) => {
    const server = serverOf(result);
    if (server) await listen(stage, server, result);
    const relay = result.relay as Relay;
    stage.later(() => relay.close(0));
    const callback = relayChannel({
      url: String(result.publicUrl),
      storage: null,
      fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, Cookie: COOKIE } }),
    });
    const client = await FhircastClient.fromSmartLaunch(stage.session.launch('draft'), { callback });
    stage.later(() => client.unsubscribe());
    client.on('Patient-open', ({ patient }) => stage.spy('showChart')(patient));
    await expectToFollow(stage, { client });
    expect(callback.counts).toMatchObject({ verified: 1, delivered: 1 });
    expect(relay.pages).toBe(1);
  },
});

/** A page's request to a relay, from somebody who is not signed in. */
const openAsNobody = ({ publicUrl }: Result): Promise<Response> => fetch(`${publicUrl}/page`, { method: 'POST' });

const relayServer = relaying(() => undefined);
const relayExpress = relaying(({ app }) => app as RequestListener);

/** By the name that stands before a block. */
export const FIXTURES: Readonly<Record<string, Fixture>> = {
  page: {
    declarations: SHOW_CHART,
    prepare: (stage) => {
      launchPage(stage);
      return { showChart: stage.spy('showChart') };
    },
    check: expectToFollow,
  },
  scopes: {
    declarations: '',
    prepare: () => ({}),
    check: (_, { scope }) =>
      expect(scope).toBe('launch patient/*.rs fhircast fhircast/Patient-open.read fhircast/Patient-close.read'),
  },
  'other-launch': {
    declarations: `${SHOW_CHART} declare const hubUrl: string; declare const topic: string; declare function tokenOfTheMoment(): string;`,
    prepare: ({ hub, session, spy }) => ({
      hubUrl: hub.url,
      topic: session.id,
      tokenOfTheMoment: () => session.accessToken,
      showChart: spy('showChart'),
    }),
    check: expectToFollow,
  },
  webhook: {
    declarations: `${SHOW_CHART} ${WEBHOOK}`,
    prepare: async ({ session, spy }) => {
      const port = await freePort();
      const publicUrl = `http://127.0.0.1:${port}`;
      return { port, publicUrl, tokenResponse: session.launch('draft'), showChart: spy('showChart') };
    },
    check: expectToFollow,
  },
  'webhook-timeouts': {
    declarations: WEBHOOK,
    prepare: async () => {
      const port = await freePort();
      return { port, publicUrl: `http://127.0.0.1:${port}` };
    },
    check: async (_, { server, port }) => {
      expect(server).toMatchObject({ headersTimeout: 5_000, requestTimeout: 10_000, maxConnections: 1_000 });
      expect((await fetch(`http://127.0.0.1:${port}/unknown`)).status).toBe(404);
    },
  },
  express: mounted(({ app }) => app as RequestListener),
  'express-verify': mounted(({ app }) => app as RequestListener),
  fastify: mounted(({ app }) => app as Closable),
  koa: mounted(({ server }) => server as Closable),
  hono: mounted(({ server }) => server as Closable),
  next: mounted(({ shared, GET, POST }) => {
    expect(globalThis).toMatchObject(shared as object);
    return byWebHandlers({ GET, POST } as Record<string, WebHandler>);
  }),
  'aws-lambda': mounted(({ handler }) => byLambda(handler as ReturnType<typeof lambdaCallback>)),
  'web-standard': mounted(({ server }) => {
    const { fetch } = server as { fetch: WebHandler };
    return byWebHandlers({ GET: fetch, POST: fetch });
  }),
  redis: {
    declarations: 'declare const publicUrl: string; declare const redisUrl: string;',
    prepare: async ({ later }) => {
      const redis = await startRedis();
      later(() => redis.kill());
      const port = await freePort();
      return { port, publicUrl: `http://127.0.0.1:${port}/fhircast`, redisUrl: redis.url };
    },
    check: async (stage, result) => {
      const { callback, router } = result as { callback: HttpCallbackEndpoint; router: RedisRouter };
      stage.later(() => router.close());
      await mounted(() => callback.node).check(stage, result);
      expect(router.counts).toMatchObject({ dispatched: 2, handled: 2 });
    },
  },
  'redis-leave': {
    declarations: `${CLIENT} declare const server: import('node:http').Server;
declare const router: import('fhircast-client/redis').RedisRouter;`,
    prepare: async (stage) => {
      const redis = await startRedis();
      stage.later(() => redis.kill());
      const port = await freePort();
      const routerOf = () => redisRouter({ client: createClient({ url: redis.url }) });
      const [router, others] = [routerOf(), routerOf()];
      stage.later(() => others.close());
      const baseUrl = `http://127.0.0.1:${port}`;
      const callback = createCallbackEndpoint({ baseUrl, router });
      const server = createServer(callback.node).listen(0, '127.0.0.1');
      // Where the balancer has sent the hub.
      await listen(stage, createCallbackEndpoint({ baseUrl, router: others }).node, { port });
      const client = await FhircastClient.fromSmartLaunch(stage.session.launch('draft'), { callback });
      client.on('Patient-open', () => {});
      await client.ready();
      return { client, server, router };
    },
    check: async ({ session }, { server, router }) => {
      expect([(server as Server).listening, (router as RedisRouter).state]).toEqual([false, 'closed']);
      // The hub has its answer, and notes it a moment later.
      await expect.poll(() => session.subscriptions).toEqual([]);
    },
  },
  'relay-server': {
    ...relayServer,
    declarations: `${RELAY} declare function hasSession(cookie: string | null): boolean;
declare function app(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse): void;`,
    prepare: async (stage) => ({
      ...(await relayServer.prepare(stage)),
      hasSession: (cookie: string | null) => cookie === COOKIE,
      app: (_: unknown, response: ServerResponse) => response.end('the app'),
    }),
    check: async (stage, result) => {
      await relayServer.check(stage, result);
      expect((await openAsNobody(result)).status).toBe(403);
      expect(await (await fetch(new URL('/', String(result.publicUrl)))).text()).toBe('the app');
    },
  },
  'relay-page': {
    declarations: SHOW_CHART,
    prepare: async (stage) => {
      const port = await freePort();
      const baseUrl = `http://127.0.0.1:${port}/relay`;
      const relay = createRelay({ baseUrl });
      await listen(stage, relay.node, { port });
      stage.later(() => relay.close(0));
      launchPage(stage, 'draft');
      vi.stubGlobal('location', { href: new URL('/chart', baseUrl).href });
      stage.later(() => vi.unstubAllGlobals());
      return { showChart: stage.spy('showChart') };
    },
    check: expectToFollow,
  },
  'relay-express': {
    ...relayExpress,
    check: async (stage, result) => {
      await relayExpress.check(stage, result);
      expect((await openAsNobody(result)).status).toBe(403);
    },
  },
  'relay-fastify': relaying(({ app }) => app as Closable),
  'relay-hono': relaying(({ server }) => server as Closable),
  'relay-web': relaying(({ server }) => getRequestListener((server as { fetch: WebHandler }).fetch)),
  'relay-redis': {
    ...relayServer,
    prepare: async (stage) => {
      const redis = await startRedis();
      stage.later(() => redis.kill());
      const process = { once: (_: string, leave: () => unknown) => stage.spy('leave')(leave) };
      return { ...(await relayServer.prepare(stage)), redisUrl: redis.url, process };
    },
    check: async (stage, result) => {
      const { router, server, relay } = result as { router: RedisRouter; server: Server; relay: Relay };
      stage.later(() => router.close());
      await relayServer.check(stage, result);
      const [leave] = stage.calls.leave as [() => Promise<void>];
      await leave();
      expect([server.listening, relay.pages, router.state]).toEqual([false, 0, 'closed']);
    },
  },
  testing: {
    declarations: SHOW_CHART,
    prepare: ({ spy }) => ({ showChart: spy('showChart'), console: { log: spy('log') } }),
    check: ({ calls }) => {
      expect(calls.log).toEqual([200]);
      expect(calls.showChart?.[0]).toMatchObject({ resourceType: 'Patient', id: ada?.id });
    },
  },
  faults: {
    declarations: SHOW_CHART,
    prepare: ({ spy }) => ({ showChart: spy('showChart') }),
    check: async ({ calls, later }, { hub, client }) => {
      later(() => (hub as TestHub).close());
      later(() => (client as FhircastClient).unsubscribe());
      expect(calls.showChart).toMatchObject([{ id: ada?.id }, { id: TEST_PATIENTS[1]?.id }]);
    },
  },
  errors: {
    declarations: `${CLIENT} ${SHOW}`,
    prepare: async (stage) => {
      const client = await joined(stage);
      // Not the next request alone: the client asks by itself before the block does.
      stage.session.revokeToken(stage.session.accessToken);
      client.on('Patient-open', () => {});
      return { client, showBanner: stage.spy('showBanner'), console: { error: stage.spy('log') } };
    },
    check: ({ calls }) => {
      expect(calls.log).toEqual(['session-over']);
      expect(calls.showBanner).toEqual(['Following the chart is not possible.']);
    },
  },
  listeners: {
    declarations: `${CLIENT} ${SHOW} declare let dictating: boolean; declare function loadChart(patient: import('fhir/r4').Patient): Promise<void>;`,
    prepare: async (stage) => ({
      client: await joined(stage),
      dictating: true,
      loadChart: stage.spy('loadChart'),
      showBanner: stage.spy('showBanner'),
      showConnection: stage.spy('showConnection'),
    }),
    check: async ({ session, calls }, { client }) => {
      const told = new Promise((resolve) => (client as FhircastClient).once('SyncError', resolve));
      await (client as FhircastClient).ready();
      const { answers } = await session.publish('Patient-open', chart(0));
      expect(answers.map(({ status }) => status)).toEqual([409]);
      await told;
      expect(calls.loadChart).toBeUndefined();
      expect(calls.showBanner).toEqual(['Documented app shows another patient']);
      expect(calls.showConnection).toEqual(['subscribing', 'active']);
    },
  },
  'hub-choice': {
    declarations: CLIENT,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('Patient-open', () => {});
      await expect.poll(() => client.hub.discovery).toBeDefined();
      return { client, console: { log: stage.spy('log') } };
    },
    check: ({ calls }) => expect(calls.log).toEqual(['stu3 (by discovery), websocket (by discovery)']),
  },
  personality: {
    declarations: SHOW_CHART,
    prepare: ({ spy }) => ({ showChart: spy('showChart'), console: { log: spy('log') } }),
    check: async ({ calls, later }, { client, hub }) => {
      later(() => (hub as TestHub).close());
      later(() => (client as FhircastClient).unsubscribe());
      await expect.poll(() => calls.showChart).toMatchObject([{ id: ada?.id }]);
      expect(calls.log).toEqual(['still there']);
    },
  },
  profiles: {
    declarations: `${SHOW_CHART} declare const tokenResponse: import('fhircast-client').TokenResponse;`,
    prepare: ({ session, spy }) => ({
      tokenResponse: session.launch(),
      showChart: spy('showChart'),
      console: { log: spy('log') },
    }),
    check: async (stage, result) => {
      await expectToFollow(stage, result);
      expect(stage.calls.log).toEqual(['endpointOnHubHost, ours']);
      expect((result.client as FhircastClient).hub).toMatchObject({ dialect: 'stu2', dialectBy: 'profile' });
    },
  },
  sync: {
    declarations: `${CLIENT} ${SHOW} declare function hideBanner(): void;`,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('error', () => {}).on('SyncError', () => {});
      return { client, showBanner: stage.spy('showBanner'), hideBanner: stage.spy('hideBanner') };
    },
    check: async ({ session, calls }, { client }) => {
      const follower = client as FhircastClient;
      await follower.on('Patient-open', (event) => event.refuse('not now')).ready();
      await expect.poll(() => calls.hideBanner?.length, AFTER_A_GAP).toBe(1);
      await session.publish('Patient-open', chart(0));
      await expect.poll(() => calls.showBanner?.at(-1), AFTER_A_GAP).toBe('Documented app shows another patient');
      session.dropConnections();
      await expect.poll(() => calls.showBanner?.at(-1), AFTER_A_GAP).toMatch(/^May be out of date since /);
    },
  },
  change: {
    declarations: `${CLIENT} ${SHOW} declare const patient: import('fhir/r4').Patient;`,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('Patient-open', (event) => event.refuse('not now'));
      await client.ready();
      return { client, patient: ada, showBanner: stage.spy('showBanner') };
    },
    check: ({ calls }) => expect(calls.showBanner).toEqual(['Documented app did not follow']),
  },
  contexts: {
    declarations: CLIENT,
    prepare: async (stage) => ({
      client: await joined(stage),
      console: { log: (...values: unknown[]) => stage.spy('log')(values) },
    }),
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      const encounter = { resourceType: 'Encounter', id: 'visit', subject: { reference: `Patient/${ada?.id}` } };
      await session.publish('Encounter-open', [{ key: 'encounter', resource: encounter }, ...chart(0)]);
      expect(calls.log).toEqual([['Encounter', 1, ['Patient']]]);
    },
  },
  'one-context': {
    declarations: `${SHOW_CHART} declare function clearChart(): void;`,
    prepare: (stage) => {
      launchPage(stage);
      return { showChart: stage.spy('shown'), clearChart: () => stage.spy('shown')(null) };
    },
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      await session.publish('Patient-open', chart(0));
      await session.publish('Patient-open', chart(1));
      await session.publish('Patient-close', chart(1));
      await session.publish('Patient-open', chart(0));
      await session.publish('Home-open');
      const idOf = (patient: unknown) => (patient as { id: string } | null)?.id;
      expect(calls.shown?.map(idOf)).toEqual([ada?.id, bram?.id, undefined, ada?.id, undefined]);
    },
  },
  tabs: {
    declarations: 'declare function showTabs(tabs: readonly { title: string; isCurrent: boolean }[]): void;',
    prepare: (stage) => {
      launchPage(stage);
      return { showTabs: stage.spy('tabs') };
    },
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      const expectTabs = (...tabs: readonly string[]) =>
        expect
          .poll(() => calls.tabs?.at(-1), AFTER_A_GAP)
          .toEqual(tabs.map((tab) => ({ title: tab.replace('*', ''), isCurrent: tab.endsWith('*') })));
      await session.publish('Patient-open', chart(0));
      await session.publish('Patient-open', chart(1));
      await session.publish('ImagingStudy-open', STUDY);
      await expectTabs('Patient ada-quill', 'Patient bram-oakhurst', 'ImagingStudy study-1*');
      await session.publish('Home-open');
      await expectTabs('Patient ada-quill', 'Patient bram-oakhurst', 'ImagingStudy study-1');
      await session.publish('Patient-open', chart(0));
      await expectTabs('Patient bram-oakhurst', 'ImagingStudy study-1', 'Patient ada-quill*');
      // The earlier of two patients, and the only study, are closed while nobody is told. The first cannot be found out.
      session.dropConnections();
      void session.publish('Patient-close', chart(1));
      void session.publish('ImagingStudy-close', STUDY);
      await expectTabs('Patient bram-oakhurst', 'Patient ada-quill*');
    },
  },
  gap: {
    declarations: `${CLIENT} declare function closeImages(study: import('fhir/r4').ImagingStudy | undefined, why: string): void;`,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('error', () => {}).on('ImagingStudy-open', () => {});
      return { client, closeImages: (...values: unknown[]) => stage.spy('closed')(values) };
    },
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      await session.publish('ImagingStudy-open', STUDY);
      await session.publish('ImagingStudy-close', STUDY);
      await session.publish('ImagingStudy-open', STUDY);
      session.dropConnections();
      void session.publish('ImagingStudy-close', STUDY);
      const study = expect.objectContaining({ id: 'study-1' });
      await expect
        .poll(() => calls.closed, AFTER_A_GAP)
        .toEqual([
          [study, 'closed'],
          [study, 'closed while the connection was lost'],
        ]);
    },
  },
  banner: {
    declarations: `${CLIENT} ${SHOW} declare function hideBanner(): void;`,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('error', () => {});
      return { client, showBanner: stage.spy('banner'), hideBanner: () => stage.spy('banner')('') };
    },
    check: async ({ hub, session, calls, later }, { client }) => {
      const follower = client as FhircastClient;
      await follower.on('Patient-open', () => {}).ready();
      await expect.poll(() => calls.banner?.at(-1), AFTER_A_GAP).toBe('');
      const options = {
        hubUrl: hub.url,
        topic: session.id,
        accessToken: session.accessToken,
        subscriberName: 'Other app',
      };
      const other = new FhircastClient(options);
      later(() => other.unsubscribe());
      await other.on('Patient-open', (event) => event.refuse('not now')).ready();
      await session.publish('Patient-open', chart(0));
      await expect.poll(() => calls.banner?.at(-1), AFTER_A_GAP).toBe('Other app out of step');
      await other.unsubscribe();
      follower.once('Patient-open', (event) => event.refuse('not now'));
      await session.publish('Patient-open', chart(1));
      await expect.poll(() => calls.banner, AFTER_A_GAP).toContain('You are out of step');
      session.dropConnections();
      await expect
        .poll(() => calls.banner?.join(), AFTER_A_GAP)
        .toMatch(/Connection lost since \S.*,Catching up: may be out of date/);
    },
  },
  'token-response': {
    declarations: `${SHOW_CHART} ${WEBHOOK}`,
    prepare: ({ session, spy }) => ({ tokenResponse: session.launch(), showChart: spy('showChart') }),
    check: expectToFollow,
  },
  'query-string': {
    declarations: `${SHOW_CHART} declare const trustedHub: string; declare function tokenOfTheMoment(): string;`,
    prepare: ({ hub, session, spy, later }) => {
      const query = new URLSearchParams({ 'hub.url': hub.url, 'hub.topic': session.id });
      vi.stubGlobal('location', { href: `https://app.example.org/?${query}` });
      vi.stubGlobal('history', { replaceState: (...[, , url]: unknown[]) => spy('address')(url) });
      later(() => vi.unstubAllGlobals());
      return { trustedHub: hub.url, tokenOfTheMoment: () => session.accessToken, showChart: spy('showChart') };
    },
    check: async (stage, result) => {
      await expectToFollow(stage, result);
      expect(stage.calls.address).toEqual(['https://app.example.org/']);
    },
  },
  'known-topic': {
    declarations: `${SHOW_CHART} ${SESSION} declare const workstation: string; declare function topicOf(workstation: string): Promise<string>;`,
    prepare: ({ hub, session: { id, accessToken }, spy }) => {
      const topicOf = async (workstation: string) => (workstation === 'room 7' ? id : '');
      return { hubUrl: hub.url, accessToken, workstation: 'room 7', topicOf, showChart: spy('showChart') };
    },
    check: expectToFollow,
  },
  'token-from-elsewhere': {
    declarations: `${SHOW_CHART} ${SESSION} declare function storedToken(): Promise<string>; declare function renewedToken(): Promise<string>;`,
    prepare: ({ hub, session: { id, accessToken }, spy }) => ({
      hubUrl: hub.url,
      topic: id,
      storedToken: async () => 'a-token-that-is-over',
      renewedToken: async () => accessToken,
      showChart: spy('showChart'),
    }),
    check: expectToFollow,
  },
  switches: {
    declarations: `${SHOW_CHART} declare function tokenOfTheMoment(): string;`,
    prepare: ({ hub, session: { id, accessToken }, spy }) => {
      const argv = ['node', 'app.js', '/user:jsmith', '-v', 'file', `/hub.url:${hub.url}`, `--hub.topic=${id}`];
      return { process: { argv }, tokenOfTheMoment: () => accessToken, showChart: spy('showChart') };
    },
    check: expectToFollow,
  },
  'fhir-server': {
    declarations: `${SHOW_CHART} declare const fhirUrl: string; declare const topic: string; declare const accessToken: string;`,
    prepare: async ({ hub, session: { id, accessToken }, spy, later }) => {
      const { fhirUrl, close } = await startTestEhr({ hub });
      later(close);
      return { fhirUrl, topic: id, accessToken, showChart: spy('showChart') };
    },
    check: expectToFollow,
  },
  'smart-server': {
    declarations: `${SHOW_CHART} ${EXPRESS_SESSION} declare const fhirUrl: string; declare const clientId: string;
declare const smart: typeof import('fhirclient');`,
    prepare: async ({ hub, spy, later }) => {
      const ehr = await startTestEhr({ hub });
      later(() => ehr.close());
      const app = express();
      const session = { destroy: (done: () => void) => done() };
      app.use((request, _, next) => next(void Object.assign(request, { session, sessionID: 'of-the-user' })));
      return { app, smart, ehr, fhirUrl: ehr.fhirUrl, clientId: 'documented', showChart: spy('showChart') };
    },
    check: async ({ session, calls, later }, { app, ehr }) => {
      const server = createServer(app as never).listen(0, '127.0.0.1');
      later(() => server.closeAllConnections());
      later(() => server.close());
      await once(server, 'listening');
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      expect((await fetch(`${origin}/launch?iss=https://elsewhere.example.org`)).status).toBe(403);
      const { launchUrl } = ehr as Awaited<ReturnType<typeof startTestEhr>>;
      expect(await (await fetch(launchUrl(`${origin}/launch`, { session }))).json()).toBeNull();
      await session.publish('Patient-open', chart(0));
      expect(await (await fetch(origin)).json()).toEqual(ada);
      expect(calls.showChart).toMatchObject([{ id: ada?.id }]);
      expect((await fetch(`${origin}/logout`, { method: 'POST' })).url).toBe(`${origin}/goodbye`);
      expect(session.subscriptions).toEqual([]);
    },
  },
};
