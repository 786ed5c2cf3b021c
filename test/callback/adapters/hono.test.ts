import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { honoCallback } from '../../../src/callback/adapters/hono.ts';
import { type App, startApp, started } from './app.ts';
import { BODY_PARSED, expectBodyKept, expectBodyLost, meetsExpectations, post } from './expectations.ts';

/** A Hono app on Node; `before` stands before the endpoint. */
const start = (...before: MiddlewareHandler[]) =>
  startApp(async (endpoint, tell) => {
    const app = new Hono();
    for (const middleware of before) app.use(middleware);
    app.all('/fhircast/*', honoCallback(endpoint));
    app.route('/a', new Hono().all('/b/*', honoCallback(endpoint)));
    app.get('/other', (context) => context.text('other'));
    app.onError((error, context) => {
      tell(error);
      return context.body(null, 500);
    });
    return { ...(await started(createServer(getRequestListener(app.fetch)))), otherMount: '/a/b' };
  });

meetsExpectations('Hono', start);

describe('a callback endpoint on Hono', () => {
  let app: App;
  afterEach(() => app.close());

  it.each(['text', 'arrayBuffer', 'blob', 'json'] as const)('takes a body that was read by %s()', async (how) => {
    app = await start(async ({ req }, next) => {
      if (req.method === 'POST') await req[how]();
      await next();
    });
    await expectBodyKept(app);
    expect(app.errors).toEqual([]);
  });

  it.each<[string, MiddlewareHandler, string, string]>([
    [
      'the request itself',
      async ({ req }, next) => {
        if (req.method === 'POST') await req.raw.json();
        await next();
      },
      '{"id":1}',
      'application/json',
    ],
    [
      'formData()',
      async ({ req }, next) => {
        if (req.method === 'POST') await req.formData();
        await next();
      },
      'a=%31',
      'application/x-www-form-urlencoded',
    ],
    [
      'formData(), of which text was made again',
      async ({ req }, next) => {
        if (req.method === 'POST') {
          await req.formData();
          await req.text();
        }
        await next();
      },
      'a=%31',
      'application/x-www-form-urlencoded',
    ],
  ])('throws when a body was read by %s and is lost', async (_what, parser, body, type) => {
    app = await start(parser);
    await expectBodyLost(app, body, type);
    expect(app.errors).toEqual([BODY_PARSED]);
  });

  it('takes a form that was parsed by parseBody(), which keeps the bytes', async () => {
    app = await start(async ({ req }, next) => {
      await req.parseBody();
      await next();
    });
    const subscribed = await app.open();
    const answer = await post(app, subscribed, 'a=%31', { 'Content-Type': 'application/x-www-form-urlencoded' });
    expect(answer.status).toBe(200);
    expect(await subscribed.seen()).toMatchObject({ bodies: ['a=%31'] });
  });
});
