/** The events that the specification describes, in the spelling of STU3. */
export const CATALOGUE_NAMES = [
  'Patient-open',
  'Patient-close',
  'Encounter-open',
  'Encounter-close',
  'ImagingStudy-open',
  'ImagingStudy-close',
  'DiagnosticReport-open',
  'DiagnosticReport-close',
  'DiagnosticReport-update',
  'DiagnosticReport-select',
  'SyncError',
  'UserLogout',
  'UserHibernate',
  'Home-open',
] as const;

/** A name of the catalogue in STU3's spelling. */
export type CatalogueName = (typeof CATALOGUE_NAMES)[number];

/**
 * Every older spelling that a published version used, in lower case. The spellings that differ from STU3's in nothing but
 * case need no row.
 */
export const ALIASES = {
  'open-patient-chart': 'Patient-open',
  'patient-open-chart': 'Patient-open',
  'patient-chart-open': 'Patient-open',
  'switch-patient-chart': 'Patient-open',
  'patient-switch-chart': 'Patient-open',
  'close-patient-chart': 'Patient-close',
  'patient-close-chart': 'Patient-close',
  'patient-chart-close': 'Patient-close',
  'open-imaging-study': 'ImagingStudy-open',
  'open-image-study': 'ImagingStudy-open',
  'imaging-study-open': 'ImagingStudy-open',
  'switch-imaging-study': 'ImagingStudy-open',
  'imaging-study-switch': 'ImagingStudy-open',
  'close-imaging-study': 'ImagingStudy-close',
  'imaging-study-close': 'ImagingStudy-close',
  'diagnosticsreport-update': 'DiagnosticReport-update',
  'sync-error': 'SyncError',
  'logout-user': 'UserLogout',
  'user-logout': 'UserLogout',
  'hibernate-user': 'UserHibernate',
  'user-hibernate': 'UserHibernate',
  'user-hibernates': 'UserHibernate',
} as const satisfies Record<string, CatalogueName>;

/** An older spelling, in lower case. */
export type Alias = keyof typeof ALIASES;

const canonical = /* @__PURE__ */ new Map<string, string>([
  .../* @__PURE__ */ CATALOGUE_NAMES.map((name): [string, string] => [name.toLowerCase(), name]),
  .../* @__PURE__ */ Object.entries(ALIASES),
]);

/**
 * The one name of an event, whatever its spelling: STU3's for the catalogue, and the lower-case name for events that
 * the catalogue does not know. Names are compared without regard to case, so `Medication-open` has to be one name whoever
 * sends it: `medication-open`, while `FhircastEvent.hubEvent` keeps the sender's spelling.
 *
 * @param name any published spelling, in any case
 */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  return canonical.get(lower) ?? lower;
}

/**
 * Whether the catalogue has a name.
 *
 * @param name the canonical name
 */
export const isCatalogued = (name: string): boolean => canonical.has(name.toLowerCase());
