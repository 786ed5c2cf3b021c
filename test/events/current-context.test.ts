import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { currentOfList, parseCurrentContext } from '../../src/events/context-answer.ts';
import { parseContext } from '../../src/events/notification.ts';
import { contextFormOf } from '../../src/hub/context-form.ts';

const isOurs = (topic: string) => topic === 'topic';
const read = (answer: unknown) => parseCurrentContext(JSON.stringify(answer), isOurs);

const patient = { key: 'patient', resource: { resourceType: 'Patient', id: 'p1' } };
const study = { key: 'study', resource: { resourceType: 'ImagingStudy', id: 's1' } };
const report = { key: 'report', resource: { resourceType: 'DiagnosticReport', id: 'r1' } };
const encounter = { key: 'encounter', resource: { resourceType: 'Encounter', id: 'e1' } };

describe('the anchor of an answer that does not name it', () => {
  it.each([
    [[patient], 'Patient'],
    [[patient, encounter], 'Encounter'],
    [[encounter, patient, study], 'ImagingStudy'],
    [[study, report, patient], 'DiagnosticReport'],
    // The .NET sandbox hub of 2019 (N19).
    [[{ key: 'imagingstudy', resource: study.resource }], 'ImagingStudy'],
    [[{ key: 'medication', resource: { resourceType: 'Medication', id: 'm1' } }], 'Medication'],
  ])('%j is %s', (context, type) => {
    expect(read(context)?.type).toBe(type);
    const enveloped = read({ event: { 'hub.topic': 'topic', context } });
    expect(enveloped).toMatchObject({ type, anchor: { resourceType: type } });
  });

  it('is missing when nothing in it is a resource', () => {
    expect(() => read([{ key: 'period', decimal: 10 }])).toThrow(
      expect.objectContaining({ code: 'anchor-missing', at: 'context.type' }),
    );
  });
});

describe('an answer that is no context', () => {
  const outcome = { resourceType: 'OperationOutcome', issue: [] };

  it.each([
    // Taken for "none", it would close what is open.
    [{ error: 'busy' }],
    [outcome],
    [{ status: 404, message: 'No context.' }],
    ['patient'],
    [7],
  ])('%j is refused', (answer) => {
    expect(() => read(answer)).toThrow(expect.objectContaining({ code: 'hub-answer-invalid' }));
  });

  it.each([
    ['OperationOutcome', outcome],
    ['Parameters', { resourceType: 'Parameters' }],
  ])('S24: the last event may have held %s, which nobody opened', (type, resource) => {
    expect(() => read([{ key: type.toLowerCase(), resource }])).toThrow(
      expect.objectContaining({ code: 'anchor-missing' }),
    );
  });

  it.each([
    '',
    ' \n',
    '\uFEFF',
    'null',
    '{}',
    '[]',
    '{"context.type":"","context.versionId":"","context":[]}',
    '{"context.type":"","context":""}',
    '{"timestamp":"2019-01-01T00:00:00","id":"1","event":{"hub.topic":"topic"}}',
    '{"timestamp":"2019-01-01T00:00:00","id":"1","event":{"hub.topic":"topic","context":null}}',
  ])('%j is none', (text) => {
    expect(parseCurrentContext(text, isOurs)).toBeNull();
  });
});

describe('which session or patient an answer is of', () => {
  it.each([
    [{ 'hub.topic': 'theirs', context: [patient] }],
    [{ 'hub.topic': 'theirs', event: { 'hub.topic': 'topic', context: [patient] } }],
    [{ 'hub.topic': 'topic', event: { 'hub.topic': 'theirs', context: [patient] } }],
  ])('%j is of another', (answer) => {
    expect(() => read(answer)).toThrow(expect.objectContaining({ code: 'notification-wrong-topic' }));
  });

  it('cannot be told when the context stands twice', () => {
    const one = JSON.stringify([patient]);
    const text = `{"context.type":"Patient","context":${one},"context":${one}}`;
    expect(() => parseCurrentContext(text, isOurs)).toThrow(expect.objectContaining({ code: 'hub-answer-invalid' }));
  });

  it('cannot be told when its study and its report have other subjects', () => {
    const about = (id: string) => ({ subject: { reference: `Patient/${id}` } });
    const context = [
      { key: 'report', resource: { ...report.resource, ...about('p1') } },
      { key: 'study', resource: { ...study.resource, ...about('p2') } },
    ];
    expect(() => read(context)).toThrow(expect.objectContaining({ code: 'anchor-contradiction', at: 'study' }));
  });
});

