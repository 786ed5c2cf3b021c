import type { DiagnosticReport, ImagingStudy, Patient } from 'fhir/r4';

const v2 = (code: string) => ({ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code }] });

/** Patient, study and report as an EHR has them: with more than a context needs. */
export const PATIENT: Patient = {
  resourceType: 'Patient',
  id: 'patient-1',
  identifier: [
    { type: v2('SS'), system: 'http://hl7.org/fhir/sid/us-ssn', value: '000-00-0001' },
    { type: v2('MR'), system: 'urn:oid:2.16.840.1.113883.19.5', value: '4438001' },
  ],
  name: [{ family: 'Lovelace', given: ['Ada'] }],
  gender: 'female',
  birthDate: '1980-12-10',
  telecom: [{ system: 'phone', value: '555-0100' }],
  address: [{ city: 'London' }],
  maritalStatus: { text: 'Married' },
};

export const STUDY: ImagingStudy = {
  resourceType: 'ImagingStudy',
  id: 'study-1',
  status: 'available',
  subject: { reference: 'Patient/patient-1' },
  identifier: [
    { system: 'urn:dicom:uid', value: 'urn:oid:1.2.840.83474.8.231' },
    { type: v2('ACSN'), system: 'urn:oid:2.16.840.1.113883.19.5', value: 'GH339884' },
  ],
  description: 'Chest CT',
  started: '2026-01-05T08:00:00Z',
  note: [{ text: 'A note of the technologist' }],
  series: [{ uid: '1.2.840.83474.8.231.1', modality: { code: 'CT' } }],
};

export const REPORT: DiagnosticReport = {
  resourceType: 'DiagnosticReport',
  id: 'report-1',
  status: 'registered',
  code: { coding: [{ system: 'http://loinc.org', code: '29252-4' }] },
  subject: { reference: 'Patient/patient-1' },
  conclusion: 'A nodule in the left upper lobe',
  presentedForm: [{ contentType: 'text/plain', data: 'QQ==' }],
};

/** The same, for another patient and study. */
export const OTHER_PATIENT: Patient = {
  ...PATIENT,
  id: 'patient-2',
  identifier: [{ type: v2('MR'), value: '4438002' }],
};
