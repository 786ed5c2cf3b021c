import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { relayChannel } from '../../src/relay/index.ts';
import { SeenEvents } from '../../src/relay/seen-events.ts';
import { EVENT_LIMIT, encodeRequest, parseAnswer, parsePage, parseRequest } from '../../src/relay/wire.ts';
import { BODY, RecordingOwner, sign, TOPIC } from '../callback/support.ts';
import { growth, LIMIT } from '../growth.ts';
import { MemoryStorage, openDoor } from '../relay/support.ts';

const SESSION = { hubUrl: 'https://hub.example.org', topic: TOPIC };
const WITHIN = { timeout: 15_000, interval: 5 };
const PAGE = { page: 'a'.repeat(48), callback: 'https://relay.example.org/callback/1', epoch: '1' };
const pageEvent = (message: object = PAGE) => `event: page\ndata: ${JSON.stringify(message)}\n\n`;
const bytes = (text: string) => new TextEncoder().encode(text);

const event = (id: string, body: string, signature?: string) => {
  const request = { method: 'POST', query: '', signature, body: bytes(body) };
  return `event: request\ndata: ${encodeRequest({ id, request })}\n\n`;
};

/** A relay that says to its page what it likes, on its first stream; on the others nothing but that it is open. */
async function openHostileRelay(flood: (response: ServerResponse) => Promise<void> | void, takes = true) {
  let opened = 0;
  const answers: unknown[] = [];
  const door = await openDoor(async (request, response) => {
    if (request.url === '/page' && request.method === 'POST') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(pageEvent());
      if (opened++ === 0) await flood(response);
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (chunks.length > 0) answers.push(JSON.parse(Buffer.concat(chunks).toString()));
    if (takes) response.writeHead(204).end();
  });
  return { url: door.url, answers, opened: () => opened };
}

/** Writes the same again and again, as long as somebody reads it, and says how much that was. */
async function pour(response: ServerResponse, text: string, most: number): Promise<number> {
  let poured = 0;
  while (!response.destroyed && poured < most) {
    poured += text.length;
    if (!response.write(text)) await Promise.race([wait(20), new Promise((taken) => response.once('drain', taken))]);
  }
  return poured;
}

const open = async (url: string, owner = new RecordingOwner(), storage: MemoryStorage | null = null) => {
  const registration = await relayChannel({ url, storage }).open(owner, SESSION);
  onTestFinished(() => void registration.close());
  return { owner, registration };
};

