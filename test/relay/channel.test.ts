import { describe, expect, it, vi } from 'vitest';
import type { CallbackOwner, CallbackRegistration } from '../../src/channels/callback.ts';
import { ChannelError, type FhircastError } from '../../src/errors/errors.ts';
import { type RelayChannelOptions, relayChannel } from '../../src/relay/index.ts';
import { RecordingOwner } from '../callback/support.ts';
import { MemoryStorage, type OpenRelay, openPage, openRelay, post, sign } from './support.ts';

const SESSION = { hubUrl: 'https://hub.example.org', topic: 'topic-6f1f2a' };
const WITHIN = { timeout: 15_000, interval: 5 };
const BODY = JSON.stringify({ id: 'e1', patient: 'Åse Quux' });

/** An owner that keeps what was lost, too. */
class Owner extends RecordingOwner {
  readonly losses: FhircastError[] = [];
  lost(error: FhircastError): void {
    this.losses.push(error);
  }
}

const open = async (
  { pages }: Pick<OpenRelay, 'pages'>,
  owner: CallbackOwner = new Owner(),
  options: Partial<RelayChannelOptions> = {},
) => {
  const channel = relayChannel({ url: pages.url, storage: null, ...options });
  const registration = await channel.open(owner, SESSION);
  return { channel, registration };
};

const deliver = ({ url, secret }: CallbackRegistration, body = BODY, signature = sign(secret, body)) =>
  post(url, body, signature);

