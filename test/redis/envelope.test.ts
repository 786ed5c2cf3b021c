import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROUTER_ANSWERS } from '../../src/callback/callback-router.ts';
import type { CallbackRequest } from '../../src/callback/index.ts';
import {
  encodeAnswer,
  encodeRequest,
  FAILED,
  parseAnswer,
  parseContent,
  parseEnvelope,
  parseMessage,
  parseMessages,
} from '../../src/redis/envelope.ts';
import { LIMIT as GROWTH_LIMIT, growth } from '../growth.ts';

const LIMIT = 1_000;
const ORIGIN = { from: randomUUID(), request: randomUUID() };

const body = fc.oneof(fc.uint8Array({ maxLength: LIMIT }), fc.constant('too-large' as const));
const requests: fc.Arbitrary<CallbackRequest> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', ''),
  query: fc.string({ unit: 'binary', maxLength: 200 }),
  signature: fc.option(fc.string({ maxLength: 200 }), { nil: undefined }),
  body,
});

const plain = ({ body, ...request }: CallbackRequest) => ({
  ...request,
  body: typeof body === 'string' ? body : [...body],
});

/** What follows the first line of an answer as it is sent. */
const restOf = (message: Buffer) => parseMessage(message)?.rest ?? Buffer.alloc(0);

describe('a request', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const parsed = parseEnvelope(encodeRequest(ORIGIN, request, LIMIT), LIMIT);
        const { content, ...origin } = { content: undefined, ...parsed };
        expect(origin).toEqual(ORIGIN);
        expect(content && plain(content)).toEqual(plain(request));
      }),
    );
  });

  it('with a body over the limit is passed on without it', () => {
    const request = { method: 'POST', query: '', signature: 'a'.repeat(5_000), body: new Uint8Array(LIMIT + 1) };
    const { content } = parseEnvelope(encodeRequest(ORIGIN, request, LIMIT), LIMIT) ?? {};
    expect(content).toMatchObject({ body: 'too-large', signature: 'a'.repeat(1_024) });
  });

  it('of an odd method cannot break out of its line', () => {
    const request = { method: 'GET\nx', query: '\n', signature: '\n', body: new Uint8Array(0) };
    const { content } = parseEnvelope(encodeRequest(ORIGIN, request, LIMIT), LIMIT) ?? {};
    expect(content).toMatchObject({ method: '?', query: '\n', signature: '\n' });
  });

  it.each([
    ['nothing', ''],
    ['no second line', '{"m":"GET","q":""}'],
    ['no JSON', 'm=GET\n'],
    ['a list', '[]\n'],
    ['no method', '{"q":""}\n'],
    ['a method of another type', '{"m":["GET"],"q":""}\n'],
    ['a method that is too long', `{"m":"${'G'.repeat(33)}","q":""}\n`],
    ['no query', '{"m":"GET"}\n'],
    ['a query that is too long', `{"m":"GET","q":"${'x'.repeat(65_537)}"}\n`],
    ['a signature of another type', '{"m":"GET","q":"","s":1}\n'],
    ['a signature that is too long', `{"m":"GET","q":"","s":"${'x'.repeat(1_025)}"}\n`],
    ['a body that is too long', `{"m":"GET","q":""}\n${'x'.repeat(LIMIT + 1)}`],
    ['a body where it was not read', '{"m":"GET","q":"","l":true}\nx'],
    ['a mark of another type', '{"m":"GET","q":"","l":1}\n'],
    ['a line without an end', 'x'.repeat(1_000_000)],
    ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d, 0x0a])],
  ])('is refused with %s', (_what, text) => {
    expect(parseContent(Buffer.from(text), LIMIT)).toBeUndefined();
  });
});

describe('an answer', () => {
  it('is read as it was written', () => {
    const answer = { status: 200, body: 'Åse\n\u0000<b>', headers: { 'Content-Type': 'text/html; charset=utf-8' } };
    expect(parseAnswer(restOf(encodeAnswer(ORIGIN.request, answer)))).toEqual(answer);
    expect(parseAnswer(restOf(encodeAnswer(ORIGIN.request, { status: 503, body: '' })))).toEqual({
      status: 503,
      body: '',
    });
  });

  it.each([...Object.values(ROUTER_ANSWERS), FAILED])("of a router's own stays the very one: %j", (answer) => {
    expect(parseAnswer(restOf(encodeAnswer(ORIGIN.request, answer)))).toBe(answer);
  });

  it.each([
    { status: 0, body: '' },
    { status: Number.NaN, body: '' },
    { status: 600, body: '' },
    { status: 200, body: 'x'.repeat(65_537) },
    { status: 200, body: '', headers: { 'Set-Cookie': 'a=b' } },
    { status: 200, body: '', headers: { 'X-A': 'a\r\nX-B: b' } },
    { status: 200, body: '', headers: { 'X-A': 1n as never } },
    { status: 200, body: '', headers: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`X-${at}`, ''])) },
  ])('that cannot be passed on is a failure of its owner', (answer) => {
    expect(parseAnswer(restOf(encodeAnswer(ORIGIN.request, answer)))).toBe(FAILED);
  });

  it.each([
    ['no line', '{"s":200}'],
    ['no status', '{}\n'],
    ['a status of another type', '{"s":"200"}\n'],
    ['half a status', '{"s":200.5}\n'],
    ['a status that ends nothing', '{"s":101}\n'],
    ['an unknown name', '{"r":"toString"}\n'],
    ['a name of another type', '{"r":1}\n'],
    ['headers of another type', '{"s":200,"h":"a"}\n'],
    ['a header of another type', '{"s":200,"h":{"a":1}}\n'],
    ['a header that splits', '{"s":200,"h":{"a\\r\\nb":"c"}}\n'],
    ['a policy of its own', '{"s":200,"h":{"content-Security-policy":"default-src *"}}\n<script>'],
    ['no UTF-8', Buffer.from([0x7b, 0x22, 0x73, 0x22, 0x3a, 0x32, 0x30, 0x30, 0x7d, 0x0a, 0xff])],
  ])('is refused with %s', (_what, text) => {
    expect(parseAnswer(Buffer.from(text))).toBeUndefined();
  });
});

