import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/channels/websocket/endpoint-url.ts';
import { idAtBeginning, leaseSecondsOf, readFrame, splitEvents } from '../../src/channels/websocket/frame.ts';

const URL = 'wss://hub.example.org/ws/unguessable?a=b';

const S24 = {
  publishTo: 'session',
  keepsContext: false,
  acknowledgements: 'none',
  unsubscribeEnds: 'namesakes',
};
const S18 = { ...S24, unsubscribeEnds: 'everyone' };

describe('a frame about the subscription', () => {
  const grant = { events: undefined, leaseSeconds: undefined };

  it.each<[string, unknown, unknown]>([
    [
      'STU3’s confirmation',
      { 'hub.mode': 'subscribe', 'hub.topic': 't', 'hub.events': 'a,b', 'hub.lease_seconds': 60 },
      {
        kind: 'confirmation',
        topic: 't',
        isOfSubscription: true,
        habits: undefined,
        grant: { events: ['a', 'b'], leaseSeconds: 60 },
      },
    ],
    [
      'that of S18, which shows that it bears no answers',
      { timestamp: 'now', bound: 'x' },
      { kind: 'confirmation', topic: undefined, isOfSubscription: false, grant, habits: S18 },
    ],
    [
      'that of S24, which shows where it takes events',
      { timestamp: 'now', bound: 'x', 'hub.mode': 'subscribe', 'hub.lease_seconds': 7200 },
      {
        kind: 'confirmation',
        topic: undefined,
        isOfSubscription: true,
        grant: { events: undefined, leaseSeconds: 7200 },
        habits: S24,
      },
    ],
    [
      'that of a hub that says yes to anything, which shows nothing',
      { bound: true },
      { kind: 'confirmation', topic: undefined, isOfSubscription: false, grant, habits: undefined },
    ],
    [
      'that of Medplum, which shows how it unsubscribes',
      { 'hub.mode': 'subscribe', 'hub.topic': 't', 'hub.callback': '', 'hub.events': '', 'hub.lease_seconds': '' },
      {
        kind: 'confirmation',
        topic: 't',
        isOfSubscription: true,
        grant,
        habits: { unsubscribesByEvents: true, unsubscribesByEndpoint: true, closeClears: true, derivesEvents: true },
      },
    ],
    [
      'a denial',
      { 'hub.mode': 'denied', 'hub.topic': 't', 'hub.events': 'a', 'hub.reason': 'the "event" is over' },
      { kind: 'denial', topic: 't', denial: { topic: 't', events: ['a'], reason: 'the "event" is over' } },
    ],
    [
      'a bare denial',
      { 'hub.mode': 'denied' },
      { kind: 'denial', topic: undefined, denial: { topic: undefined, events: undefined, reason: undefined } },
    ],
    [
      'a denial with fields of other types',
      { 'hub.mode': 'denied', 'hub.topic': 7, 'hub.events': ['a'], 'hub.reason': {} },
      { kind: 'denial', topic: undefined, denial: { topic: undefined, events: undefined, reason: undefined } },
    ],
  ])('%s is one', (_, frame, expected) => {
    expect(readFrame(JSON.stringify(frame))).toEqual(expected);
    expect(readFrame(JSON.stringify(frame, undefined, 2))).toEqual(expected);
  });

  it.each([
    ['.NET’s handshake', { headers: {}, body: { subscription: { 'hub.topic': 't', 'hub.lease_seconds': '60' } } }, 't'],
    ['one that tells nothing', { headers: {}, body: { subscription: 'x' } }, undefined],
    ['one with a bare topic', { headers: {}, body: { subscription: { topic: 't' } } }, 't'],
  ])('%s is one', (_, frame, topic) => {
    expect(readFrame(JSON.stringify(frame))).toMatchObject({ kind: 'handshake', topic });
  });

  it('of Cast hubs says that the socket is open', () => {
    expect(readFrame('{"type": "connection.established"}')).toEqual({ kind: 'established' });
  });
});

describe('a frame that is, or should have been, an event', () => {
  it.each([
    JSON.stringify({ id: '1', event: { 'hub.mode': 'denied' } }),
    JSON.stringify({ id: '1', 'hub.mode': 'denied', event: {} }),
    JSON.stringify({ 'hub.mode': 'denied', event: null }, undefined, 2),
    '{"hub.mode":"denied","event" : {}}',
    '{"event" : 7}',
    '{"Event":{}}',
    '{"hub.event":"Patient-open"}',
    '{"timestamp":"2026-01-05T08:00:00Z","id":"1"}',
    '{"context":[]}',
    '[{"event" : {}}]',
    // They did not come whole.
    '{"hub.mode":',
    '{"timestamp":"2026-01-05T08:00:00Z","id":"1","even',
    ' [',
    // Longer than any frame about the subscription: it is not read to find out.
    `{"hub.mode":"denied","x":"${'x'.repeat(70_000)}"}`,
  ])('%.80s', (text) => {
    expect(readFrame(text)).toEqual({ kind: 'event' });
  });
});

