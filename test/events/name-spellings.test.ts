import fc from 'fast-check';
import type { ImagingStudy, Patient } from 'fhir/r4';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { ALIASES, CATALOGUE_NAMES, canonicalName } from '../../src/events/names.ts';
import type {
  EventOf,
  FhircastClient,
  FhircastError,
  FhircastEvent,
  ImagingStudyOpenEvent,
  PatientCloseEvent,
  PatientOpenEvent,
  StateChange,
  SyncErrorEvent,
  UserHibernateEvent,
  UserLogoutEvent,
} from '../../src/index.ts';

const SPELLINGS: readonly [string, string][] = [
  ...CATALOGUE_NAMES.map((name): [string, string] => [name, name]),
  ...Object.entries(ALIASES),
];

describe('the name of an event', () => {
  it.each(SPELLINGS)('%s is %s in any case', (spelling, name) => {
    for (const one of [spelling, spelling.toLowerCase(), spelling.toUpperCase()]) expect(canonicalName(one)).toBe(name);
  });

  it('is one for all spellings that differ in case, and stays what it is', () => {
    const names = fc.oneof(fc.constantFrom(...SPELLINGS.flat()), fc.string());
    fc.assert(
      fc.property(names, (name) => {
        const canonical = canonicalName(name);
        expect(canonicalName(canonical)).toBe(canonical);
        expect(canonicalName(name.toLowerCase())).toBe(canonical);
      }),
    );
  });

  it('is never that of another event', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const known = SPELLINGS.find(([spelling]) => spelling?.toLowerCase() === name.toLowerCase());
        expect(canonicalName(name)).toBe(known ? known[1] : name.toLowerCase());
      }),
    );
  });

  it('tells the compiler what a listener gets, in every published spelling', () => {
    type Argument<N extends string> = Parameters<Parameters<typeof FhircastClient.prototype.on<N>>[1]>[0];
    expectTypeOf<Argument<'Patient-open'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Argument<'patient-open'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Argument<'PATIENT-OPEN'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Argument<'patient-open-chart'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Argument<'open-patient-chart'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Argument<'patient-chart-open'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Argument<'switch-patient-chart'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Argument<'patient-switch-chart'>>().toEqualTypeOf<PatientOpenEvent>();
    expectTypeOf<Argument<'close-patient-chart'>>().toEqualTypeOf<PatientCloseEvent>();
    expectTypeOf<Argument<'open-imaging-study'>>().toEqualTypeOf<ImagingStudyOpenEvent>();
    expectTypeOf<Argument<'imaging-study-switch'>>().toEqualTypeOf<ImagingStudyOpenEvent>();
    expectTypeOf<Argument<'imagingstudy-open'>>().toEqualTypeOf<ImagingStudyOpenEvent>();
    expectTypeOf<Argument<'syncerror'>>().toEqualTypeOf<SyncErrorEvent>();
    expectTypeOf<Argument<'sync-error'>>().toEqualTypeOf<SyncErrorEvent>();
    expectTypeOf<Argument<'userLogout'>>().toEqualTypeOf<UserLogoutEvent>();
    expectTypeOf<Argument<'user-hibernates'>>().toEqualTypeOf<UserHibernateEvent>();
    expectTypeOf<Argument<'org.example.transmogrify'>>().toEqualTypeOf<FhircastEvent>();
    expectTypeOf<Argument<'*'>>().toEqualTypeOf<FhircastEvent>();
    expectTypeOf<Argument<'state'>>().toEqualTypeOf<StateChange>();
    expectTypeOf<Argument<'error'>>().toEqualTypeOf<FhircastError>();
    expectTypeOf<EventOf<'patient-open-chart'>['patient']>().toEqualTypeOf<Patient>();
    expectTypeOf<EventOf<'imaging-study-open'>['study']>().toEqualTypeOf<ImagingStudy>();
  });
});
