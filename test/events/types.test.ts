import type {
  DiagnosticReport,
  Encounter,
  Parameters as FhirParameters,
  FhirResource,
  ImagingStudy,
  MedicationRequest,
  OperationOutcome,
  Patient,
  Reference,
} from 'fhir/r4';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type Alias,
  type CatalogueName,
  canonicalName,
  type DeepReadonly,
  type DiagnosticReportCloseEvent,
  type DiagnosticReportOpenEvent,
  type DiagnosticReportSelectEvent,
  type DiagnosticReportUpdateEvent,
  type EncounterCloseEvent,
  type EncounterOpenEvent,
  type EventOf,
  FhircastClient,
  type FhircastError,
  type FhircastEvent,
  type HomeOpenEvent,
  type ImagingStudyCloseEvent,
  type ImagingStudyOpenEvent,
  type ListenerArgument,
  type PatientCloseEvent,
  type PatientOpenEvent,
  type ProtocolRecord,
  type ReasonCode,
  type ResourceEvent,
  type StateChange,
  type Subscribed,
  type SyncErrorDetails,
  type SyncErrorEvent,
  type UserHibernateEvent,
  type UserLogoutEvent,
} from '../../src/index.ts';
import type { PUBLISHED } from './published.ts';

const client = new FhircastClient({ hubUrl: 'https://hub.example.org', topic: 'topic', fetch: Promise.reject });

/** What the compiler says that a listener of a name gets. */
type Gets<N extends string> = ListenerArgument<N>;

