import { describe, expect, it, onTestFinished } from 'vitest';
import { FhircastClient } from '../../src/index.ts';
import {
  accessionsOf,
  imagingStudyOpen,
  type OpenProfile,
  RadiologyError,
  reportClose,
  reportOpen,
  studyInstanceUidsOf,
} from '../../src/radiology/index.ts';
import { startTestHub } from '../../src/testing/index.ts';
import { OTHER_PATIENT, PATIENT, REPORT, STUDY } from './support.ts';

const failure = (act: () => unknown): RadiologyError => {
  try {
    act();
  } catch (error) {
    if (error instanceof RadiologyError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
};

const given = { report: REPORT, patient: PATIENT, studies: [STUDY] };
const resources = (context: readonly { readonly key: string; readonly resource?: unknown }[]) =>
  Object.fromEntries(context.map(({ key, resource }) => [key, resource])) as Record<string, Record<string, unknown>>;

describe('reportOpen()', () => {
  it('makes what IRA asks for: status unknown, one subject and one study in R5’s words', () => {
    const [name, context] = reportOpen(given);
    expect(name).toBe('DiagnosticReport-open');
    expect(context.map(({ key }) => key)).toEqual(['report', 'patient', 'study']);
    expect(resources(context)['report']).toEqual({
      resourceType: 'DiagnosticReport',
      id: 'report-1',
      status: 'unknown',
      code: REPORT.code,
      basedOn: [{ type: 'ServiceRequest', identifier: expect.objectContaining({ value: 'GH339884' }) }],
      subject: { reference: 'Patient/patient-1' },
      study: [{ reference: 'ImagingStudy/study-1' }],
    });
  });

  it('types the identifiers of the study, and has its images available', () => {
    const bare = {
      resourceType: 'ImagingStudy',
      id: 'study-1',
      uid: 'urn:oid:1.2.3',
      accession: { value: 'A-1' },
    } as const;
    const [, context] = reportOpen({ ...given, studies: [bare as unknown as typeof STUDY] });
    expect(resources(context)['study']).toEqual({
      resourceType: 'ImagingStudy',
      id: 'study-1',
      status: 'available',
      subject: { reference: 'Patient/patient-1' },
      identifier: [
        {
          type: { coding: [{ system: 'http://dicom.nema.org/resources/ontology/DCM', code: '110180' }] },
          system: 'urn:dicom:uid',
          value: 'urn:oid:1.2.3',
        },
        { type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'ACSN' }] }, value: 'A-1' },
      ],
    });
    expect([accessionsOf(context), studyInstanceUidsOf(context)]).toEqual([['A-1'], ['1.2.3']]);
  });

  it('leaves out what does not belong in a context', () => {
    const [, context] = reportOpen({ ...given, encounter: encounterWith({}) });
    const text = JSON.stringify(context);
    const private_ = ['000-00-0001', '555-0100', 'London', 'Married', 'nodule', 'QQ==', 'technologist', 'Feeling ill'];
    for (const value of [...private_, '1.2.840.83474.8.231.1']) expect(text).not.toContain(value);
    for (const value of ['4438001', 'Lovelace', '1980-12-10', 'GH339884', 'Chest CT']) expect(text).toContain(value);
    expect(resources(context)['encounter']).toEqual({
      resourceType: 'Encounter',
      id: 'encounter-1',
      status: 'in-progress',
      class: { code: 'AMB' },
      subject: { reference: 'Patient/patient-1' },
    });
  });

  it('makes the same of the same, so that opening it again resumes it', () => {
    expect(reportOpen(given)).toEqual(reportOpen(structuredClone(given)));
  });

  it.each<[string, object, string[]]>([
    ['the ids', { report: { status: 'final' }, patient: { ...PATIENT, id: undefined } }, ['patient.id', 'report.id']],
    ['a medical record number', { patient: { ...PATIENT, identifier: [{ value: '1' }] } }, ['patient.identifier (MR)']],
    [
      'both identifiers of the study',
      { studies: [{ ...STUDY, identifier: [{ value: '1' }] }], report: { ...REPORT, identifier: [{ value: 'R' }] } },
      ['study.identifier (110180)', 'study.identifier (ACSN)'],
    ],
    ['a study that is no error', { studies: [{ ...STUDY, status: 'entered-in-error' }] }, ['study.status (available)']],
    ['a study', { studies: [], report: { ...REPORT, identifier: [{ value: 'R' }] } }, ['study (exactly one)']],
    ['no second study', { studies: [STUDY, { ...STUDY, id: 'study-2' }] }, ['study (exactly one)']],
    ['everything', { report: undefined, patient: undefined, studies: undefined }, ['patient.id']],
  ])('names in one error: %s', (_, change, missing) => {
    const error = failure(() => reportOpen({ ...given, ...change } as typeof given));
    expect(error).toMatchObject({ name: 'RadiologyError', code: 'change-invalid' });
    expect(error.missing).toEqual(expect.arrayContaining(missing));
    expect(error.message).toBe(`change-invalid (${error.missing.join(', ')})`);
  });

  it.each(['report', 'study', 'encounter'])('refuses another patient’s %s, and names no value', (key) => {
    const subject = { reference: 'https://ehr.example.org/fhir/Patient/patient-2' };
    const other = {
      report: { report: { ...REPORT, subject } },
      study: { studies: [{ ...STUDY, subject }] },
      encounter: { encounter: encounterWith({ subject }) },
    }[key];
    const error = failure(() => reportOpen({ ...given, ...other }));
    expect(error.missing).toEqual([`${key}.subject`]);
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('patient-2');
    expect(failure(() => reportOpen({ ...given, patient: OTHER_PATIENT })).missing).toContain('study.subject');
  });
});

