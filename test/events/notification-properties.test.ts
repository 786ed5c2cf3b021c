import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HubError, NotificationError } from '../../src/errors/errors.ts';
import { checkContext } from '../../src/events/check.ts';
import { parseCurrentContext } from '../../src/events/context-answer.ts';
import { parseJson, parseNotification } from '../../src/events/notification.ts';

const VALID = {
  timestamp: '2018-01-08T01:37:05.14',
  id: 'q9v3jubddqt63n1',
  event: {
    'hub.topic': 'topic',
    'hub.event': 'Patient-open',
    context: [{ key: 'patient', resource: { resourceType: 'Patient', id: 'p1', name: [{ family: 'Unmistakable' }] } }],
  },
};

/** Runs a parser on hostile input: it returns, or throws one of these errors. */
function survives(parse: () => unknown, ...errors: (new (...args: never[]) => Error)[]): void {
  try {
    parse();
  } catch (error) {
    if (!errors.some((known) => error instanceof known)) throw error;
  }
}

/** A JSON value in the place of one part of a valid notification. */
const mutated = fc
  .record({
    path: fc.constantFrom(
      ['timestamp'],
      ['id'],
      ['event'],
      ['event', 'hub.topic'],
      ['event', 'hub.event'],
      ['event', 'context'],
      ['event', 'context', '0'],
      ['event', 'context', '0', 'key'],
      ['event', 'context', '0', 'resource'],
      ['event', 'context', '0', 'resource', 'resourceType'],
      ['event', 'context', '0', 'resource', 'id'],
      ['event', 'context.versionId'],
    ),
    value: fc.oneof(fc.jsonValue(), fc.constantFrom('__proto__', 'constructor', 'toString-open', '', 0, -1, null)),
  })
  .map(({ path, value }) => {
    const message = structuredClone(VALID) as Record<string, unknown>;
    let place = message;
    for (const step of path.slice(0, -1)) place = place[step] as Record<string, unknown>;
    place[path.at(-1) ?? ''] = value;
    return message;
  });

describe('reading what a hub sends', () => {
  it('throws nothing but its own error, whatever the text is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) =>
        survives(() => parseNotification(parseJson(text)), NotificationError),
      ),
    );
  });

  it('throws nothing but its own error, whatever a part of a notification is', () => {
    fc.assert(
      fc.property(mutated, (message) =>
        survives(() => {
          const { name, context } = parseNotification(message);
          checkContext(name, context);
        }, NotificationError),
      ),
      { numRuns: 1000 },
    );
  });

  it('says where a message is wrong, and nothing of what it holds', () => {
    fc.assert(
      fc.property(mutated, (message) => {
        try {
          parseNotification(message);
        } catch (error) {
          expect(String(error)).not.toMatch(/Unmistakable|p1|q9v3/);
          expect(error).toMatchObject({ code: 'notification-malformed', at: expect.stringMatching(/./) });
        }
      }),
    );
  });

  it('reads a current context or says why not, whatever the answer is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          mutated.map((message) => JSON.stringify(message)),
        ),
        (text) => survives(() => parseCurrentContext(text, (topic) => topic === 'topic'), NotificationError, HubError),
      ),
      { numRuns: 500 },
    );
  });
});

describe.each([
  ['not JSON', 'not json', 'not JSON'],
  ['an empty text', '', 'not JSON'],
  ['a text', '"text"', 'not an object'],
  ['an array', '[]', 'not an object'],
  ['null', 'null', 'not an object'],
  ['no event', '{"id":"1"}', 'event is not an object'],
  ['an event that is an array', '{"id":"1","event":[]}', 'event is not an object'],
  ['no id', '{"event":{"hub.topic":"t","hub.event":"Patient-open"}}', 'id is missing'],
  ['an empty id', '{"id":"","event":{"hub.topic":"t","hub.event":"Patient-open"}}', 'id is missing'],
  ['no topic', '{"id":"1","event":{"hub.event":"Patient-open"}}', 'event.hub.topic is missing'],
  ['no name', '{"id":"1","event":{"hub.topic":"t"}}', 'event.hub.event is no name'],
  ['a name with markup', '{"id":"1","event":{"hub.topic":"t","hub.event":"<b>"}}', 'event.hub.event is no name'],
  [
    'a context that is an object',
    '{"id":"1","event":{"hub.topic":"t","hub.event":"Patient-open","context":{}}}',
    'event.context[0] has no key',
  ],
  [
    'an entry without a key',
    '{"id":"1","event":{"hub.topic":"t","hub.event":"x","context":[{}]}}',
    'event.context[0] has no key',
  ],
  [
    'an entry that is null',
    '{"id":"1","event":{"hub.topic":"t","hub.event":"x","context":[null]}}',
    'event.context[0] has no key',
  ],
  [
    'a resource without a type',
    '{"id":"1","event":{"hub.topic":"t","hub.event":"x","context":[{"key":"a","resource":{}}]}}',
    'event.context[0].resource is no resource',
  ],
  [
    'a reference that is a text',
    '{"id":"1","event":{"hub.topic":"t","hub.event":"x","context":[{"key":"a","reference":"Patient/1"}]}}',
    'event.context[0].reference is no reference',
  ],
])('a message that is %s', (_, text, at) => {
  it('is refused', () => {
    expect(() => parseNotification(parseJson(text))).toThrow(
      expect.objectContaining({ code: 'notification-malformed', at }),
    );
  });
});

it('an object in the place of the context of an event of the apps’ own is in `raw` alone', () => {
  const text = '{"id":"1","event":{"hub.topic":"t","hub.event":"org.example.x","context":{"status":"busy"}}}';
  const { context, deviations, raw } = parseNotification(parseJson(text));
  expect([context, deviations]).toEqual([[], ['event.context is not an array']]);
  expect(raw).toEqual(JSON.parse(text));
});
