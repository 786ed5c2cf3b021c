import type { EventRead, Exchange, SpecificationText } from './exchange.ts';

const TOPIC = 'reading-session-9';

const HUB = 'https://hub.example.org/ira';

const STUDY_IDENTIFIERS = `[
  { "type": { "coding": [ { "system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN" } ] }, "value": "ACC-7" },
  { "system": "urn:dicom:uid", "value": "urn:oid:2.999.31.7" } ]`;

const OPENED = `
    { "key": "report", "resource": { "resourceType": "DiagnosticReport", "id": "rep-ute", "status": "unknown",
      "subject": { "reference": "Patient/pat-irma" }, "imagingStudy": [ { "reference": "ImagingStudy/std-nora" } ] } },
    { "key": "patient", "resource": { "resourceType": "Patient", "id": "pat-irma",
      "identifier": [ { "system": "urn:oid:2.999.1", "value": "88" } ] } },
    { "key": "study", "resource": { "resourceType": "ImagingStudy", "id": "std-nora", "description": "ABDOMEN",
      "started": "2023-09-12T01:10:00.000Z", "status": "available", "identifier": ${STUDY_IDENTIFIERS},
      "subject": { "reference": "Patient/pat-irma" } } }`;

/** Of the report the resource stands here, where STU3 has a reference. */
const REPORT = '{ "key": "report", "resource": { "resourceType": "DiagnosticReport", "id": "rep-ute" } }';

const updates = (entries: string) =>
  `${REPORT}, { "key": "updates", "resource": { "resourceType": "Bundle", "id": "bun-ida", "type": "transaction", "entry": [ ${entries} ] } }`;

const posted = (resource: string) => `{ "request": { "method": "POST" }, "resource": ${resource} }`;

/** Dots stand for what else a resource has. */
const ADDED = updates(
  [
    posted(
      `{ "resourceType": "ImagingStudy", "id": "std-olga", "description": "CHEST", "identifier": ${STUDY_IDENTIFIERS} }`,
    ),
    posted(`{ "resourceType": "Observation", "id": "obs-dora", "status": "preliminary",
      "partOf": { "reference": "ImagingStudy/std-nora" }, "code": { "text": "cyst" } }`),
    posted('{ "resourceType": "ImagingSelection", "id": "sel-egon", ... }'),
  ].join(', '),
);

const FINAL = updates(
  '{ "request": { "method": "PUT" }, "resource": { "resourceType": "DiagnosticReport", "id": "rep-ute", "status": "final", ... } },',
);

const SELECTED = `${REPORT}, { "key": "select", "resource": [
  { "resourceType": "Observation", "id": "obs-dora" }, { "resourceType": "ImagingSelection", "id": "sel-egon" } ] }`;

const CLOSED = '{ "key": "Report", "resource": { "resourceType": "DiagnosticReport", "id": "rep-ute", } }';

const TIME = '2023-09-12T14:58:45.988Z';

const event = (name: string, context: string, versions = '') => `{
  "timestamp": "${TIME}", "id": "ira-1",
  "event": { "hub.topic": "${TOPIC}", "hub.event": "DiagnosticReport-${name}",${versions} "context": [ ${context} ] }
}`;

/** What a request has, and what its broadcast has. */
const SENT = ' "context.versionId": "v1",';
const TOLD = ' "context.versionId": "v2", "context.priorVersionId": "v1",';

type Read = Omit<EventRead, 'time' | 'versionId' | 'priorVersionId'>;

const printed = (
  example: number,
  section: string,
  [name, context, versions]: readonly [name: string, context: string, versions: string],
  read: Read,
  broken?: { because: string; mend: readonly (readonly [string, string])[] },
): Exchange => {
  const accepted: EventRead = {
    ...read,
    time: TIME,
    ...(versions === SENT ? { versionId: 'v1' } : {}),
    ...(versions === TOLD ? { versionId: 'v2', priorVersionId: 'v1' } : {}),
    ...(versions === OPEN_TOLD ? { versionId: 'v0' } : {}),
  };
  const wire = event(name, context, versions);
  return {
    example,
    section,
    what: 'notification',
    direction: 'hub→app',
    wire,
    verdict: broken ? { refused: 'notification-malformed', ...broken, mended: accepted } : { accepted },
  };
};

