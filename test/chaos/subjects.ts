import type { DiagnosticReport, Encounter, ImagingStudy, Patient } from 'fhir/r4';
import type { ContextEntry } from '../../src/index.ts';
import { TEST_PATIENTS } from '../../src/testing/index.ts';

/** What a schedule opens and closes. */
export interface Subject {
  /** The resource type of the anchor. */
  readonly type: 'Patient' | 'ImagingStudy' | 'Encounter' | 'DiagnosticReport';
  /** The id of the anchor. */
  readonly id: string;
  /** The context of its events. */
  readonly context: readonly ContextEntry[];
}

const [ADA, BRAM, CHIDI, DALIA] = TEST_PATIENTS as [Patient, Patient, Patient, Patient];

const subjectOf = ({ id }: Patient) => ({ reference: `Patient/${id}` });
const patientEntry = (patient: Patient): ContextEntry => ({ key: 'patient', resource: patient });

const ofPatient = (patient: Patient): Subject => ({
  type: 'Patient',
  id: patient.id ?? '',
  context: [patientEntry(patient)],
});

const ofStudy = (id: string, patient: Patient): Subject => {
  const study: ImagingStudy = { resourceType: 'ImagingStudy', id, status: 'available', subject: subjectOf(patient) };
  return { type: 'ImagingStudy', id, context: [{ key: 'study', resource: study }, patientEntry(patient)] };
};

const ofEncounter = (id: string, patient: Patient): Subject => {
  const encounter: Encounter = {
    resourceType: 'Encounter',
    id,
    status: 'in-progress',
    class: { code: 'AMB' },
    subject: subjectOf(patient),
  };
  return { type: 'Encounter', id, context: [{ key: 'encounter', resource: encounter }, patientEntry(patient)] };
};

const ofReport = (id: string, patient: Patient): Subject => {
  const report: DiagnosticReport = {
    resourceType: 'DiagnosticReport',
    id,
    status: 'preliminary',
    code: { text: 'Chest' },
    subject: subjectOf(patient),
  };
  return { type: 'DiagnosticReport', id, context: [{ key: 'report', resource: report }, patientEntry(patient)] };
};

/** Everything that a schedule opens and closes. */
export const SUBJECTS: readonly Subject[] = [
  ofPatient(ADA),
  ofPatient(BRAM),
  ofPatient(CHIDI),
  ofStudy('ct-kestrel', ADA),
  ofStudy('mr-plover', BRAM),
  ofEncounter('visit-siskin', ADA),
  ofReport('report-wren', BRAM),
];

/** Everything that a schedule with content opens: two reports among it. */
export const ALL_SUBJECTS: readonly Subject[] = [...SUBJECTS, ofReport('report-dunlin', ADA)];

/** What is opened in the session of somebody else. */
export const FOREIGN_SUBJECT: Subject = ofPatient(DALIA);

/** Every event to which the apps of a schedule listen. */
export const CONTEXT_EVENTS = [
  'Patient-open',
  'Patient-close',
  'ImagingStudy-open',
  'ImagingStudy-close',
  'Encounter-open',
  'Encounter-close',
  'DiagnosticReport-open',
  'DiagnosticReport-close',
  'Home-open',
] as const;

/** What an event that opens or closes is about: `Patient/ada-quill`; `undefined` for every other event. */
export function anchorOf(name: string, context: readonly ContextEntry[]): string | undefined {
  const [type, verb] = name.split('-');
  if (type === 'Home' || (verb !== 'open' && verb !== 'close')) return undefined;
  const anchor = context.find(({ resource }) => resource?.resourceType === type)?.resource;
  return `${type}/${anchor?.id ?? '?'}`;
}

/** What a context tells of: `Patient/ada-quill` and what else is in it. */
export const impliedBy = (context: readonly ContextEntry[]): string[] =>
  context.flatMap(({ resource }) => (resource ? [`${resource.resourceType}/${resource.id}`] : []));

/** What a context is about: `Patient/ada-quill`, or `none`. */
export function contextName(current: { type: string; context: readonly ContextEntry[] } | null | undefined): string {
  return current ? (anchorOf(`${current.type}-open`, current.context) ?? 'none') : 'none';
}