describe('A relay floods its page', () => {
  const MUCH = 3 * EVENT_LIMIT;

  it.each([
    ['a line without an end', 'data: ', 'x'.repeat(65_536)],
    ['an event without an end', '', `data: ${'x'.repeat(65_536)}\n`],
    ['lines that are no fields', '', 'x'.repeat(65_536)],
  ])('by %s: its page gives the stream up, and opens another', async (_what, first, text) => {
    let poured = MUCH;
    const { url, opened } = await openHostileRelay(async (response) => {
      response.write(first);
      poured = await pour(response, text, MUCH);
    });
    await open(url);
    await vi.waitFor(() => expect(opened()).toBeGreaterThan(1), WITHIN);
    await vi.waitFor(() => expect(poured).toBeLessThan(MUCH), WITHIN);
  });

  it('by lines that end with a carriage return: the work does not grow with their square', async () => {
    const costOf = async (length: number) => {
      let isRead: () => void = () => {};
      const read = new Promise<void>((resolve) => (isRead = resolve));
      const owner = new RecordingOwner(() => {
        isRead();
        return 200;
      });
      const stream = new TransformStream<Uint8Array, Uint8Array>();
      const writer = stream.writable.getWriter();
      void writer.write(bytes(pageEvent()));
      const channel = relayChannel({
        url: 'https://relay.example.org',
        storage: null,
        fetch: async (target) =>
          target.endsWith('/page') ? new Response(stream.readable) : new Response(null, { status: 204 }),
      });
      const registration = await channel.open(owner, SESSION);
      const start = performance.now();
      void writer.write(bytes(`${'\r'.repeat(length)}\n`));
      void writer.write(bytes(event('1', BODY, sign(registration.secret, BODY))));
      await read;
      const spent = performance.now() - start;
      await registration.close();
      return spent;
    };
    await costOf(1_000);
    // As a square it would be minutes.
    expect(await costOf(4_000_000)).toBeLessThan(2_000);
  });

  it('by requests in masses: they are not all kept', async () => {
    let sent = 0;
    const { url, opened } = await openHostileRelay(async (response) => {
      for (; sent < 50_000 && !response.destroyed; sent++) {
        if (!response.write(event(`${sent}`, 'x')))
          await Promise.race([wait(20), new Promise((taken) => response.once('drain', taken))]);
      }
    });
    const owner = new RecordingOwner(() => new Promise<number>(() => {}));
    owner.acceptsUnverified = () => true;
    await open(url, owner);
    await vi.waitFor(() => expect(opened()).toBeGreaterThan(1), WITHIN);
    expect(owner.bodies.length).toBeLessThanOrEqual(1_000);
  });

  it('by the same request again and again, and takes no answer: it is answered once at a time', async () => {
    const { url, answers } = await openHostileRelay((response) => {
      for (let sent = 0; sent < 500; sent++) response.write(event('same', 'x'));
    }, false);
    await open(url);
    await vi.waitFor(() => expect(answers).toHaveLength(1), WITHIN);
    await wait(100);
    expect(answers).toHaveLength(1);
  });

  it.each([
    ['http://relay.example.org/callback/1'],
    ['ftp://relay.example.org/callback/1'],
    ['https://user:word@relay.example.org/callback/1'],
    [`https://relay.example.org/callback/${'1'.repeat(3_000)}`],
    ['/callback/1'],
  ])('by a callback URL that no hub must call, and no hub is told of it: %s', async (callback) => {
    const door = await openDoor((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(pageEvent({ ...PAGE, callback }));
    });
    await expect(open(door.url)).rejects.toMatchObject({ code: 'relay-failed', retryable: false });
  });

  it('by never answering: the page notices, whatever its fetch does with a signal', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const channel = relayChannel({
      url: 'https://relay.example.org',
      storage: null,
      fetch: () => new Promise(() => {}),
    });
    const opening = channel.open(new RecordingOwner(), SESSION);
    const failed = expect(opening).rejects.toMatchObject({ code: 'relay-failed', retryable: true });
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
    await vi.advanceTimersByTimeAsync(10_000);
    await failed;
  });
});

