import type { Exchange, SpecificationText } from './exchange.ts';
import { MEND_IDENTIFIER, STUDY_WITH_PATIENT, UNREADABLE_PATIENT } from './resources.ts';
import { stu2 } from './stu2.ts';

const TOPIC = 'reading-room-4';
const OTHER_TOPIC = 'reading-room-5';

const event = (name: string, context: string, more = '') => `{
  "timestamp": "2023-09-12T14:58:45.988Z", "id": "b22-1",
  "event": { "hub.topic": "${TOPIC}", "hub.event": "${name}",${more} "context": [ ${context} ] }
}`;

const TIME = '2023-09-12T14:58:45.988Z';

/** Its patients have an id, and an identifier without a value. */
const identifier =
  '{ "type": { "coding": [ { "system": "http://codes.example.org/id-types", "value": "MR", "display": "Chart number" } ] } }';
const patient = (after: string) =>
  `{ "key": "patient", "resource": { "resourceType": "Patient", "id": "pat-olmo", "identifier": [ ${identifier}${after} ] } }`;
const PATIENT = patient('');
const ENCOUNTER = `{ "key": "encounter", "resource": { "resourceType": "Encounter", "id": "enc-acero",
  "identifier": [ { "system": "31", "value": "52" } ], "patient": { "reference": "Patient/pat-olmo" } } }`;
const STUDY = `{ "key": "study", "resource": ${STUDY_WITH_PATIENT} }`;

const opened = (key: string) => `{ "key": "${key}", "resource": { "resourceType": "DiagnosticReport", "id": "rep-ute",
  "status": "unknown", "subject": { "reference": "Patient/pat-olmo" },
  "imagingStudy": [ { "reference": "ImagingStudy/std-tilo" } ] } }`;
const REPORT = '{ "key": "report", "resource": { "resourceType": "DiagnosticReport", "id": "rep-ute" } }';
const UPDATES = `{ "key": "updates", "resource": { "resourceType": "Bundle", "id": "bun-ida", "type": "transaction", "entry": [
  { "request": { "method": "POST" }, "resource": { "resourceType": "Observation", "id": "obs-dora", "status": "preliminary" } } ] } }`;
const CONTENT = `{ "key": "content", "resource": { "resourceType": "Bundle", "id": "bun-ida", "type": "collection", "entry": [
  { "resource": { "resourceType": "Observation", "id": "obs-dora", "status": "preliminary" } } ] } }`;

const heard = (
  example: number,
  section: string,
  wire: string,
  accepted: {
    name: string;
    context: readonly string[];
    deviations?: string[];
    versionId?: string;
    priorVersionId?: string;
    changes?: readonly string[];
    selected?: readonly string[];
  },
): Exchange => ({
  example,
  section,
  what: 'notification',
  direction: 'hub→app',
  wire,
  verdict: { accepted: { time: TIME, ...accepted } },
});

const ENCOUNTER_READ = ['patient Patient/pat-olmo', 'encounter Encounter/enc-acero'];
const STUDY_READ = ['patient Patient/pat-olmo', 'study ImagingStudy/std-tilo'];
const REPORT_READ = ['report DiagnosticReport/rep-ute', 'patient Patient/pat-olmo', 'study ImagingStudy/std-tilo'];
const UPDATE = {
  name: 'DiagnosticReport-update',
  context: ['report DiagnosticReport/rep-ute', 'updates Bundle/bun-ida'],
  changes: ['POST Observation/obs-dora'],
  deviations: ['report is no reference'],
};

const encounter = (example: number, name: string): Exchange => ({
  example,
  section: `3.4, ${name}`,
  what: 'notification',
  direction: 'hub→app',
  wire: event(name.toLowerCase(), patient(`, ${ENCOUNTER}`)),
  verdict: {
    refused: 'anchor-missing',
    because: "the entry of the encounter stands among the patient's identifiers: there is no encounter",
    mend: [[`, ${ENCOUNTER} ] } }`, ` ] } }, ${ENCOUNTER}`]],
    mended: { name, time: TIME, context: ENCOUNTER_READ },
  },
});

const asStu2 = 'printed as in STU2, where it is played';

