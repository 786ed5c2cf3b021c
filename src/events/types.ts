import type { DiagnosticReport, Encounter, ImagingStudy, OperationOutcome, Patient } from 'fhir/r4';
import type { FhircastEvent } from './event.ts';
import type { ALIASES, Alias, CatalogueName } from './names.ts';
import type { SyncErrorDetails } from './sync-error.ts';

/** The patient's chart was opened, or switched to. */
export type PatientOpenEvent = FhircastEvent & { readonly name: 'Patient-open'; readonly patient: Patient };
/** The patient's chart was closed. The draft's event does not say whose. */
export type PatientCloseEvent = FhircastEvent & { readonly name: 'Patient-close' };
/** An encounter was opened. */
export type EncounterOpenEvent = FhircastEvent & { readonly name: 'Encounter-open'; readonly encounter: Encounter };
/** An encounter was closed. */
export type EncounterCloseEvent = FhircastEvent & { readonly name: 'Encounter-close' };
/** An imaging study was opened, or switched to. */
export type ImagingStudyOpenEvent = FhircastEvent & {
  readonly name: 'ImagingStudy-open';
  readonly study: ImagingStudy;
};
/** An imaging study was closed. */
export type ImagingStudyCloseEvent = FhircastEvent & { readonly name: 'ImagingStudy-close' };
/** A diagnostic report was opened. */
export type DiagnosticReportOpenEvent = FhircastEvent & {
  readonly name: 'DiagnosticReport-open';
  readonly report: DiagnosticReport;
};
/** A diagnostic report was closed. */
export type DiagnosticReportCloseEvent = FhircastEvent & { readonly name: 'DiagnosticReport-close' };
/** Content of a report's context was changed (STU3, content sharing). */
export type DiagnosticReportUpdateEvent = FhircastEvent & { readonly name: 'DiagnosticReport-update' };
/** Content of a report's context was selected (STU3, content sharing). */
export type DiagnosticReportSelectEvent = FhircastEvent & { readonly name: 'DiagnosticReport-select' };
/** An app did not follow, or could not be reached. */
export type SyncErrorEvent = FhircastEvent & {
  readonly name: 'SyncError';
  readonly syncError: SyncErrorDetails;
  readonly operationOutcome: OperationOutcome | undefined;
};
/** The user logged out of the session. */
export type UserLogoutEvent = FhircastEvent & { readonly name: 'UserLogout' };
/** The user suspended the session. */
export type UserHibernateEvent = FhircastEvent & { readonly name: 'UserHibernate' };
/** The user went to a place without a context. */
export type HomeOpenEvent = FhircastEvent & { readonly name: 'Home-open' };

/** The catalogue's events by name. */
export interface CatalogueEvents {
  'Patient-open': PatientOpenEvent;
  'Patient-close': PatientCloseEvent;
  'Encounter-open': EncounterOpenEvent;
  'Encounter-close': EncounterCloseEvent;
  'ImagingStudy-open': ImagingStudyOpenEvent;
  'ImagingStudy-close': ImagingStudyCloseEvent;
  'DiagnosticReport-open': DiagnosticReportOpenEvent;
  'DiagnosticReport-close': DiagnosticReportCloseEvent;
  'DiagnosticReport-update': DiagnosticReportUpdateEvent;
  'DiagnosticReport-select': DiagnosticReportSelectEvent;
  SyncError: SyncErrorEvent;
  UserLogout: UserLogoutEvent;
  UserHibernate: UserHibernateEvent;
  'Home-open': HomeOpenEvent;
}

/** The catalogue's names by their lower-case spelling. */
type LowercaseCatalogue = { [N in CatalogueName as Lowercase<N>]: N };

/** The one name of an event, worked out by the compiler as `canonicalName()` works it out at run time. */
export type CanonicalName<N extends string> =
  Lowercase<N> extends keyof typeof ALIASES
    ? (typeof ALIASES)[Lowercase<N>]
    : Lowercase<N> extends keyof LowercaseCatalogue
      ? LowercaseCatalogue[Lowercase<N>]
      : Lowercase<N>;

/** The type of the event with a name in any published spelling and any case. */
export type EventOf<N extends string> =
  CanonicalName<N> extends keyof CatalogueEvents ? CatalogueEvents[CanonicalName<N>] : FhircastEvent;

/** Every published spelling, offered by editors; any other name is accepted too. */
export type EventName = CatalogueName | Alias | (string & {});

interface StudyResources {
  study: ImagingStudy;
  patient?: Patient;
  encounter?: Encounter;
}

interface ReportResources {
  report: DiagnosticReport;
  patient: Patient;
  study?: ImagingStudy | readonly ImagingStudy[];
  encounter?: Encounter;
}

/** The resources that a context change must and may name, by the event's canonical name. */
interface ChangeResources {
  'Patient-open': { patient: Patient; encounter?: Encounter };
  'Patient-close': { patient: Patient; encounter?: Encounter };
  'Encounter-open': { encounter: Encounter; patient: Patient };
  'Encounter-close': { encounter: Encounter; patient: Patient };
  'ImagingStudy-open': StudyResources;
  'ImagingStudy-close': StudyResources;
  'DiagnosticReport-open': ReportResources;
  'DiagnosticReport-close': ReportResources;
  'Home-open': Record<string, never>;
}

/** What `requestContextChange()` takes beside the name. */
export type ResourcesOf<N extends string> =
  CanonicalName<N> extends keyof ChangeResources
    ? ChangeResources[CanonicalName<N>]
    : Readonly<Record<string, unknown>>;
