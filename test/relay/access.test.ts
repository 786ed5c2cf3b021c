import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createRelay, type RelayOptions } from '../../src/relay/index.ts';
import { PAGE_HEADER } from '../../src/relay/wire.ts';
import { openPage, openRelay, post } from './support.ts';

const BASE = 'https://relay.example.org/fhircast';
const APP = 'https://app.example.org';

const request = (init: RequestInit & { path?: string } = {}) =>
  new Request(`${BASE}/${init.path ?? 'page'}`, { method: 'POST', ...init });

const statusOf = async (response: Response) => {
  await response.body?.cancel();
  return response.status;
};

const relayWith = (options: Partial<RelayOptions> = {}) => createRelay({ baseUrl: BASE, ...options });

describe('the origin of a page', () => {
  it.each([
    ['none', undefined, 200],
    ['the relay’s own', 'https://relay.example.org', 200],
    ['one that is allowed', APP, 200],
    ['another port', `${APP}:8443`, 403],
    ['another scheme', 'http://app.example.org', 403],
    ['a host that begins like it', `${APP}.evil.example`, 403],
    ['an opaque one', 'null', 403],
    ['nonsense', '%', 403],
  ])('%s', async (_what, origin, status) => {
    const relay = relayWith({ origins: [APP] });
    const headers = origin === undefined ? {} : { Origin: origin };
    const response = await relay.fetch(request({ headers }));
    expect(await statusOf(response)).toBe(status);
    const isGranted = status === 200 && origin !== undefined;
    expect(response.headers.get('access-control-allow-origin')).toBe(isGranted ? origin : null);
    expect(response.headers.get('access-control-allow-credentials')).toBe(isGranted ? 'true' : null);
    expect(response.headers.get('vary')).toBe('Origin');
    expect(relay.pages).toBe(status === 200 ? 1 : 0);
  });

  it('is compared with what was configured, whatever host and scheme a request came by', async () => {
    const relay = relayWith();
    for (const [url, origin, status] of [
      ['http://other.example.org/relay/page', 'https://other.example.org', 403],
      ['http://other.example.org/relay/page', 'http://other.example.org', 403],
      ['http://relay.example.org/fhircast/page', 'http://relay.example.org', 403],
      // A proxy that has taken the encryption off, and calls this server by another name.
      ['http://10.0.0.7:3000/page', 'https://relay.example.org', 200],
    ] as const) {
      const headers = { Origin: origin, Host: new URL(url).host, 'X-Forwarded-Host': 'other.example.org' };
      expect([origin, await statusOf(await relay.fetch(new Request(url, { method: 'POST', headers })))]).toEqual([
        origin,
        status,
      ]);
    }
  });

  it.each([
    [APP, 204, APP],
    ['https://evil.example', 403, null],
  ])('is asked about before a request: %s', async (origin, status, allowed) => {
    const relay = relayWith({ origins: [APP], authorize: () => false });
    const headers = {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'content-type,fhircast-relay-page',
    };
    const response = await relay.fetch(request({ method: 'OPTIONS', headers }));
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(allowed);
    if (status !== 204) return;
    expect(response.headers.get('access-control-allow-methods')).toContain('DELETE');
    expect(response.headers.get('access-control-allow-headers')).toContain('fhircast-relay-page');
  });

  it('does not matter to hubs', async () => {
    const relay = relayWith();
    const response = await relay.fetch(
      new Request(`${BASE}/callback/${'a'.repeat(48)}`, { method: 'POST', headers: { Origin: APP }, body: '{}' }),
    );
    expect(response.status).toBe(404);
  });
});

describe('authorize', () => {
  it('decides about each request of a page, and about none of a hub', async () => {
    const asked: string[] = [];
    let isAllowed = true;
    const { url } = await openRelay({
      authorize: async ({ headers, method, url: asking }) => {
        asked.push(`${method} ${new URL(asking).pathname} ${headers.get('cookie')}`);
        return isAllowed;
      },
    });
    const page = await openPage(url);
    const answer = post(page.callback, '{}');
    await page.has(1);
    isAllowed = false;
    const init = { headers: { Cookie: 'session=1', [PAGE_HEADER]: page.page } };
    const body = JSON.stringify({ id: page.requests[0]?.id, status: 200, body: '' });
    expect((await fetch(`${url}/answers`, { ...init, method: 'POST', body })).status).toBe(403);
    expect((await fetch(`${url}/page`, { ...init, method: 'POST' })).status).toBe(403);
    expect((await fetch(`${url}/page`, { ...init, method: 'DELETE' })).status).toBe(403);
    isAllowed = true;
    expect(await page.answer(0)).toBe(204);
    expect((await answer).status).toBe(200);
    expect(asked).toEqual([
      'POST /page null',
      'POST /answers session=1',
      'POST /page session=1',
      'DELETE /page session=1',
      'POST /answers null',
    ]);
  });

  it('is asked with the true URL, the query of the page, and no body', async () => {
    const asked: Request[] = [];
    const relay = relayWith({ authorize: (one) => asked.push(one) > 0 });
    const given = { method: 'POST', headers: { Host: 'evil.example' }, body: 'x' };
    await statusOf(await relay.fetch(new Request('http://evil.example/a/b/page?tenant=1', given)));
    expect(asked.map(({ url, method, body }) => [url, method, body])).toEqual([
      [`${BASE}/page?tenant=1`, 'POST', null],
    ]);
  });

  it('that never decides holds no request for ever: the page is told to come later', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const relay = relayWith({ authorize: () => new Promise<boolean>(() => {}) });
    const answer = relay.fetch(request());
    await vi.advanceTimersByTimeAsync(10_000);
    const { status, headers } = await answer;
    expect([status, headers.get('retry-after'), relay.pages]).toEqual([503, '2', 0]);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no database')), 500],
    ['says something else than true', () => 'yes' as unknown as boolean, 403],
    ['says nothing', () => undefined as unknown as boolean, 403],
  ])('lets nobody in when it %s', async (_what, authorize, status) => {
    const relay = relayWith({ authorize });
    const response = await relay.fetch(request());
    expect([response.status, await response.text()]).toEqual([status, '']);
    expect(relay.pages).toBe(0);
  });
});