describe('A message between a relay and a page is made to be hard to read', () => {
  const JSONS: readonly (readonly [string, (parts: number) => string])[] = [
    ['arrays in arrays', (parts) => '['.repeat(parts)],
    ['objects in objects', (parts) => '{"a":'.repeat(parts)],
    ['arrays in a member', (parts) => `{"id":"1","body":${'['.repeat(parts)}`],
    ['members', (parts) => `{${Array.from({ length: parts }, (_, i) => `"a${i}":1`).join()}}`],
    ['quotation marks', (parts) => `{"id":"${'\\"'.repeat(parts)}"}`],
    ['backslashes', (parts) => `{"id":"${'\\\\'.repeat(parts)}"}`],
    ['texts without an end', (parts) => `{"id":"${'x'.repeat(parts)}`],
    [
      'a body',
      (parts) =>
        encodeRequest({
          id: '1',
          request: { method: 'POST', query: '', signature: undefined, body: new Uint8Array(parts) },
        }),
    ],
    ['a query', (parts) => JSON.stringify({ id: '1', method: 'GET', query: '\u0001'.repeat(parts), body: '' })],
    ['commas', (parts) => ','.repeat(parts)],
  ];
  it.each(JSONS)('by %s: ten times as much costs ten times as much, or nothing', async (_what, make) => {
    for (const parse of [parseRequest, parsePage, parseAnswer])
      expect(await growth(make, parse, 20_000)).toBeLessThan(LIMIT);
  });

  it.each([
    ['a request too deep', parseRequest, '{"id":"1","method":"GET","query":"","body":"","x":[]}'],
    [
      'a request of too many members',
      parseRequest,
      `{"id":"1","method":"GET","query":"","body":"",${Array.from({ length: 64 }, (_, i) => `"a${i}":1`).join()}}`,
    ],
    ['a query too long', parseRequest, JSON.stringify({ id: '1', method: 'GET', query: 'x'.repeat(65_537), body: '' })],
    [
      'a signature too long',
      parseRequest,
      JSON.stringify({ id: '1', method: 'GET', query: '', signature: 'x'.repeat(1_025), body: '' }),
    ],
    ['an id too long', parseRequest, JSON.stringify({ id: 'x'.repeat(65), method: 'GET', query: '', body: '' })],
    ['a request too long', parseRequest, `${' '.repeat(EVENT_LIMIT)}{"id":"1","method":"GET","query":"","body":""}`],
    ['an epoch too long', parsePage, JSON.stringify({ ...PAGE, epoch: 'x'.repeat(65) })],
    ['a page too long', parsePage, JSON.stringify({ ...PAGE, x: 'x'.repeat(8_192) })],
    ['an answer too long', parseAnswer, JSON.stringify({ id: '1', status: 200, body: '', x: 'x'.repeat(16_384) })],
  ] as const)('%s is none', (_what, parse, text) => {
    expect(parse(text)).toBeUndefined();
  });

  it('and as relays and pages write it, it is read', () => {
    expect(parsePage(JSON.stringify(PAGE))).toEqual(PAGE);
    const request = {
      method: 'GET',
      query: '"\\[{,}]"\u0000'.repeat(100),
      signature: '"',
      body: bytes('{"a":[[[[]]]]}'),
    };
    expect(parseRequest(encodeRequest({ id: '1', request }))?.request).toEqual(request);
    expect(parseAnswer('{"id":"1","status":200,"body":"[{\\"}]"}')).toEqual({ id: '1', status: 200, body: '[{"}]' });
  });
});

