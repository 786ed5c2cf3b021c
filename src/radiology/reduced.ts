import { type JsonObject, text } from '../events/json-object.ts';
import {
  ACCESSION,
  accessionsIn,
  DICOM_UID,
  identifiersOf,
  isStudyUid,
  isTyped,
  RECORD,
  STUDY_UID,
  uidsOf,
} from './identifiers.ts';
import { objectsIn } from './resources.ts';

/** Notes what is missing, by its place. */
export type Need = (isThere: unknown, at: string) => void;

const V2 = 'http://terminology.hl7.org/CodeSystem/v2-0203';
const DCM = 'http://dicom.nema.org/resources/ontology/DCM';

/** Of a resource, what belongs in a context. FHIR has no empty arrays. */
const pick = (resource: JsonObject, names: string): JsonObject =>
  Object.fromEntries(
    `resourceType id identifier status ${names}`
      .split(' ')
      .map((name) => [name, resource[name]] as const)
      .filter(([, value]) => [value ?? []].flat().length > 0),
  );

/** Social security, driver's licence, passport: no app looks for a patient by these. */
const PRIVATE = 'SS DL PPN';

const usable = (resource: JsonObject): readonly JsonObject[] =>
  identifiersOf(resource).filter((identifier) => text(identifier.value) && !isTyped(identifier, PRIVATE));

const withType = (identifier: JsonObject, system: string, code: string): JsonObject => ({
  ...identifier,
  type: { coding: [{ system, code }] },
});

const referenceTo = ({ resourceType, id }: JsonObject): JsonObject => ({ reference: `${resourceType}/${id}` });

/** All that is opened is of one patient: a resource that names another one is refused. */
const subjectOf = (key: string, { subject }: JsonObject, patient: JsonObject, need: Need): JsonObject => {
  const [, id] = /(?:^|\/)Patient\/([^/]+)/.exec(text(objectsIn(subject)[0]?.reference) ?? '') ?? [];
  need(id === undefined || id === patient.id, `${key}.subject`);
  return referenceTo(patient);
};

/**
 * A patient with no more than others need to find and to verify who it is.
 *
 * @param given the patient
 * @param isIra whether a medical record number is asked for
 */
export const reducedPatient = (given: JsonObject, isIra: boolean, need: Need): JsonObject => {
  const identifier = usable(given);
  if (isIra)
    need(
      identifier.some((one) => isTyped(one, RECORD)),
      `patient.identifier (${RECORD})`,
    );
  need(identifier.length, 'patient.identifier');
  return pick({ ...given, identifier }, 'name gender birthDate');
};

/**
 * An encounter with no more than what it is called.
 *
 * @param given the encounter
 * @param patient whose it is
 */
export const reducedEncounter = (given: JsonObject, patient: JsonObject, need: Need): JsonObject =>
  pick({ ...given, subject: subjectOf('encounter', given, patient, need) }, 'class subject');

/**
 * A study without its series, with its UID and its accession number where R4 has them.
 *
 * @param given the study, in the words of any version of FHIR
 * @param patient whose it is
 * @param isIra whether both of them are asked for, and images that are there
 */
export const reducedStudy = (given: JsonObject, patient: JsonObject, isIra: boolean, need: Need): JsonObject => {
  const [uid] = uidsOf(given);
  const accession = accessionsIn(given).find(({ value }) => text(value));
  const identifier = [
    ...(uid ? [withType({ system: DICOM_UID, value: `urn:oid:${uid}` }, DCM, STUDY_UID)] : []),
    ...(accession ? [withType(accession, V2, ACCESSION)] : []),
    ...usable(given).filter((one) => !isStudyUid(one) && one !== accession),
  ];
  if (isIra) {
    need(uid, `study.identifier (${STUDY_UID})`);
    need(accession, `study.identifier (${ACCESSION})`);
  }
  need(identifier.length, 'study.identifier');
  const { status = 'unknown' } = given;
  // Whoever opens images has them. What was cancelled or entered in error is no study to report on.
  need(!isIra || status === 'unknown' || status === 'available', 'study.status (available)');
  const subject = subjectOf('study', given, patient, need);
  return pick(
    { ...given, identifier, status: isIra ? 'available' : status, subject },
    'subject started description modality',
  );
};

/**
 * A report without what it says.
 *
 * @param given the report
 * @param patient whose it is
 * @param studies what it is about
 * @param isR5 whether it names them in R5's words
 */
export const reducedReport = (
  given: JsonObject,
  patient: JsonObject,
  studies: readonly JsonObject[],
  isR5: boolean,
  need: Need,
): JsonObject => {
  const identifier = usable(given);
  const basedOn =
    given.basedOn ??
    studies.flatMap(accessionsIn).map((accession) => ({ type: 'ServiceRequest', identifier: accession }));
  need(identifier.length || objectsIn(basedOn).length, 'report.identifier');
  const subject = subjectOf('report', given, patient, need);
  const about = { [isR5 ? 'study' : 'imagingStudy']: studies.map(referenceTo) };
  return pick(
    { ...given, imagingStudy: [], study: [], identifier, basedOn, subject, ...about },
    'basedOn code category subject imagingStudy study',
  );
};
