import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/channels/endpoint.ts';
import { leaseSecondsOf, parseControlFrame, splitEvents } from '../../src/channels/frame.ts';

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
      { kind: 'confirmation', topic: 't', habits: undefined, grant: { events: ['a', 'b'], leaseSeconds: 60 } },
    ],
    [
      'that of S18, which shows that it bears no answers',
      { timestamp: 'now', bound: 'x' },
      { kind: 'confirmation', topic: undefined, grant, habits: S18 },
    ],
    [
      'that of S24, which shows where it takes events',
      { timestamp: 'now', bound: 'x', 'hub.mode': 'subscribe', 'hub.lease_seconds': 7200 },
      { kind: 'confirmation', topic: undefined, grant: { events: undefined, leaseSeconds: 7200 }, habits: S24 },
    ],
    [
      'that of MP',
      { 'hub.mode': 'subscribe', 'hub.topic': 't', 'hub.callback': '', 'hub.events': '', 'hub.lease_seconds': '' },
      { kind: 'confirmation', topic: 't', grant, habits: undefined },
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
    expect(parseControlFrame(JSON.stringify(frame))).toEqual(expected);
    expect(parseControlFrame(JSON.stringify(frame, undefined, 2))).toEqual(expected);
  });

  it.each([
    JSON.stringify({ id: '1', event: { 'hub.mode': 'denied' } }),
    JSON.stringify({ id: '1', 'hub.mode': 'denied', event: {} }),
    JSON.stringify({ 'hub.mode': 'denied', event: null }, undefined, 2),
    '{"hub.mode":"denied","event" : {}}',
    JSON.stringify({ 'hub.mode': 'unsubscribe' }),
    JSON.stringify({ 'hub.mode': 'DENIED' }),
    JSON.stringify({ 'hub.mode': 1 }),
    JSON.stringify([{ 'hub.mode': 'denied' }]),
    JSON.stringify('"hub.mode"'),
    '{"hub.mode":',
    '"hub.mode" "bound"',
    'null',
    '',
  ])('%s is none', (text) => {
    expect(parseControlFrame(text)).toBeUndefined();
  });

  it('is found or not, without a throw, in whatever a hub sends', () => {
    const frames = fc
      .record(
        { 'hub.mode': fc.jsonValue(), bound: fc.jsonValue(), event: fc.jsonValue(), 'hub.events': fc.jsonValue() },
        { requiredKeys: [] },
      )
      .map((frame) => JSON.stringify(frame));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), frames), (text) => {
        const frame = parseControlFrame(text);
        return frame === undefined || !('event' in (JSON.parse(text) as object));
      }),
    );
  });
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
