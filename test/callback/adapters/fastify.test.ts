import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { fastifyCallback } from '../../../src/callback/adapters/fastify.ts';
import { type App, startApp } from './app.ts';
import { BODY_PARSED, expectBodyKept, expectBodyLost, meetsExpectations, ODD_BODY, post } from './expectations.ts';

/** A Fastify app; `prepare` is what the app does before it mounts the endpoint. */
const start = (prepare: (app: FastifyInstance) => void = () => {}) =>
  startApp(async (endpoint, tell) => {
    const app = Fastify();
    prepare(app);
    app.register(fastifyCallback(endpoint), { prefix: '/fhircast' });
    app.register(async (scope) => void scope.register(fastifyCallback(endpoint), { prefix: '/b' }), { prefix: '/a' });
    app.get('/other', async () => 'other');
    app.post('/other', async (request) => request.body);
    app.addHook('onError', async (_request, _reply, error) => tell(error));
    const origin = await app.listen({ port: 0, host: '127.0.0.1' });
    return { origin, otherMount: '/a/b', close: () => app.close() };
  });

meetsExpectations('Fastify', start);

describe('a callback endpoint on Fastify', () => {
  let app: App;
  afterEach(() => app.close());

  it('leaves the parsing of other bodies as it is', async () => {
    app = await start();
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${app.origin}/other`, { method: 'POST', body: '{ "a" : 1 }', headers });
    expect(await answer.text()).toBe('{"a":1}');
  });

  it('sees no difference when the app has parsers of its own', async () => {
    app = await start((fastify) => {
      fastify.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null, 'parsed'));
    });
    const subscribed = await app.open();
    expect((await post(app, subscribed, ODD_BODY)).status).toBe(200);
    expect((await post(app, subscribed, ODD_BODY, { 'Content-Type': 'text/odd' })).status).toBe(200);
    expect(await subscribed.seen()).toMatchObject({ bodies: [ODD_BODY, ODD_BODY] });
  });

  it.each<[string, (bytes: Buffer) => unknown]>([
    ['bytes', (bytes) => bytes],
    ['text', (bytes) => bytes.toString()],
  ])('takes a rawBody that a hook of the app has kept as %s', async (_what, keep) => {
    app = await start((fastify) => {
      fastify.addHook('preParsing', async (request, _reply, payload) => {
        const chunks: Buffer[] = [];
        for await (const chunk of payload) chunks.push(chunk as Buffer);
        Object.assign(request, { rawBody: keep(Buffer.concat(chunks)) });
        return payload;
      });
    });
    await expectBodyKept(app);
  });

  it('throws when a hook of the app has read the body', async () => {
    app = await start((fastify) => {
      fastify.addHook('preParsing', async (_request, _reply, payload) => {
        for await (const _chunk of payload);
        return payload;
      });
    });
    await expectBodyLost(app);
    expect(app.errors).toEqual([BODY_PARSED]);
  });

  it('answers where a request is injected, too', async () => {
    const fastify = Fastify();
    app = await startApp((endpoint) => {
      fastify.register(fastifyCallback(endpoint), { prefix: '/fhircast' });
      return { origin: '', close: () => fastify.close() };
    });
    const { path } = await app.open();
    const answer = await fastify.inject({ method: 'POST', url: path, payload: ODD_BODY });
    expect(answer.statusCode).toBe(401);
  });
});
