import { CATALOGUE_NAMES, type CatalogueName, canonicalName } from '../../events/names.ts';

/**
 * The events that a version of FHIRcast knows: of each the canonical name, and its spellings in lower case, the one that an
 * EHR uses first.
 */
export type Vocabulary = readonly (readonly [name: CatalogueName, ...spellings: string[]])[];

/** STU1 and STU2: one spelling each, in lower case, compared without regard to case. */
export const LOWER_CASE_NAMES: Vocabulary = CATALOGUE_NAMES.map((name) => [name, name.toLowerCase()]);

/**
 * The January 2019 draft and the May 2019 ballot: what the catalogue of events says, and what the examples of the same text
 * say. Opening and switching to are two events.
 */
export const VERB_FIRST_NAMES: Vocabulary = [
  ['Patient-open', 'open-patient-chart', 'patient-open-chart'],
  ['Patient-open', 'switch-patient-chart'],
  ['Patient-close', 'close-patient-chart', 'patient-close-chart'],
  ['ImagingStudy-open', 'open-imaging-study', 'open-image-study'],
  ['ImagingStudy-open', 'switch-imaging-study'],
  ['ImagingStudy-close', 'close-imaging-study'],
  ['UserLogout', 'user-logout'],
  ['UserHibernate', 'user-hibernate'],
  ['SyncError', 'sync-error'],
];

/** An event as an EHR of this version calls it; a spelling of that version, and what it does not know, stay as they are. */
export function speak(vocabulary: Vocabulary, name: string): string {
  const known = CATALOGUE_NAMES.every((canonical) => canonical !== name) && entryOf(vocabulary, name) !== undefined;
  return known ? name : (vocabulary.find(([canonical]) => canonical === canonicalName(name))?.[1] ?? name);
}

/** Are two names one event to a hub of this version? */
export function sameInVocabulary(vocabulary: Vocabulary, one: string, other: string): boolean {
  const entry = entryOf(vocabulary, one);
  return one.toLowerCase() === other.toLowerCase() || (entry !== undefined && entry === entryOf(vocabulary, other));
}

function entryOf(vocabulary: Vocabulary, name: string): Vocabulary[number] | undefined {
  return vocabulary.find(([, ...spellings]) => spellings.includes(name.toLowerCase()));
}