describe('an answer of STU3', () => {
  it('names the anchor itself, beside what else is known', () => {
    const content = { key: 'content', resource: { resourceType: 'Bundle', type: 'collection' } };
    const answer = read({
      'context.type': 'DiagnosticReport',
      'context.versionId': '3',
      context: [report, patient, content],
    });
    expect(answer).toMatchObject({ type: 'DiagnosticReport', versionId: '3', id: undefined, timestamp: undefined });
    expect(answer?.report).toEqual(report.resource);
    expect(answer?.content).toEqual(content.resource);
  });

  it('may write versionId without a prefix', () => {
    expect(read({ 'context.type': 'Patient', versionId: '4', context: [patient] })?.versionId).toBe('4');
  });

  it('that names an anchor which it does not hold is refused', () => {
    expect(() => read({ 'context.type': 'ImagingStudy', context: [patient] })).toThrow(
      expect.objectContaining({ code: 'anchor-missing', at: 'study' }),
    );
  });
});

describe('the time of an answer', () => {
  const at = (timestamp: string) => read({ timestamp, id: '1', event: { context: [patient] } });

  it('is read as that of an event', () => {
    expect(at('2019-01-01T00:00:00')?.time).toBe(Date.UTC(2019, 0, 1));
    expect(at('T010:38:04.16')).toMatchObject({ timestamp: 'T010:38:04.16', time: undefined });
  });

  it('orders nothing when it is far ahead, as that of an event', () => {
    expect(at(new Date(Date.now() + 25 * 3_600_000).toISOString())?.time).toBeUndefined();
  });
});

it('a refusal says nothing of the content', () => {
  for (const text of ['Quackenbush', '"Quackenbush"', '{"context":"Quackenbush"}', '[{"Quackenbush":"Quackenbush"}]']) {
    expect(() => parseCurrentContext(text, isOurs)).toThrow(
      expect.toSatisfy((error) => !inspect(error).includes('Quackenbush')),
    );
  }
});

describe('an answer that tells nothing', () => {
  it.each(['<!DOCTYPE html><html><body>Welcome</body></html>', '\n <html></html>', 'OK', 'No context.', 'undefined'])(
    '%j is no word about the context',
    (text) => {
      expect(() => parseCurrentContext(text, isOurs)).toThrow(expect.objectContaining({ code: 'context-unsupported' }));
    },
  );

  it.each(['{"context.type":"Pat', '[{"key":', '"patient'])('%j was broken on its way', (text) => {
    expect(() => parseCurrentContext(text, isOurs)).toThrow(expect.objectContaining({ code: 'hub-answer-invalid' }));
  });

  const content = (entry?: unknown) => ({
    key: 'content',
    resource: { resourceType: 'Bundle', type: 'collection', entry },
  });
  it.each([
    { 'context.type': '', context: [] },
    { 'context.type': '', 'context.versionId': '7', context: [] },
    { 'context.type': '', 'context.versionId': null, context: [content()] },
    { 'context.type': '', 'context.versionId': '7', context: [content([])] },
    { 'context.type': '', context: [{ ...content([]), key: 'Content' }] },
    { 'context.type': null, context: null },
    { 'context.type': 'Home', context: [] },
    [content([])],
  ])('%j is none', (answer) => {
    expect(read(answer)).toBeNull();
  });

  it.each(['Patient', 'DiagnosticReport', 'medication'])('a %s that is not told is not none', (type) => {
    for (const context of [[], null, [content([])]])
      expect(() => read({ 'context.type': type, context })).toThrow(
        expect.objectContaining({ code: 'anchor-missing' }),
      );
  });

  it('content without what it is of is refused', () => {
    const shared = content([{ resource: { resourceType: 'Observation', id: 'o1' } }]);
    expect(() => read({ 'context.type': '', context: [shared] })).toThrow(
      expect.objectContaining({ code: 'anchor-missing' }),
    );
  });
});

describe('null', () => {
  it('is absence, and no deviation', () => {
    const deviations: string[] = [];
    const sent = [
      { ...patient, reference: null },
      { key: 'study', resource: null, reference: { reference: 'ImagingStudy/s1' } },
      { key: 'select', resource: null, reference: null },
    ];
    expect(parseContext(sent, 'context', deviations)).toEqual([
      patient,
      { key: 'study', reference: { reference: 'ImagingStudy/s1' } },
      { key: 'select' },
    ]);
    expect(deviations).toEqual([]);
    // What an app sends is read as strictly as ever, and null is the same there.
    expect(parseContext([{ ...patient, reference: null }], 'context')).toEqual([patient]);
  });

  it('in place of versions and times is absence', () => {
    const answer = {
      timestamp: null,
      id: null,
      event: { 'context.versionId': null, versionId: null, context: [patient] },
    };
    expect(read(answer)).toMatchObject({ id: undefined, timestamp: undefined, versionId: undefined });
  });
});

