import { describe, expect, it } from 'vitest';
import { NotificationError } from '../../src/errors/errors.ts';
import { checkContext } from '../../src/events/check.ts';
import { parseCurrentContext } from '../../src/events/context-answer.ts';
import { FhircastEvent } from '../../src/events/event.ts';
import { parseContext, parseJson, parseNotification } from '../../src/events/notification.ts';

const PATIENT = { resourceType: 'Patient', id: 'p1' };
const STUDY = { resourceType: 'ImagingStudy', id: 's1' };
const UTC = Date.UTC(2018, 0, 8, 1, 37, 5);

interface Message {
  [name: string]: unknown;
  event: Record<string, unknown>;
}

const opened = (event: Record<string, unknown> = {}, envelope: Record<string, unknown> = {}): Message => ({
  timestamp: '2018-01-08T01:37:05.000Z',
  id: 'event-1',
  ...envelope,
  event: {
    'hub.topic': 'topic-1',
    'hub.event': 'Patient-open',
    context: [{ key: 'patient', resource: PATIENT }],
    ...event,
  },
});

/** What becomes of the text of an event: read, checked, and given to an app, or refused. */
function follow(text: string) {
  try {
    const notification = parseNotification(parseJson(text));
    const { deviations, missing, contradiction } = checkContext(notification.name, notification.context);
    const fault = missing ?? contradiction;
    if (fault) return { refused: fault };
    const event = new FhircastEvent(
      notification,
      { source: 'hub', isEcho: false, isCurrent: false },
      { waitUntil: () => {}, refuse: () => {} },
    );
    return { event, deviations: [...(notification.deviations ?? []), ...deviations] };
  } catch (error) {
    if (error instanceof NotificationError) return { refused: error.at };
    throw error;
  }
}

type Row = [title: string, message: Message, event: Partial<FhircastEvent>, deviations?: readonly string[]];

