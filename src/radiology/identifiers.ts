import { isObject, type JsonObject, text } from '../events/json-object.ts';
import { type ContextSource, objectsIn, textsIn, under } from './resources.ts';

/** DICOM's own system of UIDs. */
export const DICOM_UID = 'urn:dicom:uid';
/** The code of a Study Instance UID (DCM). */
export const STUDY_UID = '110180';
/** The code of an accession number (v2-0203). */
export const ACCESSION = 'ACSN';
/** The code of a medical record number (v2-0203). */
export const RECORD = 'MR';

/**
 * Whether an identifier says that it is of one of these types.
 *
 * @param identifier the identifier
 * @param codes the codes of the types, separated by spaces
 */
export const isTyped = ({ type }: JsonObject, codes: string): boolean =>
  objectsIn(isObject(type) && type.coding).some(({ code }) => codes.split(' ').includes(String(code)));

/**
 * The identifiers of an element: a resource, or a reference.
 *
 * @param element the element
 */
export const identifiersOf = ({ identifier }: JsonObject): readonly JsonObject[] => objectsIn(identifier);

/** A UID as DICOM writes it: digits and dots, 64 characters at most. */
const UID = /^(?:urn:oid:)?([\d.]{1,64})$/i;

/**
 * The UID that a text is, without the prefix that FHIR gives it.
 *
 * @param value the text
 * @returns `undefined` when it is no UID
 */
export const uidIn = (value: unknown): string | undefined => UID.exec(text(value)?.trim() ?? '')?.[1];

/**
 * Whether an identifier is the UID of a study: by its system, by its type, or because it is written as one.
 *
 * @param identifier the identifier
 */
export const isStudyUid = (identifier: JsonObject): boolean =>
  isTyped(identifier, STUDY_UID) ||
  identifier.system === DICOM_UID ||
  (!identifier.type && /^urn:oid:/i.test(text(identifier.value) ?? ''));

/**
 * The UIDs of a study, in the words of any version of FHIR.
 *
 * @param study the study, or a reference to it
 */
export const uidsOf = (study: JsonObject): readonly string[] =>
  [...identifiersOf(study).filter(isStudyUid), { value: study.uid }].flatMap(({ value }) => uidIn(value) ?? []);

/**
 * The identifiers by which a resource says that it belongs to an order: its own, the `accession` of DSTU2 and STU3, and those of
 * what it is based on (R5).
 *
 * @param resource a study or a report
 */
export const accessionsIn = (resource: JsonObject): readonly JsonObject[] => [
  ...objectsIn(resource.accession),
  ...[resource, ...objectsIn(resource.basedOn)]
    .flatMap(identifiersOf)
    .filter((identifier) => isTyped(identifier, ACCESSION)),
];

/** A study's accession numbers; where none says that it is one, the identifiers of which nothing is known. */
const ofStudy = (study: JsonObject): readonly JsonObject[] => {
  const typed = accessionsIn(study);
  return typed.length > 0
    ? typed
    : identifiersOf(study).filter((identifier) => !identifier.type && !isStudyUid(identifier));
};

/** What a report says of its studies, in R4's words or in R5's. */
const studiesOf = (report: JsonObject): readonly JsonObject[] => [
  ...objectsIn(report.imagingStudy),
  ...objectsIn(report.study),
];

const studiesIn = (source: ContextSource): readonly JsonObject[] => [
  ...under(source, 'study'),
  ...under(source, 'report').flatMap(studiesOf),
];

/**
 * The accession numbers of the studies, and of the order that the report is based on: identifiers of type `ACSN`, `accession` of
 * DSTU2 and STU3, `basedOn` of R5. An identifier of a study that says neither what it is nor of which system counts where the study
 * has no other, because some apps open reports by it.
 *
 * @param source an event, a context, a `ContentSnapshot`, or a context array
 * @returns each number once, in the order of the context, 256 at most; empty when there is none
 * @example
 * ```ts
 * client.on('DiagnosticReport-open', (event) => open(accessionsOf(event)[0]));
 * ```
 */
export const accessionsOf = (source: ContextSource): string[] =>
  textsIn(
    [...studiesIn(source).flatMap(ofStudy), ...under(source, 'report').flatMap(accessionsIn)].map(({ value }) => value),
  );

/**
 * The Study Instance UIDs of what the context is about: identifiers of the system `urn:dicom:uid` or the type 110180, and `uid` of
 * DSTU2 and STU3, with and without `urn:oid:`. Shared content, such as a study for comparison, is not among them.
 *
 * @param source an event, a context, a `ContentSnapshot`, or a context array
 * @returns each UID once, as DICOM writes it (`1.2.840…`), in the order of the context, 256 at most; empty when there is none
 */
export const studyInstanceUidsOf = (source: ContextSource): string[] => textsIn(studiesIn(source).flatMap(uidsOf));

/**
 * The patient's medical record number: the identifier of type `MR` that is not an old one.
 *
 * @param source an event, a context, a `ContentSnapshot`, or a context array
 * @param system the system whose number is meant, where several hospitals have one of the patient. An identifier of this system
 *   needs no type
 * @returns `undefined` when there is none
 */
export const mrnOf = (source: ContextSource, system?: string): string | undefined =>
  textsIn(
    under(source, 'patient')
      .flatMap(identifiersOf)
      .filter(
        (identifier) =>
          identifier.use !== 'old' &&
          (!system || identifier.system === system) &&
          (isTyped(identifier, RECORD) || (system && !identifier.type)),
      )
      .map(({ value }) => value),
  )[0];
