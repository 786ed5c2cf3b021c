import { createRequire } from 'node:module';
import express5, { type NextFunction, type Request, type Response } from 'express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { expressCallback } from '../../../src/callback/adapters/express.ts';
import { type CallbackRouter, MemoryRouter } from '../../../src/callback/index.ts';
import { BODY, listen, openSubscription, type RecordingOwner, type SetUp, sign, TOPIC } from '../support.ts';
import { BODY_LIMIT, startListener } from './app.ts';
import { BODY_PARSED, expectBodyKept, expectBodyLost, meetsExpectations, ODD_BODY, post } from './expectations.ts';

type App = ReturnType<typeof express5>;

const require = createRequire(import.meta.url);

/** What these tests need of Express is the same in both. */
const express4: typeof express5 = require('express4');

/** As the adapter's documentation has it. */
const verify = (request: unknown, _response: unknown, bytes: Buffer) => {
  Object.assign(request as object, { rawBody: bytes });
};

describe.each([
  ['Express 4', express4],
  ['Express 5', express5],
])('%s', (name, express) => {
  /** An app for the table of expectations; `mount` puts other handlers before the endpoint. */
  const start = (mount: (app: App) => void = () => {}) =>
    startListener((endpoint, tell) => {
      const app = express();
      mount(app);
      app.use('/fhircast', expressCallback(endpoint));
      app.use('/a', express.Router().use('/b', expressCallback(endpoint)));
      app.get('/other', (_request, response) => void response.send('other'));
      app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
        tell(error);
        response.status(500).end();
      });
      return app;
    }, '/a/b');

  meetsExpectations(name, start);
  // More than the endpoint's own limit, so that it is the endpoint that refuses.
  const limit = BODY_LIMIT + 10;
  meetsExpectations(
    `${name} behind express.raw()`,
    () => start((app) => app.use(express.raw({ type: '*/*', limit }))),
    {
      isBuffered: true,
      tellsOfConnections: true,
    },
  );

  it.each<[string, (app: App) => void]>([
    ['express.json() with verify', (app) => app.use(express.json({ verify }))],
    ['express.raw()', (app) => app.use(express.raw({ type: 'application/json' }))],
  ])('takes the bytes that are kept by %s', async (_what, mount) => {
    const app = await start(mount);
    onTestFinished(async () => void (await app.close()));
    await expectBodyKept(app);
    expect(app.errors).toEqual([]);
  });

  it.each<[string, (app: App) => void, string]>([
    ['express.json()', (app) => app.use(express.json()), 'application/json'],
    [
      'express.urlencoded()',
      (app) => app.use(express.urlencoded({ extended: false })),
      'application/x-www-form-urlencoded',
    ],
    ['express.text()', (app) => app.use(express.text({ type: '*/*' })), 'application/json'],
  ])('is told by next() that %s has taken the bytes', async (_what, mount, type) => {
    const app = await start(mount);
    onTestFinished(async () => void (await app.close()));
    await expectBodyLost(app, '{"id":1}', type);
    expect(app.errors).toEqual([BODY_PARSED]);
  });

  it('is not hindered by a body parser behind it', async () => {
    const app = await startListener((endpoint) => {
      const behind = express();
      behind.use('/fhircast', expressCallback(endpoint));
      behind.use(express.json());
      return behind.post('/other', (request, response) => void response.send(request.body));
    });
    onTestFinished(async () => void (await app.close()));
    const subscribed = await app.open();
    expect((await post(app, subscribed, ODD_BODY)).status).toBe(200);
    expect(await subscribed.seen()).toMatchObject({ bodies: [ODD_BODY] });
    const headers = { 'Content-Type': 'application/json' };
    const other = await fetch(`${app.origin}/other`, { method: 'POST', body: '{ "a" : 1 }', headers });
    expect(await other.text()).toBe('{"a":1}');
  });

  /** An Express app with a callback endpoint at `/fhircast`; `mount` puts other handlers before it. */
  async function serve(mount: (app: App) => void = () => {}, setUp: SetUp<RecordingOwner> = {}) {
    const subscription = await openSubscription(setUp);
    const errors: unknown[] = [];
    const app = express();
    mount(app);
    app.use('/fhircast', expressCallback(subscription.endpoint));
    app.get('/other', (_request, response) => void response.send('other'));
    app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
      errors.push(error);
      response.status(500).end();
    });
    const { origin } = await listen(app);
    const url = `${origin}/fhircast/${subscription.id}`;
    const post = (body: string, headers: Record<string, string> = {}) =>
      fetch(url, {
        method: 'POST',
        body,
        headers: { 'Content-Type': 'application/json', 'X-Hub-Signature': sign(subscription.secret, body), ...headers },
      });
    return { ...subscription, errors, origin, url, post };
  }

  describe('expressCallback', () => {
    it.each<[string, (app: App) => void]>([
      ['alone', () => {}],
      ['after express.json() that keeps rawBody', (app) => void app.use(express.json({ verify }))],
      ['after express.raw()', (app) => void app.use(express.raw({ type: '*/*' }))],
      ['after express.urlencoded(), which leaves JSON alone', (app) => void app.use(express.urlencoded())],
    ])('verifies, delivers and refuses: %s', async (_what, mount) => {
      const { url, post, owner, errors } = await serve(mount);
      const answer = await fetch(`${url}?hub.mode=subscribe&hub.topic=${TOPIC}&hub.challenge=c-1`);
      expect([answer.status, await answer.text()]).toEqual([200, 'c-1']);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      // A body that a parser would write differently.
      const body = BODY.replace('{', '{ \n');
      expect((await post(body)).status).toBe(200);
      expect((await post(body, { 'X-Hub-Signature': sign('another', body) })).status).toBe(401);
      expect((await fetch(url, { method: 'DELETE' })).status).toBe(405);
      expect(owner.bodies).toEqual([body]);
      expect(owner.codes).toEqual(['signature-mismatch']);
      expect(errors).toEqual([]);
    });

    it('takes FHIR JSON that express.json() leaves alone', async () => {
      const { post, owner } = await serve((app) => void app.use(express.json()));
      expect((await post(BODY, { 'Content-Type': 'application/fhir+json' })).status).toBe(200);
      expect(owner.bodies).toEqual([BODY]);
    });

    it('says clearly through next() that express.json() has taken the bytes', async () => {
      const { post, owner, errors, endpoint } = await serve((app) => void app.use(express.json()));
      expect((await post(BODY)).status).toBe(500);
      expect(errors).toMatchObject([
        { code: 'callback-body-parsed', message: expect.stringMatching(/express\.json\(\).*before.*rawBody/) },
      ]);
      expect(owner).toMatchObject({ bodies: [], errors: [] });
      expect(endpoint.counts).toEqual({ 'callback-body-parsed': 1 });
    });

    it('says so after express.text(), too: text is not bytes', async () => {
      const { post, errors } = await serve((app) => void app.use(express.text({ type: '*/*' })));
      expect((await post(BODY)).status).toBe(500);
      expect(errors).toMatchObject([{ code: 'callback-body-parsed' }]);
    });

    it('still verifies behind express.json()', async () => {
      const { url } = await serve((app) => void app.use(express.json()));
      const answer = await fetch(`${url}?hub.topic=${TOPIC}&hub.challenge=c-2`);
      expect(await answer.text()).toBe('c-2');
    });

    it.each<[string, (app: App) => void]>([
      ['alone', () => {}],
      ['behind a parser', (app) => void app.use(express.json({ verify }))],
    ])('keeps to the limit %s', async (_what, mount) => {
      const { post, owner } = await serve(mount, { bodyLimit: 1000 });
      const body = JSON.stringify({ text: 'x'.repeat(1000) });
      expect((await post(body)).status).toBe(413);
      expect(owner.codes).toEqual(['notification-too-large']);
      expect((await post(BODY)).status).toBe(200);
    });

    it('answers 404 for what is not its own, and leaves other routes alone', async () => {
      const { origin } = await serve();
      expect((await fetch(`${origin}/fhircast/guess`)).status).toBe(404);
      expect(await (await fetch(`${origin}/other`)).text()).toBe('other');
    });

    it('can be mounted at the root, in a router and for all methods of a route', async () => {
      const { endpoint, id } = await openSubscription();
      const router = express.Router();
      router.use(expressCallback(endpoint));
      const app = express();
      app.use('/a/b', router);
      app.all('/c/:id', expressCallback(endpoint));
      app.use(expressCallback(endpoint));
      const { origin } = await listen(app);
      for (const path of ['/a/b/', '/c/', '/']) {
        const answer = await fetch(`${origin}${path}${id}?hub.topic=${TOPIC}&hub.challenge=c`);
        expect(await answer.text()).toBe('c');
      }
    });

    it('says nothing when a timeout of the app has answered meanwhile', async () => {
      let response: Response | undefined;
      let isSettled: (() => void) | undefined;
      const late = new Promise<void>((resolve) => {
        isSettled = resolve;
      });
      const router = new MemoryRouter();
      const dispatch: CallbackRouter['dispatch'] = async (id, request) => {
        response?.status(503).end();
        await late;
        return router.dispatch(id, request);
      };
      const elsewhere = { register: router.register.bind(router), release: router.release.bind(router), dispatch };
      const keepResponse = (_request: Request, current: Response, next: NextFunction) => {
        response = current;
        next();
      };
      const { url, endpoint } = await serve((app) => void app.use(keepResponse), { router: elsewhere });
      const rejections: unknown[] = [];
      const note = (reason: unknown) => void rejections.push(reason);
      process.on('unhandledRejection', note);
      onTestFinished(() => void process.off('unhandledRejection', note));
      expect((await fetch(`${url}?hub.topic=${TOPIC}&hub.challenge=c`)).status).toBe(503);
      isSettled?.();
      // The endpoint has made its answer, and node:http would have thrown at the second one by the next turn of the loop.
      await vi.waitFor(() => expect(endpoint.counts).toEqual({ verified: 1 }));
      await new Promise(setImmediate);
      expect(rejections).toEqual([]);
    });
  });
});
