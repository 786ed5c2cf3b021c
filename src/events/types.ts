import type {
  DiagnosticReport,
  Encounter,
  FhirResource,
  ImagingStudy,
  OperationOutcome,
  Parameters,
  Patient,
} from 'fhir/r4.js';
import type { ResourceOf } from './context.ts';
import type { EventParts } from './definitions.ts';
import type { FhircastEvent } from './event.ts';
import type { ALIASES, Alias, CatalogueName } from './names.ts';
import type { DeepReadonly } from './read-only.ts';
import type { SyncErrorDetails } from './sync-error.ts';

/** The patient's chart was opened, or switched to. */
export interface PatientOpenEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'Patient-open';
  /** The patient. */
  readonly patient: DeepReadonly<Patient>;
  /** The same. */
  readonly anchor: DeepReadonly<Patient>;
}
/** The patient's chart was closed. The draft's event does not say whose. */
export interface PatientCloseEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'Patient-close';
  /** The patient; the draft's event may not say it. */
  readonly anchor: DeepReadonly<Patient> | undefined;
}
/** An encounter was opened. */
export interface EncounterOpenEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'Encounter-open';
  /** The encounter. */
  readonly encounter: DeepReadonly<Encounter>;
  /** The same. */
  readonly anchor: DeepReadonly<Encounter>;
}
/** An encounter was closed. */
export interface EncounterCloseEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'Encounter-close';
  /** The encounter; the draft's event may not say it. */
  readonly anchor: DeepReadonly<Encounter> | undefined;
}
/** An imaging study was opened, or switched to. */
export interface ImagingStudyOpenEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'ImagingStudy-open';
  /** The imaging study. */
  readonly study: DeepReadonly<ImagingStudy>;
  /** The same. */
  readonly anchor: DeepReadonly<ImagingStudy>;
}
/** An imaging study was closed. */
export interface ImagingStudyCloseEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'ImagingStudy-close';
  /** The imaging study; the draft's event may not say it. */
  readonly anchor: DeepReadonly<ImagingStudy> | undefined;
}
/** A diagnostic report was opened. */
export interface DiagnosticReportOpenEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'DiagnosticReport-open';
  /** The diagnostic report. */
  readonly report: DeepReadonly<DiagnosticReport>;
  /** The same. */
  readonly anchor: DeepReadonly<DiagnosticReport>;
}
/** A diagnostic report was closed. */
export interface DiagnosticReportCloseEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'DiagnosticReport-close';
  /** The diagnostic report; the draft's event may not say it. */
  readonly anchor: DeepReadonly<DiagnosticReport> | undefined;
}
/** Content of a report's context was changed (STU3, content sharing). */
export interface DiagnosticReportUpdateEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'DiagnosticReport-update';
  /** The diagnostic report, should the hub send it in place of the reference. */
  readonly anchor: DeepReadonly<DiagnosticReport> | undefined;
}
/** Content of a report's context was selected (STU3, content sharing). */
export interface DiagnosticReportSelectEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'DiagnosticReport-select';
  /** The diagnostic report, should the hub send it in place of the reference. */
  readonly anchor: DeepReadonly<DiagnosticReport> | undefined;
}
/** An app did not follow, or could not be reached. */
export interface SyncErrorEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'SyncError';
  /** What the SyncError says first; {@link FhircastEvent.syncErrors} is all of it. */
  readonly syncError: SyncErrorDetails;
  /** The SyncError as it was sent. */
  readonly operationOutcome: DeepReadonly<OperationOutcome> | undefined;
}
/** The user logged out of the session; {@link FhircastEvent.reasonCode} says why. */
export interface UserLogoutEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'UserLogout';
}
/** The user suspended the session; {@link FhircastEvent.reasonCode} says why. */
export interface UserHibernateEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'UserHibernate';
}
/** The user went to a place without a context. */
export interface HomeOpenEvent extends FhircastEvent {
  /** The event's one name. */
  readonly name: 'Home-open';
}