/** The event of each name of the catalogue. */
interface Events {
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

/** The published spellings of one name, itself included. */
type Spelling<N extends CatalogueName> = N | (typeof PUBLISHED)[N][number];

/** A text in some of its cases. */
type InCases<S extends string> = S | Lowercase<S> | Uppercase<S> | Capitalize<S> | Uncapitalize<S>;

type IsSame<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** The spelling, unless it gets just the event. */
type Mistyped<S extends string, E> = S extends string
  ? [IsSame<Gets<S>, E>, IsSame<EventOf<S>, E>] extends [true, true]
    ? never
    : S
  : never;

// The compiler is the one that fails here; what runs just keeps the declarations honest.
describe('what a listener gets, by name', () => {
  it('is the event of the name in every published spelling, in any case', () => {
    expectTypeOf<keyof typeof PUBLISHED>().toEqualTypeOf<CatalogueName>();
    expectTypeOf<keyof Events>().toEqualTypeOf<CatalogueName>();
    // An alias without a row in the table, and so without a type, fails here.
    type Published = { [N in CatalogueName]: Lowercase<Spelling<N>> }[CatalogueName];
    expectTypeOf<Exclude<Alias, Published>>().toBeNever();
    type Wrong = { [N in CatalogueName]: Mistyped<InCases<Spelling<N>>, Events[N]> }[CatalogueName];
    expectTypeOf<Wrong>().toBeNever();
    // Else the line before could not fail.
    expectTypeOf<Mistyped<'Patient-open', HomeOpenEvent>>().toEqualTypeOf<'Patient-open'>();
  });

  it('does not depend on which letters are capital', () => {
    expectTypeOf<Gets<'pAtIeNt-oPeN'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Gets<'Switch-Patient-Chart'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Gets<'MEDICATIONrequest-Open'>>().toEqualTypeOf<ResourceEvent<'MedicationRequest', 'open'>>();
  });

  it('is an event about the resource that a name of no catalogue tells', () => {
    type Types = FhirResource['resourceType'];
    type NoRow = Exclude<Types, 'Patient' | 'Encounter' | 'ImagingStudy' | 'DiagnosticReport'>;
    type Wrong = {
      [R in NoRow]: {
        [V in 'open' | 'close' | 'update' | 'select']: Mistyped<InCases<`${R}-${V}`>, ResourceEvent<R, V>>;
      }['open' | 'close' | 'update' | 'select'];
    }[NoRow];
    expectTypeOf<Wrong>().toBeNever();

    expectTypeOf<Gets<'MedicationRequest-open'>['anchor']>().toEqualTypeOf<DeepReadonly<MedicationRequest>>();
    expectTypeOf<Gets<'MedicationRequest-close'>['anchor']>().toEqualTypeOf<
      DeepReadonly<MedicationRequest> | undefined
    >();
    expectTypeOf<Gets<'MedicationRequest-update'>['anchorReference']>().toEqualTypeOf<
      DeepReadonly<Reference> | undefined
    >();
    // As canonicalName() has it at run time.
    expectTypeOf<Gets<'MedicationRequest-open'>['name']>().toEqualTypeOf<'medicationrequest-open'>();
    expect(canonicalName('MedicationRequest-open')).toBe('medicationrequest-open');
  });

  it('tells what the catalogue’s events are about', () => {
    expectTypeOf<Gets<'open-patient-chart'>['anchor']>().toEqualTypeOf<DeepReadonly<Patient>>();
    expectTypeOf<Gets<'encounter-open'>['anchor']>().toEqualTypeOf<DeepReadonly<Encounter>>();
    expectTypeOf<Gets<'imagingstudy-open'>['anchor']>().toEqualTypeOf<DeepReadonly<ImagingStudy>>();
    expectTypeOf<Gets<'diagnosticreport-open'>['anchor']>().toEqualTypeOf<DeepReadonly<DiagnosticReport>>();
    expectTypeOf<Gets<'patient-close'>['anchor']>().toEqualTypeOf<DeepReadonly<Patient> | undefined>();
    expectTypeOf<Gets<'DiagnosticReport-select'>['anchor']>().toEqualTypeOf<
      DeepReadonly<DiagnosticReport> | undefined
    >();
    expectTypeOf<Gets<'DiagnosticReport-select'>['anchorReference']>().toEqualTypeOf<
      DeepReadonly<Reference> | undefined
    >();
    expectTypeOf<Gets<'*'>['anchor']>().toEqualTypeOf<DeepReadonly<FhirResource> | undefined>();
  });

  it('is any event for all other names', () => {
    expectTypeOf<Gets<'org.example.patient_transmogrify'>>().toEqualTypeOf<FhircastEvent>();
    expectTypeOf<Gets<'Medicine-open'>>().toEqualTypeOf<FhircastEvent>();
    expectTypeOf<Gets<'Medication-opened'>>().toEqualTypeOf<FhircastEvent>();
    expectTypeOf<Gets<'my-Medication-open'>>().toEqualTypeOf<FhircastEvent>();
    expectTypeOf<Gets<string>>().toEqualTypeOf<FhircastEvent>();
    type Own = Gets<'org.example.patient_transmogrify'>;
    expectTypeOf<ReturnType<Own['resources']>>().items.toExtend<DeepReadonly<FhirResource>>();
    expectTypeOf<Gets<'*'>>().toEqualTypeOf<FhircastEvent>();
  });

  it('is the client’s own for session events', () => {
    expectTypeOf<Gets<'state'>>().toEqualTypeOf<StateChange>();
    expectTypeOf<Gets<'subscribed'>>().toEqualTypeOf<Subscribed>();
    expectTypeOf<Gets<'error'>>().toEqualTypeOf<FhircastError>();
    expectTypeOf<Gets<'warning'>>().toEqualTypeOf<FhircastError>();
    expectTypeOf<Gets<'protocol'>>().toEqualTypeOf<ProtocolRecord>();
  });
});

describe('the listener of a name', () => {
  it('needs no annotation, and finds the anchor there', () => {
    const typed = [
      client.once('patient-open-chart', (event) => expectTypeOf(event.patient).toEqualTypeOf<DeepReadonly<Patient>>()),
      client.once('Encounter-open', (event) => expectTypeOf(event.encounter).toEqualTypeOf<DeepReadonly<Encounter>>()),
      client.once('switch-imaging-study', (event) =>
        expectTypeOf(event.study).toEqualTypeOf<DeepReadonly<ImagingStudy>>(),
      ),
      client.once('DiagnosticReport-open', (event) =>
        expectTypeOf(event.report).toEqualTypeOf<DeepReadonly<DiagnosticReport>>(),
      ),
      client.once('sync-error', (event) => expectTypeOf(event.syncError).toEqualTypeOf<SyncErrorDetails>()),
      client.once('close-patient-chart', (event) =>
        expectTypeOf(event.patient).toEqualTypeOf<DeepReadonly<Patient> | undefined>(),
      ),
      client.once('*', (event) => expectTypeOf(event).toEqualTypeOf<FhircastEvent>()),
    ];
    client.off('patient-open').off('encounter-open').off('imagingstudy-open').off('diagnosticreport-open');
    client.off('syncerror').off('patient-close').off('*');
    // Chainable, and nothing is asked of the hub when nothing listens a microtask later.
    expect(typed.every((chained) => chained === client)).toBe(true);
  });

  it('knows what events without a context say', () => {
    expectTypeOf<Gets<'SyncError'>['syncErrors']>().toEqualTypeOf<readonly SyncErrorDetails[]>();
    expectTypeOf<Gets<'SyncError'>['operationOutcome']>().toEqualTypeOf<DeepReadonly<OperationOutcome> | undefined>();
    expectTypeOf<SyncErrorDetails['code']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Gets<'logout-user'>['parameters']>().toEqualTypeOf<DeepReadonly<FhirParameters> | undefined>();
    expectTypeOf<Gets<'userlogout'>['reasonCode']>().toEqualTypeOf<ReasonCode | undefined>();
    expectTypeOf<Gets<'UserHibernate'>['reasonCode']>().toEqualTypeOf<ReasonCode | undefined>();
    expectTypeOf<Gets<'UserHibernate'>['hubHibernates']>().toEqualTypeOf<boolean>();
    expectTypeOf<'system-timeout'>().toExtend<ReasonCode>();
    expectTypeOf<Gets<'DiagnosticReport-update'>['anchor']>().toEqualTypeOf<
      DeepReadonly<DiagnosticReport> | undefined
    >();
    expectTypeOf<Gets<'DiagnosticReport-select'>['syncError']>().toEqualTypeOf<SyncErrorDetails | undefined>();
    // An event that tells of no resource has none that must be there.
    expectTypeOf<Gets<'SyncError'>['anchor']>().toEqualTypeOf<DeepReadonly<FhirResource> | undefined>();
    expectTypeOf<Gets<'UserLogout'>['patient']>().toEqualTypeOf<DeepReadonly<Patient> | undefined>();
    expectTypeOf<SyncErrorDetails>().not.toHaveProperty('reasonCode');
  });

  it('knows what a context change must name', () => {
    type Resources<N extends Parameters<typeof client.requestContextChange>[0]> = Parameters<
      typeof client.requestContextChange<N>
    >[1];
    expectTypeOf<{ patient: Patient }>().toExtend<Resources<'patient-open-chart'>>();
    expectTypeOf<{ study: ImagingStudy }>().toExtend<Resources<'open-imaging-study'>>();
    expectTypeOf<{ study: ImagingStudy }>().not.toExtend<Resources<'Patient-open'>>();
    expectTypeOf<{ patient: Encounter }>().not.toExtend<Resources<'Patient-open'>>();
    expectTypeOf<{ report: DiagnosticReport }>().not.toExtend<Resources<'DiagnosticReport-open'>>();
    expectTypeOf<{ parameters: FhirParameters }>().toExtend<Resources<'UserLogout'>>();
    expectTypeOf<{ parameters: FhirParameters }>().toExtend<Resources<'user-hibernate'>>();
    expectTypeOf<{ parameters: Patient }>().not.toExtend<Resources<'UserLogout'>>();
    expectTypeOf<{ anything: string }>().toExtend<Resources<'org.example.thing'>>();
  });
});
