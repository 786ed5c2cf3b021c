import type { FhirResource } from 'fhir/r4';
import { describe, expect, it } from 'vitest';
import { checkContext } from '../../src/events/check.ts';
import type { ContextEntry } from '../../src/events/context.ts';
import { anchorKey, canonicalKey, contextDefinition, eventParts } from '../../src/events/definitions.ts';

const entry = (key: string, resource: object): ContextEntry => ({ key, resource: resource as FhirResource });
const to = (key: string, reference: string): ContextEntry => ({ key, reference: { reference } });

const patient = entry('patient', { resourceType: 'Patient', id: 'p1' });
const encounter = entry('encounter', { resourceType: 'Encounter', id: 'e1' });
const study = entry('study', { resourceType: 'ImagingStudy', id: 's1' });
const report = entry('report', { resourceType: 'DiagnosticReport', id: 'r1' });
const updates = entry('updates', { resourceType: 'Bundle', type: 'transaction' });
const outcome = entry('operationoutcome', { resourceType: 'OperationOutcome', issue: [] });
const medication = entry('medication', { resourceType: 'Medication', id: 'm1' });

const FITS = { deviations: [], missing: undefined, contradiction: undefined };

describe('a context fits its event', () => {
  it.each<[string, ContextEntry[]]>([
    ['Patient-open', [patient]],
    ['Patient-open', [patient, encounter]],
    ['Patient-close', [patient]],
    ['Encounter-open', [encounter, patient]],
    ['ImagingStudy-open', [study]],
    ['ImagingStudy-open', [patient, study, encounter]],
    ['DiagnosticReport-open', [report, patient]],
    ['DiagnosticReport-open', [report, patient, study, entry('study', { resourceType: 'ImagingStudy', id: 's2' })]],
    ['DiagnosticReport-update', [to('report', 'DiagnosticReport/r1'), to('patient', 'Patient/p1'), updates]],
    ['DiagnosticReport-select', [to('report', 'DiagnosticReport/r1')]],
    [
      'DiagnosticReport-select',
      [to('report', 'DiagnosticReport/r1'), to('select', 'Observation/1'), to('select', 'Observation/2')],
    ],
    ['SyncError', [outcome]],
    ['Home-open', []],
    ['UserLogout', []],
    ['UserLogout', [entry('parameters', { resourceType: 'Parameters' })]],
    ['UserHibernate', [entry('parameters', { resourceType: 'Parameters' })]],
    ['medication-open', [medication]],
    ['org.example.transmogrify', []],
    // Keys in any case, and the key of the .NET sandbox hub of 2019 (N19).
    ['Patient-open', [entry('Patient', { resourceType: 'Patient', id: 'p1' })]],
    ['ImagingStudy-open', [entry('imagingstudy', { resourceType: 'ImagingStudy', id: 's1' })]],
    ['ImagingStudy-open', [entry('ImagingStudy', { resourceType: 'ImagingStudy', id: 's1' })]],
    // Whoever has no id may have an identifier.
    ['Patient-open', [entry('patient', { resourceType: 'Patient', identifier: [{ value: '7' }] })]],
    // What a hub adds is nobody's harm.
    ['Patient-open', [patient, entry('extra', { resourceType: 'Basic' }), { key: 'extension', data: 1 }]],
    // About this very patient, however that is written.
    [
      'ImagingStudy-open',
      [
        patient,
        entry('study', {
          resourceType: 'ImagingStudy',
          id: 's1',
          subject: { reference: 'https://fhir.example.org/r4/Patient/p1/_history/3' },
        }),
      ],
    ],
    [
      'ImagingStudy-open',
      [patient, entry('study', { resourceType: 'ImagingStudy', id: 's1', subject: { reference: 'urn:uuid:1' } })],
    ],
    ['ImagingStudy-open', [patient, entry('study', { resourceType: 'ImagingStudy', id: 's1', subject: null })]],
  ])('%s %j', (name, context) => {
    expect(checkContext(name, context)).toEqual(FITS);
  });
});

