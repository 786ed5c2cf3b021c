import { afterEach, describe, expect, it } from 'vitest';
import { type App, startListener } from './app.ts';
import { expectBodyKept, meetsExpectations, post } from './expectations.ts';

meetsExpectations('node:http', () =>
  startListener(
    (endpoint) => (request, response) => {
      if (request.url === '/other') response.end('other');
      else endpoint.node(request, response);
    },
    '/a/b',
  ),
);

describe('a listener of node:http that reads the body before', () => {
  let app: App;
  afterEach(() => app.close());

  /** Reads the body as a parser would, and puts what it keeps on the request. */
  const behind = (keep: (bytes: Buffer) => object) =>
    startListener(({ node }) => (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        Object.assign(request, keep(Buffer.concat(chunks)));
        node(request, response);
      });
    });

  it.each<[string, (bytes: Buffer) => object]>([
    ['rawBody', (rawBody) => ({ rawBody, body: {} })],
    ['rawBody as text', (bytes) => ({ rawBody: bytes.toString() })],
    ['body', (body) => ({ body })],
  ])('may keep it as %s', async (_what, keep) => {
    app = await behind(keep);
    await expectBodyKept(app);
  });

  it('is told what to change', async () => {
    app = await behind(() => ({ body: { id: 1 } }));
    const subscribed = await app.open();
    const answer = await post(app, subscribed, '{"id":1}');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([500, 'text/plain; charset=utf-8']);
    expect(await answer.text()).toMatch(/before it, or keep the exact bytes/);
    expect(await subscribed.seen()).toEqual({ bodies: [], codes: [], denials: [] });
  });
});