/** The published ballot of May 2022 (2.1.0-ballot): chapters 2 and 3 in the order of their pages. */
export const stu3Ballot2022: SpecificationText = {
  ...stu2,
  title: 'STU3, ballot of 2022',
  dialect: 'stu3',
  topic: TOPIC,
  examples: 40,
  exchanges: [
    {
      example: 9,
      section: '2.4, websocket Subscription Denial Example',
      what: 'denial frame',
      direction: 'hub→app',
      topic: OTHER_TOPIC,
      // STU2 prints a quotation mark too many.
      wire: `{
   "hub.mode": "denied",
   "hub.topic": "${OTHER_TOPIC}",
   "hub.events": "patient-open,patient-close",
   "hub.reason": "the session is gone"
}`,
      verdict: {
        accepted: { topic: OTHER_TOPIC, events: ['patient-open', 'patient-close'], reason: 'the session is gone' },
      },
    },
    {
      example: 12,
      section: '2.5, webhook Event Notification Request Details',
      what: 'signed notification',
      direction: 'hub→app',
      wire: `POST https://viewer.example.net/cb/w5 HTTP/1.1
Host: subscriber
X-Hub-Signature: sha256={signature}

{ ... json object ... }`,
      verdict: {
        refused: 'notification-malformed',
        because: 'a placeholder stands where an event goes',
        mend: [['{ ... json object ... }', event('patient-open', PATIENT)]],
        mended: { name: 'Patient-open', time: TIME, context: ['patient Patient/pat-olmo'] },
      },
    },
    {
      example: 16,
      section: '2.6, Request Context Change Request',
      what: 'context change',
      direction: 'app→hub',
      name: 'Patient-close',
      wire: `POST ${stu2.hubUrl}/n3w8kd51tz HTTP/1.1
Host: hub
Authorization: Bearer tok-linde
Content-Type: application/json

{
  "timestamp": "2023-09-12T15:01:09.34",
  "id": "b22-2",
  "event": {
    "hub.topic": "${TOPIC}",
    "hub.event": "patient-close",
    "context": [ { "key": "patient", "resource": ${UNREADABLE_PATIENT} } ]
  }
}`,
      mend: [MEND_IDENTIFIER],
      differs: {
        url: 'the example has the URL that the ballot of 2019 had for a session; the text sends events to the hub',
        'message/event/hub.event': 'the text compares names without case, and 3.0.0 prints a capital letter',
      },
    },
    {
      example: 17,
      section: '2.6, Request Context Change Response',
      what: 'context change answer',
      direction: 'hub→app',
      wire: 'HTTP/1.1 202 Accepted',
      verdict: { accepted: { accepted: true, status: 202 } },
    },
    {
      example: 20,
      section: '2.7, CapabilityStatement Extension Example',
      what: 'capability statement',
      direction: 'hub→app',
      wire: `{
  "resourceType": "CapabilityStatement",
  ....
  "rest": [{
   ...
        "extension": [
          {
            "url": "http://ulme.example.org/StructureDefinition/fhircast-configuration",
            "extension": [
              {
                "url": "hub.url",
                "valueUri": "${stu2.hubUrl}/hub"
              }
            ]
          }
        ]
    ...
    }]
    ...
}`,
      verdict: {
        refused: 'hub-answer-invalid',
        because: 'dots stand for what is around it: no parser reads that',
        mend: [
          ['\n  ....', ''],
          ['\n   ...', ''],
          ['\n    ...', ''],
          ['\n    ...', ''],
        ],
        mended: `${stu2.hubUrl}/hub`,
      },
    },
    {
      example: 22,
      section: '2.9, Get Current Context Response',
      what: 'current context',
      direction: 'hub→app',
      wire: `{ "context.type": "DiagnosticReport", "context.versionId": "v1",
  "context": [ ${opened('Report')}, ${PATIENT}, ${STUDY}, ${CONTENT} ] }`,
      verdict: {
        accepted: {
          type: 'DiagnosticReport',
          versionId: 'v1',
          context: [
            'Report DiagnosticReport/rep-ute',
            'patient Patient/pat-olmo',
            'study ImagingStudy/std-tilo',
            'content Bundle/bun-ida',
          ],
          content: ['Observation/obs-dora'],
        },
      },
    },
    {
      example: 23,
      section: '3.1.1, Template',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        'patient-open',
        '{ "key": "the-key-above", "resource": { "resourceType": "the-type-above" } }, { "key": "encounter", "resource": { "resourceType": "Encounter" } }',
      ),
      verdict: {
        refused: 'anchor-missing',
        because: 'placeholders stand where the patient is to be put in',
        mend: [['{ "key": "the-key-above", "resource": { "resourceType": "the-type-above" } }', PATIENT]],
        mended: { name: 'Patient-open', time: TIME, context: ['patient Patient/pat-olmo', 'encounter Encounter'] },
      },
    },
    {
      example: 25,
      section: '3.2.1, syncerror',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        'syncerror',
        `{ "key": "operationoutcome", "resource": { "resourceType": "OperationOutcome", "issue": [
  { "severity": "error", "code": "processing", "diagnostics": "Viewer 12 could not follow", "details": { "coding": [
    { "system": "https://fhircast.hl7.org/events/syncerror/eventid", "code": "kq70" },
    { "system": "https://fhircast.hl7.org/events/syncerror/eventname", "code": "patient-open" },
    { "system": "http://viewer.example.net/codes", "code": "trouble" } ] } } ] } }`,
      ),
      verdict: {
        accepted: {
          name: 'SyncError',
          time: TIME,
          context: ['operationoutcome OperationOutcome'],
          syncError: {
            eventId: 'kq70',
            eventName: 'patient-open',
            subscriber: undefined,
            code: 'processing',
            diagnostics: 'Viewer 12 could not follow',
          },
        },
      },
    },
    heard(26, '3.2.2, heartbeat', event('heartbeat', '{ "key":"period", "decimal": "10" }'), {
      name: 'heartbeat',
      context: ['period'],
    }),
    heard(27, '3.2.3, userlogout', event('userLogout', ''), { name: 'UserLogout', context: [] }),
    heard(28, '3.2.4, userhibernate', event('userHibernate', ''), { name: 'UserHibernate', context: [] }),
    heard(29, '3.3.1, patient-open', event('patient-open', PATIENT), {
      name: 'Patient-open',
      context: ['patient Patient/pat-olmo'],
    }),
    heard(30, '3.3.2, patient-close', event('patient-close', PATIENT), {
      name: 'Patient-close',
      context: ['patient Patient/pat-olmo'],
    }),
    encounter(31, 'Encounter-open'),
    encounter(32, 'Encounter-close'),
    heard(33, '3.5.1, imagingstudy-open', event('imagingstudy-open', `${PATIENT}, ${STUDY}`), {
      name: 'ImagingStudy-open',
      context: STUDY_READ,
    }),
    heard(34, '3.5.2, imagingstudy-close', event('imagingstudy-close', `${PATIENT}, ${STUDY}`), {
      name: 'ImagingStudy-close',
      context: STUDY_READ,
    }),
    heard(
      35,
      '3.6.1, DiagnosticReport-open request',
      event('DiagnosticReport-open', `${opened('report')}, ${PATIENT}, ${STUDY}`),
      { name: 'DiagnosticReport-open', context: REPORT_READ },
    ),
    heard(
      36,
      '3.6.1, DiagnosticReport-open event',
      event('DiagnosticReport-open', `${opened('report')}, ${PATIENT}, ${STUDY}`, ' "context.versionId": "v1",'),
      { name: 'DiagnosticReport-open', versionId: 'v1', context: REPORT_READ },
    ),
    heard(
      37,
      '3.6.2, DiagnosticReport-close',
      event('DiagnosticReport-close', `${opened('report')}, ${PATIENT}, ${STUDY}`),
      { name: 'DiagnosticReport-close', context: REPORT_READ },
    ),
    heard(
      38,
      '3.6.3, DiagnosticReport-update request',
      event('DiagnosticReport-update', `${REPORT}, ${UPDATES}`, ' "context.versionId": "v1",'),
      { ...UPDATE, versionId: 'v1' },
    ),
    heard(
      39,
      '3.6.3, DiagnosticReport-update event',
      event(
        'DiagnosticReport-update',
        `${REPORT}, ${UPDATES}`,
        ' "context.versionId": "v2", "context.priorVersionId": "v1",',
      ),
      { ...UPDATE, versionId: 'v2', priorVersionId: 'v1' },
    ),
    heard(
      40,
      '3.6.4, DiagnosticReport-select',
      event(
        'DiagnosticReport-select',
        `${REPORT}, { "select": [ { "resourceType": "Observation", "id": "obs-dora" } ] }`,
        ' "context.versionId": "v3",',
      ),
      {
        name: 'DiagnosticReport-select',
        versionId: 'v3',
        context: ['report DiagnosticReport/rep-ute', 'select'],
        selected: ['Observation/obs-dora'],
        deviations: ['report is no reference'],
      },
    ),
  ],
  leftOut: {
    ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 15, 18, 19, 21].map((example) => [example, asStu2])),
    24: 'a profile, in the language of its source',
  },
};
