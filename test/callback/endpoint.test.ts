import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type CallbackRouter, createCallbackEndpoint, MemoryRouter } from '../../src/callback/index.ts';
import { BODY, openSubscription, RecordingOwner, sign, TOPIC } from './support.ts';

const NOTHING = new Uint8Array(0);
const NEVER = new Promise<never>(() => {});
const requestOf = (method: string) => ({ method, query: '', signature: undefined, body: NOTHING });

describe('the options', () => {
  it.each([
    ['baseUrl', { baseUrl: 'fhircast' }],
    ['baseUrl', { baseUrl: '' }],
    ['baseUrl', { baseUrl: 'ws://127.0.0.1/' }],
    ['baseUrl', { baseUrl: 'http://app.example.org/fhircast' }],
    ['bodyLimit', { baseUrl: 'https://app.example.org', bodyLimit: 0 }],
    ['bodyLimit', { baseUrl: 'https://app.example.org', bodyLimit: Number.NaN }],
  ])('refuses a %s that cannot work: %j', (at, options) => {
    expect(() => createCallbackEndpoint(options)).toThrow(expect.objectContaining({ code: 'option-invalid', at }));
  });

  it.each([
    ['https://app.example.org', /^https:\/\/app\.example\.org\/[0-9a-f]{48}$/],
    ['https://app.example.org/fhircast///', /^https:\/\/app\.example\.org\/fhircast\/[0-9a-f]{48}$/],
    ['http://localhost:3000/a', /^http:\/\/localhost:3000\/a\/[0-9a-f]{48}$/],
    ['https://app.example.org/f?code=1', /^https:\/\/app\.example\.org\/f\/[0-9a-f]{48}\?code=1$/],
  ])('puts the identity at the end of the path of %s', async (baseUrl, expected) => {
    const { registration } = await openSubscription({ baseUrl });
    expect(registration.url).toMatch(expected);
  });

  it('takes an unencrypted baseUrl when told so', async () => {
    const { registration } = await openSubscription({ baseUrl: 'http://app.test/x', allowInsecure: true });
    expect(registration.url).toMatch(/^http:\/\/app\.test\/x\//);
  });

  it('reads up to 1 MiB unless told otherwise', () => {
    expect(createCallbackEndpoint({ baseUrl: 'https://app.example.org' }).bodyLimit).toBe(1024 * 1024);
  });

  it('waits for a router elsewhere', async () => {
    const inner = new MemoryRouter();
    const router: CallbackRouter = {
      register: async (id, handler) => inner.register(id, handler),
      release: async (id) => inner.release(id),
      dispatch: async (id, request) => inner.dispatch(id, request),
    };
    const { post, registration, owner } = await openSubscription({ router });
    expect(await post(BODY)).toMatchObject({ status: 200 });
    await registration.close();
    expect(await post(BODY)).toMatchObject({ status: 410 });
    expect(owner.bodies).toEqual([BODY]);
  });

  it('takes another way to check signatures', async () => {
    const secrets: string[] = [];
    const hmac = (secret: string) => {
      secrets.push(secret);
      return { verify: async () => true };
    };
    const { post, secret, owner } = await openSubscription({ hmac });
    expect(await post(BODY, `sha256=${'0'.repeat(64)}`)).toMatchObject({ status: 200 });
    expect(secrets).toEqual([secret]);
    expect(owner.bodies).toEqual([BODY]);
  });
});

describe('each subscription', () => {
  it('has a URL and a secret of its own', async () => {
    const endpoint = createCallbackEndpoint({ baseUrl: 'https://app.example.org/fhircast' });
    const all = await Promise.all(Array.from({ length: 200 }, () => endpoint.open(new RecordingOwner())));
    for (const { url, secret } of all) {
      expect(secret).toMatch(/^[0-9a-f]{64}$/);
      // 24 random bytes: well over the 128 bits that the specification asks of what works as a ticket.
      expect(url).toMatch(/\/[0-9a-f]{48}$/);
    }
    expect(new Set(all.map(({ secret }) => secret)).size).toBe(200);
    expect(new Set(all.map(({ url }) => url)).size).toBe(200);
  });

  it('does not accept what is signed for another one', async () => {
    const first = await openSubscription();
    const second = await first.endpoint.open(new RecordingOwner());
    expect(await first.post(BODY, sign(second.secret, BODY))).toMatchObject({ status: 401 });
    expect(first.owner.codes).toEqual(['signature-mismatch']);
  });

  it('is unaffected by another one that never settles', async () => {
    const slow = await openSubscription({ owner: new RecordingOwner(() => NEVER) });
    const quick = new RecordingOwner();
    const { url, secret } = await slow.endpoint.open(quick);
    const pending = slow.post(BODY);
    const body = new TextEncoder().encode(BODY);
    const answer = await slow.endpoint.handle(url.split('/').at(-1) ?? '', {
      ...requestOf('POST'),
      signature: sign(secret, BODY),
      body,
    });
    expect(answer.status).toBe(200);
    expect(await Promise.race([pending, Promise.resolve('pending')])).toBe('pending');
    // Not even the other requests to the same URL wait.
    expect(await slow.get(`hub.challenge=c&hub.topic=${TOPIC}`)).toMatchObject({ status: 200 });
  });
});

describe('an id', () => {
  it.each(['GET', 'POST', 'PUT'])('that nobody owns is 404 to %s', async (method) => {
    const { endpoint, id, owner } = await openSubscription();
    const all = ['', 'x', id.slice(1), `${id}0`, id.toUpperCase(), `${id}/`, '0'.repeat(48), '__proto__'];
    const guesses = all.filter((guess) => guess !== id);
    for (const guess of guesses) {
      expect(await endpoint.handle(guess, requestOf(method))).toEqual({ status: 404, body: '' });
    }
    expect(owner).toMatchObject({ verifications: [], denials: [], bodies: [], errors: [] });
    expect(endpoint.counts).toEqual({ 'unknown-callback': guesses.length });
  });

  it('that was given up is 410, however well signed', async () => {
    const { post, get, registration, owner, endpoint } = await openSubscription();
    await registration.close();
    await registration.close();
    expect(await post(BODY)).toEqual({ status: 410, body: '' });
    expect(await get(`hub.mode=unsubscribe&hub.challenge=c&hub.topic=${TOPIC}`)).toEqual({ status: 410, body: '' });
    expect(owner).toMatchObject({ verifications: [], bodies: [] });
    expect(endpoint.counts).toEqual({ 'ended-callback': 2 });
  });
});

describe('a method', () => {
  it.each(['PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'get', ''])('%j is 405', async (method) => {
    const { request, owner, endpoint } = await openSubscription();
    expect(await request({ method })).toEqual({ status: 405, body: '', headers: { Allow: 'GET, POST' } });
    expect(owner).toMatchObject({ verifications: [], bodies: [], errors: [] });
    expect(endpoint.counts).toEqual({ unexpected: 1 });
  });
});

describe('a notification', () => {
  it.each([200, 202, 204, 404, 409, 500, 503])('is answered with the %d of the owner', async (status) => {
    const now = await openSubscription({ owner: new RecordingOwner(() => status) });
    expect(await now.post(BODY)).toEqual({ status, body: '' });
    const later = await openSubscription({ owner: new RecordingOwner(async () => status) });
    expect(await later.post(BODY)).toEqual({ status, body: '' });
  });

  it('reaches the owner as it was sent', async () => {
    const { post, owner, endpoint } = await openSubscription();
    const bodies = ['{"name":"Åse \u{1f600}"}', ' {} \r\n', '', 'not JSON', '\u0000'];
    for (const body of bodies) expect(await post(body)).toMatchObject({ status: 200 });
    expect(owner.bodies).toEqual(bodies);
    expect(endpoint.counts).toEqual({ delivered: bodies.length });
  });
});

describe('an owner that fails', () => {
  const failure = new Error('a failure of the app');
  const fail = (): never => {
    throw failure;
  };

  it.each<[string, () => number | Promise<number>]>([
    ['throws', fail],
    ['rejects', () => Promise.reject(failure)],
    ['answers with no number', () => Number.NaN],
    ['answers with half a status', () => 200.5],
    ['answers with a status of no kind', () => 42],
    ['answers with a status that does not end a request', () => 100],
    ['comes up with a status too high', async () => 600],
  ])('%s: the hub gets 500', async (_what, answer) => {
    const { post, endpoint } = await openSubscription({ owner: new RecordingOwner(answer) });
    expect(await post(BODY)).toEqual({ status: 500, body: '' });
    expect(endpoint.counts).toEqual({ delivered: 1, failed: 1 });
  });

  it('throws on a verification, a denial or a rejection: the hub gets 500', async () => {
    const owner = { verify: fail, deny: fail, notify: fail, rejected: fail };
    const { get, post, endpoint } = await openSubscription({ owner });
    expect(await get('hub.challenge=c')).toEqual({ status: 500, body: '' });
    expect(await get('hub.mode=denied')).toEqual({ status: 500, body: '' });
    expect(await post(BODY, 'sha256=1')).toEqual({ status: 500, body: '' });
    expect(endpoint.counts.failed).toBe(3);
  });

  it.each<[string, CallbackRouter['dispatch']]>([
    ['throws', fail],
    ['rejects', () => Promise.reject(failure)],
    ['answers nonsense', () => ({ status: 0, body: '' })],
  ])('a router that %s: the hub gets 500', async (_what, dispatch) => {
    const { post } = await openSubscription({ router: { register() {}, release() {}, dispatch } });
    expect(await post(BODY)).toEqual({ status: 500, body: '' });
  });

  it('does so with signatures that are checked later, too', async () => {
    const hmac = () => ({ verify: () => Promise.reject(failure) });
    const { post, owner } = await openSubscription({ hmac });
    expect(await post(BODY)).toEqual({ status: 500, body: '' });
    expect(owner.bodies).toEqual([]);
  });
});

describe('promises of another realm', () => {
  const Foreign: PromiseConstructor = runInNewContext('Promise');

  it('are waited for: a router, an owner and a check of signatures may bring them', async () => {
    expect(Foreign.resolve(true)).not.toBeInstanceOf(Promise);
    const inner = new MemoryRouter();
    const router: CallbackRouter = {
      register: (id, handler) => inner.register(id, handler),
      release: (id) => inner.release(id),
      dispatch: (id, request) => Foreign.resolve(inner.dispatch(id, request)),
    };
    const owner = new RecordingOwner(() => Foreign.resolve(202));
    let isRight = true;
    const hmac = () => ({ verify: () => Foreign.resolve(isRight) });
    const { post, endpoint } = await openSubscription({ router, owner, hmac });
    expect(await post(BODY)).toEqual({ status: 202, body: '' });
    isRight = false;
    expect(await post(BODY)).toEqual({ status: 401, body: '' });
    expect(owner.bodies).toEqual([BODY]);
    expect(owner.codes).toEqual(['signature-mismatch']);
    expect(endpoint.counts).toEqual({ delivered: 1, 'signature-mismatch': 1 });
  });

  it('are answered 500 when they reject', async () => {
    const dispatch = () => Foreign.reject<never>(new Error('a failure of the app'));
    const { post, endpoint } = await openSubscription({ router: { register() {}, release() {}, dispatch } });
    expect(await post(BODY)).toEqual({ status: 500, body: '' });
    expect(endpoint.counts).toEqual({ failed: 1 });
  });
});

describe('an owner that takes too long', () => {
  it('is 202 to an event, whether it or the check of its signature takes long', async () => {
    const router = new MemoryRouter({ answerWithinMs: 1 });
    const hmac = () => ({ verify: () => NEVER });
    const { post, endpoint } = await openSubscription({ router, owner: new RecordingOwner(() => NEVER) });
    expect(await post(BODY)).toEqual({ status: 202, body: '' });
    expect(endpoint.counts).toEqual({ delivered: 1, late: 1 });
    const unchecked = await openSubscription({ router, hmac });
    expect(await unchecked.post(BODY)).toEqual({ status: 202, body: '' });
    expect(unchecked.endpoint.counts).toEqual({ late: 1 });
  });

  it('counts as unavailable when too many wait for it', async () => {
    const router = new MemoryRouter({ maxWaiting: 1 });
    const { post, endpoint } = await openSubscription({ router, owner: new RecordingOwner(() => NEVER) });
    void post(BODY);
    expect(await post(BODY)).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
    expect(endpoint.counts).toEqual({ delivered: 1, unavailable: 1 });
  });

  it("keeps its own 404 and 503 apart from the router's", async () => {
    for (const status of [404, 410, 202, 503]) {
      const { post, endpoint } = await openSubscription({ owner: new RecordingOwner(async () => status) });
      expect(await post(BODY)).toMatchObject({ status });
      expect(endpoint.counts).toEqual({ delivered: 1 });
    }
  });
});

describe('the counts', () => {
  it('add up over all subscriptions', async () => {
    const first = await openSubscription();
    const second = await first.endpoint.open(new RecordingOwner());
    const id = second.url.split('/').at(-1) ?? '';
    await first.post(BODY);
    await first.post(BODY, 'sha256=1');
    await first.get(`hub.challenge=c&hub.topic=${TOPIC}`);
    await first.endpoint.handle(id, { ...requestOf('GET'), query: `hub.challenge=c&hub.topic=${TOPIC}` });
    await first.endpoint.handle(id, requestOf('POST'));
    expect(first.endpoint.counts).toEqual({
      delivered: 1,
      verified: 2,
      'signature-malformed': 1,
      'signature-missing': 1,
    });
  });
});
