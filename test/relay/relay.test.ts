import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type CallbackRouter, MemoryRouter } from '../../src/callback/index.ts';
import { createRelay } from '../../src/relay/index.ts';
import { encodeRequest, parseRequest } from '../../src/relay/wire.ts';
import { ask, openPage, openRelay, post } from './support.ts';

describe('createRelay', () => {
  it.each([
    ['baseUrl', { baseUrl: 'http://app.example.org/relay' }],
    ['baseUrl', { baseUrl: 'nonsense' }],
    ['origins', { baseUrl: 'https://app.example.org', origins: ['https://app.example.org/'] }],
    ['origins', { baseUrl: 'https://app.example.org', origins: ['*'] }],
    ['graceSeconds', { baseUrl: 'https://app.example.org', graceSeconds: -1 }],
    ['graceSeconds', { baseUrl: 'https://app.example.org', graceSeconds: Number.NaN }],
    ['maxPages', { baseUrl: 'https://app.example.org', maxPages: 0 }],
    ['maxBytes', { baseUrl: 'https://app.example.org', maxBytes: Number.NaN }],
    ['maxPageBytes', { baseUrl: 'https://app.example.org', maxPageBytes: -1 }],
    ['bodyLimit', { baseUrl: 'https://app.example.org', bodyLimit: 0 }],
    ['bodyLimit', { baseUrl: 'https://app.example.org', bodyLimit: 16 * 1024 * 1024 + 1 }],
    ['answerWithinMs', { baseUrl: 'https://app.example.org', answerWithinMs: 0 }],
    // They would be ignored.
    ['maxWaiting', { baseUrl: 'https://app.example.org', maxWaiting: 10, router: new MemoryRouter() }],
    ['onLost', { baseUrl: 'https://app.example.org', onLost: () => {}, router: new MemoryRouter() }],
  ])('refuses an impossible %s', (at, options) => {
    expect(() => createRelay(options)).toThrow(expect.objectContaining({ code: 'option-invalid', at }));
  });
});

