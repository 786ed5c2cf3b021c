import fc from 'fast-check';
import type { OperationOutcome } from 'fhir/r4';
import { describe, expect, it } from 'vitest';
import { checkContext } from '../../src/events/check.ts';
import { FhircastEvent } from '../../src/events/event.ts';
import { canonicalName } from '../../src/events/names.ts';
import { parseNotification } from '../../src/events/notification.ts';
import { firstSyncError, makeSyncError, readSyncErrors } from '../../src/events/sync-error.ts';

const readSyncError = (outcome: unknown) => firstSyncError(readSyncErrors(outcome as OperationOutcome | undefined));

const resources = {
  patient: { resourceType: 'Patient', id: 'p1' },
  encounter: { resourceType: 'Encounter', id: 'e1' },
  study: { resourceType: 'ImagingStudy', id: 's1' },
  second: { resourceType: 'ImagingStudy', id: 's2' },
  report: { resourceType: 'DiagnosticReport', id: 'r1' },
  content: { resourceType: 'Bundle', type: 'collection' },
  outcome: { resourceType: 'OperationOutcome', issue: [] },
};

/** An event with a context, and what it did to the decision. */
function eventWith(context: unknown, name = 'DiagnosticReport-open') {
  const decided: unknown[] = [];
  const raw = {
    timestamp: '2024-05-01T10:00:00.000Z',
    id: 'event-1',
    event: {
      'hub.topic': 'topic',
      'hub.event': name,
      context,
      'context.versionId': '2',
      'context.priorVersionId': '1',
    },
  };
  const event = new FhircastEvent(
    parseNotification(raw),
    { source: 'resync', isEcho: true, isCurrent: false },
    { waitUntil: (promise) => decided.push(promise), refuse: (reason) => decided.push(reason) },
  );
  return { event, raw, decided };
}

