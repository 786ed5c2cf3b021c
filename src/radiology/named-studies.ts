import { type JsonObject, text } from '../events/json-object.ts';
import { uidIn } from './identifiers.ts';
import { type ContextSource, isOf, objectsIn, shared, textsIn, under } from './resources.ts';

/** A study that a report names. */
export interface NamedStudy {
  /** The reference, such as `ImagingStudy/1`; `undefined` where the study is named by an identifier alone. */
  readonly reference: string | undefined;
  /** What people call it, where the report says so. */
  readonly display: string | undefined;
}

const named = (references: readonly JsonObject[]): NamedStudy[] =>
  references.map(({ reference, display }) => ({ reference: text(reference), display: text(display) }));

const reportsIn = (source: ContextSource): readonly JsonObject[] => [
  ...under(source, 'report'),
  ...shared(source, 'diagnosticreport'),
];

/**
 * The studies that the context's reports are about: `imagingStudy` of R4, `study` of R5.
 *
 * @param source an event, a context, a `ContentSnapshot`, or a context array
 * @returns in the order of the context; empty when there are none
 */
export const reportStudiesOf = (source: ContextSource): NamedStudy[] =>
  named(reportsIn(source).flatMap(({ imagingStudy, study }) => [...objectsIn(imagingStudy), ...objectsIn(study)]));

/**
 * The studies and reports that are compared with: the extension `associatedStudy` of a report (IHE IRA).
 *
 * @param source an event, a context, a `ContentSnapshot`, or a context array
 * @returns in the order of the context; empty when there are none
 */
export const comparisonsOf = (source: ContextSource): NamedStudy[] =>
  named(
    reportsIn(source)
      .flatMap(({ extension }) => objectsIn(extension))
      .filter(({ url }) => /\/associatedStudy$/.test(text(url) ?? ''))
      .flatMap(({ valueReference }) => objectsIn(valueReference)),
  );

/** Images that were selected, and a region in them where there is one (R5). */
export interface SelectedImages {
  /** The id of the ImagingSelection. */
  readonly id: string | undefined;
  /** The Study Instance UID, as DICOM writes it. */
  readonly studyUid: string | undefined;
  /** The Series Instance UID, as DICOM writes it. */
  readonly seriesUid: string | undefined;
  /** The SOP Instance UIDs, as DICOM writes them, 256 at most. */
  readonly instanceUids: readonly string[];
}

/**
 * The ImagingSelections that are shared or selected: which images somebody points at (R5, IHE IRA).
 *
 * @param source an event, a context, a `ContentSnapshot`, or a context array
 * @returns in the order of the context; empty when there are none
 */
export const imagingSelectionsOf = (source: ContextSource): SelectedImages[] =>
  [
    ...shared(source, 'imagingselection'),
    ...under(source, 'select').filter((resource) => isOf(resource, 'imagingselection')),
  ].map(({ id, studyUid, seriesUid, instance }) => ({
    id: text(id),
    studyUid: uidIn(studyUid),
    seriesUid: uidIn(seriesUid),
    instanceUids: textsIn(objectsIn(instance).map(({ uid }) => uidIn(uid))),
  }));