const rows: readonly Row[] = [
  // Times
  ['all: a time without a zone is UTC', opened({}, { timestamp: '2018-01-08T01:37:05' }), { time: UTC }],
  [
    'all: a time with seven digits of a second',
    opened({}, { timestamp: '2018-01-08T01:37:05.0000000Z' }),
    { time: UTC },
  ],
  ['N19: a time in the American way', opened({}, { timestamp: '1/8/2018 1:37:05 AM' }), { time: UTC }],
  [
    'P19: a time in the Java way',
    opened({}, { timestamp: 'Wed Jan 16 18:02:27 EST 2019' }),
    { time: Date.UTC(2019, 0, 16, 23, 2, 27) },
  ],
  // The client warns of these: they order nothing.
  ['STU3: the malformed time of an example', opened({}, { timestamp: '2019-11-25T010:38:04.16' }), { time: undefined }],
  ['no time: null', opened({}, { timestamp: null }), { time: undefined, timestamp: '' }],
  ['no time: an empty text', opened({}, { timestamp: '' }), { time: undefined, timestamp: '' }],
  ['a time that is a number', opened({}, { timestamp: 1515375425000 }), { time: undefined }],
  ['N19: a time that nobody set', opened({}, { timestamp: '0001-01-01T00:00:00' }), { time: undefined }],

  // Ids and versions
  ['an id that is a number', opened({}, { id: 4711 }), { id: '4711' }],
  ['a topic that is a number', opened({ 'hub.topic': 4711 }), { topic: '4711' }],
  ['the topic beside the event too', opened({}, { 'hub.topic': 'topic-1' }), { topic: 'topic-1' }],
  ['a resource whose id is a number', opened({ context: [{ key: 'patient', resource: { ...PATIENT, id: 7 } }] }), {}],
  [
    'STU3: the text’s names of the versions',
    opened({ 'context.versionId': '2', 'context.priorVersionId': '1' }),
    { versionId: '2', priorVersionId: '1' },
  ],
  [
    'STU3: the tables’ names of the versions',
    opened({ versionId: '2', priorVersionId: '1' }),
    { versionId: '2', priorVersionId: '1' },
  ],
  ['versions that are numbers', opened({ versionId: 2, priorVersionId: 0 }), { versionId: '2', priorVersionId: '0' }],
  [
    'versions under both names, of which one is empty',
    opened({ 'context.versionId': '', versionId: '2', 'context.priorVersionId': null, priorVersionId: '1' }),
    { versionId: '2', priorVersionId: '1' },
  ],
  ['no version: null', opened({ 'context.versionId': null }), { versionId: undefined }],

  // Names
  ['S18: the name in the case of its subscriber', opened({ 'hub.event': 'PATIENT-open' }), { name: 'Patient-open' }],
  ['N19: the name of the ballot', opened({ 'hub.event': 'switch-patient-chart' }), { name: 'Patient-open' }],
  [
    'a name between blanks',
    opened({ 'hub.event': ' Patient-open\n' }),
    { name: 'Patient-open', hubEvent: 'Patient-open' },
    ['event.hub.event'],
  ],
  // S18 and S24 compare names as substrings, and send what was not asked for.
  [
    'S18, S24: a name that contains another is not that',
    opened({ 'hub.event': 'Patient-opened' }),
    { name: 'patient-opened' },
  ],

  // Contexts
  [
    'N19: the key imagingstudy',
    opened({ 'hub.event': 'open-imaging-study', context: [{ key: 'imagingstudy', resource: STUDY }] }),
    { name: 'ImagingStudy-open', study: STUDY as FhircastEvent['study'] },
  ],
  ['STU3: a key in another case', opened({ context: [{ key: 'Patient', resource: PATIENT }] }), {}],
  [
    'a resource type in another case',
    opened({ context: [{ key: 'patient', resource: { resourceType: 'patient', id: 'p1' } }] }),
    {},
    ['patient is no Patient'],
  ],
  [
    'a context that is no array',
    opened({ context: { key: 'patient', resource: PATIENT } }),
    {},
    ['event.context is not an array'],
  ],
  [
    'a resource in an array of one',
    opened({ context: [{ key: 'patient', resource: [PATIENT] }] }),
    {},
    ['event.context[0].resource is no resource'],
  ],
  ['null beside a resource', opened({ context: [{ key: 'patient', resource: PATIENT, reference: null }] }), {}],
  [
    'empty texts beside a resource',
    opened({ context: [{ key: 'patient', resource: PATIENT, reference: '' }] }),
    {},
    ['event.context[0].reference is no reference'],
  ],
  [
    'null for what is not there',
    opened({
      context: [
        { key: 'patient', resource: PATIENT },
        { key: 'encounter', resource: null },
      ],
    }),
    { encounter: undefined },
    ['encounter is no Encounter'],
  ],
  ['no context: null', opened({ 'hub.event': 'Home-open', context: null }), { context: [] }],
  ['no context: an empty text', opened({ 'hub.event': 'userLogout', context: '' }), { context: [] }],
  ['no context at all', opened({ 'hub.event': 'user-hibernate', context: undefined }), { context: [] }],
  [
    'draft: a key that no catalogue has',
    opened({
      context: [
        { key: 'patient', resource: PATIENT },
        { key: 'extension', data: { 'user-timezone': '+1:00' } },
      ],
    }),
    {},
  ],
  ['more than is known', opened({ more: 1 }, { more: { context: [] } }), {}],
  [
    'an entry that tells the same twice',
    opened({ context: [{ key: 'patient', resource: PATIENT, reference: { reference: 'Patient/p1' } }] }),
    {},
  ],
  [
    'the same patient twice',
    opened({
      context: [
        { key: 'patient', resource: PATIENT },
        { key: 'Patient', resource: { ...PATIENT, active: true } },
      ],
    }),
    {},
    ['patient is repeated'],
  ],

  // Heartbeats
  [
    'S24: a heartbeat without a context',
    opened({ 'hub.event': 'heartbeat', context: undefined }),
    { name: 'heartbeat' },
  ],
  [
    'MP: a heartbeat with a period',
    opened({ 'hub.event': 'Heartbeat', context: [{ key: 'period', decimal: '10' }] }),
    { name: 'heartbeat', context: [{ key: 'period', decimal: '10' }] },
  ],
];

