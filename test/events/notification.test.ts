import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotificationError } from '../../src/errors/errors.ts';
import { messageId, parseJson, parseNotification } from '../../src/events/notification.ts';

const PATIENT = { resourceType: 'Patient', id: 'p1', name: [{ family: 'Quackenbush' }] };

/** A valid message. */
const message = () => ({
  timestamp: '2024-05-01T10:00:00.000Z',
  id: 'event-1',
  event: {
    'hub.topic': 'topic-1',
    'hub.event': 'patient-open-chart',
    context: [{ key: 'patient', resource: PATIENT }] as unknown,
  } as Record<string, unknown>,
});

/** A valid message whose event differs. */
const withEvent = (changes: Record<string, unknown>) => ({ ...message(), event: { ...message().event, ...changes } });
const withContext = (context: unknown) => withEvent({ context });

/** The error that parsing ends with. */
const failure = (parse: () => unknown): NotificationError => {
  try {
    parse();
  } catch (error) {
    if (error instanceof NotificationError) return error;
    throw error;
  }
  throw new Error('It was read.');
};

describe('a notification', () => {
  it('is read', () => {
    const raw = message();
    expect(parseNotification(raw)).toEqual({
      id: 'event-1',
      isNumericId: false,
      timestamp: '2024-05-01T10:00:00.000Z',
      time: Date.UTC(2024, 4, 1, 10),
      topic: 'topic-1',
      hubEvent: 'patient-open-chart',
      name: 'Patient-open',
      kind: 'open',
      context: raw.event.context,
      versionId: undefined,
      priorVersionId: undefined,
      deviations: [],
      raw,
    });
  });

  it.each([
    ['a number for an id', { ...message(), id: 7 }, { id: '7' }],
    ['no timestamp', { ...message(), timestamp: undefined }, { timestamp: '', time: undefined }],
    ['a timestamp that cannot be read', { ...message(), timestamp: 'T010:38:04.16' }, { time: undefined }],
    ['no context', withContext(undefined), { context: [] }],
    ['null for a context', withContext(null), { context: [] }],
    [
      'another datatype',
      withContext([{ key: 'period', decimal: '10' }]),
      { context: [{ key: 'period', decimal: '10' }] },
    ],
    [
      'STU3’s text for versions',
      withEvent({ 'context.versionId': '2', 'context.priorVersionId': '1' }),
      { versionId: '2', priorVersionId: '1' },
    ],
    [
      'STU3’s tables for versions',
      withEvent({ versionId: '2', priorVersionId: '1' }),
      { versionId: '2', priorVersionId: '1' },
    ],
    ['a number for a version', withEvent({ 'context.versionId': 2 }), { versionId: '2' }],
    ['a name of its own', withEvent({ 'hub.event': 'org.example.Transmogrify' }), { name: 'org.example.transmogrify' }],
    ['a hostile name', withEvent({ 'hub.event': '__proto__' }), { name: '__proto__' }],
    ['more than is known', { ...message(), extra: 1 }, { id: 'event-1' }],
  ])('may have %s', (_, raw, expected) => {
    expect(parseNotification(raw)).toMatchObject(expected);
  });

  it('orders nothing when it is from further ahead than clocks differ', () => {
    const inSeconds = (seconds: number) => {
      const timestamp = new Date(Date.now() + seconds * 1_000).toISOString();
      return parseNotification({ ...message(), timestamp }).time;
    };
    expect(inSeconds(60)).toBeTypeOf('number');
    expect(inSeconds(180)).toBeUndefined();
  });

  it.each([
    ['12345678901234567890', '12345678901234567890'],
    ['12345678901234567891', '12345678901234567891'],
    ['1e3', '1e3'],
    ['-7', '-7'],
  ])('keeps each digit of an id that is a number (%s)', (written, id) => {
    const text = JSON.stringify({ ...message(), id: 0 }).replace('"id":0', `"id" : ${written}`);
    expect(parseNotification(parseJson(text), text)).toMatchObject({ id, isNumericId: true });
  });
});

