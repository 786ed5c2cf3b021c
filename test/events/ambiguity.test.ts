import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotificationError } from '../../src/errors/errors.ts';
import { checkContext } from '../../src/events/check.ts';
import { parseJson, parseNotification } from '../../src/events/notification.ts';

const about = (patient: string) => ({ subject: { reference: `Patient/${patient}` } });
const patient = (id: string, key = 'patient') => ({ key, resource: { resourceType: 'Patient', id } });
const patientTo = (reference: string) => ({ key: 'patient', reference: { reference } });
const study = (more: object = {}) => ({ key: 'study', resource: { resourceType: 'ImagingStudy', id: 's1', ...more } });
const report = (more: object = {}) => ({
  key: 'report',
  resource: { resourceType: 'DiagnosticReport', id: 'r1', ...more },
});
const medication = (more: object = {}) => ({
  key: 'medication',
  resource: { resourceType: 'Medication', id: 'm1', ...more },
});
const updated = { key: 'report', reference: { reference: 'DiagnosticReport/r1' } };
const updates = { key: 'updates', resource: { resourceType: 'Bundle', type: 'transaction' } };

const check = (name: string, context: readonly object[]) => {
  const message = { id: '1', event: { 'hub.topic': 'topic', 'hub.event': name, context } };
  const notification = parseNotification(parseJson(JSON.stringify(message)));
  return checkContext(notification.name, notification.context);
};

describe('which patient is meant cannot be told from', () => {
  it.each<[string, string, object[], string]>([
    [
      'a resource beside a reference to another',
      'Patient-open',
      [{ ...patient('p1'), reference: { reference: 'Patient/p2' } }],
      'patient',
    ],
    [
      'the same where the patient is not the anchor',
      'ImagingStudy-open',
      [study(), { ...patient('p1'), reference: { reference: 'https://fhir.example.org/Patient/p2' } }],
      'patient',
    ],
    [
      'a study beside a reference to another',
      'ImagingStudy-open',
      [{ ...study(), reference: { reference: 'ImagingStudy/s2' } }],
      'study',
    ],
    [
      'a reference beside the study of another',
      'ImagingStudy-open',
      [patientTo('Patient/p1'), study(about('p2'))],
      'study',
    ],
    [
      'the study of another beside a reference',
      'ImagingStudy-open',
      [study(about('p2')), patientTo('Patient/p1')],
      'study',
    ],
    [
      'a report and a study of two, and nobody else',
      'DiagnosticReport-open',
      [report(about('p1')), study(about('p2'))],
      'study',
    ],
    ['two studies of two', 'DiagnosticReport-open', [report(), study(about('p1')), study(about('p2'))], 'study'],
    ['two under keys that differ in case', 'Patient-open', [patient('p1'), patient('p2', 'Patient')], 'patient'],
    [
      'two beside what no catalogue has',
      'Medication-open',
      [medication(), patient('p1'), patient('p2', 'PATIENT')],
      'patient',
    ],
    [
      'two references',
      'DiagnosticReport-update',
      [updated, updates, patientTo('Patient/p1'), patientTo('Patient/p2')],
      'patient',
    ],
    [
      'a resource and a reference to another',
      'ImagingStudy-open',
      [study(), patient('p1'), patientTo('Patient/p2')],
      'patient',
    ],
    [
      'a Group',
      'ImagingStudy-open',
      [study(), { key: 'patient', resource: { resourceType: 'Group', id: 'p1' } }],
      'patient',
    ],
    [
      'a RelatedPerson',
      'Patient-open',
      [{ key: 'patient', resource: { resourceType: 'RelatedPerson', id: 'p1' } }],
      'patient',
    ],
    [
      'a Group beside what no catalogue has',
      'Medication-open',
      [medication(), { key: 'patient', resource: { resourceType: 'Group', id: 'p1' } }],
      'patient',
    ],
    ['a reference to a Group', 'DiagnosticReport-select', [updated, patientTo('Group/p1')], 'patient'],
    ['a reference to a RelatedPerson', 'ImagingStudy-open', [study(), patientTo('RelatedPerson/p1')], 'patient'],
    [
      'a Group where a reference should be',
      'DiagnosticReport-update',
      [updated, updates, { key: 'patient', resource: { resourceType: 'Group', id: 'p1' } }],
      'patient',
    ],
    ['a medication of another', 'Medication-open', [patient('p1'), medication(about('p2'))], 'medication'],
    [
      'a number for an id, and another',
      'ImagingStudy-open',
      [{ key: 'patient', resource: { resourceType: 'Patient', id: 1 } }, study(about('2'))],
      'study',
    ],
    [
      'a reference to no report',
      'DiagnosticReport-update',
      [{ key: 'report', reference: { reference: 'ImagingStudy/r1' } }, updates],
      'report',
    ],
  ])('%s', (_, name, context, contradiction) => {
    expect(check(name, context)).toMatchObject({ contradiction });
  });

  it.each<[string, string, object[]]>([
    ['without an id or an identifier', 'Patient-open', [{ key: 'patient', resource: { resourceType: 'Patient' } }]],
    [
      'with a name alone beside a study',
      'ImagingStudy-open',
      [study(), { key: 'patient', resource: { resourceType: 'Patient', name: [{ text: 'x' }] } }],
    ],
    [
      'with an empty identifier',
      'Patient-open',
      [{ key: 'patient', resource: { resourceType: 'Patient', identifier: [{}] } }],
    ],
    [
      'with an identifier of which only the system is known',
      'Patient-open',
      [{ key: 'patient', resource: { resourceType: 'Patient', identifier: [null, { system: 'urn:oid:1' }] } }],
    ],
    ['with null for an id', 'Patient-open', [{ key: 'patient', resource: { resourceType: 'Patient', id: null } }]],
    [
      'with an object for an id',
      'Patient-open',
      [{ key: 'patient', resource: { resourceType: 'Patient', id: { a: 1 } } }],
    ],
  ])('one %s', (_, name, context) => {
    expect(check(name, context)).toMatchObject({ missing: 'patient' });
  });
});

