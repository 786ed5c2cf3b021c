import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, startApp, started } from './app.ts';
import { BODY_PARSED, meetsExpectations, post } from './expectations.ts';

/** A web-standard server: Node with the adapter that Hono brings; `before` is done with each request before. */
const start = (before: (request: Request) => unknown = () => {}) =>
  startApp(async (endpoint, tell) => {
    const answer = async (request: Request): Promise<Response> => {
      await before(request);
      return new URL(request.url).pathname === '/other' ? new Response('other') : endpoint.fetch(request);
    };
    const errorHandler = (error: unknown): Response => {
      tell(error);
      return new Response(null, { status: 500 });
    };
    return { ...(await started(createServer(getRequestListener(answer, { errorHandler })))), otherMount: '/a/b' };
  });

meetsExpectations('a web-standard server', start);

describe('a callback endpoint on a web-standard server', () => {
  let app: App;
  afterEach(() => app.close());

  it('rejects when a body was read before', async () => {
    app = await start((request) => request.method === 'POST' && request.json());
    const subscribed = await app.open();
    expect((await post(app, subscribed, '{}')).status).toBe(500);
    expect(app.errors).toEqual([BODY_PARSED]);
    expect(await subscribed.seen()).toEqual({ bodies: [], codes: [], denials: [] });
  });

  it('takes a copy whose body was not read', async () => {
    app = await start((request) => request.method === 'POST' && request.clone().json());
    const subscribed = await app.open();
    expect((await post(app, subscribed, '{ }')).status).toBe(200);
    expect(await subscribed.seen()).toMatchObject({ bodies: ['{ }'] });
  });
});