it('keys are compared without case', () => {
  const answer = read([
    { key: 'Report', resource: { ...report.resource, subject: { reference: 'Patient/p1' } } },
    { key: 'PATIENT', resource: patient.resource },
    { key: 'Study', resource: study.resource },
  ]);
  expect(answer).toMatchObject({ type: 'DiagnosticReport', patient: { id: 'p1' }, study: { id: 's1' } });
});

describe('a list of contexts', () => {
  const ofPatient = { contextType: 'Patient', 'context.versionId': '1', context: [patient] };
  const ofStudy = { contextType: 'ImagingStudy', 'context.versionId': '2', context: [patient, study] };
  const ofReport = {
    contextType: 'DiagnosticReport',
    'context.versionId': '3',
    context: [patient, study, { key: 'Report', resource: report.resource, reference: null }],
  };

  it('of one is that one', () => {
    for (const one of [ofPatient, ofStudy, ofReport]) {
      const expected = { type: one.contextType, versionId: one['context.versionId'] };
      expect(read([one])).toMatchObject(expected);
      expect(read({ contexts: [one] })).toMatchObject(expected);
      expect(currentOfList(one, isOurs)).toMatchObject(expected);
      expect(contextFormOf(JSON.stringify([one]))).toBe('object');
    }
    expect(read([{ 'context.type': 'Patient', context: [patient] }])?.patient?.id).toBe('p1');
  });

  it.each([
    [[ofPatient, ofStudy, ofReport]],
    [[ofReport, ofPatient]],
    [[ofStudy, ofReport, ofPatient]],
    [[ofReport, ofReport]],
    ...['Patient/p1', 'Patient/p1/_history/2', 'https://fhir.example.org/r4/Patient/p1/_history/2'].map((reference) => [
      [
        ofPatient,
        { ...ofReport, context: [{ key: 'patient', reference: { reference } }, ...ofReport.context.slice(1)] },
      ],
    ]),
  ])('of one act is the context that holds all the others (%#)', (list) => {
    expect(currentOfList(list, isOurs)).toMatchObject({
      type: 'DiagnosticReport',
      report: { id: 'r1' },
      versionId: '3',
    });
  });

  it.each([
    [
      'two patients',
      [ofPatient, { contextType: 'Patient', context: [{ ...patient, resource: { ...patient.resource, id: 'p2' } }] }],
    ],
    [
      'two studies of one patient',
      [ofStudy, { ...ofStudy, context: [patient, { ...study, resource: { ...study.resource, id: 's2' } }] }],
    ],
    [
      'what says nothing of its id',
      [
        ofPatient,
        {
          contextType: 'ImagingStudy',
          context: [{ ...study, resource: { resourceType: 'ImagingStudy', identifier: [{ value: 'a' }] } }],
        },
      ],
    ],
  ])('of %s has no current one that anybody could tell', (_, list) => {
    for (const order of [list, [...list].reverse()])
      expect(() => read(order)).toThrow(expect.objectContaining({ code: 'anchor-contradiction', at: 'contexts' }));
  });

  it.each([
    [[]],
    [[{ contextType: '', context: [] }]],
    [[{ contextType: null, 'context.versionId': null, context: null }]],
  ])('%j is none', (list) => {
    expect(currentOfList(list, isOurs)).toBeNull();
    expect(read({ contexts: list })).toBeNull();
  });

  it('and what says that there is none beside one is nothing', () => {
    expect(read([{ contextType: '', context: [] }, ofStudy])?.study?.id).toBe('s1');
  });

  it('may list shared resources between the entries of the context', () => {
    const shared = { resourceType: 'Observation', id: 'o1' };
    expect(read([{ ...ofReport, context: [...ofReport.context, shared] }])?.content).toMatchObject({
      resourceType: 'Bundle',
      entry: [{ resource: shared }],
    });
  });

  it.each([
    [[ofPatient, patient]],
    [[patient, ofPatient]],
    [['Quackenbush']],
    ['Quackenbush'],
    [[{ contextType: 'Patient', context: [{ resource: patient.resource }] }]],
    [Array.from({ length: 65 }, () => ofPatient)],
  ])('is refused where it is none (%#)', (list) => {
    expect(() => currentOfList(list, isOurs)).toThrow(expect.objectContaining({ code: 'hub-answer-invalid' }));
  });

  it('is refused when one of it is of another session, or contradicts itself', () => {
    expect(() => read([ofPatient, { ...ofPatient, 'hub.topic': 'theirs' }])).toThrow(
      expect.objectContaining({ code: 'notification-wrong-topic' }),
    );
    const context = [patient, { ...study, resource: { ...study.resource, subject: { reference: 'Patient/p2' } } }];
    expect(() => read([{ ...ofStudy, context }])).toThrow(expect.objectContaining({ code: 'anchor-contradiction' }));
  });
});