describe('there is no doubt about', () => {
  it.each<[string, string, object[]]>([
    [
      'a resource beside a reference to it',
      'Patient-open',
      [{ ...patient('p1'), reference: { reference: 'https://fhir.example.org/r4/Patient/p1/_history/2' } }],
    ],
    [
      'a resource without an id beside a reference',
      'ImagingStudy-open',
      [study(), { key: 'patient', resource: { resourceType: 'Patient' }, reference: { reference: 'Patient/p1' } }],
    ],
    ['a report and a study of one', 'DiagnosticReport-open', [report(about('p1')), patient('p1'), study(about('p1'))]],
    [
      'a number for an id, and the same in a reference',
      'ImagingStudy-open',
      [{ key: 'patient', resource: { resourceType: 'Patient', id: 1 } }, study(about('1'))],
    ],
    [
      'a study of something that is no patient',
      'ImagingStudy-open',
      [patient('p1'), study({ subject: { reference: 'Device/d1' } })],
    ],
    [
      'an identifier that is no array',
      'Patient-open',
      [{ key: 'patient', resource: { resourceType: 'Patient', identifier: { value: '7' } } }],
    ],
    ['what no catalogue has', 'Medication-open', [medication(about('p1')), patient('p1')]],
    ['two patients in an event of somebody’s own', 'org.example.merge', [patient('p1'), patient('p2')]],
  ])('%s', (_, name, context) => {
    expect(check(name, context)).toEqual({ deviations: [], missing: undefined, contradiction: undefined });
  });
});

/** Where reading a text ends. */
const place = (text: string): string | undefined => {
  try {
    parseNotification(parseJson(text));
    return undefined;
  } catch (error) {
    if (error instanceof NotificationError) return error.at;
    throw error;
  }
};

const P1 = JSON.stringify([patient('p1')]);
const P2 = JSON.stringify([patient('p2')]);
const event = (context = P1, topic = 'topic') =>
  `{"hub.topic":"${topic}","hub.event":"Patient-open","context":${context}}`;

