import type { DiagnosticReport, ImagingStudy, Patient } from 'fhir/r4';
import { summarize } from '../../web-app/shared/patient.ts';
import { studyOf } from '../../web-app/viewer/studies.ts';

/** An examination to report on. */
export interface Exam {
  readonly patient: Patient;
  readonly study: ImagingStudy;
  readonly report: DiagnosticReport;
  readonly title: string;
}

/** Makes up an examination of a patient: always the same one, so that opening its report again resumes it. */
export function examOf(patient: Patient): Exam {
  const { id, mrn } = summarize(patient);
  const digits = mrn.replace(/\D/g, '');
  const subject = { reference: `Patient/${id}` };
  const description = studyOf(id);
  const accession = {
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'ACSN' }] },
    system: 'https://ris.example.org/accession',
    value: `A${digits}`,
  };
  return {
    patient,
    study: {
      resourceType: 'ImagingStudy',
      id: `study-${id}`,
      status: 'available',
      subject,
      description,
      identifier: [{ system: 'urn:dicom:uid', value: `urn:oid:2.25.${digits}` }, accession],
    },
    report: {
      resourceType: 'DiagnosticReport',
      id: `report-${id}`,
      status: 'unknown',
      code: { text: `${description} report` },
      subject,
    },
    title: [mrn, description, accession.value].join(' · '),
  };
}
