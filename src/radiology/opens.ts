import type { DiagnosticReport, Encounter, ImagingStudy, Patient } from 'fhir/r4.js';
import type { ContextEntry } from '../events/context.ts';
import { type JsonObject, text } from '../events/json-object.ts';
import type { DeepReadonly } from '../events/read-only.ts';
import { RadiologyError } from './radiology-error.ts';
import { type Need, reducedEncounter, reducedPatient, reducedReport, reducedStudy } from './reduced.ts';
import { objectsIn } from './resources.ts';

/**
 * What is asked for: `ira` is all that IHE's profile Integrated Reporting Applications and STU3 ask for, `stu3` is what STU3 asks for
 * alone.
 */
export type OpenProfile = 'ira' | 'stu3';

/** What these events are about. */
export interface OpenedFor {
  /** The patient. Of it the identifiers, the name, the gender and the birth date go into the context. */
  readonly patient: DeepReadonly<Patient>;
  /** The encounter, where it is known. */
  readonly encounter?: DeepReadonly<Encounter> | undefined;
  /** What is asked for. Default `ira`. */
  readonly profile?: OpenProfile | undefined;
}

/** What is opened with an imaging study. */
export interface StudyToOpen extends OpenedFor {
  /** The imaging study, in the words of any version of FHIR. */
  readonly study: DeepReadonly<Partial<ImagingStudy>>;
}

/** What is opened with a diagnostic report. */
export interface ReportToOpen extends OpenedFor {
  /** The diagnostic report. It needs an id, which stays the same when it is opened again. */
  readonly report: DeepReadonly<Partial<DiagnosticReport>>;
  /** The imaging studies that it is about. IRA has exactly one. */
  readonly studies: readonly DeepReadonly<Partial<ImagingStudy>>[];
}

/** The first two arguments of `requestContextChange()`. */
export type ChangeArguments<N extends string> = [name: N, context: readonly ContextEntry[]];

/** Makes the context, or says in one error all that is missing. */
const change = <N extends string>(name: N, given: Partial<ReportToOpen & StudyToOpen>): ChangeArguments<N> => {
  const missing = new Set<string>();
  const need: Need = (isThere, at) => {
    if (!isThere) missing.add(at);
  };
  const take = (value: unknown, key: string, resourceType: string): JsonObject => {
    const resource: JsonObject = { ...objectsIn(value)[0], resourceType };
    need(text(resource.id), `${key}.id`);
    return resource;
  };
  const isIra = given.profile !== 'stu3';
  const patient = reducedPatient(take(given.patient, 'patient', 'Patient'), isIra, need);
  const studies = objectsIn(given.study ?? given.studies).map((study) =>
    reducedStudy(take(study, 'study', 'ImagingStudy'), patient, isIra, need),
  );
  need(studies.length === 1 || !isIra, 'study (exactly one)');
  const context: { key: string; resource: JsonObject }[] = [
    { key: 'patient', resource: patient },
    ...studies.map((resource) => ({ key: 'study', resource })),
  ];
  if ('report' in given) {
    const report = take(given.report, 'report', 'DiagnosticReport');
    const isR5 = isIra || report.study !== undefined;
    context.unshift({ key: 'report', resource: reducedReport(report, patient, studies, isR5, need) });
  }
  if (given.encounter) {
    const encounter = take(given.encounter, 'encounter', 'Encounter');
    context.push({ key: 'encounter', resource: reducedEncounter(encounter, patient, need) });
  }
  if (missing.size > 0) throw new RadiologyError('change-invalid', [...missing]);
  return [name, context as unknown as readonly ContextEntry[]];
};

/**
 * What opens a report, in a form that others understand (STU3, DiagnosticReport-open; IHE IRA, RAD-148). The same resources make the
 * same context, so a report is resumed by opening it again.
 *
 * By `ira` the report's status is `unknown` until an update tells it, and it names its study as R5 does.
 *
 * @param given the report, its patient and its studies; what does not belong in a context is left out
 * @returns the arguments of `requestContextChange()`
 * @throws RadiologyError `change-invalid`, whose `missing` names all that is missing: an id, an identifier, the one study; and a
 *   `subject` that is another patient
 * @example
 * ```ts
 * await client.requestContextChange(...reportOpen({ report, patient, studies }));
 * ```
 */
export const reportOpen = (given: ReportToOpen): ChangeArguments<'DiagnosticReport-open'> => {
  const status = (given?.profile === 'stu3' && given.report?.status) || 'unknown';
  return change('DiagnosticReport-open', { ...given, report: { ...given?.report, status } });
};

/**
 * What closes a report (STU3, DiagnosticReport-close; IHE IRA, RAD-149). The report's status goes with it.
 *
 * @param given what the report was opened with
 * @returns the arguments of `requestContextChange()`
 * @throws RadiologyError as {@link reportOpen}
 */
export const reportClose = (given: ReportToOpen): ChangeArguments<'DiagnosticReport-close'> =>
  change('DiagnosticReport-close', {
    ...given,
    report: { ...given?.report, status: given?.report?.status ?? 'unknown' },
  });

/**
 * What opens an imaging study, in a form that others understand (STU3, ImagingStudy-open).
 *
 * @param given the study and its patient; series and whatever else does not belong in a context are left out
 * @returns the arguments of `requestContextChange()`
 * @throws RadiologyError as {@link reportOpen}
 */
export const imagingStudyOpen = (given: StudyToOpen): ChangeArguments<'ImagingStudy-open'> =>
  change('ImagingStudy-open', { ...given });