describe('reportOpen() for STU3 alone', () => {
  const profile: OpenProfile = 'stu3';

  it('keeps the status, and names any number of studies in R4’s words', () => {
    const studies = [STUDY, { ...STUDY, id: 'study-2', status: 'registered' as const }];
    const [, context] = reportOpen({ ...given, studies, profile });
    expect(context.map(({ key }) => key)).toEqual(['report', 'patient', 'study', 'study']);
    const { report, study } = resources(context);
    expect(report).toMatchObject({
      status: 'registered',
      imagingStudy: [{ reference: 'ImagingStudy/study-1' }, { reference: 'ImagingStudy/study-2' }],
    });
    expect(report).not.toHaveProperty('study');
    expect(study).toMatchObject({ status: 'registered' });
  });

  it('names them in R5’s words where the report does', () => {
    const r5 = { ...REPORT, study: [{ reference: 'ImagingStudy/study-1' }] };
    const { report } = resources(reportOpen({ ...given, report: r5, profile })[1]);
    expect(report).toMatchObject({ study: [{ reference: 'ImagingStudy/study-1' }] });
    expect(report).not.toHaveProperty('imagingStudy');
  });

  it('is content with any identifier, and asks for one of each', () => {
    const some = {
      patient: { ...PATIENT, identifier: [{ value: '1' }] },
      studies: [{ ...STUDY, identifier: [{ value: '2' }] }],
    };
    const report = { ...REPORT, identifier: [{ value: 'R' }] };
    expect(reportOpen({ ...some, report, profile })[1]).toHaveLength(3);
    const none = { patient: { ...PATIENT, identifier: [] }, studies: [{ ...STUDY, identifier: [] }] };
    expect(failure(() => reportOpen({ ...none, report: REPORT, profile })).missing).toEqual([
      'patient.identifier',
      'study.identifier',
      'report.identifier',
    ]);
  });
});

describe('reportClose() and imagingStudyOpen()', () => {
  it('closes with the status of the report', () => {
    const [name, context] = reportClose({ ...given, report: { ...REPORT, status: 'final' } });
    expect(name).toBe('DiagnosticReport-close');
    expect(resources(context)['report']).toMatchObject({ id: 'report-1', status: 'final' });
  });

  it('opens a study', () => {
    const [name, context] = imagingStudyOpen({ study: STUDY, patient: PATIENT, encounter: encounterWith({}) });
    expect(name).toBe('ImagingStudy-open');
    expect(context.map(({ key }) => key).sort()).toEqual(['encounter', 'patient', 'study']);
    expect(failure(() => imagingStudyOpen({ study: { id: 'study-1' }, patient: PATIENT })).missing).toEqual([
      'study.identifier (110180)',
      'study.identifier (ACSN)',
      'study.identifier',
    ]);
  });
});

describe('at a hub', () => {
  it('opens and closes by one line, without a warning', async () => {
    const hub = await startTestHub({ personality: 'stu3' });
    const session = hub.openSession();
    const client = new FhircastClient({ hubUrl: hub.url, topic: session.id, accessToken: session.accessToken });
    onTestFinished(async () => {
      await client.unsubscribe();
      await hub.close();
    });
    const warnings: string[] = [];
    client.on('warning', ({ code, at }) => void warnings.push(`${code} ${at}`));
    const told = [
      await client.requestContextChange(...reportOpen(given)),
      await client.requestContextChange(...reportClose(given)),
      await client.requestContextChange(...imagingStudyOpen({ study: STUDY, patient: PATIENT })),
    ];
    expect(told.map(({ accepted }) => accepted)).toEqual([true, true, true]);
    expect(warnings).toEqual([]);
  });
});

function encounterWith(more: object) {
  return {
    resourceType: 'Encounter' as const,
    id: 'encounter-1',
    status: 'in-progress' as const,
    class: { code: 'AMB' },
    reasonCode: [{ text: 'Feeling ill' }],
    ...more,
  };
}

it('ask for everything where nothing was passed', () => {
  for (const open of [reportOpen, reportClose, imagingStudyOpen]) {
    expect(() => (open as () => unknown)()).toThrow(expect.objectContaining({ code: 'change-invalid' }));
  }
});