describe('a context deviates without doubt about what was meant', () => {
  it.each<[string, ContextEntry[], string[]]>([
    ['Encounter-open', [encounter], ['patient is missing']],
    ['DiagnosticReport-open', [report], ['patient is missing']],
    ['DiagnosticReport-update', [to('report', 'DiagnosticReport/r1')], ['updates is missing']],
    ['DiagnosticReport-update', [report, updates], ['report is no reference']],
    ['Patient-open', [patient, patient], ['patient is repeated']],
    [
      'Patient-open',
      [patient, entry('encounter', { resourceType: 'Location', id: 'l1' })],
      ['encounter is no Encounter'],
    ],
    ['Patient-open', [patient, to('encounter', 'Encounter/e1')], ['encounter is no Encounter']],
    ['SyncError', [], ['operationoutcome is missing']],
    [
      'Patient-open',
      [
        entry('patient', { resourceType: 'Patient', identifier: [{ value: '7' }] }),
        entry('patient', { resourceType: 'Patient', identifier: [{ value: '7' }] }),
      ],
      ['patient is repeated'],
    ],
  ])('%s %j', (name, context, deviations) => {
    expect(checkContext(name, context)).toEqual({ ...FITS, deviations });
  });
});

describe('a context does not say what was opened or closed', () => {
  it.each<[string, ContextEntry[], string]>([
    ['Patient-open', [], 'patient'],
    ['Patient-open', [encounter], 'patient'],
    ['Patient-open', [{ key: 'patient' }], 'patient'],
    ['Patient-open', [to('patient', 'Patient/p1')], 'patient'],
    ['Patient-open', [entry('patient', { resourceType: 'Patient' })], 'patient'],
    ['Patient-open', [entry('patient', { resourceType: 'Patient', id: '' })], 'patient'],
    ['Patient-open', [entry('patient', { resourceType: 'Patient', identifier: [] })], 'patient'],
    ['Encounter-open', [patient], 'encounter'],
    ['ImagingStudy-open', [patient], 'study'],
    ['DiagnosticReport-open', [patient, study], 'report'],
    ['DiagnosticReport-update', [updates], 'report'],
    ['medication-open', [patient], 'medication'],
  ])('%s %j', (name, context, missing) => {
    expect(checkContext(name, context)).toMatchObject({ missing, contradiction: undefined });
  });

  it('unless it is a close, which means what is current: a deviation but in the draft', () => {
    expect(checkContext('Patient-close', [])).toEqual({ ...FITS, deviations: ['patient is missing'] });
    expect(checkContext('Patient-close', [], { anonymousClose: true })).toEqual(FITS);
    expect(checkContext('Patient-open', [], { anonymousClose: true })).toMatchObject({ missing: 'patient' });
    expect(checkContext('Patient-close', [entry('patient', { resourceType: 'Patient' })])).toMatchObject({
      missing: 'patient',
    });
  });

  it('unless its hub opens reports by their studies', () => {
    expect(checkContext('DiagnosticReport-open', [study], { anonymousOpen: true })).toMatchObject({
      missing: undefined,
    });
    const lenient = { anonymousOpen: true };
    for (const name of ['DiagnosticReport-update', 'DiagnosticReport-select', 'DiagnosticReport-close'])
      expect(checkContext(name, [study], lenient)).toMatchObject({ missing: undefined });
    // Neither nothing at all nor a patient says which report it is, and no other resource is known by a study.
    for (const name of ['DiagnosticReport-open', 'DiagnosticReport-close'])
      expect(checkContext(name, [patient], lenient)).toMatchObject({ missing: 'report' });
    const nameless = entry('study', { resourceType: 'ImagingStudy', status: 'available' });
    expect(checkContext('DiagnosticReport-open', [nameless], lenient)).toMatchObject({ missing: 'report' });
    expect(checkContext('Patient-open', [study], lenient)).toMatchObject({ missing: 'patient' });
    expect(checkContext('ImagingStudy-open', [patient], lenient)).toMatchObject({ missing: 'study' });
  });
});