describe('which session or what is meant cannot be told from', () => {
  it.each([
    ['two events', `{"id":"1","event":${event(P1)},"event":${event(P2)}}`],
    ['two events, of which one is another session’s', `{"event":${event(P1, 'theirs')},"id":"1","event":${event(P1)}}`],
    ['two topics', `{"id":"1","event":{"hub.topic":"theirs",${event().slice(1)}}`],
    ['two topics, the later one at the end', `{"id":"1","event":${event().slice(0, -1)},"hub.topic":"theirs"}}`],
    ['two names', `{"id":"1","event":{"hub.event":"Patient-close",${event().slice(1)}}`],
    ['two contexts', `{"id":"1","event":{"context":${P2},${event().slice(1)}}`],
    ['two contexts, the later one empty', `{"id":"1","event":${event().slice(0, -1)},"context":[]}}`],
    [
      'two contexts with blanks between all tokens',
      `{"id" : "1", "event" : { "context" : ${P2} , ${event().slice(1)}}`,
    ],
    ['two of the same', `{"id":"1","event":${event()},"event":${event()}}`],
  ])('%s', (_, text) => {
    expect(JSON.parse(text)).toMatchObject({ id: '1', event: {} });
    expect(place(text)).toBe('a key is repeated');
  });

  it('a topic in the event and another beside it', () => {
    expect(place(`{"id":"1","hub.topic":"theirs","event":${event()}}`)).toBe('hub.topic differs');
    expect(place(`{"id":"1","hub.topic":"topic","event":${event()}}`)).toBeUndefined();
  });

  it.each([
    [
      'below, where FHIR has such names, once each',
      JSON.stringify([
        {
          key: 'patient',
          resource: {
            ...patient('p1').resource,
            context: { event: [], 'hub.topic': 1, 'hub.event': 2 },
            event: 'context',
          },
        },
      ]),
    ],
    [
      'in texts',
      JSON.stringify([
        {
          key: 'patient',
          resource: { ...patient('p1').resource, language: 'context', note: '"context":1,"hub.topic":2 \\"event":' },
        },
      ]),
    ],
  ])('but the same names %s, are no repetition', (_, context) => {
    expect(place(`{"id":"1","event":${event(context)}}`)).toBeUndefined();
  });

  it('and no message that an encoder wrote is taken for one', () => {
    const key = fc.constantFrom('event', 'context', 'hub.topic', 'hub.event', 'text', '"context"', '__proto__', 'é');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        key,
        fc.string(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2), (any, indent) => {
        const text = JSON.stringify(any, undefined, indent);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});

describe('names of what every object has', () => {
  it.each([
    ['for the envelope', `{"__proto__":{"id":"1","event":${event()}}}`, 'event is not an object'],
    ['for the event', `{"id":"1","event":{"__proto__":${event()}}}`, 'event.hub.topic is missing'],
    ['for an entry', `{"id":"1","event":${event('[{"__proto__":{"key":"patient"}}]')}}`, 'event.context[0] has no key'],
    [
      'for a resource',
      `{"id":"1","event":${event('[{"key":"patient","resource":{"__proto__":{"resourceType":"Patient"}}}]')}}`,
      'event.context[0].resource is no resource',
    ],
  ])('stand for nothing %s', (_, text, at) => {
    expect(place(text)).toBe(at);
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])(
    '%s is a key and a type like any other',
    (name) => {
      const context = [patient('p1'), { key: name, resource: { resourceType: name, id: name } }];
      expect(check('Patient-open', context)).toMatchObject({
        deviations: [],
        missing: undefined,
        contradiction: undefined,
      });
      expect(check(`${name}-open`, [patient('p1')]).missing).toBe(
        name === '__proto__' ? undefined : name.toLowerCase(),
      );
    },
  );

  it('change no object when an entry is mended', () => {
    const text = `{"id":"1","event":${event('[{"key":"patient","resource":null,"__proto__":{"polluted":1}}]')}}`;
    const { context } = parseNotification(parseJson(text));
    expect((context[0] as { polluted?: unknown }).polluted).toBeUndefined();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