describe('a frame that is a sign of life', () => {
  it.each([
    '',
    ' \n',
    'ping',
    'PONG',
    '"ping"',
    'heartbeat',
    'keep-alive',
    '{"type":"ping"}',
    '{"type":"ping","id":"1","timestamp":"x"}',
  ])('of a kind that is known: %j', (text) => {
    expect(readFrame(text)).toEqual({ kind: 'life', isKnown: true });
  });

  it.each([
    '{}',
    '[]',
    'null',
    '7',
    'Welcome!',
    '<html></html>',
    '"hub.mode" "bound"',
    JSON.stringify('"hub.mode"'),
    JSON.stringify([{ 'hub.mode': 'denied' }]),
    JSON.stringify({ 'hub.mode': 'unsubscribe' }),
    JSON.stringify({ 'hub.mode': 'DENIED' }),
    JSON.stringify({ 'hub.mode': 1 }),
    JSON.stringify({ id: '1', status: '200' }),
    JSON.stringify({ headers: {}, body: 'x' }),
  ])('of another kind: %s', (text) => {
    expect(readFrame(text)).toEqual({ kind: 'life', isKnown: false });
  });

  it.each([' '.repeat(60_000), `${' '.repeat(60_000)}x`, `"${'p'.repeat(60_000)}`, '['.repeat(60_000)])(
    'is told in one pass, however it is made',
    (text) => {
      const began = performance.now();
      readFrame(text);
      expect(performance.now() - began).toBeLessThan(250);
    },
  );

  it('is told from others, without a throw, in whatever a hub sends', () => {
    const frames = fc
      .record(
        { 'hub.mode': fc.jsonValue(), bound: fc.jsonValue(), event: fc.jsonValue(), 'hub.events': fc.jsonValue() },
        { requiredKeys: [] },
      )
      .map((frame) => JSON.stringify(frame));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), frames), (text) => {
        const { kind } = readFrame(text);
        return !['confirmation', 'denial', 'handshake'].includes(kind) || !('event' in (JSON.parse(text) as object));
      }),
    );
  });
});

it.each([
  ['{"timestamp":"x","id":"a\\"1","event":{', '"a\\"1"'],
  ['{ "id" : 12345678901234567890, "event"', '12345678901234567890'],
  ['{"timestamp":"x","event":{"context":[{"id":"not-it"', undefined],
  [`{"id":"${'x'.repeat(2_000)}`, undefined],
  ['', undefined],
])('the id at the beginning of %.40s is %s', (beginning, id) => {
  expect(idAtBeginning(beginning)).toBe(id);
});

it.each<[unknown, readonly string[] | undefined]>([
  ['a', ['a']],
  ['a, b ,,c', ['a', 'b', 'c']],
  ['', undefined],
  [' , ', undefined],
  [undefined, undefined],
  [['a'], undefined],
])('the events %j are %j', (value, events) => {
  expect(splitEvents(value)).toEqual(events);
});

it.each<[unknown, number | undefined]>([
  [7200, 7200],
  ['7200', 7200],
  [0.5, 0.5],
  [0, undefined],
  [-1, undefined],
  ['', undefined],
  [' ', undefined],
  ['soon', undefined],
  ['Infinity', undefined],
  [null, undefined],
  [true, undefined],
  [[60], undefined],
])('a lease of %j is %j', (value, seconds) => {
  expect(leaseSecondsOf(value)).toBe(seconds);
});

describe('the endpoint in the answer to a subscription', () => {
  const answer = (text: string, header: string | null = null) => ({
    status: 202,
    ok: true,
    text,
    header: (name: string) => (name === 'content-location' ? header : null),
  });

  it.each<[string, string, string | null]>([
    ['STU3’s body', JSON.stringify({ 'hub.channel.endpoint': URL }), null],
    ['a JSON string', JSON.stringify(URL), null],
    ['the plain body', `${URL}\r\n`, null],
    ['the header of February 2020', '', URL],
    ['the header, beside a body of no use', 'Accepted', URL],
    ['the header, beside JSON of no use', '{"hub.channel.endpoint":7}', URL],
    [
      'the body, beside another header',
      JSON.stringify({ 'hub.channel.endpoint': URL }),
      'wss://elsewhere.example.org/',
    ],
  ])('is found in %s', (_, body, header) => {
    expect(endpointOf(answer(body, header))).toBe(URL);
  });

  it.each([
    '',
    'Accepted',
    'null',
    '{}',
    '[]',
    JSON.stringify([URL]),
    JSON.stringify({ endpoint: URL }),
    JSON.stringify({ 'hub.channel.endpoint': 'https://hub.example.org/ws' }),
    JSON.stringify({ 'hub.channel.endpoint': '/ws' }),
    `${URL} ${URL}`,
    `<a href="${URL}">`,
  ])('is not found in %s', (body) => {
    expect(endpointOf(answer(body))).toBeUndefined();
  });
});