describe('A captured event is sent again to a page that was loaded again', () => {
  const message = (id: string, seconds: number) =>
    JSON.stringify({
      timestamp: new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString(),
      id,
      event: { 'hub.topic': TOPIC, 'hub.event': 'Patient-open', context: [] },
    });

  /** A page, from its load to the next one. */
  const load = async (storage: MemoryStorage) => {
    vi.resetModules();
    const { relayChannel: loaded } = await import('../../src/relay/index.ts');
    const owner = new RecordingOwner();
    let say: (text: string) => void = () => {};
    const answers = new Map<string, number>();
    const door = await openDoor(async (request, response) => {
      if (request.url === '/page') {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write(pageEvent());
        say = (text) => response.write(text);
        return;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { id, status } = JSON.parse(Buffer.concat(chunks).toString());
      answers.set(id, status);
      response.writeHead(204).end();
    });
    // The relay is the same one for the page, wherever it is here.
    const channel = loaded({
      url: 'https://relay.example.org',
      storage,
      fetch: (url, init) => fetch(url.replace('https://relay.example.org', door.url), init),
    });
    const { secret } = await channel.open(owner, SESSION);
    let count = 0;
    const send = async (body: string, signature = sign(secret, body)) => {
      const id = `${count++}`;
      say(event(id, body, signature));
      await vi.waitFor(() => expect(answers.has(id)).toBe(true), WITHIN);
      return answers.get(id);
    };
    return { owner, secret, send, counts: channel.counts };
  };

  it('and is not shown as new: it is answered, reported as old, and reaches nobody', async () => {
    const storage = new MemoryStorage();
    const first = await load(storage);
    expect(await first.send(message('e1', 1))).toBe(200);
    expect(await first.send(message('e2', 2))).toBe(200);
    const second = await load(storage);
    expect(second.secret).toBe(first.secret);
    for (const signature of [
      sign(first.secret, message('e1', 1)),
      sign(first.secret, message('e1', 1)).toUpperCase().replace('SHA', 'sha'),
    ])
      expect(await second.send(message('e1', 1), signature)).toBe(200);
    expect(await second.send(message('e2', 2))).toBe(200);
    expect(second.owner.bodies).toEqual([]);
    expect(second.owner.codes).toEqual(Array(3).fill('notification-stale'));
    // Also one that happened before what was shown, if it was not shown itself.
    for (const news of [message('e0', 0), message('e3', 3)]) expect(await second.send(news)).toBe(200);
    expect(second.owner.bodies).toEqual([message('e0', 0), message('e3', 3)]);
    expect(second.counts).toMatchObject({ 'notification-stale': 3, delivered: 2 });
  });

  it('also when it was loaded again more than once, and whether or not the relay has taken the answers', async () => {
    const storage = new MemoryStorage();
    await (await load(storage)).send(message('e1', 1));
    await (await load(storage)).send(message('e2', 2));
    const third = await load(storage);
    await third.send(message('e1', 1));
    await third.send(message('e2', 2));
    expect(third.owner.bodies).toEqual([]);
  });

  it('also when it is one of many: what is not known by its mark is known by its time', () => {
    const secret = 'a'.repeat(64);
    const page = new SeenEvents(undefined);
    const at = (seconds: number) => message(`e${seconds}`, seconds);
    for (let seconds = 0; seconds < 1_000; seconds++) page.add(sign(secret, at(seconds)), at(seconds));
    const again = new SeenEvents(JSON.parse(JSON.stringify(page.record)));
    expect(JSON.stringify(page.record).length).toBeLessThan(5_000);
    const old = Array.from({ length: 1_000 }, (_, seconds) => again.isOld(sign(secret, at(seconds)), at(seconds)));
    expect(old).toEqual(Array(1_000).fill(true));
    const next = JSON.stringify({
      ...JSON.parse(at(0)),
      id: 'next',
      timestamp: new Date(Date.now() + 1_000).toISOString(),
    });
    expect(again.isOld(sign(secret, next), next)).toBe(false);
  });

  it('and one that was stamped far ahead does not keep the next ones out', () => {
    const secret = 'a'.repeat(64);
    const page = new SeenEvents(undefined);
    const stamped = (id: number, ms: number) =>
      JSON.stringify({ ...JSON.parse(message(`${id}`, 0)), timestamp: new Date(Date.now() + ms).toISOString() });
    for (let id = 0; id < 500; id++) page.add(sign(secret, stamped(id, 3_600_000)), stamped(id, 3_600_000));
    const again = new SeenEvents(page.record);
    expect(again.isOld(sign(secret, stamped(501, 120_000)), stamped(501, 120_000))).toBe(false);
  });

  it('and nothing that is kept says what was in it', async () => {
    const storage = new MemoryStorage();
    const { send } = await load(storage);
    await send(BODY);
    const [text = ''] = storage.entries.values();
    expect(Object.keys(JSON.parse(text))).toEqual(['page', 'secret', 'seen']);
    expect(JSON.parse(text).seen.recent).toMatch(/^[0-9a-f]{16}$/);
  });

  it('and where the events cannot be kept, the secret is not kept either', async () => {
    const storage = new MemoryStorage();
    const first = await load(storage);
    vi.spyOn(storage, 'setItem').mockImplementation(() => {
      throw new Error('full');
    });
    await first.send(message('e1', 1));
    const second = await load(storage);
    expect(second.secret).not.toBe(first.secret);
    expect(await second.send(message('e1', 1), sign(first.secret, message('e1', 1)))).toBe(401);
  });

  it.each([
    null,
    7,
    'x',
    [],
    {},
    { recent: 'x', older: '', until: [] },
    { recent: '', older: '', until: [Number.MAX_VALUE, 0, 0] },
  ])('and is not harmed by %j in its storage', (kept) => {
    expect(new SeenEvents(kept).record).toEqual({ recent: '', older: '', until: [0, 0, 0] });
  });
});