/** The catalogue's events by name. */
export interface CatalogueEvents {
  /** See {@link PatientOpenEvent}. */
  'Patient-open': PatientOpenEvent;
  /** See {@link PatientCloseEvent}. */
  'Patient-close': PatientCloseEvent;
  /** See {@link EncounterOpenEvent}. */
  'Encounter-open': EncounterOpenEvent;
  /** See {@link EncounterCloseEvent}. */
  'Encounter-close': EncounterCloseEvent;
  /** See {@link ImagingStudyOpenEvent}. */
  'ImagingStudy-open': ImagingStudyOpenEvent;
  /** See {@link ImagingStudyCloseEvent}. */
  'ImagingStudy-close': ImagingStudyCloseEvent;
  /** See {@link DiagnosticReportOpenEvent}. */
  'DiagnosticReport-open': DiagnosticReportOpenEvent;
  /** See {@link DiagnosticReportCloseEvent}. */
  'DiagnosticReport-close': DiagnosticReportCloseEvent;
  /** See {@link DiagnosticReportUpdateEvent}. */
  'DiagnosticReport-update': DiagnosticReportUpdateEvent;
  /** See {@link DiagnosticReportSelectEvent}. */
  'DiagnosticReport-select': DiagnosticReportSelectEvent;
  /** See {@link SyncErrorEvent}. */
  SyncError: SyncErrorEvent;
  /** See {@link UserLogoutEvent}. */
  UserLogout: UserLogoutEvent;
  /** See {@link UserHibernateEvent}. */
  UserHibernate: UserHibernateEvent;
  /** See {@link HomeOpenEvent}. */
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

/** The types of resources by their lower-case spelling. */
type LowercaseResources = { [R in FhirResource['resourceType'] as Lowercase<R>]: R };

/** An event about a resource for which the catalogue has none: `Medication-open`, `MedicationRequest-select` … */
export interface ResourceEvent<R extends FhirResource['resourceType'], V extends EventParts['verb']>
  extends FhircastEvent {
  /** The event's one name. */
  readonly name: `${Lowercase<R>}-${V}`;
  /** The resource; an open has it, and the others may name it by {@link FhircastEvent.anchorReference} or not at all. */
  readonly anchor: V extends 'open' ? ResourceOf<R> : ResourceOf<R> | undefined;
}

/** The type of an event for which the catalogue has no row. */
type OtherEvent<N extends string> = N extends `${infer R}-${infer V extends EventParts['verb']}`
  ? R extends keyof LowercaseResources
    ? ResourceEvent<LowercaseResources[R], V>
    : FhircastEvent
  : FhircastEvent;

/**
 * The type of the event with a name in any published spelling and any case: the catalogue's, or that of
 * `<Resource>-open|close|update|select` for the resources of FHIR R4. Any other name is a {@link FhircastEvent}.
 */
export type EventOf<N extends string> =
  CanonicalName<N> extends keyof CatalogueEvents ? CatalogueEvents[CanonicalName<N>] : OtherEvent<CanonicalName<N>>;

/** The types of resources that FHIR has since R4. */
export type LaterResource =
  | 'SubscriptionTopic'
  | 'Citation'
  | 'SubscriptionStatus'
  | 'RegulatedAuthorization'
  | 'SubstanceDefinition'
  | 'PackagedProductDefinition'
  | 'ManufacturedItemDefinition'
  | 'ClinicalUseDefinition'
  | 'AdministrableProductDefinition'
  | 'NutritionProduct'
  | 'MedicinalProductDefinition'
  | 'EvidenceReport'
  | 'Ingredient'
  | 'RequestOrchestration'
  | 'ArtifactAssessment'
  | 'ActorDefinition'
  | 'Permission'
  | 'BiologicallyDerivedProductDispense'
  | 'NutritionIntake'
  | 'InventoryReport'
  | 'DeviceDispense'
  | 'DeviceUsage'
  | 'ImagingSelection'
  | 'GenomicStudy'
  | 'DeviceAssociation'
  | 'InventoryItem'
  | 'TestPlan'
  | 'EncounterHistory'
  | 'ConditionDefinition'
  | 'FormularyItem'
  | 'Transport'
  | 'Requirements';

/** A name that says what happened to a resource of FHIR, in lower case. */
export type ResourceName = `${Lowercase<FhirResource['resourceType'] | LaterResource>}-${EventParts['verb']}`;

/** A name of which nobody knows an event. An app that means one of its hub's own passes it as a `string`. */
export interface UnknownEventName<N extends string> {
  /** The name. */
  readonly unknownEvent: N;
}

/** The name itself, unless nobody knows an event of that name: neither the catalogue nor FHIR, and it is no reverse domain. */
export type CheckedName<N extends string> = string extends N
  ? N
  : N extends '*' | `${string}.${string}`
    ? N
    : CanonicalName<N> extends CatalogueName | ResourceName | 'heartbeat'
      ? N
      : UnknownEventName<N>;

/** Every published spelling, offered by editors; any other name is accepted too. */
export type EventName = CatalogueName | Alias | (string & {});

/** The resources of a patient's event. */
export interface PatientResources {
  /** The patient. */
  patient: DeepReadonly<Patient>;
  /** The encounter, where it is known. */
  encounter?: DeepReadonly<Encounter>;
}

/** The resources of an encounter's event. */
export interface EncounterResources {
  /** The encounter. */
  encounter: DeepReadonly<Encounter>;
  /** The patient. */
  patient: DeepReadonly<Patient>;
}

/** The resources of an imaging study's event. */
export interface StudyResources {
  /** The imaging study. */
  study: DeepReadonly<ImagingStudy>;
  /** The patient, where it is known. */
  patient?: DeepReadonly<Patient>;
  /** The encounter, where it is known. */
  encounter?: DeepReadonly<Encounter>;
}

/** The resources of a diagnostic report's event. */
export interface ReportResources {
  /** The diagnostic report. */
  report: DeepReadonly<DiagnosticReport>;
  /** The patient. */
  patient: DeepReadonly<Patient>;
  /** The imaging studies that the report is about. */
  study?: DeepReadonly<ImagingStudy> | readonly DeepReadonly<ImagingStudy>[];
  /** The encounter, where it is known. */
  encounter?: DeepReadonly<Encounter>;
}

/** The resource of a UserLogout or a UserHibernate. */
export interface SessionEndResources {
  /** Why: a parameter `code` with a `valueCoding`. STU3 asks for it, and older versions have none. */
  parameters?: DeepReadonly<Parameters>;
}

/** The resources that a context change must and may name, by the event's canonical name. */
export interface ChangeResources {
  /** Resources of Patient-open. */
  'Patient-open': PatientResources;
  /** Resources of Patient-close. */
  'Patient-close': PatientResources;
  /** Resources of Encounter-open. */
  'Encounter-open': EncounterResources;
  /** Resources of Encounter-close. */
  'Encounter-close': EncounterResources;
  /** Resources of ImagingStudy-open. */
  'ImagingStudy-open': StudyResources;
  /** Resources of ImagingStudy-close. */
  'ImagingStudy-close': StudyResources;
  /** Resources of DiagnosticReport-open. */
  'DiagnosticReport-open': ReportResources;
  /** Resources of DiagnosticReport-close. */
  'DiagnosticReport-close': ReportResources;
  /** Resources of UserLogout. */
  UserLogout: SessionEndResources;
  /** Resources of UserHibernate. */
  UserHibernate: SessionEndResources;
  /** Resources of Home-open. */
  'Home-open': Record<string, never>;
}

/** What `requestContextChange()` takes beside the name. */
export type ResourcesOf<N extends string> =
  CanonicalName<N> extends keyof ChangeResources
    ? ChangeResources[CanonicalName<N>]
    : Readonly<Record<string, unknown>>;
