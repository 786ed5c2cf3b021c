import Koa, { type Middleware } from 'koa';
import { afterEach, describe, expect, it } from 'vitest';
import { koaCallback } from '../../../src/callback/adapters/koa.ts';
import { type App, startListener } from './app.ts';
import { BODY_PARSED, expectBodyKept, expectBodyLost, meetsExpectations, ODD_BODY, post } from './expectations.ts';

const MOUNTS = ['/fhircast/', '/a/b/'];

/** A Koa app; `before` stands before the endpoint. */
const start = (...before: Middleware[]) =>
  startListener((endpoint, tell) => {
    const app = new Koa();
    const callbacks = koaCallback(endpoint);
    app.on('error', tell);
    for (const middleware of before) app.use(middleware);
    app.use((ctx, next) => (MOUNTS.some((mount) => ctx.path.startsWith(mount)) ? callbacks(ctx, next) : next()));
    app.use((ctx) => {
      ctx.body = 'other';
    });
    return app.callback();
  }, '/a/b');

const read = async (stream: NodeJS.ReadableStream): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

meetsExpectations('Koa', start, { tellsOfConnections: true });

describe('a callback endpoint on Koa', () => {
  let app: App;
  afterEach(() => app.close());

  it.each<[string, Middleware]>([
    [
      'as koa-bodyparser keeps it',
      async (ctx, next) => {
        const text = String(await read(ctx.req));
        Object.assign(ctx.request, { body: {}, rawBody: text });
        await next();
      },
    ],
    [
      'as koa-body keeps what it does not parse',
      async (ctx, next) => {
        Object.assign(ctx.request, { body: await read(ctx.req) });
        await next();
      },
    ],
  ])('takes a body that was read before, %s', async (_what, parser) => {
    app = await start(parser);
    await expectBodyKept(app);
    expect(app.errors).toEqual([]);
  });

  it('throws when a body was read before and is lost', async () => {
    app = await start(async (ctx, next) => {
      Object.assign(ctx.request, { body: JSON.parse(String(await read(ctx.req)) || '{}') });
      await next();
    });
    await expectBodyLost(app);
    expect(app.errors).toEqual([BODY_PARSED]);
  });

  it('lets a middleware before it see when the answer has gone out, and what it is', async () => {
    const statuses: number[] = [];
    app = await start(async (ctx, next) => {
      ctx.set('X-Request-Id', '1');
      await next();
      if (ctx.res.writableFinished) statuses.push(ctx.status);
    });
    const subscribed = await app.open();
    const answer = await post(app, subscribed, ODD_BODY);
    expect([answer.status, answer.headers.get('x-request-id')]).toEqual([200, '1']);
    expect((await post(app, subscribed, '{"answer":409}')).status).toBe(409);
    expect(statuses).toEqual([200, 409]);
  });
});
