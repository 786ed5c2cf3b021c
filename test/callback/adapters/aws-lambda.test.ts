import type {
  ALBHandler,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  LambdaFunctionURLHandler,
} from 'aws-lambda';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import { type LambdaEvent, lambdaCallback } from '../../../src/callback/adapters/aws-lambda.ts';
import { sign, TOPIC } from '../support.ts';
import { type App, startApp } from './app.ts';
import { expectBodyKept, expectBodyLost, meetsExpectations, ODD_BODY } from './expectations.ts';
import { balancer, type EventOf, startGateway, version1, version2 } from './lambda-gateway.ts';

/** A function behind a gateway; `before` is a middleware of the function's own. */
const start = (eventOf: EventOf, before: (event: LambdaEvent) => LambdaEvent = (event) => event) =>
  startApp((endpoint, tell) => {
    const handler = lambdaCallback(endpoint);
    return startGateway(eventOf, async (event) => {
      try {
        return await handler(before(event));
      } catch (error) {
        tell(error);
        return { statusCode: 502, headers: {}, body: 'Internal Server Error' };
      }
    });
  });

const BUFFERED = { isBuffered: true };

meetsExpectations('AWS Lambda, function URL', () => start(version2()), { ...BUFFERED, isDecoded: true });
meetsExpectations('AWS Lambda, HTTP API with a stage', () => start(version2('/prod')), {
  ...BUFFERED,
  isDecoded: true,
});
meetsExpectations('AWS Lambda, REST API', () => start(version1(false)), { ...BUFFERED, isDecoded: true });
meetsExpectations('AWS Lambda, REST API with binary media types', () => start(version1(true)), BUFFERED);

meetsExpectations('AWS Lambda, load balancer', () => start(balancer(true)), { ...BUFFERED, isDecoded: true });

describe('a callback endpoint on AWS Lambda', () => {
  let app: App;
  afterEach(() => app?.close());

  it('is reached through a load balancer that sends single values', async () => {
    app = await start(balancer(false));
    const { path, secret } = await app.open();
    const verification = `hub.mode=subscribe&hub.topic=${encodeURIComponent(TOPIC)}&hub.challenge=a%20b%2Bc`;
    const answer = await fetch(`${app.origin}${path}&${verification}`);
    expect([answer.status, await answer.text()]).toEqual([200, 'a b+c']);
    const signed = { method: 'POST', body: ODD_BODY, headers: { 'x-hub-signature': sign(secret, ODD_BODY) } };
    expect((await fetch(app.origin + path, signed)).status).toBe(200);
  });

  it('fits the types of handlers', () => {
    type Handler = ReturnType<typeof lambdaCallback>;
    expectTypeOf<Handler>().toExtend<LambdaFunctionURLHandler>();
    expectTypeOf<Handler>().toExtend<APIGatewayProxyHandlerV2>();
    expectTypeOf<Handler>().toExtend<APIGatewayProxyHandler>();
    expectTypeOf<Handler>().toExtend<ALBHandler>();
  });

  it.each([
    ['in base64', (body: string) => ({ body: Buffer.from(body).toString('base64'), isBase64Encoded: true })],
    ['as text', (body: string) => ({ body, isBase64Encoded: false })],
  ])('takes a body %s, and the signature by whatever case of its name', async (_what, encode) => {
    for (const name of ['x-hub-signature', 'X-Hub-Signature', 'X-HUB-SIGNATURE']) {
      app = await start((request, body) => {
        const event = version1(false)(request, body);
        const { 'X-Hub-Signature': _own, ...headers } = event.headers as Record<string, string>;
        return {
          ...event,
          headers: { ...headers, [name]: sign(secret, body) },
          ...encode(body.toString()),
        } as LambdaEvent;
      });
      const { secret, path, seen, ...subscribed } = await app.open();
      const answer = await fetch(app.origin + path, { method: 'POST', body: ODD_BODY });
      expect(answer.status).toBe(200);
      expect(await seen()).toMatchObject({ bodies: [ODD_BODY] });
      await subscribed.close();
      await app.close();
    }
  });

  it('survives an event without headers and query, as the console sends it', async () => {
    app = await start((request, body) => {
      const event = version1(false)(request, body);
      return { ...event, headers: null, multiValueHeaders: null } as unknown as LambdaEvent;
    });
    const { path } = await app.open();
    const bare = new URL(path, app.origin).pathname;
    expect((await fetch(app.origin + bare, { method: 'POST', body: ODD_BODY })).status).toBe(401);
    expect((await fetch(app.origin + bare)).status).toBe(404);
    expect(app.errors).toEqual([]);
  });

  it('takes what a middleware has parsed when it has kept the rawBody', async () => {
    for (const eventOf of [version2(), version1(true)]) {
      app = await start(eventOf, (event) => {
        const { body } = event;
        return { ...event, body: {}, rawBody: body } as unknown as LambdaEvent;
      });
      await expectBodyKept(app);
      await app.close();
    }
  });

  it('says what to change when a middleware has parsed the body and kept nothing', async () => {
    const parse = (event: LambdaEvent) =>
      (event.body ? { ...event, body: JSON.parse(event.body) } : event) as unknown as LambdaEvent;
    app = await start(version2(), parse);
    await expectBodyLost(app);
    const { path } = await app.open();
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(app.origin + path, { method: 'POST', body: '{}', headers });
    expect(await answer.text()).toMatch(/^callback-body-parsed \(a middleware\): .*keep the exact bytes/);
  });
});
