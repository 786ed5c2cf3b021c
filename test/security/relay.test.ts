import { createHmac } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type CallbackRouter, MemoryRouter } from '../../src/callback/index.ts';
import { FhircastClient } from '../../src/index.ts';
import { createRelay, relayChannel } from '../../src/relay/index.ts';
import { encodeRequest, PAGE_HEADER } from '../../src/relay/wire.ts';
import { startTestHub, TEST_PATIENTS } from '../../src/testing/index.ts';
import { BODY, RecordingOwner, sign, TOPIC } from '../callback/support.ts';
import { ask, openDoor, openPage, openRelay, post } from '../relay/support.ts';

const SESSION = { hubUrl: 'https://hub.example.org', topic: TOPIC };
const WITHIN = { timeout: 20_000, interval: 5 };

/** A relay that says to its page whatever it likes, and notes what the page answers. */
async function openDishonestRelay() {
  let say: (request: Partial<Parameters<typeof encodeRequest>[0]['request']>) => void = () => {};
  const answers = new Map<string, number>();
  let count = 0;
  const door = await openDoor(async (request, response) => {
    if (request.url === '/page') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      const message = { page: 'a'.repeat(48), callback: 'https://relay.example.org/callback/1', epoch: '1' };
      response.write(`event: page\ndata: ${JSON.stringify(message)}\n\n`);
      say = (part) => {
        const full = { method: 'POST', query: '', signature: undefined, body: new Uint8Array(), ...part };
        response.write(`event: request\ndata: ${encodeRequest({ id: `${count++}`, request: full })}\n\n`);
      };
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { id, status } = JSON.parse(Buffer.concat(chunks).toString());
    answers.set(id, status);
    response.writeHead(204).end();
  });
  const open = async (owner: RecordingOwner) => {
    const registration = await relayChannel({ url: door.url, storage: null }).open(owner, SESSION);
    onTestFinished(() => void registration.close());
    return registration;
  };
  /** What the page answers to a request. */
  const tell = async (request: Parameters<typeof say>[0]): Promise<number | undefined> => {
    const id = `${count}`;
    say(request);
    await vi.waitFor(() => expect(answers.has(id)).toBe(true), WITHIN);
    return answers.get(id);
  };
  return { open, tell };
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe('A relay makes up, changes or swaps events', () => {
  it.each<[string, (secret: string) => { signature?: string; body: string }]>([
    ['without a signature', () => ({ body: BODY })],
    ['with a secret of its own', () => ({ body: BODY, signature: sign('guessed', BODY) })],
    ['with the signature of another event', (secret) => ({ body: `${BODY} `, signature: sign(secret, BODY) })],
    ['with a weaker signature', (secret) => ({ body: BODY, signature: sign(secret, BODY, 'sha1') })],
    ['with a part of the signature', (secret) => ({ body: BODY, signature: sign(secret, BODY).slice(0, 20) })],
  ])('%s: 401, and nobody is shown', async (_how, make) => {
    const owner = new RecordingOwner();
    const { open, tell } = await openDishonestRelay();
    const { secret } = await open(owner);
    const { signature, body } = make(secret);
    expect(await tell({ signature, body: bytes(body) })).toBe(401);
    expect(owner.bodies).toEqual([]);
    expect(owner.errors).toHaveLength(1);
    expect(await tell({ signature: sign(secret, BODY), body: bytes(BODY) })).toBe(200);
    expect(owner.bodies).toEqual([BODY]);
  });

  it('by giving one page what was signed for another: 401', async () => {
    const [one, other] = [new RecordingOwner(), new RecordingOwner()];
    const [first, second] = [await openDishonestRelay(), await openDishonestRelay()];
    const { secret } = await first.open(one);
    await second.open(other);
    expect(await second.tell({ signature: sign(secret, BODY), body: bytes(BODY) })).toBe(401);
    expect(other.bodies).toEqual([]);
  });

  it('and never sees the secret, the token or the session, unless the hub says it', async () => {
    const seen: string[] = [];
    const relay = createRelay({ baseUrl: 'http://localhost/relay' });
    const { secret } = await relayChannel({
      url: 'http://localhost/relay',
      storage: null,
      fetch: async (url, init) => {
        seen.push(`${url} ${JSON.stringify([...new Headers(init.headers)])} ${init.body ?? ''}`);
        return relay.fetch(new Request(url, init));
      },
    }).open(new RecordingOwner(), SESSION);
    await relay.close(0);
    expect(seen).not.toEqual([]);
    for (const word of [secret, SESSION.topic, SESSION.hubUrl]) expect(seen.join()).not.toContain(word);
  });
});

describe('A relay holds events back, and answers the hub by itself', () => {
  it('and the page finds out, because it asks the hub after a silence', async () => {
    const hub = await startTestHub({ personality: 'draft' });
    onTestFinished(() => hub.close());
    const honest = new MemoryRouter();
    let isHonest = true;
    const router: CallbackRouter = {
      register: (id, handler) => honest.register(id, handler),
      release: (id) => honest.release(id),
      dispatch: (id, request) =>
        isHonest || request.method !== 'POST' ? honest.dispatch(id, request) : { status: 200, body: '' },
    };
    const { url } = await openRelay({ router });
    const session = hub.openSession();
    const client = await FhircastClient.fromSmartLaunch(session.launch('draft'), {
      callback: relayChannel({ url, storage: null }),
      silenceMs: 200,
    });
    onTestFinished(() => client.unsubscribe());
    const shown: unknown[] = [];
    client.on('patient-open-chart', ({ patient, source }) => shown.push(`${source} ${patient.id}`));
    await client.ready();
    isHonest = false;
    const { answers } = await session.publish('Patient-open', [{ key: 'patient', resource: TEST_PATIENTS[0] ?? {} }]);
    expect(answers.map(({ status }) => status)).toEqual([200]);
    await vi.waitFor(() => expect(shown).toEqual([`resync ${TEST_PATIENTS[0]?.id}`]), WITHIN);
  });
});

describe('A page claims what is another’s', () => {
  it('by the id of its callback: it gets a page of its own, and nothing of the other', async () => {
    const { url } = await openRelay();
    const victim = await openPage(url);
    const thief = await openPage(url, victim.callback.slice(-48));
    expect(thief.callback).not.toBe(victim.callback);
    void post(victim.callback, 'for the victim');
    await victim.has(1);
    expect(thief.requests).toEqual([]);
    expect(victim.isReplaced).toBe(false);
  });

  it('by an answer or an end in its name: nobody waits for them', async () => {
    const { url } = await openRelay();
    const [victim, thief] = [await openPage(url), await openPage(url)];
    const answer = post(victim.callback, '{}');
    await victim.has(1);
    const body = JSON.stringify({ id: victim.requests[0]?.id, status: 200, body: '' });
    const callbackId = victim.callback.slice(-48);
    for (const capability of [thief.page, callbackId, 'a'.repeat(48)])
      expect((await ask(`${url}/answers`, capability, { method: 'POST', body })).status).toBe(404);
    expect((await ask(`${url}/page`, callbackId, { method: 'DELETE' })).status).toBe(204);
    expect(await victim.answer(0, 202)).toBe(204);
    expect((await answer).status).toBe(202);
  });

  it('by what relays say to each other: no hub’s request is one', async () => {
    const { url, relay } = await openRelay();
    const page = await openPage(url);
    for (const method of ['TAKE', 'ANSWER', 'END']) {
      const response = await relay.fetch(new Request(page.callback, { method, body: 'a'.repeat(48) }));
      expect(response.status).toBe(405);
    }
    expect(page.isEnded).toBe(false);
  });
});

describe('A page answers the hub with more than a page may say', () => {
  it.each([
    ['a script', '<script>alert(1)</script>'],
    ['a text that is not the challenge', 'something else'],
    ['two lines', 'c\nd'],
  ])('%s: nothing of it is passed on', async (_what, body) => {
    const { url } = await openRelay();
    const page = await openPage(url);
    const response = fetch(`${page.callback}?hub.challenge=c`);
    await page.has(1);
    await page.answer(0, 200, body);
    // What was refused has not been answered yet.
    await page.answer(0, 404);
    expect([(await response).ok, await (await response).text()]).toEqual([false, '']);
  });
});

describe('A page of another origin uses the cookie of a user', () => {
  it.each([
    ['page', 'POST'],
    ['page', 'DELETE'],
    ['answers', 'POST'],
  ])('for …/%s by %s: 403, and the app is not even asked', async (path, method) => {
    const authorize = vi.fn(() => true);
    const { url } = await openRelay({ authorize, origins: ['https://app.example.org'] });
    const page = await openPage(url);
    authorize.mockClear();
    for (const origin of ['https://evil.example', 'null', 'https://app.example.org.evil.example']) {
      const headers = { Origin: origin, Cookie: 'session=1', 'Content-Type': 'text/plain', [PAGE_HEADER]: page.page };
      const response = await fetch(`${url}/${path}`, { method, headers, ...(method === 'POST' ? { body: '{}' } : {}) });
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect(authorize).not.toHaveBeenCalled();
    expect(page.isEnded).toBe(false);
  });
});

describe('Pages are opened in masses', () => {
  it('and who has a page keeps it; the others are told to come later; those that nobody calls are soon forgotten', async () => {
    const { url, relay } = await openRelay({ maxPages: 10, graceSeconds: 2 });
    const page = await openPage(url);
    const flood = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const stop = new AbortController();
        const { status } = await ask(`${url}/page`, undefined, { method: 'POST', signal: stop.signal });
        stop.abort();
        return status;
      }),
    );
    expect(flood.filter((status) => status === 503).length).toBeGreaterThanOrEqual(41);
    expect(relay.pages).toBeLessThanOrEqual(10);
    const answer = post(page.callback, '{}');
    await page.has(1);
    await page.answer(0);
    expect((await answer).status).toBe(200);
    await vi.waitFor(() => expect(relay.pages).toBe(1), WITHIN);
  });
});

