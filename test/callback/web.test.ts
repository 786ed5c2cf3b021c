import { describe, expect, it } from 'vitest';
import { BODY, openSubscription, RecordingOwner, type SetUp, sign, TOPIC } from './support.ts';

async function open(setUp: SetUp<RecordingOwner> = {}) {
  const subscription = await openSubscription(setUp);
  const { url } = subscription.registration;
  const post = (body: BodyInit | null, headers: Record<string, string> = {}) =>
    subscription.endpoint.fetch(new Request(url, { method: 'POST', body, headers, duplex: 'half' } as RequestInit));
  return { ...subscription, url, post };
}

const streamOf = (...chunks: Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
  });

describe('the web skin', () => {
  it('echoes the challenge and nothing else', async () => {
    const { endpoint, url } = await open();
    const answer = await endpoint.fetch(
      new Request(`${url}?hub.mode=subscribe&hub.topic=${TOPIC}&hub.challenge=%C3%BC+1`),
    );
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('ü 1');
    expect(Object.fromEntries(answer.headers)).toEqual({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
  });

  it('delivers what is signed', async () => {
    const { post, owner, secret } = await open();
    const answer = await post(BODY, { 'X-Hub-Signature': sign(secret, BODY) });
    expect(answer.status).toBe(200);
    expect(answer.body).toBeNull();
    expect(owner.bodies).toEqual([BODY]);
  });

  it('puts a streamed body together, however it is cut', async () => {
    const { post, owner, secret } = await open();
    const text = '{"name":"Åse \u{1f600}"}';
    const bytes = new TextEncoder().encode(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const stream = streamOf(bytes.subarray(0, cut), bytes.subarray(cut));
      expect((await post(stream, { 'X-Hub-Signature': sign(secret, text) })).status).toBe(200);
    }
    expect(new Set(owner.bodies)).toEqual(new Set([text]));
  });

  it.each([204, 205, 304, 404])('can answer %d', async (status) => {
    const { post, secret } = await open({ owner: new RecordingOwner(() => status) });
    expect((await post(BODY, { 'X-Hub-Signature': sign(secret, BODY) })).status).toBe(status);
  });

  it('is 500 when the owner fails or answers with a status that no server can send', async () => {
    for (const answer of [() => Promise.reject(new Error('a failure of the app')), () => 0, () => 600]) {
      const { post, secret } = await open({ owner: new RecordingOwner(answer) });
      expect((await post(BODY, { 'X-Hub-Signature': sign(secret, BODY) })).status).toBe(500);
    }
  });

  it.each(['PUT', 'DELETE', 'HEAD', 'OPTIONS'])('%s is 405', async (method) => {
    const { endpoint, url } = await open();
    const answer = await endpoint.fetch(new Request(url, { method }));
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, POST');
  });

  it('is 401 without a signature, 404 elsewhere, and takes a POST without a body', async () => {
    const { post, endpoint, owner } = await open();
    expect((await post(BODY)).status).toBe(401);
    expect((await post(null)).status).toBe(401);
    expect((await endpoint.fetch(new Request('https://app.example.org/x', { method: 'POST' }))).status).toBe(404);
    expect(owner.codes).toEqual(['signature-missing', 'signature-missing']);
  });
});

describe('a body that is too large for the web skin', () => {
  it('is 413 by its length alone', async () => {
    const { post, owner } = await open({ bodyLimit: 100 });
    let pulled = 0;
    const stream = new ReadableStream(
      {
        pull: () => {
          pulled += 1;
        },
      },
      { highWaterMark: 0 },
    );
    expect((await post(stream, { 'Content-Length': '101' })).status).toBe(413);
    expect(pulled).toBe(0);
    expect(owner.codes).toEqual(['notification-too-large']);
  });

  it('is 413 when it has no end, and its sender is told to stop, whether or not it does', async () => {
    const { post, owner } = await open({ bodyLimit: 100 });
    let pulled = 0;
    let isCancelled = false;
    const stream = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(40));
      },
      cancel() {
        isCancelled = true;
        return new Promise<never>(() => {});
      },
    });
    expect((await post(stream)).status).toBe(413);
    expect(isCancelled).toBe(true);
    expect(pulled).toBeLessThan(6);
    expect(owner.codes).toEqual(['notification-too-large']);
  });

  it('may be exactly as large as the limit', async () => {
    const { post, owner, secret } = await open({ bodyLimit: 100 });
    const body = 'x'.repeat(100);
    expect((await post(body, { 'X-Hub-Signature': sign(secret, body) })).status).toBe(200);
    expect((await post(`${body}x`, { 'X-Hub-Signature': sign(secret, `${body}x`) })).status).toBe(413);
    expect(owner.bodies).toEqual([body]);
  });
});

describe('a body that cannot be read', () => {
  it('because the hub went away is 400, and reaches nobody', async () => {
    const { post, owner } = await open();
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(3));
      },
      pull(controller) {
        controller.error(new Error('gone'));
      },
    });
    expect((await post(stream)).status).toBe(400);
    expect(owner).toMatchObject({ bodies: [], errors: [] });
  });

  it('because the app has read it is a clear error', async () => {
    const { endpoint, url, owner } = await open();
    const request = new Request(url, { method: 'POST', body: BODY });
    await request.json();
    await expect(endpoint.fetch(request)).rejects.toMatchObject({
      code: 'callback-body-parsed',
      message: expect.stringContaining('keep the exact bytes'),
    });
    expect(owner.errors).toEqual([]);
    expect(endpoint.counts).toEqual({ 'callback-body-parsed': 1 });
  });
});