describe('an event', () => {
  it('carries what the hub sent, and where it came from', () => {
    const { event, raw } = eventWith([], 'diagnosticreport-OPEN');
    expect(event).toMatchObject({
      name: 'DiagnosticReport-open',
      hubEvent: 'diagnosticreport-OPEN',
      id: 'event-1',
      timestamp: '2024-05-01T10:00:00.000Z',
      time: Date.UTC(2024, 4, 1, 10),
      topic: 'topic',
      versionId: '2',
      priorVersionId: '1',
      isEcho: true,
      source: 'resync',
    });
    expect(event.raw).toBe(raw);
  });

  it('finds its resources by key, in any case and under the keys of old hubs', () => {
    const { event } = eventWith([
      { key: 'Patient', resource: resources.patient },
      { key: 'encounter', resource: resources.encounter },
      { key: 'imagingstudy', resource: resources.study },
      { key: 'study', resource: resources.second },
      { key: 'report', resource: resources.report },
      { key: 'content', resource: resources.content },
      { key: 'OperationOutcome', resource: resources.outcome },
    ]);
    expect(event.patient).toBe(resources.patient);
    expect(event.encounter).toBe(resources.encounter);
    expect(event.study).toBe(resources.study);
    expect(event.studies).toEqual([resources.study, resources.second]);
    expect(event.report).toBe(resources.report);
    expect(event.content).toBe(resources.content);
    expect(event.operationOutcome).toBe(resources.outcome);
    expect(event.resources('STUDY', 'ImagingStudy')).toHaveLength(2);
  });

  it('takes no resource for one of another type, and no reference for a resource', () => {
    const { event } = eventWith([
      { key: 'patient', resource: resources.report },
      { key: 'study', reference: { reference: 'ImagingStudy/s1' } },
      { key: 'other', resource: resources.patient },
    ]);
    expect(event.patient).toBeUndefined();
    expect(event.studies).toEqual([]);
    expect(event.study).toBeUndefined();
    expect(event.report).toBeUndefined();
  });

  it('finds what it is about, whatever that is', () => {
    const medication = { resourceType: 'MedicationRequest', id: 'm1' };
    const context = [
      { key: 'patient', resource: resources.patient },
      { key: 'MedicationRequest', resource: medication },
      { key: 'imagingstudy', resource: resources.study },
    ];
    expect(eventWith(context, 'MedicationRequest-open').event).toMatchObject({
      name: 'medicationrequest-open',
      hubEvent: 'MedicationRequest-open',
      anchor: medication,
      anchorReference: undefined,
    });
    expect(eventWith(context, 'medicationrequest-CLOSE').event.anchor).toBe(medication);
    expect(eventWith(context, 'open-patient-chart').event.anchor).toBe(resources.patient);
    expect(eventWith(context, 'ImagingStudy-open').event.anchor).toBe(resources.study);
    expect(eventWith([], 'Patient-close').event.anchor).toBeUndefined();
    for (const name of ['Home-open', 'UserLogout', 'org.example.patient_transmogrify', 'SyncError'])
      expect(eventWith(context, name).event.anchor).toBeUndefined();
  });

  it('tells the reference where it is about one', () => {
    const reference = { reference: 'DiagnosticReport/r1' };
    const { event } = eventWith(
      [
        { key: 'report', reference },
        { key: 'patient', resource: resources.patient },
      ],
      'DiagnosticReport-select',
    );
    expect(event.anchor).toBeUndefined();
    expect(event.anchorReference).toBe(reference);
    const request = { reference: 'MedicationRequest/m1' };
    const other = eventWith([{ key: 'medicationrequest', reference: request }], 'MedicationRequest-update').event;
    expect(other.anchor).toBeUndefined();
    expect(other.anchorReference).toBe(request);
  });

  it('of the app’s own gives its resources by key and type', () => {
    const { event } = eventWith([{ key: 'Subject', resource: resources.patient }], 'org.example.patient_transmogrify');
    expect(event).toMatchObject({ name: 'org.example.patient_transmogrify', anchorReference: undefined });
    expect(event.resources('subject', 'Patient')).toEqual([resources.patient]);
    expect(event.resources('subject', 'Group')).toEqual([]);
  });

  it('has the type of a resource in the case of FHIR, however the hub wrote it', () => {
    const { event } = eventWith([{ key: 'patient', resource: { resourceType: 'PATIENT', id: 'p1' } }], 'Patient-open');
    expect(event.patient).toEqual({ resourceType: 'Patient', id: 'p1' });
    expect(event.context[0]?.resource?.resourceType).toBe('PATIENT');
  });

  it('hands the listener’s decision on', () => {
    const { event, decided } = eventWith([]);
    const promise = Promise.resolve();
    event.waitUntil(promise);
    event.refuse('busy');
    expect(decided).toEqual([promise, 'busy']);
  });

  it('says what a SyncError says, and nothing of the kind otherwise', () => {
    const resource = makeSyncError({
      eventId: '1',
      eventName: 'Patient-open',
      subscriber: 'PACS',
      diagnostics: 'busy',
    });
    const context = [{ key: 'operationoutcome', resource }];
    expect(eventWith(context, 'sync-error').event.syncError).toEqual({
      eventId: '1',
      eventName: 'Patient-open',
      subscriber: 'PACS',
      code: 'processing',
      diagnostics: 'busy',
    });
    expect(eventWith(context, 'Patient-open').event.syncError).toBeUndefined();
    expect(eventWith([], 'SyncError').event.syncError).toMatchObject({ eventId: undefined, diagnostics: undefined });
  });
});