describe('a malformed notification is refused, and says where', () => {
  it.each<[unknown, string]>([
    [undefined, 'not an object'],
    [null, 'not an object'],
    [[], 'not an object'],
    ['text', 'not an object'],
    [0, 'not an object'],
    [{}, 'event is not an object'],
    [{ ...message(), event: null }, 'event is not an object'],
    [{ ...message(), event: [] }, 'event is not an object'],
    [{ ...message(), event: 'Patient-open' }, 'event is not an object'],
    [{ ...message(), id: undefined }, 'id is missing'],
    [{ ...message(), id: '' }, 'id is missing'],
    [{ ...message(), id: null }, 'id is missing'],
    [{ ...message(), id: { a: 1 } }, 'id is missing'],
    [withEvent({ 'hub.topic': undefined }), 'event.hub.topic is missing'],
    [withEvent({ 'hub.topic': '' }), 'event.hub.topic is missing'],
    [withEvent({ 'hub.topic': ['topic-1'] }), 'event.hub.topic is missing'],
    [withEvent({ 'hub.event': undefined }), 'event.hub.event is no name'],
    [withEvent({ 'hub.event': 7 }), 'event.hub.event is no name'],
    [withEvent({ 'hub.event': '' }), 'event.hub.event is no name'],
    [withEvent({ 'hub.event': 'Patient open' }), 'event.hub.event is no name'],
    [withEvent({ 'hub.event': 'Patient-open\nSyncError' }), 'event.hub.event is no name'],
    [withEvent({ 'hub.event': ' ' }), 'event.hub.event is no name'],
    [withEvent({ 'hub.event': '<script>' }), 'event.hub.event is no name'],
    [withEvent({ 'hub.event': 'a'.repeat(129) }), 'event.hub.event is no name'],
    [withContext({}), 'event.context[0] has no key'],
    [withContext({ patient: PATIENT }), 'event.context[0] has no key'],
    [withContext('patient'), 'event.context is not an array'],
    [withContext(false), 'event.context is not an array'],
    [withContext([null]), 'event.context[0] has no key'],
    [withContext([[]]), 'event.context[0] has no key'],
    [withContext([{ resource: PATIENT }]), 'event.context[0] has no key'],
    [withContext([{ key: 1, resource: PATIENT }]), 'event.context[0] has no key'],
    [withContext([{ key: 'patient', resource: PATIENT }, 'x']), 'event.context[1] has no key'],
    [withContext([{ key: 'patient', resource: 'Quackenbush' }]), 'event.context[0].resource is no resource'],
    [withContext([{ key: 'patient', resource: [PATIENT, PATIENT] }]), 'event.context[0].resource is no resource'],
    [withContext([{ key: 'patient', resource: { id: 'p1' } }]), 'event.context[0].resource is no resource'],
    [withContext([{ key: 'report', reference: 'DiagnosticReport/1' }]), 'event.context[0].reference is no reference'],
    [
      withContext([{ key: 'report', resource: null, reference: 'DiagnosticReport/1' }]),
      'event.context[0].reference is no reference',
    ],
    [{ ...message(), 'hub.topic': 'topic-2' }, 'hub.topic differs'],
  ])('%j', (raw, at) => {
    const error = failure(() => parseNotification(raw));
    expect(error).toMatchObject({ code: 'notification-malformed', at });
    expect(error.message).toContain(at);
    expect(error.message).not.toContain('Quackenbush');
  });

  it.each(['', '{', 'Patient Quackenbush', '{"a":Quackenbush}', '\u0000', '[1,]', '{"id":"1"}{"id":"2"}'])(
    'the text %j is not JSON',
    (text) => {
      const error = failure(() => parseJson(text));
      expect(error).toMatchObject({ code: 'notification-malformed', at: 'not JSON', cause: undefined });
      expect(error.message).not.toContain('Quackenbush');
    },
  );
});

describe('whatever a hub sends', () => {
  /** A value that replaces what stood there, marked so that it can be found again. */
  const SECRET = 'Quackenbush';
  const rubbish = fc.oneof(
    fc.constantFrom<unknown>(SECRET, [SECRET], { [SECRET]: SECRET }, null, undefined, 0, true, [], {}),
    fc.jsonValue(),
  );

  /** A valid message with something else at one to three of its places. */
  const mutated = fc.array(fc.tuple(fc.nat(30), rubbish), { minLength: 1, maxLength: 3 }).map((mutations) => {
    const copy = message();
    for (const [place, value] of mutations) {
      const places: [Record<string, unknown>, string][] = [];
      const collect = (holder: unknown) => {
        if (typeof holder !== 'object' || holder === null) return;
        for (const key of Object.keys(holder)) {
          places.push([holder as Record<string, unknown>, key]);
          collect((holder as Record<string, unknown>)[key]);
        }
      };
      collect(copy);
      const chosen = places[place % Math.max(1, places.length)];
      // A copy: a value that was put into itself would have no end.
      if (chosen) chosen[0][chosen[1]] = structuredClone(value);
    }
    return copy as unknown;
  });

  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    mutated.map((value) => JSON.stringify(value)),
  );

  const isHarmless = (parse: () => unknown): boolean => {
    try {
      parse();
      return true;
    } catch (error) {
      return (
        error instanceof NotificationError && !error.message.includes(SECRET) && !JSON.stringify(error).includes(SECRET)
      );
    }
  };

  it('nothing is thrown but the error for it, and nothing of the message is in that', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.jsonValue(), mutated), (value) =>
        isHarmless(() => parseNotification(value)),
      ),
      { numRuns: 500 },
    );
  });

  it('the same holds for its text', () => {
    fc.assert(
      fc.property(texts, (text) => isHarmless(() => parseNotification(parseJson(text)))),
      { numRuns: 500 },
    );
  });

  it('what is read can be used', () => {
    fc.assert(
      fc.property(mutated, (value) => {
        try {
          const { id, topic, hubEvent, name, context, timestamp } = parseNotification(value);
          return (
            [id, topic, hubEvent, name].every((text) => typeof text === 'string' && text !== '') &&
            typeof timestamp === 'string' &&
            context.every(({ key }) => typeof key === 'string')
          );
        } catch {
          return true;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('its id is found where there is one', () => {
    expect(messageId({ id: 'event-1' })).toBe('event-1');
    expect(messageId({ id: 1 })).toBe('1');
    fc.assert(fc.property(fc.anything(), (value) => ['string', 'undefined'].includes(typeof messageId(value))));
  });
});