describe('relayChannel', () => {
  it.each(['nonsense', '/relay', 'http://relay.example.org', 'ftp://relay.example.org'])('refuses %s', (url) => {
    expect(() => relayChannel({ url })).toThrow(expect.objectContaining({ code: 'option-invalid', at: 'url' }));
  });

  it('refuses a page that cannot check signatures', () => {
    vi.stubGlobal('crypto', { getRandomValues: () => {} });
    try {
      expect(() => relayChannel({ url: 'https://relay.example.org' })).toThrow('url');
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('verifies, delivers and denies as a callback endpoint does', async () => {
    const relay = await openRelay();
    const owner = new Owner();
    const { channel, registration } = await open(relay, owner);
    const { url, secret } = registration;
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    const query = `hub.mode=subscribe&hub.topic=${SESSION.topic}&hub.challenge=c-1&hub.lease_seconds=60`;
    const verified = await fetch(`${url}?${query}`);
    expect([verified.status, await verified.text()]).toEqual([200, 'c-1']);
    expect((await deliver(registration)).status).toBe(200);
    expect((await fetch(`${url}?hub.mode=denied&hub.topic=${SESSION.topic}`)).status).toBe(200);
    expect((await fetch(`${url}?hub.topic=other&hub.challenge=c-1`)).status).toBe(404);
    expect(owner.bodies).toEqual([BODY]);
    expect(owner.denials).toHaveLength(1);
    expect(channel.counts).toEqual({ verified: 1, delivered: 1, denied: 1, unexpected: 1 });
    await registration.close();
    expect((await deliver(registration)).status).toBe(410);
  });

  it('believes no event that its own secret has not signed', async () => {
    const relay = await openRelay();
    const owner = new Owner();
    const { registration } = await open(relay, owner);
    for (const signature of ['', sign('another', BODY), sign(registration.secret, `${BODY} `), 'sha1=00']) {
      expect((await deliver(registration, BODY, signature)).status).toBe(401);
    }
    expect(owner.bodies).toEqual([]);
    expect(owner.codes).toEqual(['signature-missing', 'signature-mismatch', 'signature-mismatch', 'signature-method']);
  });

  it('delivers in the order in which the hub has sent, and waits for no answer', async () => {
    const relay = await openRelay();
    let settle: (status: number) => void = () => {};
    const owner: Owner = new Owner((body) => (body === 'slow' ? new Promise((resolve) => (settle = resolve)) : 200));
    const { registration } = await open(relay, owner);
    const slow = deliver(registration, 'slow');
    await vi.waitFor(() => expect(owner.bodies).toHaveLength(1), WITHIN);
    expect((await deliver(registration, 'fast')).status).toBe(200);
    settle(409);
    expect((await slow).status).toBe(409);
    expect(owner.bodies).toEqual(['slow', 'fast']);
  });

  it('answers 500 when its owner fails', async () => {
    const relay = await openRelay();
    const owner = new Owner(() => Promise.reject(new Error('no')));
    const { registration } = await open(relay, owner);
    expect((await deliver(registration)).status).toBe(500);
  });

  it('rejects when there is no relay, and when the relay does not want the page', async () => {
    const shut = await openRelay();
    shut.pages.shut();
    await expect(open(shut)).rejects.toMatchObject({ code: 'relay-failed', retryable: true });
    const closed = await openRelay({ authorize: () => false });
    await expect(open(closed)).rejects.toMatchObject({ code: 'relay-failed', status: 403, retryable: false });
    const full = await openRelay({ maxPages: 1 });
    await openPage(full.url);
    await expect(open(full)).rejects.toMatchObject({ code: 'relay-failed', status: 503, retryable: true });
  });

  it('comes back when the connection breaks: nothing is lost, nothing comes twice', async () => {
    const relay = await openRelay();
    const owner = new Owner();
    const { registration } = await open(relay, owner);
    const answers: Promise<number | undefined>[] = [];
    for (let at = 0; at < 5; at++) {
      answers.push(deliver(registration, `event ${at}`).then(({ status }) => status));
      await vi.waitFor(() => expect(owner.bodies).toHaveLength(at + 1), WITHIN);
      await answers.at(-1);
      relay.pages.server.closeAllConnections();
    }
    expect(await Promise.all(answers)).toEqual([200, 200, 200, 200, 200]);
    expect(owner.bodies).toEqual(['event 0', 'event 1', 'event 2', 'event 3', 'event 4']);
    expect(owner.losses).toEqual([]);
  });

  it('answers again what the relay has not heard', async () => {
    const relay = await openRelay();
    let settle: (status: number) => void = () => {};
    const owner: Owner = new Owner(() => new Promise((resolve) => (settle = resolve)));
    let broken = 0;
    const flaky = async (url: string, init: RequestInit) => {
      if (!url.endsWith('/answers') || broken++ > 0) return fetch(url, init);
      throw new TypeError('fetch failed');
    };
    const { registration } = await open(relay, owner, { fetch: flaky });
    const answer = deliver(registration);
    await vi.waitFor(() => expect(owner.bodies).toHaveLength(1), WITHIN);
    settle(409);
    expect((await answer).status).toBe(409);
    expect(owner.bodies).toHaveLength(1);
    expect(broken).toBeGreaterThan(1);
  });

  it('says when nothing arrives, and is back by itself', async () => {
    const relay = await openRelay();
    const owner = new Owner();
    const { registration } = await open(relay, owner);
    relay.pages.shut();
    await vi.waitFor(() => expect(owner.losses).toHaveLength(1), WITHIN);
    expect(owner.losses[0]).toBeInstanceOf(ChannelError);
    expect(owner.losses[0]).toMatchObject({ code: 'channel-lost', retryable: true });
    relay.pages.open();
    await vi.waitFor(async () => expect((await deliver(registration)).status).toBe(200), WITHIN);
    expect(owner.bodies).toEqual([BODY]);
  });

  it('says when its user is not signed in any more: events would be withdrawn from it one by one', async () => {
    let isSignedIn = true;
    const relay = await openRelay({ authorize: () => isSignedIn, answerWithinMs: 500 });
    const owner = new Owner();
    const { registration } = await open(relay, owner);
    isSignedIn = false;
    expect((await deliver(registration)).status).toBe(202);
    await vi.waitFor(() => expect(owner.losses).toHaveLength(1), WITHIN);
    isSignedIn = true;
    await vi.waitFor(async () => expect((await deliver(registration, 'later')).status).toBe(200), WITHIN);
    expect(owner.bodies.filter((body) => body === BODY)).toHaveLength(1);
  });

  it('says when a relay has forgotten what may have waited', async () => {
    const relay = await openRelay({ graceSeconds: 0 });
    const owner = new Owner();
    const { registration } = await open(relay, owner);
    await deliver(registration);
    relay.pages.server.closeAllConnections();
    await vi.waitFor(() => expect(owner.losses).toHaveLength(1), WITHIN);
    await vi.waitFor(async () => expect((await deliver(registration)).status).toBe(200), WITHIN);
  });
});

describe('a page that is loaded again', () => {
  it('takes up its subscription: the same URL and secret, and what waited', async () => {
    const relay = await openRelay();
    const storage = new MemoryStorage();
    const cut = new AbortController();
    const first = await open(relay, new Owner(), {
      storage,
      fetch: (url, init) => fetch(url, { ...init, signal: cut.signal }),
    });
    await deliver(first.registration);
    // As a page that is gone: without a word.
    cut.abort();
    const waiting = [deliver(first.registration, 'one'), deliver(first.registration, 'two')];
    const owner = new Owner();
    vi.resetModules();
    const { relayChannel: loadedAgain } = await import('../../src/relay/index.ts');
    const channel = loadedAgain({ url: relay.pages.url, storage });
    const registration = await channel.open(owner, SESSION);
    expect([registration.url, registration.secret]).toEqual([first.registration.url, first.registration.secret]);
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
    expect([...owner.bodies].sort()).toEqual(['one', 'two']);
    expect(owner.losses).toEqual([]);
    await registration.close();
    expect(storage.entries.size).toBe(0);
  });

  it('keeps nothing that tells of the session, and nothing for another session', async () => {
    const relay = await openRelay();
    const storage = new MemoryStorage();
    const channel = relayChannel({ url: relay.pages.url, storage });
    const one = await channel.open(new Owner(), SESSION);
    const kept = JSON.stringify([...storage.entries]);
    for (const secret of [SESSION.topic, SESSION.hubUrl, one.url]) expect(kept).not.toContain(secret);
    const other = await channel.open(new Owner(), { ...SESSION, topic: 'another' });
    expect(other.url).not.toBe(one.url);
    expect(other.secret).not.toBe(one.secret);
    expect(storage.entries.size).toBe(2);
  });

  it('of which there are two is two pages', async () => {
    const relay = await openRelay();
    const storage = new MemoryStorage();
    const [one, other] = [new Owner(), new Owner()];
    const first = await open(relay, one, { storage });
    vi.resetModules();
    const { relayChannel: secondTab } = await import('../../src/relay/index.ts');
    const second = await secondTab({ url: relay.pages.url, storage }).open(other, SESSION);
    /** What is kept, but for the events that have come since. */
    const keptNow = () => [...storage.entries].map(([name, text]) => [name, { ...JSON.parse(text), seen: undefined }]);
    const kept = keptNow();
    // The newer one has the old URL; the older one is told to subscribe anew with a URL of its own.
    await vi.waitFor(() => expect(one.losses).toHaveLength(1), WITHIN);
    expect(first.registration.url).not.toBe(second.url);
    expect((await deliver(second)).status).toBe(200);
    expect((await deliver(first.registration)).status).toBe(200);
    expect([one.bodies.length, other.bodies.length]).toEqual([1, 1]);
    // What is kept is the newer one's: it comes back to its own page.
    expect(keptNow()).toEqual(kept);
    expect(other.losses).toEqual([]);
  });

  it.each(['nonsense', '{}', 'null', '{"page":"x","secret":"y"}', '[]'])(
    'is not harmed by %s in its storage',
    async (text) => {
      const relay = await openRelay();
      const storage = { getItem: () => text, setItem: () => {}, removeItem: () => {} };
      const { registration } = await open(relay, new Owner(), { storage });
      expect((await deliver(registration)).status).toBe(200);
    },
  );

  it('is not harmed by a storage that is forbidden', async () => {
    const relay = await openRelay();
    const forbid = () => {
      throw new Error('forbidden');
    };
    const storage = { getItem: forbid, setItem: forbid, removeItem: forbid };
    const { registration } = await open(relay, new Owner(), { storage });
    expect((await deliver(registration)).status).toBe(200);
    await registration.close();
  });
});