describe('a page', () => {
  it('gets a capability and a callback URL of 192 random bits each', async () => {
    const { url, relay } = await openRelay();
    const [one, other] = [await openPage(url), await openPage(url)];
    for (const { page } of [one, other]) expect(page).toMatch(/^[0-9a-f]{48}$/);
    expect(one.callback).toMatch(new RegExp(`^${url}/callback/[0-9a-f]{48}$`));
    expect(new Set([one.page, other.page, one.callback.slice(-48), other.callback.slice(-48)]).size).toBe(4);
    expect(relay.pages).toBe(2);
  });

  it('gets the requests to its URL to the byte, in order, and its answers are what the hub gets', async () => {
    const { url } = await openRelay();
    const page = await openPage(url);
    const bodies = ['{"patient":"Åse \\u0000"}', '', 'x'.repeat(100_000)];
    const answers: Promise<Response>[] = [];
    for (const [at, body] of bodies.entries()) {
      answers.push(post(`${page.callback}?a=%20b`, body, `sha256=${at}`));
      await page.has(at + 1);
    }
    expect(page.bodies).toEqual(bodies);
    expect(page.requests.map(({ request }) => [request.method, request.query, request.signature])).toEqual(
      bodies.map((_, at) => ['POST', 'a=%20b', `sha256=${at}`]),
    );
    for (const [at, status] of [409, 401, 200].entries()) expect(await page.answer(at, status)).toBe(204);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([409, 401, 200]);
  });

  it('gets one of many at once in the order in which the hub has sent them', async () => {
    const { url } = await openRelay();
    const page = await openPage(url);
    const texts = Array.from({ length: 50 }, (_, at) => `event ${at}`);
    for (const text of texts) {
      const sent = page.requests.length;
      void post(page.callback, text);
      await page.has(sent + 1);
    }
    expect(page.bodies).toEqual(texts);
  });

  it('echoes the challenge of a verification, as an endpoint does', async () => {
    const { url } = await openRelay();
    const page = await openPage(url);
    const verified = fetch(`${page.callback}?hub.mode=subscribe&hub.challenge=abc%2B1`);
    await page.has(1);
    await page.answer(0, 200, 'abc+1');
    const response = await verified;
    expect([response.status, await response.text()]).toEqual([200, 'abc+1']);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain('sandbox');
  });

  it.each([
    ['a text that is no challenge', 'GET', '?hub.challenge=abc', 200, 'abd'],
    ['a challenge without a verification', 'GET', '', 200, 'abc'],
    ['a challenge that is refused', 'GET', '?hub.challenge=abc', 404, 'abc'],
    ['a text to an event', 'POST', '?hub.challenge=abc', 200, 'abc'],
  ])('cannot answer %s', async (_what, method, query, status, text) => {
    const { url } = await openRelay();
    const page = await openPage(url);
    const response = fetch(page.callback + query, { method, ...(method === 'POST' ? { body: '{}' } : {}) });
    await page.has(1);
    expect(await page.answer(0, status, text)).toBe(204);
    expect((await response).status).toBe(500);
    expect(await (await response).text()).toBe('');
  });

  it.each(['<script>', 'a\nb', 'x'.repeat(3_000)])('cannot answer %j at all', async (text) => {
    const { url } = await openRelay();
    const page = await openPage(url);
    const response = fetch(`${page.callback}?hub.challenge=${encodeURIComponent(text)}`);
    await page.has(1);
    expect(await page.answer(0, 200, text)).toBe(400);
    expect(await page.answer(0, 404)).toBe(204);
    expect((await response).status).toBe(404);
  });

  it('is not asked about other methods', async () => {
    const { url } = await openRelay();
    const page = await openPage(url);
    const response = await fetch(page.callback, { method: 'PUT', body: 'x' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST']);
    expect(page.requests).toEqual([]);
  });

  it('is told of a body over the limit, without it', async () => {
    const { url } = await openRelay({ bodyLimit: 10 });
    const page = await openPage(url);
    const response = post(page.callback, 'x'.repeat(11));
    await page.has(1);
    expect(page.requests[0]?.request.body).toBe('too-large');
    await page.answer(0, 413);
    expect((await response).status).toBe(413);
  });

  it('ends by DELETE: afterwards its URL is 410', async () => {
    const { url, relay } = await openRelay();
    const page = await openPage(url);
    const waits = post(page.callback, '{}');
    await page.has(1);
    expect((await ask(`${url}/page`, page.page, { method: 'DELETE' })).status).toBe(204);
    expect((await waits).status).toBe(410);
    expect((await post(page.callback, '{}')).status).toBe(410);
    await page.ended();
    expect(relay.pages).toBe(0);
    expect(relay.counts).toMatchObject({ 'ended-callback': 1 });
  });

  it('that does not answer in time leaves a 202 to an event, and a 503 to a verification', async () => {
    const { url, relay } = await openRelay({ answerWithinMs: 100 });
    const page = await openPage(url);
    expect((await post(page.callback, '{}')).status).toBe(202);
    expect((await fetch(`${page.callback}?hub.challenge=a`)).status).toBe(503);
    expect(await page.answer(0)).toBe(204);
    expect(relay.counts).toMatchObject({ late: 1, unavailable: 1 });
  });
});

describe('a page that goes away', () => {
  it('gets what waited when it is back, in order and before what is new', async () => {
    const { url } = await openRelay();
    const page = await openPage(url);
    const answers = [post(page.callback, 'first')];
    await page.has(1);
    page.leave();
    await page.ended();
    answers.push(post(page.callback, 'second'));
    const back = await openPage(url, page.page);
    expect(back.pages[0]).toEqual(page.pages[0]);
    await back.has(2);
    answers.push(post(page.callback, 'third'));
    await back.has(3);
    expect(back.bodies).toEqual(['first', 'second', 'third']);
    for (const at of [0, 1, 2]) await back.answer(at, 200 + at);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 201, 202]);
  });

  it('is waited for: then its URL is 410, and what was acknowledged is reported as lost', async () => {
    const lost: string[] = [];
    const { url, relay } = await openRelay({
      graceSeconds: 0.3,
      answerWithinMs: 100,
      onLost: (reason) => lost.push(reason),
    });
    const page = await openPage(url);
    void post(page.callback, 'seen');
    await page.has(1);
    await page.answer(0);
    page.leave();
    expect((await post(page.callback, 'unseen')).status).toBe(202);
    await vi.waitFor(() => expect(relay.pages).toBe(0), 5_000);
    expect((await post(page.callback, 'too late')).status).toBe(410);
    await vi.waitFor(() => expect(lost).toEqual(['owner-failed']));
    const back = await openPage(url, page.page);
    expect(back.callback).toBe(page.callback);
    expect(back.pages[0]?.epoch).not.toBe(page.pages[0]?.epoch);
  });

  it('is replaced by itself when it comes back twice', async () => {
    const { url } = await openRelay();
    const page = await openPage(url);
    const again = await openPage(url, page.page);
    await page.ended();
    expect(page.isReplaced).toBe(true);
    void post(page.callback, 'x');
    await again.has(1);
    expect(page.requests).toEqual([]);
  });

  it('comes back to a relay that has forgotten it, and is told so', async () => {
    const first = await openRelay();
    const page = await openPage(first.url);
    const second = await openRelay({ baseUrl: first.url });
    const back = await openPage(second.url, page.page);
    expect(back.callback).toBe(page.callback);
    expect(back.pages[0]?.epoch).not.toBe(page.pages[0]?.epoch);
    void post(page.callback.replace(first.url, second.url), 'x');
    await back.has(1);
  });
});

