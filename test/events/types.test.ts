import type { DiagnosticReport, Encounter, ImagingStudy, Patient } from 'fhir/r4';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type DiagnosticReportCloseEvent,
  type DiagnosticReportOpenEvent,
  type DiagnosticReportSelectEvent,
  type DiagnosticReportUpdateEvent,
  type EncounterCloseEvent,
  type EncounterOpenEvent,
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
  type StateChange,
  type Subscribed,
  type SyncErrorDetails,
  type SyncErrorEvent,
  type UserHibernateEvent,
  type UserLogoutEvent,
} from '../../src/index.ts';

const client = new FhircastClient({ hubUrl: 'https://hub.example.org', topic: 'topic', fetch: Promise.reject });

/** What the compiler says that a listener of a name gets. */
type Gets<N extends string> = ListenerArgument<N>;

// The compiler is the one that fails here; what runs just keeps the declarations honest.
describe('what a listener gets, by name', () => {
  it('is the event of the name in every published spelling', () => {
    expectTypeOf<
      Gets<
        | 'Patient-open'
        | 'patient-open'
        | 'open-patient-chart'
        | 'patient-open-chart'
        | 'switch-patient-chart'
        | 'patient-switch-chart'
        | 'patient-chart-open'
      >
    >().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Gets<'open-patient-chart'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Gets<'patient-open-chart'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Gets<'switch-patient-chart'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Gets<'patient-switch-chart'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Gets<'patient-chart-open'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Gets<'patient-close'>>().toEqualTypeOf<PatientCloseEvent>();
    expectTypeOf<Gets<'close-patient-chart'>>().toEqualTypeOf<PatientCloseEvent>();
    expectTypeOf<Gets<'patient-close-chart'>>().toEqualTypeOf<PatientCloseEvent>();
    expectTypeOf<Gets<'patient-chart-close'>>().toEqualTypeOf<PatientCloseEvent>();
    expectTypeOf<Gets<'Encounter-open'>>().toEqualTypeOf<EncounterOpenEvent>();
    expectTypeOf<Gets<'encounter-open'>>().toEqualTypeOf<EncounterOpenEvent>();
    expectTypeOf<Gets<'encounter-close'>>().toEqualTypeOf<EncounterCloseEvent>();
    expectTypeOf<Gets<'ImagingStudy-open'>>().toEqualTypeOf<ImagingStudyOpenEvent>();
    expectTypeOf<Gets<'imagingstudy-open'>>().toEqualTypeOf<ImagingStudyOpenEvent>();
    expectTypeOf<Gets<'open-imaging-study'>>().toEqualTypeOf<ImagingStudyOpenEvent>();
    expectTypeOf<Gets<'open-image-study'>>().toEqualTypeOf<ImagingStudyOpenEvent>();
    expectTypeOf<Gets<'imaging-study-open'>>().toEqualTypeOf<ImagingStudyOpenEvent>();
    expectTypeOf<Gets<'switch-imaging-study'>>().toEqualTypeOf<ImagingStudyOpenEvent>();
    expectTypeOf<Gets<'imaging-study-switch'>>().toEqualTypeOf<ImagingStudyOpenEvent>();
    expectTypeOf<Gets<'imagingstudy-close'>>().toEqualTypeOf<ImagingStudyCloseEvent>();
    expectTypeOf<Gets<'close-imaging-study'>>().toEqualTypeOf<ImagingStudyCloseEvent>();
    expectTypeOf<Gets<'imaging-study-close'>>().toEqualTypeOf<ImagingStudyCloseEvent>();
    expectTypeOf<Gets<'diagnosticreport-open'>>().toEqualTypeOf<DiagnosticReportOpenEvent>();
    expectTypeOf<Gets<'diagnosticreport-close'>>().toEqualTypeOf<DiagnosticReportCloseEvent>();
    expectTypeOf<Gets<'diagnosticreport-update'>>().toEqualTypeOf<DiagnosticReportUpdateEvent>();
    expectTypeOf<Gets<'diagnosticreport-select'>>().toEqualTypeOf<DiagnosticReportSelectEvent>();
    expectTypeOf<Gets<'syncerror'>>().toEqualTypeOf<SyncErrorEvent>();
    expectTypeOf<Gets<'sync-error'>>().toEqualTypeOf<SyncErrorEvent>();
    expectTypeOf<Gets<'userlogout'>>().toEqualTypeOf<UserLogoutEvent>();
    expectTypeOf<Gets<'userLogout'>>().toEqualTypeOf<UserLogoutEvent>();
    expectTypeOf<Gets<'logout-user'>>().toEqualTypeOf<UserLogoutEvent>();
    expectTypeOf<Gets<'user-logout'>>().toEqualTypeOf<UserLogoutEvent>();
    expectTypeOf<Gets<'userHibernate'>>().toEqualTypeOf<UserHibernateEvent>();
    expectTypeOf<Gets<'hibernate-user'>>().toEqualTypeOf<UserHibernateEvent>();
    expectTypeOf<Gets<'user-hibernate'>>().toEqualTypeOf<UserHibernateEvent>();
    expectTypeOf<Gets<'user-hibernates'>>().toEqualTypeOf<UserHibernateEvent>();
    expectTypeOf<Gets<'home-open'>>().toEqualTypeOf<HomeOpenEvent>();
  });

  it('does not depend on the case', () => {
    expectTypeOf<Gets<'PATIENT-OPEN'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Gets<'Switch-Patient-Chart'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Gets<'SYNCERROR'>>().toEqualTypeOf<SyncErrorEvent>();
  });

  it('is any event for all other names', () => {
    expectTypeOf<Gets<'org.example.patient_transmogrify'>>().toEqualTypeOf<FhircastEvent>();
    expectTypeOf<Gets<'Medication-open'>>().toEqualTypeOf<FhircastEvent>();
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
      client.once('patient-open-chart', (event) => expectTypeOf(event.patient).toEqualTypeOf<Patient>()),
      client.once('Encounter-open', (event) => expectTypeOf(event.encounter).toEqualTypeOf<Encounter>()),
      client.once('switch-imaging-study', (event) => expectTypeOf(event.study).toEqualTypeOf<ImagingStudy>()),
      client.once('DiagnosticReport-open', (event) => expectTypeOf(event.report).toEqualTypeOf<DiagnosticReport>()),
      client.once('sync-error', (event) => expectTypeOf(event.syncError).toEqualTypeOf<SyncErrorDetails>()),
      client.once('close-patient-chart', (event) => expectTypeOf(event.patient).toEqualTypeOf<Patient | undefined>()),
      client.once('*', (event) => expectTypeOf(event).toEqualTypeOf<FhircastEvent>()),
    ];
    client.off('patient-open').off('encounter-open').off('imagingstudy-open').off('diagnosticreport-open');
    client.off('syncerror').off('patient-close').off('*');
    // Chainable, and nothing is asked of the hub when nothing listens a microtask later.
    expect(typed.every((chained) => chained === client)).toBe(true);
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
    expectTypeOf<{ anything: string }>().toExtend<Resources<'org.example.thing'>>();
  });
});