describe('A thief has every URL that a relay was called by', () => {
  it('and can open no page and answer for none: what a page has is in a header', async () => {
    const urls: string[] = [];
    const relay = createRelay({ baseUrl: 'http://localhost/relay' });
    const door = await openDoor((request, response) => {
      urls.push(request.url ?? '');
      relay.node(request, response);
    });
    onTestFinished(() => relay.close(0));
    const owner = new RecordingOwner();
    const { url, secret } = await relayChannel({ url: door.url, storage: null }).open(owner, SESSION);
    const callback = url.replace('http://localhost/relay', door.url);
    expect((await post(callback, BODY, sign(secret, BODY))).status).toBe(200);
    await vi.waitFor(() => expect(urls).toContain('/answers'), WITHIN);
    const words = new Set(urls.flatMap((line) => line.split(/[/?&=]/)).filter((word) => word !== ''));
    expect(words.size).toBe(4);
    for (const word of words) {
      const response = await ask(`${door.url}/page`, word, { method: 'POST' });
      const reader = response.body?.getReader();
      const text = new TextDecoder().decode((await reader?.read())?.value);
      await reader?.cancel();
      expect(text).not.toContain(new URL(callback).pathname);
    }
    // The page has lost nothing by it.
    expect(
      (await post(callback, 'again', `sha256=${createHmac('sha256', secret).update('again').digest('hex')}`)).status,
    ).toBe(200);
    expect(owner.bodies).toEqual([BODY, 'again']);
  });
});