describe('what hubs send is followed', () => {
  it.each(rows)('%s', (_, message, expected, deviations = []) => {
    const { event, deviations: found, refused } = follow(JSON.stringify(message));
    expect(refused).toBeUndefined();
    expect(found).toEqual(deviations);
    expect(event).toMatchObject(expected);
    if (event?.name === 'Patient-open') expect(event.patient).toMatchObject({ resourceType: 'Patient' });
  });

  it('.NET: a byte order mark before the text', () => {
    expect(follow(`\uFEFF${JSON.stringify(opened())}`)).toMatchObject({ event: { name: 'Patient-open' } });
  });

  it('Java, Python: blanks between all tokens', () => {
    const text = JSON.stringify(opened(), undefined, '\t').replaceAll('":', '" :');
    expect(follow(text)).toMatchObject({ event: { name: 'Patient-open' }, deviations: [] });
  });

  it('leaves the message as it came', () => {
    const message = opened({ context: [{ key: 'patient', resource: [PATIENT], reference: null }] });
    const copy = structuredClone(message);
    expect(parseNotification(message).raw).toBe(message);
    expect(message).toEqual(copy);
  });
});

describe('what hubs send is refused where it says nothing that can be relied on', () => {
  it.each<[string, Message, string]>([
    ['no id: null', opened({}, { id: null }), 'id is missing'],
    ['no id: an empty text', opened({}, { id: '' }), 'id is missing'],
    ['no topic: null', opened({ 'hub.topic': null }), 'event.hub.topic is missing'],
    [
      'no topic but beside the event',
      opened({ 'hub.topic': '' }, { 'hub.topic': 'topic-1' }),
      'event.hub.topic is missing',
    ],
    ['no name', opened({ 'hub.event': ' ' }), 'event.hub.event is no name'],
    ['a context that maps keys to resources', opened({ context: { patient: PATIENT } }), 'event.context[0] has no key'],
    [
      'an array of two resources',
      opened({ context: [{ key: 'patient', resource: [PATIENT, PATIENT] }] }),
      'event.context[0].resource is no resource',
    ],
    ['null for the patient', opened({ context: [{ key: 'patient', resource: null }] }), 'patient'],
    [
      'an empty array for the patient',
      opened({ context: [{ key: 'patient', resource: [] }] }),
      'event.context[0].resource is no resource',
    ],
    [
      'S24: a SyncError’s context in a Patient-open',
      opened({ context: [{ key: 'operationoutcome', resource: { resourceType: 'OperationOutcome' } }] }),
      'patient',
    ],
  ])('%s', (_, message, at) => {
    expect(follow(JSON.stringify(message))).toEqual({ refused: at });
  });

  it('and nothing is mended in a change of the app’s own', () => {
    const entries = [{ key: 'patient', resource: [PATIENT] }];
    expect(parseContext(entries, 'context', [])).toEqual([{ key: 'patient', resource: PATIENT }]);
    expect(() => parseContext(entries, 'context')).toThrow('context[0].resource is no resource');
    expect(() => parseContext(entries[0], 'context')).toThrow('context is not an array');
  });
});

describe('what hubs answer about the current context', () => {
  const none = null;
  const isOurs = (topic: string) => topic === 'topic-1';
  const entries = [{ key: 'patient', resource: PATIENT }];

  it.each<[string, string, object | null]>([
    ['S18: {} before the first event', '{}', none],
    ['S18, S24: a bare array', JSON.stringify(entries), { type: 'Patient', patient: PATIENT, time: undefined }],
    ['S24: an empty body before the first event', '', none],
    ['MP, STU2: an empty array', '[]', none],
    [
      'MP, STU3: the standard’s object',
      JSON.stringify({ 'context.type': 'Patient', 'context.versionId': 3, context: entries }),
      { type: 'Patient', versionId: '3' },
    ],
    ['MP, STU3: the standard’s none', '{"context.type":"","context":[]}', none],
    [
      'N19: an envelope with the key imagingstudy',
      JSON.stringify(
        opened({ context: [{ key: 'imagingstudy', resource: STUDY }] }, { timestamp: '1/8/2018 1:37:05 AM' }),
      ),
      { type: 'ImagingStudy', anchor: STUDY, time: UTC, id: 'event-1' },
    ],
    [
      'P19: an envelope of which nothing is a text',
      JSON.stringify(opened({}, { id: 7, timestamp: null })),
      { id: '7', time: undefined },
    ],
    ['.NET: a byte order mark', `\uFEFF${JSON.stringify(entries)}`, { type: 'Patient' }],
    [
      'an entry alone',
      JSON.stringify({ 'context.type': 'Patient', context: entries[0] }),
      { type: 'Patient', patient: PATIENT },
    ],
  ])('%s', (_, text, expected) => {
    const found = parseCurrentContext(text, isOurs);
    if (expected === none) expect(found).toBeNull();
    else expect(found).toMatchObject(expected);
  });
});