it('takes any bytes without a failure', () => {
  const pieces = fc.constantFrom(
    'q ',
    'a ',
    ' ',
    '\n',
    '{"s":200}',
    '{"m":"GET","q":""}',
    '{"h":{"__proto__":1}}',
    ORIGIN.from,
  );
  const bytes = fc
    .array(
      fc.oneof(
        pieces.map((piece) => Buffer.from(piece)),
        fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)),
      ),
    )
    .map((parts) => Buffer.concat(parts));
  fc.assert(
    fc.property(bytes, (given) => {
      parseMessage(given);
      parseEnvelope(given, LIMIT);
      parseContent(given, LIMIT);
      parseAnswer(given);
    }),
    { numRuns: 2_000 },
  );
});

describe('a message in Redis that is made to be hard to read', () => {
  const shapes: readonly (readonly [string, (parts: number) => string])[] = [
    ['arrays in arrays', (parts) => `{"m":"GET","q":"","x":${'['.repeat(parts)}\n`],
    ['objects in objects', (parts) => `${'{"m":'.repeat(parts)}\n`],
    ['members', (parts) => `{${Array.from({ length: parts }, (_, i) => `"a${i}":1`).join()}}\n`],
    ['headers', (parts) => `{"s":200,"h":{${Array.from({ length: parts }, (_, i) => `"a${i}":"1"`).join()}}}\n`],
    ['quotation marks', (parts) => `{"m":"GET","q":"${'\\"'.repeat(parts)}"}\n`],
    ['backslashes', (parts) => `{"m":"GET","q":"${'\\\\'.repeat(parts)}"}\n`],
    ['lines', (parts) => '\n'.repeat(parts)],
    ['blanks', (parts) => `${' '.repeat(parts)}\n`],
    ['a body', (parts) => `{"m":"GET","q":""}\n${'x'.repeat(parts)}`],
  ];
  it.each(shapes)('by %s: ten times as much costs ten times as much, or nothing', async (_what, make) => {
    const bytes = (parts: number) => Buffer.from(make(parts));
    const envelope = (parts: number) => Buffer.from(`${ORIGIN.from} ${ORIGIN.request}\n${make(parts)}`);
    const most = 1024 * 1024;
    expect(await growth(bytes, (rest) => parseContent(rest, most), 10_000)).toBeLessThan(GROWTH_LIMIT);
    expect(await growth(bytes, parseAnswer, 10_000)).toBeLessThan(GROWTH_LIMIT);
    expect(await growth(bytes, parseMessage, 10_000)).toBeLessThan(GROWTH_LIMIT);
    expect(await growth(envelope, (all) => parseEnvelope(all, most), 10_000)).toBeLessThan(GROWTH_LIMIT);
  });

  it.each([
    ['too deep', '{"m":"GET","q":"","x":{"y":{}}}\n'],
    ['of too many members', `{"m":"GET","q":"",${Array.from({ length: 64 }, (_, i) => `"a${i}":1`).join()}}\n`],
  ])('and %s is none', (_what, text) => {
    expect(parseContent(Buffer.from(text), LIMIT)).toBeUndefined();
    expect(parseAnswer(Buffer.from(text))).toBeUndefined();
  });
});

describe('messages that came together', () => {
  const heads = (text: string) => parseMessages(Buffer.from(text)).map((message) => message?.fields.join(' '));

  it('are read one by one, in their order', () => {
    expect(heads('m 4 7\na 1\nq 2\nabc')).toEqual(['a 1', 'q 2']);
    expect(heads('a 1\nabc')).toEqual(['a 1']);
  });

  it.each([
    ['m 4 7\na 1\n', ['a 1', undefined]],
    ['m x 4\na 1\n', [undefined, undefined]],
    ['m -4 8\na 1\n', [undefined, undefined]],
    ['m 6\nm 2\nx\n', [undefined]],
    ['m 99999999999\na\n', [undefined]],
    ['m\n', []],
    ['', [undefined]],
  ])('are none where they are not as they should be: %j', (text, expected) => {
    expect(heads(text)).toEqual(expected);
  });
});
