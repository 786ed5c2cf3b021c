import type { Patient } from 'fhir/r4';
import type { DeepReadonly } from 'fhircast-client';

/** What tells one patient from another on a screen. */
export interface PatientSummary {
  readonly id: string;
  readonly name: string;
  readonly mrn: string;
  /** `YYYY-MM-DD`. */
  readonly birthDate: string;
  readonly sex: string;
}

/** Reads what a banner shows from a FHIR patient. */
export function summarize(patient: DeepReadonly<Patient>): PatientSummary {
  const [name] = patient.name ?? [];
  const mrn = patient.identifier?.find(({ type }) => type?.coding?.some(({ code }) => code === 'MR'));
  return {
    id: patient.id ?? '',
    name: name?.text ?? [...(name?.given ?? []), name?.family ?? ''].join(' '),
    mrn: mrn?.value ?? 'no MRN',
    birthDate: patient.birthDate ?? 'unknown',
    sex: patient.gender ?? 'unknown',
  };
}
