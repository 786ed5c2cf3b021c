import { describe, expect, it } from 'vitest';
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

  it('is that of the host, where a proxy has taken the encryption off', async () => {
    const relay = relayWith();
    const response = await relay.fetch(
      new Request('http://other.example.org/relay/page', {
        method: 'POST',
        headers: { Origin: 'https://other.example.org' },
      }),
    );
    expect(await statusOf(response)).toBe(200);
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