describe.each(['UserLogout', 'user-hibernate'])('the parameters of a %s', (name) => {
  const code = (value: object) => ({ name: 'code', ...value });
  const parametersOf = (...parameter: unknown[]) => [
    { key: 'parameters', resource: { resourceType: 'Parameters', parameter } },
  ];
  const read = (context: unknown, as = name) => {
    const { event, raw } = eventWith(context, as);
    const { deviations } = parseNotification(raw);
    return { code: event.reasonCode, hub: event.hubHibernates, deviations };
  };
  const coding = code({ valueCoding: { system: 'http://codes.example.org/logout', code: 'system-timeout' } });

  it('say why, by the code alone', () => {
    const { event } = eventWith(parametersOf(coding), name);
    expect(event.parameters).toEqual({ resourceType: 'Parameters', parameter: [coding] });
    expect(read(parametersOf(coding))).toEqual({ code: 'system-timeout', hub: false, deviations: [] });
    expect(read(parametersOf(code({ valueCoding: { code: 'our-own' } })))).toMatchObject({ code: 'our-own' });
  });

  it('say whether the hub sleeps too, where the user hibernates', () => {
    const sleeps = name === 'user-hibernate';
    expect(read(parametersOf(coding, { name: 'hub', valueBoolean: true })).hub).toBe(sleeps);
    expect(read(parametersOf(coding, { name: 'hub', valueBoolean: false })).hub).toBe(false);
    expect(read(parametersOf(coding, { name: 'hub', valueString: 'true' }))).toEqual({
      code: 'system-timeout',
      hub: false,
      deviations: ['parameters: hub is no boolean'],
    });
  });

  it('may be absent, as they are before STU3', () => {
    expect(read([])).toEqual({ code: undefined, hub: false, deviations: [] });
    expect(read(undefined)).toEqual({ code: undefined, hub: false, deviations: [] });
  });

  it.each<[string, unknown]>([
    ['nothing', parametersOf()],
    ['a code without a coding', parametersOf(code({}))],
    ['null', parametersOf(null, code({ valueCoding: null }))],
    ['a code that is none', parametersOf(code({ valueCoding: { code: 7 } }))],
    ['a code without end', parametersOf(code({ valueCoding: { code: 'x'.repeat(129) } }))],
    ['a code behind too many others', parametersOf(...Array(64).fill({ name: 'x' }), coding)],
    ['an object for an array', [{ key: 'parameters', resource: { resourceType: 'Parameters', parameter: coding } }]],
  ])('deviate where they hold %s, and the event is read', (_, context) => {
    expect(read(context)).toEqual({ code: undefined, hub: false, deviations: ['parameters: code is no coding'] });
  });

  it('are no other resource', () => {
    const context = [{ key: 'parameters', resource: resources.patient }];
    expect(eventWith(context, name).event.parameters).toBeUndefined();
    expect(checkContext(canonicalName(name), eventWith(context, name).event.context)).toEqual({
      deviations: ['parameters is no Parameters'],
      missing: undefined,
      contradiction: undefined,
    });
  });

  it('say nothing in another event', () => {
    const context = parametersOf(coding, { name: 'hub', valueBoolean: true });
    expect(read(context, 'org.example.thing')).toEqual({ code: undefined, hub: false, deviations: [] });
  });
});

