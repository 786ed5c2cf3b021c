import { once } from 'node:events';
import { createServer, type RequestListener, Server, type ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type express from 'express';
import { FhircastClient } from 'fhircast-client';
import { createCallbackEndpoint, type HttpCallbackEndpoint, MemoryRouter } from 'fhircast-client/callback';
import type { lambdaCallback } from 'fhircast-client/callback/aws-lambda';
import { type RedisRouter, redisRouter } from 'fhircast-client/redis';
import { createRelay, type Relay, relayChannel } from 'fhircast-client/relay';
import { createClient } from 'redis';
import { expect, vi } from 'vitest';
import { startRedis } from '../redis/support.ts';
import {
  CLIENT,
  expectToFollow,
  type Fixture,
  freePort,
  launchPage,
  type Result,
  SHOW_CHART,
  type Stage,
  WEBHOOK,
} from './stage.ts';

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

/** The blocks for servers, by their names. */
export const SERVER_FIXTURES: Readonly<Record<string, Fixture>> = {
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
};