describe('relays that share a router in one process', () => {
  it('hand a page over, which keeps its URL and what waits', async () => {
    const router = new MemoryRouter();
    const one = await openRelay({ router });
    const other = await openRelay({ router, baseUrl: one.url });
    const page = await openPage(one.url);
    const answers = [post(page.callback, 'first')];
    await page.has(1);
    const back = await openPage(other.url, page.page);
    await page.ended();
    expect(back.pages[0]).toEqual(page.pages[0]);
    await back.has(1);
    answers.push(post(page.callback, 'second'));
    await back.has(2);
    expect(back.bodies).toEqual(['first', 'second']);
    for (const at of [0, 1]) expect(await back.answer(at)).toBe(204);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('open a page anew when what the other one holds cannot be had', async () => {
    const router = new MemoryRouter();
    const one = await openRelay({ router });
    const page = await openPage(one.url);
    const failing: CallbackRouter = {
      register: (id, handler) => router.register(id, handler),
      release: (id) => router.release(id),
      dispatch: (id, request) =>
        request.method === 'TAKE' ? Promise.reject(new Error('lost')) : router.dispatch(id, request),
    };
    const other = await openRelay({ router: failing, baseUrl: one.url });
    const back = await openPage(other.url, page.page);
    expect(back.callback).toBe(page.callback);
    expect(back.pages[0]?.epoch).not.toBe(page.pages[0]?.epoch);
    void post(page.callback, 'x');
    await back.has(1);
  });
});

describe('the limits', () => {
  it('of pages', async () => {
    const { url } = await openRelay({ maxPages: 1 });
    const page = await openPage(url);
    const refused = await ask(`${url}/page`, undefined, { method: 'POST' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    await openPage(url, page.page);
  });

  it.each([
    ['one page', { maxPageBytes: 2_000 }],
    ['all pages', { maxBytes: 2_000 }],
  ])('of what waits of %s', async (_whose, options) => {
    const { url } = await openRelay(options);
    const page = await openPage(url);
    const first = post(page.callback, 'x'.repeat(1_000));
    await page.has(1);
    const refused = await post(page.callback, 'x'.repeat(1_000));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    await page.answer(0);
    await first;
    void post(page.callback, 'y'.repeat(1_000));
    await page.has(2);
  });

  it('of all pages are freed when a page ends', async () => {
    const { url } = await openRelay({ maxBytes: 2_000 });
    const [one, other] = [await openPage(url), await openPage(url)];
    void post(one.callback, 'x'.repeat(1_000));
    await one.has(1);
    expect((await post(other.callback, 'x'.repeat(1_000))).status).toBe(503);
    await ask(`${url}/page`, one.page, { method: 'DELETE' });
    void post(other.callback, 'x'.repeat(1_000));
    await other.has(1);
  });
});

describe('requests that make no sense', () => {
  it.each([
    ['a path that is none', '/other', { method: 'POST' }, 404],
    ['a page that is asked for', '/page', {}, 405],
    ['a capability that is none', '/page', { method: 'POST', page: 'x' }, 400],
    ['an answer without a capability', '/answers', { method: 'POST', body: '{}' }, 400],
    ['an end without a capability', '/page', { method: 'DELETE' }, 400],
    ['an answer that is none', '/answers', { method: 'POST', page: 'real', body: '{' }, 400],
    ['an answer of nothing', '/answers', { method: 'POST', page: 'real', body: 'null' }, 400],
    [
      'an answer with an impossible status',
      '/answers',
      { method: 'POST', page: 'real', body: '{"id":"0.a","status":99,"body":""}' },
      400,
    ],
    [
      'an answer that nobody waits for',
      '/answers',
      { method: 'POST', page: 'real', body: '{"id":"0.a","status":200,"body":""}' },
      404,
    ],
    ['an answer that is too long', '/answers', { method: 'POST', page: 'real', body: 'x'.repeat(20_000) }, 413],
    ['an answer of a page that is not', '/answers', { method: 'POST', page: 'a'.repeat(48), body: '{}' }, 404],
  ] as [string, string, RequestInit & { page?: string }, number][])(
    '%s',
    async (_what, path, { page, ...init }, status) => {
      const { url } = await openRelay();
      const real = await openPage(url);
      const response = await ask(url + path, page === 'real' ? real.page : page, init);
      expect(response.status).toBe(status);
      expect(await response.text()).toBe('');
    },
  );

  it('do not end a relay, whatever they are', async () => {
    const { relay } = await openRelay();
    await fc.assert(
      fc.asyncProperty(
        fc.webPath(),
        fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'OPTIONS'),
        fc.string(),
        fc.option(fc.stringMatching(/^[ -~]{0,60}$/), { nil: undefined }),
        async (path, method, body, page) => {
          const url = `http://127.0.0.1/${path.replace(/^\/+/, '')}`;
          const hasBody = method !== 'GET';
          const headers = page === undefined ? {} : { 'FHIRcast-Relay-Page': page };
          const response = await relay.fetch(new Request(url, { method, headers, ...(hasBody ? { body } : {}) }));
          expect(response.status).toBeLessThan(600);
          await response.body?.cancel();
        },
      ),
    );
  });
});

describe('a request on its way to the page', () => {
  it('stays what it is', () => {
    fc.assert(
      fc.property(
        fc.record({
          method: fc.string(),
          query: fc.string(),
          signature: fc.option(fc.string(), { nil: undefined }),
          body: fc.oneof(fc.uint8Array({ maxLength: 20_000 }), fc.constant('too-large' as const)),
        }),
        (request) => {
          const text = encodeRequest({ id: '0.a', request });
          expect(text).not.toMatch(/[\n\r]/);
          expect(parseRequest(text)).toEqual({ id: '0.a', request });
        },
      ),
    );
  });

  it('is none when it is anything else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const { request } = parseRequest(text) ?? {};
        if (request) expect(typeof request.method).toBe('string');
      }),
    );
    for (const text of ['{"id":"a","method":"POST","query":"","body":"%"}', '{"id":"a","method":"POST","query":""}'])
      expect(parseRequest(text)).toBeUndefined();
  });
});