describe('a SyncError', () => {
  const text = fc.option(fc.string({ minLength: 1 }), { nil: undefined });
  const details = fc.record({ eventId: text, eventName: text, subscriber: text, diagnostics: text });

  it('is read as it was made', () => {
    fc.assert(
      fc.property(details, (made) => {
        expect(readSyncError(makeSyncError(made))).toEqual({ ...made, code: 'processing' });
      }),
    );
  });

  it('may tell of several who did not follow', () => {
    const made = ['PACS', 'RIS'].map((subscriber) => ({
      eventId: '1',
      eventName: 'Patient-open',
      subscriber,
      diagnostics: `${subscriber} is busy`,
    }));
    const issue = [{ diagnostics: 'Two did not follow' }, ...made.flatMap((one) => makeSyncError(one).issue)];
    const { event } = eventWith([{ key: 'operationoutcome', resource: { ...resources.outcome, issue } }], 'SyncError');
    expect(event.syncErrors.slice(1)).toEqual(made.map((one) => ({ ...one, code: 'processing' })));
    expect(event.syncErrors[0]).toMatchObject({ subscriber: undefined, diagnostics: 'Two did not follow' });
    // The first that says who or what it is about, and not parts of several.
    expect(event.syncError).toBe(event.syncErrors[1]);
    expect(event.syncErrors).toBe(event.syncErrors);
    expect(eventWith([], 'Patient-open').event.syncErrors).toEqual([]);
    expect(eventWith([], 'SyncError').event.syncErrors).toEqual([]);
  });

  it('says its text when it names nobody', () => {
    const outcome = { resourceType: 'OperationOutcome', issue: [{ diagnostics: 'a' }, { diagnostics: 'b' }] };
    expect(readSyncError(outcome).diagnostics).toBe('a');
  });

  it('is made as the profile wants it', () => {
    const system = 'https://fhircast.hl7.org/events/syncerror/';
    const made = makeSyncError({ eventId: '1', eventName: 'Patient-open', subscriber: 'PACS', diagnostics: 'busy' });
    expect(made).toEqual({
      resourceType: 'OperationOutcome',
      issue: [
        {
          severity: 'warning',
          code: 'processing',
          diagnostics: 'busy',
          details: {
            coding: [
              { system: `${system}eventid`, code: '1' },
              { system: `${system}eventname`, code: 'Patient-open' },
              { system: `${system}subscriber`, code: 'PACS' },
              { system: `${system}subscribername`, code: 'PACS' },
            ],
          },
        },
      ],
    });
  });

  it('may name the subscriber as the profile does, and put its text elsewhere', () => {
    const coding = [null, {}, { system: 'https://fhircast.hl7.org/events/syncerror/subscribername', code: 'PACS' }];
    const outcome = { resourceType: 'OperationOutcome', issue: [{ details: { coding, text: 'busy' } }] };
    expect(readSyncError(outcome)).toMatchObject({
      subscriber: 'PACS',
      diagnostics: 'busy',
    });
  });

  it('tells the kind of the problem, and takes the name that is there', () => {
    const system = 'https://fhircast.hl7.org/events/syncerror/';
    const coding = [{ system: `${system}subscriber` }, { system: `${system}subscribername`, code: 'PACS' }];
    const issue = { severity: 'warning', code: 'too-long', details: { coding } };
    expect(readSyncError({ resourceType: 'OperationOutcome', issue })).toMatchObject({
      code: 'too-long',
      subscriber: 'PACS',
    });
  });

  it('has a bound on all that is read of it', () => {
    const system = 'https://fhircast.hl7.org/events/syncerror/';
    const long = '\u{1f600}'.repeat(3_000);
    const issue = {
      code: long,
      diagnostics: `x${long}`,
      details: {
        coding: [
          { system: `${system}eventid`, code: long },
          { system: `${system}subscriber`, code: `x${long}` },
          ...Array.from({ length: 40 }, () => ({ system: 'http://codes.example.org', code: 'x' })),
          { system: `${system}eventname`, code: 'Patient-open' },
        ],
      },
    };
    const read = readSyncErrors({ issue: Array(20_000).fill(issue) } as unknown as OperationOutcome);
    expect(read).toHaveLength(256);
    // Of an id that is too long nothing is taken: what it begins with could be another's.
    expect(read[0]).toMatchObject({ eventId: undefined, eventName: undefined, code: undefined });
    for (const text of [read[0]?.subscriber, read[0]?.diagnostics]) {
      expect(text).toHaveLength(4095);
      expect(() => encodeURIComponent(text ?? '')).not.toThrow();
    }
  });

  it('is read without a throw, whatever it holds', () => {
    const value = fc.jsonValue();
    const outcome = fc.oneof(
      value,
      fc.record({ issue: value }),
      fc.record({ issue: fc.array(fc.record({ details: value, diagnostics: value })) }),
      fc.record({ issue: fc.array(fc.record({ details: fc.record({ coding: fc.array(value), text: value }) })) }),
    );
    fc.assert(
      fc.property(outcome, (any) => {
        const read = readSyncError(any ?? undefined);
        return Object.values(read).every((one) => one === undefined || typeof one === 'string');
      }),
    );
  });
});