describe('a context contradicts itself', () => {
  const nameless = (value: string) => entry('patient', { resourceType: 'Patient', identifier: [{ value }] });
  const about = (id: string) => ({ subject: { reference: `Patient/${id}` } });

  it.each<[string, ContextEntry[], string]>([
    ['Patient-open', [patient, entry('patient', { resourceType: 'Patient', id: 'p2' })], 'patient'],
    ['Patient-open', [patient, nameless('7')], 'patient'],
    // Nobody has an id, and yet they are two.
    ['Patient-open', [nameless('7'), nameless('8')], 'patient'],
    [
      'DiagnosticReport-update',
      [to('report', 'DiagnosticReport/r1'), to('report', 'DiagnosticReport/r2'), updates],
      'report',
    ],
    ['Patient-open', [entry('patient', { resourceType: 'Practitioner', id: 'p1' })], 'patient'],
    ['ImagingStudy-open', [study, entry('patient', { resourceType: 'Group', id: 'g1' })], 'patient'],
    ['ImagingStudy-open', [entry('study', { resourceType: 'Encounter', id: 's1' })], 'study'],
    [
      'ImagingStudy-open',
      [patient, entry('study', { resourceType: 'ImagingStudy', id: 's1', ...about('p2') })],
      'study',
    ],
    [
      'ImagingStudy-open',
      [patient, entry('IMAGINGSTUDY', { resourceType: 'ImagingStudy', id: 's1', ...about('p2') })],
      'study',
    ],
    [
      'DiagnosticReport-open',
      [entry('report', { resourceType: 'DiagnosticReport', id: 'r1', ...about('p2') }), patient],
      'report',
    ],
    [
      'Encounter-open',
      [entry('encounter', { resourceType: 'Encounter', id: 'e1', ...about('p2') }), patient],
      'encounter',
    ],
    [
      'DiagnosticReport-open',
      [report, patient, entry('study', { resourceType: 'ImagingStudy', id: 's1', ...about('p2') })],
      'study',
    ],
  ])('%s %j', (name, context, contradiction) => {
    expect(checkContext(name, context)).toMatchObject({ contradiction });
  });

  it('and what it says of that holds nothing that the hub wrote', () => {
    const key = 'Quackenbush, 12 Elm Street';
    const context = [patient, entry(key, { resourceType: 'ImagingStudy', id: 's1', ...about('p2') })];
    const { contradiction } = checkContext('Patient-open', context);
    expect(contradiction).toBe('patient');
  });
});

describe('names that hubs make up', () => {
  it.each([
    'constructor',
    '__proto__',
    'toString',
    'hasOwnProperty',
    '-open',
    '__proto__-open',
    'a-b-open',
    'Home-open',
    '',
  ])('%j have no definition', (name) => {
    expect(contextDefinition(name)).toBeUndefined();
    expect(checkContext(name, [{ key: '__proto__' }, { key: 'constructor' }, patient])).toEqual(FITS);
  });

  it('of a verb and anything have that for an anchor', () => {
    expect(contextDefinition('constructor-open')).toMatchObject([
      { key: 'constructor', required: true, many: false },
      { key: 'patient', required: false },
    ]);
    expect(checkContext('constructor-open', [])).toMatchObject({ missing: 'constructor' });
    expect(contextDefinition('constructor-update')).toBeUndefined();
    expect(anchorKey('constructor')).toBe('constructor');
    expect(canonicalKey('__proto__')).toBe('__proto__');
    expect(canonicalKey('constructor')).toBe('constructor');
  });

  it('are split the same way the second time, also after many others', () => {
    const split = () => eventParts('DiagnosticReport-update');
    const first = split();
    for (let i = 0; i < 1000; i++) eventParts(`org.example.${i}`);
    expect(first).toEqual({ resource: 'diagnosticreport', verb: 'update' });
    expect(split()).toEqual(first);
    expect(eventParts('org.example.1')).toBeUndefined();
  });
});
