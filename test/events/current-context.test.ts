import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseCurrentContext } from '../../src/events/current-context.ts';

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