const OPEN_TOLD = ' "context.versionId": "v0",';

const OPEN_READ: Read = {
  name: 'DiagnosticReport-open',
  context: ['report DiagnosticReport/rep-ute', 'patient Patient/pat-irma', 'study ImagingStudy/std-nora'],
};

const AS_RESOURCE = { deviations: ['report is no reference'] };

const ADDED_READ: Read = {
  name: 'DiagnosticReport-update',
  context: ['report DiagnosticReport/rep-ute', 'updates Bundle/bun-ida'],
  changes: ['POST ImagingStudy/std-olga', 'POST Observation/obs-dora', 'POST ImagingSelection/sel-egon'],
  ...AS_RESOURCE,
};

const SELECT_READ: Read = {
  name: 'DiagnosticReport-select',
  context: ['report DiagnosticReport/rep-ute', 'select'],
  selected: ['Observation/obs-dora', 'ImagingSelection/sel-egon'],
  ...AS_RESOURCE,
};

const FINAL_READ: Read = { ...ADDED_READ, changes: ['PUT DiagnosticReport/rep-ute'] };

const CLOSE_READ: Read = {
  name: 'DiagnosticReport-close',
  context: ['Report DiagnosticReport/rep-ute'],
  deviations: ['patient is missing'],
};

const dots = { because: 'dots stand for the rest of a resource: no parser reads them', mend: [[', ...', '']] } as const;
const dotsAndComma = {
  because: 'dots stand for the rest of a resource, and a comma behind the last entry: no parser reads them',
  mend: [
    [', ...', ''],
    ['} }, ] } }', '} } ] } }'],
  ],
} as const;
const comma = {
  because: 'a comma stands behind the last member: no parser reads that',
  mend: [['"rep-ute", }', '"rep-ute" }']],
} as const;

/**
 * IHE RAD.IRA 1.0.0 (trial implementation): the use case "reporting on a study", from its open to its close. It is made from the
 * ballot of 2022, and its hub gives a version to selects and closes too.
 */
export const iheIra: SpecificationText = {
  title: 'IHE RAD.IRA 1.0.0',
  dialect: 'stu3',
  hubUrl: HUB,
  topic: TOPIC,
  examples: 11,
  exchanges: [
    printed(2, 'Open study for reporting, request', ['open', OPENED, ''], OPEN_READ),
    {
      example: 2,
      section: 'Open study for reporting, request',
      what: 'context change',
      direction: 'app→hub',
      name: 'DiagnosticReport-open',
      wire: event('open', OPENED),
      differs: {},
    },
    printed(3, 'Open study for reporting, event', ['open', OPENED, OPEN_TOLD], OPEN_READ),
    printed(4, 'Update with a measurement, request', ['update', ADDED, SENT], ADDED_READ, dots),
    printed(5, 'Update with a measurement, event', ['update', ADDED, TOLD], ADDED_READ, dots),
    printed(6, 'Select study and observation, request', ['select', SELECTED, SENT], SELECT_READ),
    printed(7, 'Select study and observation, event', ['select', SELECTED, TOLD], SELECT_READ),
    printed(8, 'Update report status, request', ['update', FINAL, SENT], FINAL_READ, dotsAndComma),
    printed(9, 'Update report status, event', ['update', FINAL, TOLD], FINAL_READ, dotsAndComma),
    printed(10, 'Close study after signoff, request', ['close', CLOSED, SENT], CLOSE_READ, comma),
    printed(11, 'Close study after signoff, event', ['close', CLOSED, TOLD], CLOSE_READ, comma),
  ],
  leftOut: { 1: 'the head of the request whose body is the next example' },
};
