import type { SpecificationText } from './exchange.ts';
import { MEND_IDENTIFIER, UNREADABLE_PATIENT } from './resources.ts';

const HUB = 'https://weide.example.org';
const TOPIC = '27d6e0f3-b81c-4f5a-a94e-c05b7d138e62';
const OTHER_TOPIC = 'a1c9f75e-3b02-4d86-97f4-5e80d6b23cf';
const ENDPOINT = 'wss://weide.example.org/6b92d4f0-85e1-4c37-ad09-b3f71e528c4d';

const IDENTIFIER = `{ "use" : "official",
  "type" : { "coding" : [ { "system" : "http://codes.example.org/id-types", "code" : "MR" } ] },
  "system": "urn:oid:2.999.1.13.5", "value": "88",
  "assigner": { "reference": "Organization/org-haus", "display": "House of Health" } }`;

const PATIENT = `{ "resourceType": "Patient", "id": "pat-irma", "identifier" : [ ${IDENTIFIER} ],
  "name" : [ { "use" : "official", "family" : "Quux", "given" : [ "Irma" ], "prefix" : [ "Dr." ], "suffix" : [ "Sr." ] } ],
  "gender" : "female", "birthDate" : "1961-05-17" }`;

/** As a close has it: no more than who it is. */
const KNOWN_PATIENT = `{ "resourceType": "Patient", "id": "pat-irma", "identifier" : [ ${IDENTIFIER} ] }`;

const ENCOUNTER = `{ "resourceType": "Encounter", "id": "enc-lea",
  "identifier": [ { "use" : "official", "system" : "http://ids.example.org/visits", "value" : "v52" } ],
  "status" : "unknown", "class" : { "system" : "http://codes.example.org/act", "code" : "AMB" },
  "subject": { "reference": "Patient/pat-irma" } }`;

const ACCESSION = `"type" : { "coding" : [ { "system": "http://codes.example.org/id-types", "code" : "ACSN" } ] },
  "system" : "urn:oid:2.999.1.13.5", "value" : "A-6120",
  "assigner" : { "reference" : "Organization/org-haus", "display" : "House of Health" }`;

const BASED_ON = `"basedOn" : [ { "type" : "ServiceRequest", "identifier" : { ${ACCESSION} } } ]`;

const UID = '{ "system" : "urn:dicom:uid", "value" : "urn:oid:2.999.7.7.1" }';

const STUDY = `{ "resourceType": "ImagingStudy", "id": "std-nora", "identifier": [ ${UID}, { ${ACCESSION} } ],
  "status": "unknown", "subject": { "reference": "Patient/pat-irma" } }`;

const STUDY_BASED_ON = `{ "resourceType": "ImagingStudy", "id": "std-nora", "identifier": [ ${UID} ],
  "status": "unknown", "subject": { "reference": "Patient/pat-irma" }, ${BASED_ON} }`;

const report = (studies: 'study' | 'imagingStudy') => `{ "resourceType": "DiagnosticReport", "id": "rep-ute",
  "identifier" : [ { "use" : "official", "system" : "http://ids.example.org/reports", "value" : "A-6120.R1" } ],
  "status": "unknown", ${BASED_ON},
  "code" : { "coding" : [ { "system" : "http://codes.example.org/reports", "code" : "7", "display": "Impression" } ] },
  "subject": { "reference": "Patient/pat-irma" },
  "${studies}": [ { "reference": "ImagingStudy/std-nora" } ] }`;

const event = (timestamp: string, id: string, name: string, context: string, more = '') => `{
  "timestamp": "${timestamp}",
  "id": "${id}",
  "event": {
    "hub.topic": "${TOPIC}",
    "hub.event": "${name}",${more}
    "context": [
      ${context}
    ]
  }
}`;

const entry = (key: string, resource: string) => `{ "key": "${key}", "resource": ${resource} }`;
const reference = (key: string, to: string) => `{ "key": "${key}", "reference": { "reference": "${to}" } }`;

/** The hours of many examples have three digits: such a time cannot be read, and is left out of what is. */
const hour = (time: string) => `2023-09-12T0${time}`;

const openedReport = [entry('report', report('study')), entry('study', STUDY_BASED_ON), entry('patient', PATIENT)].join(
  ',\n      ',
);

const REPORT_READ = ['report DiagnosticReport/rep-ute', 'study ImagingStudy/std-nora', 'patient Patient/pat-irma'];
const STUDY_READ = ['study ImagingStudy/std-nora', 'patient Patient/pat-irma'];

const REFERENCES = [reference('report', 'DiagnosticReport/rep-ute'), reference('patient', 'Patient/pat-irma')].join(
  ',\n      ',
);

const REPORT_UPDATE = (results: readonly string[]) => `{ "request": { "method": "PUT" }, "resource": {
  "resourceType": "DiagnosticReport", "id": "rep-ute",
  "identifier" : [ { "use" : "official", "system" : "http://ids.example.org/reports", "value" : "A-6120.R1" } ],
  "imagingStudy": [ { "reference": "ImagingStudy/std-olga" } ],
  "result": [ ${results.map((id) => `{ "reference": "Observation/${id}", "display": "Finding" }`).join(', ')} ] } }`;

const OBSERVATION = (identifierEnd: string) => `{ "resourceType": "Observation", "id": "obs-dora",
  "identifier": [ { "system":"http://ids.example.org", "value":"o-1" } ]${identifierEnd}
  "partOf": { "reference": "ImagingStudy/std-nora" }, "status": "preliminary",
  "category": { "system": "http://codes.example.org/observations", "code": "imaging", "display": "Imaging" },
  "code": { "coding": [ { "system": "http://codes.example.org/findings", "code": "F9", "display": "cyst" } ] },
  "issued": "2023-09-12T10:02:03.651Z" }`;

const updates = (...entries: readonly string[]) =>
  `${REFERENCES},
      { "key": "updates", "resource": { "resourceType": "Bundle", "type": "transaction", "entry": [
        ${entries.join(',\n        ')} ] } }`;

const ADDED = updates(
  `{ "request": { "method": "PUT" }, "resource": { "resourceType": "ImagingStudy", "description": "CHEST",
  "started": "2023-09-12T01:10:00.000Z", "id": "std-olga", "identifier": [ ${UID} ] } }`,
  `{ "request": { "method": "PUT" }, "resource": ${OBSERVATION(',')} }`,
  REPORT_UPDATE(['obs-cleo', 'obs-dora']),
);

const REMOVED = updates(
  '{ "fullUrl": "Observation/obs-dora", "request": { "method": "DELETE" } }',
  REPORT_UPDATE(['obs-cleo']),
);

const ADDED_READ = ['PUT ImagingStudy/std-olga', 'PUT Observation/obs-dora', 'PUT DiagnosticReport/rep-ute'];
const REMOVED_READ = ['DELETE Observation/obs-dora', 'PUT DiagnosticReport/rep-ute'];

const UPDATE_READ = ['report: DiagnosticReport/rep-ute', 'patient: Patient/pat-irma', 'updates Bundle'];

const syncError = event(
  '2018-03-06T09:12:31.27',
  'kq71zz',
  'syncerror',
  `{ "key": "operationoutcome", "resource": { "resourceType": "OperationOutcome", "issue": [
  { "severity": "warning", "code": "processing", "diagnostics": "Viewer 12 could not follow",
    "details": { "coding": [
      { "system": "https://fhircast.hl7.org/events/syncerror/eventid", "code": "kq70" },
      { "system": "https://fhircast.hl7.org/events/syncerror/eventname", "code": "Patient-open" },
      { "system": "https://fhircast.hl7.org/events/syncerror/subscriber", "code": "Viewer 12" },
      { "system": "http://viewer.example.net/codes", "code": "trouble" } ] } } ] } }`,
);

const selected = event(
  '2023-09-12T14:58:45.988Z',
  'ds-1',
  'DiagnosticReport-select',
  [REFERENCES, reference('select', 'Observation/obs-dora'), reference('select', 'Observation/obs-cleo')].join(
    ',\n      ',
  ),
);

const parameters = (system: string) => `{ "resourceType": "Parameters", "parameter":[ { "name": "code", "valueCoding": {
  "system": "http://codes.example.org/${system}", "code" : "user-initiated", "display": "By the user" } } ] }`;

/** STU3 (3.0.0): chapters 2 and 3 in the order of their pages. The last example stands without a fence. */
export const stu3: SpecificationText = {
  title: 'STU3',
  dialect: 'stu3',
  hubUrl: HUB,
  topic: TOPIC,
  examples: 42,
  exchanges: [
    {
      example: 6,
      section: '2.4, Subscription Request Example',
      what: 'subscription request',
      direction: 'app→hub',
      channel: 'websocket',
      wire: `POST ${HUB} HTTP/1.1
Host: weide.example.org
Authorization: Bearer tok-linde
Content-Type: application/x-www-form-urlencoded

hub.channel.type=websocket&hub.mode=subscribe&hub.topic=${TOPIC}&hub.events=Patient-open,Patient-close`,
      differs: { '+subscriber.name': 'optional in the table of the same text: by it others know this app' },
    },
    {
      example: 7,
      section: '2.4, Subscription Response Example',
      what: 'subscription answer',
      direction: 'hub→app',
      channel: 'websocket',
      wire: `HTTP/1.1 202 Accepted

{
 "hub.channel.endpoint": "${ENDPOINT}"
}`,
      verdict: { accepted: { endpoint: ENDPOINT } },
    },
    {
      example: 8,
      section: '2.4, Subscription Confirmation Example',
      what: 'confirmation frame',
      direction: 'hub→app',
      wire: `{
  "hub.mode": "subscribe",
  "hub.topic": "${TOPIC}",
  "hub.events": "Patient-open,Patient-close",
  "hub.lease_seconds": 3600
}`,
      verdict: { accepted: { events: ['Patient-open', 'Patient-close'], leaseSeconds: 3600 } },
    },
    {
      example: 9,
      section: '2.4, Subscription Denial Example',
      what: 'denial frame',
      direction: 'hub→app',
      topic: OTHER_TOPIC,
      wire: `{
   "hub.mode": "denied",
   "hub.topic": "${OTHER_TOPIC}",
   "hub.events": "Patient-open,Patient-close",
   "hub.reason": "the session is gone"
}`,
      verdict: {
        accepted: { topic: OTHER_TOPIC, events: ['Patient-open', 'Patient-close'], reason: 'the session is gone' },
      },
    },
    {
      example: 10,
      section: '2.4, Unsubscribe Request Example',
      what: 'unsubscription request',
      direction: 'app→hub',
      channel: 'websocket',
      wire: `POST ${HUB} HTTP/1.1
Host: hub
Authorization: Bearer tok-linde
Content-Type: application/x-www-form-urlencoded

hub.channel.type=websocket&hub.channel.endpoint=${encodeURIComponent(ENDPOINT)}%0A&hub.mode=unsubscribe&hub.topic=${TOPIC}`,
      differs: { 'hub.channel.endpoint': 'a line feed stands at the end of the printed one, which is part of no URL' },
    },
    {
      example: 11,
      section: '2.4, Unsubscribe Response Example',
      what: 'unsubscription answer',
      direction: 'hub→app',
      wire: `{
 "hub.channel.endpoint": "${ENDPOINT}"
}`,
      verdict: { accepted: 'left' },
    },
    {
      example: 12,
      section: '2.5, Event Notification Request Example',
      what: 'notification',
      direction: 'hub→app',
      wire: `{
	"timestamp": "2018-03-06T09:12:31.27",
	"id": "kq71zz",
	"event": {
		"hub.topic": "${TOPIC}",
		"hub.event": "Patient-open",
		"context": [{
			"key": "patient",
			"resource": {
				"resourceType": "Patient",
				"id": "pat-irma",
				"identifier": [{
					"value": "88",
					"type": { "coding": [{ "system": "http://codes.example.org/id-types", "value": "MR", "display": "Chart number" }] }
				}]
			}
		}]
	}
}`,
      verdict: {
        accepted: { name: 'Patient-open', time: '2018-03-06T09:12:31.270Z', context: ['patient Patient/pat-irma'] },
      },
    },
    {
      example: 13,
      section: '2.5, Event Notification Response Example',
      what: 'answer to a notification',
      direction: 'app→hub',
      channel: 'websocket',
      wire: `{
  "id": "kq71zz",
  "status": "200"
}`,
      differs: {},
    },
    {
      example: 14,
      section: '2.6, Request Context Change example, Request',
      what: 'context change',
      direction: 'app→hub',
      name: 'Patient-close',
      wire: `POST ${HUB} HTTP/1.1
Host: hub
Authorization: Bearer tok-linde
Content-Type: application/fhir+json

{
  "timestamp": "2018-03-06T09:15:02.88",
  "id": "vv20ax",
  "event": {
    "hub.topic": "${TOPIC}",
    "hub.event": "Patient-close",
    "context": [ { "key": "patient", "resource": ${UNREADABLE_PATIENT} } ]
  }
}`,
      mend: [MEND_IDENTIFIER],
      differs: {
        'content-type':
          'the sandbox hubs drop what comes so and say 200; a hub that wants it says 415, and is sent it again in this type',
      },
    },
    {
      example: 15,
      section: '2.6, Request Context Change example, Response',
      what: 'context change answer',
      direction: 'hub→app',
      wire: 'HTTP/1.1 202 Accepted',
      verdict: { accepted: { accepted: true, status: 202 } },
    },
    {
      example: 16,
      section: '2.7, Wellknown endpoint discovery Request',
      what: 'discovery request',
      direction: 'app→hub',
      wire: `GET /.well-known/fhircast-configuration HTTP/1.1
Host: www.weide.example.org`,
      differs: {},
    },
    {
      example: 17,
      section: '2.7, Wellknown endpoint discovery Response',
      what: 'discovery',
      direction: 'hub→app',
      wire: `HTTP/1.1 200 OK
Content-Type: application/json

{
  "eventsSupported": ["Patient-open", "Patient-close", "SyncError", "org.example.shift-handover"],
  "websocketSupport": true,
  "fhircastVersion": "3.0.0",
  "capabilities": {
    "supportsGetCurrentContext": false,
    "supportsNonCurrentContextUpdates": false
  }
}`,
      verdict: {
        accepted: {
          eventsSupported: ['Patient-open', 'Patient-close', 'SyncError', 'org.example.shift-handover'],
          websocketSupport: true,
          fhircastVersion: '3.0.0',
          supportsGetCurrentContext: false,
          supportsNonCurrentContextUpdates: false,
        },
      },
    },
    {
      example: 18,
      section: '2.8, Extensions',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'Patient-open',
      wire: `{
 "context": [{
   "key": "patient",
   "resource": {
    "resourceType": "Patient",
    "id": "pat-irma"
   }
  },
  {
   "key": "extension",
   "data": {
    "shift": "night"
   }
  }
 ]
}`,
      verdict: { accepted: { name: 'Patient-open', context: ['patient Patient/pat-irma', 'extension'] } },
    },
    {
      example: 19,
      section: '2.9, Get Context Response Example',
      what: 'current context',
      direction: 'hub→app',
      wire: `{
  "context.type": "DiagnosticReport",
  "context.versionId": "c4-17",
  "context": [
    ${entry(
      'report',
      `{ "resourceType": "DiagnosticReport", "id": "rep-ute",
      "identifier" : [ { "use" : "official", "system" : "http://ids.example.org/reports", "value" : "A-6120.R1" } ],
      "status": "unknown", "subject": { "reference": "Patient/pat-irma" },
      "imagingStudy": [ { "reference": "ImagingStudy/std-nora" } ] }`,
    )},
    ${entry('patient', '{ "resourceType": "Patient", "id": "pat-irma", "identifier": [ { "system": "urn:oid:2.999.1", "value": "88" } ] }')},
    ${entry('study', `{ "resourceType": "ImagingStudy", "description": "CHEST", "started": "2023-09-12T01:10:00.000Z", "status": "available", "id": "std-nora", "identifier": [ ${UID} ], "subject": { "reference": "Patient/pat-irma" } }`)},
    ${entry('content', `{ "resourceType": "Bundle", "id": "bun-ida", "type": "collection", "entry": [ { "resource": ${OBSERVATION('')} } ] }`)}
  ]
}`,
      verdict: {
        refused: 'hub-answer-invalid',
        because: 'no comma stands between the identifier of the observation and what follows: no parser reads that',
        mend: [['"o-1" } ]', '"o-1" } ],']],
        mended: {
          type: 'DiagnosticReport',
          versionId: 'c4-17',
          context: [
            'report DiagnosticReport/rep-ute',
            'patient Patient/pat-irma',
            'study ImagingStudy/std-nora',
            'content Bundle/bun-ida',
          ],
          content: ['Observation/obs-dora'],
        },
      },
    },
    {
      example: 20,
      section: '2.9, Get Context Response Example of an empty context',
      what: 'current context',
      direction: 'hub→app',
      wire: `{
  "context.type": "",
  "context": []
}`,
      verdict: { accepted: null },
    },
    {
      example: 21,
      section: '3.1.1, Template',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        '2018-03-06T09:12:31.27',
        'kq71zz',
        'Patient-open',
        `${entry('the-key-above', '{ "resourceType": "the-type-above" }')},
      ${entry('encounter', '{ "resourceType": "Encounter" }')}`,
      ),
      verdict: {
        refused: 'anchor-missing',
        because: 'placeholders stand where the patient is to be put in: it does not say who was opened',
        mend: [
          ['{ "key": "the-key-above", "resource": { "resourceType": "the-type-above" } }', entry('patient', PATIENT)],
        ],
        mended: {
          name: 'Patient-open',
          time: '2018-03-06T09:12:31.270Z',
          context: ['patient Patient/pat-irma', 'encounter Encounter'],
        },
      },
    },
    {
      example: 22,
      section: '3.2.1, SyncError',
      what: 'notification',
      direction: 'hub→app',
      wire: syncError,
      verdict: {
        accepted: {
          name: 'SyncError',
          time: '2018-03-06T09:12:31.270Z',
          context: ['operationoutcome OperationOutcome'],
          syncError: {
            eventId: 'kq70',
            eventName: 'Patient-open',
            subscriber: 'Viewer 12',
            code: 'processing',
            diagnostics: 'Viewer 12 could not follow',
          },
        },
      },
    },
    {
      example: 22,
      section: '3.2.1, SyncError',
      what: 'SyncError',
      direction: 'app→hub',
      wire: syncError,
      differs: {
        'message/event/hub.event': 'the example is in lower case; the heading spells it as ours is',
        'message/event/context/0/resource/issue/0/details/coding/3/system':
          "in the place of a code of the app's own, which is optional: who did not follow, by the profile's name for it",
        'message/event/context/0/resource/issue/0/details/coding/3/code': 'the same',
      },
    },
    {
      example: 23,
      section: '3.2.2, UserLogout',
      what: 'notification',
      direction: 'hub→app',
      wire: event('2019-11-02T12:16:00.00', 'lo-1', 'userLogout', entry('parameters', parameters('logout'))),
      verdict: {
        accepted: { name: 'UserLogout', time: '2019-11-02T12:16:00.000Z', context: ['parameters Parameters'] },
      },
    },
    {
      example: 24,
      section: '3.2.3, UserHibernate',
      what: 'notification',
      direction: 'hub→app',
      wire: event('2019-11-02T12:16:00.00', 'hi-1', 'userHibernate', entry('parameters', parameters('hibernate'))),
      verdict: {
        accepted: { name: 'UserHibernate', time: '2019-11-02T12:16:00.000Z', context: ['parameters Parameters'] },
      },
    },
    {
      example: 25,
      section: '3.2.5, Home-open',
      what: 'notification',
      direction: 'hub→app',
      wire: event('2019-11-02T12:16:00.00', 'ho-1', 'home-open', ''),
      verdict: { accepted: { name: 'Home-open', time: '2019-11-02T12:16:00.000Z', context: [] } },
    },
    {
      example: 26,
      section: '3.3.1, Patient-open',
      what: 'notification',
      direction: 'hub→app',
      wire: event(hour('10:38:04.16'), 'po-1', 'Patient-open', entry('patient', PATIENT)),
      verdict: { accepted: { name: 'Patient-open', context: ['patient Patient/pat-irma'] } },
    },
    {
      example: 28,
      section: '3.3.2, Patient-close',
      what: 'notification',
      direction: 'hub→app',
      wire: event(hour('10:50:22.16'), 'pc-1', 'Patient-close', entry('patient', KNOWN_PATIENT)),
      verdict: { accepted: { name: 'Patient-close', context: ['patient Patient/pat-irma'] } },
    },
    {
      example: 29,
      section: '3.4.1, Encounter-open',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        hour('10:54:10.23'),
        'eo-1',
        'Encounter-open',
        [entry('encounter', ENCOUNTER), entry('patient', PATIENT)].join(', '),
      ),
      verdict: {
        accepted: { name: 'Encounter-open', context: ['encounter Encounter/enc-lea', 'patient Patient/pat-irma'] },
      },
    },
    {
      example: 30,
      section: '3.4.2, Encounter-close',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        hour('10:58:32.35'),
        'ec-1',
        'Encounter-close',
        [entry('encounter', ENCOUNTER), entry('patient', KNOWN_PATIENT)].join(', '),
      ),
      verdict: {
        accepted: { name: 'Encounter-close', context: ['encounter Encounter/enc-lea', 'patient Patient/pat-irma'] },
      },
    },
    {
      example: 31,
      section: '3.5.1, ImagingStudy-open',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        hour('11:03:04.08'),
        'io-1',
        'ImagingStudy-open',
        [entry('study', STUDY), entry('patient', PATIENT)].join(', '),
      ),
      verdict: { accepted: { name: 'ImagingStudy-open', context: STUDY_READ } },
    },
    {
      example: 32,
      section: '3.5.1, ImagingStudy-open of FHIR R5, in a comment of the page',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        hour('11:03:04.08'),
        'io-1',
        'ImagingStudy-open',
        [entry('study', STUDY_BASED_ON), entry('patient', PATIENT)].join(', '),
      ),
      verdict: { accepted: { name: 'ImagingStudy-open', context: STUDY_READ } },
    },
    {
      example: 33,
      section: '3.5.2, ImagingStudy-close',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        hour('11:13:12.42'),
        'ic-1',
        'ImagingStudy-close',
        [entry('study', STUDY), entry('patient', KNOWN_PATIENT)].join(', '),
      ),
      verdict: { accepted: { name: 'ImagingStudy-close', context: STUDY_READ } },
    },
    {
      example: 34,
      section: '3.5.2, ImagingStudy-close of FHIR R5, in a comment of the page',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        hour('11:13:12.42'),
        'ic-1',
        'ImagingStudy-close',
        [entry('study', STUDY_BASED_ON), entry('patient', KNOWN_PATIENT)].join(', '),
      ),
      verdict: { accepted: { name: 'ImagingStudy-close', context: STUDY_READ } },
    },
    {
      example: 35,
      section: '3.6.1, DiagnosticReport-open request',
      what: 'notification',
      direction: 'hub→app',
      wire: event(hour('11:14:24.31'), 'do-1', 'DiagnosticReport-open', openedReport),
      verdict: { accepted: { name: 'DiagnosticReport-open', context: REPORT_READ } },
    },
    {
      example: 35,
      section: '3.6.1, DiagnosticReport-open request',
      what: 'context change',
      direction: 'app→hub',
      name: 'DiagnosticReport-open',
      wire: event(hour('11:14:24.31'), 'do-1', 'DiagnosticReport-open', openedReport),
      differs: { 'message/timestamp': 'the hour of the printed one has three digits: it is no time' },
    },
    {
      example: 36,
      section: '3.6.1, DiagnosticReport-open event',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        hour('11:14:24.31'),
        'do-1',
        'DiagnosticReport-open',
        '... the same ...',
        '\n    "context.versionId": "v1",',
      ),
      verdict: {
        refused: 'notification-malformed',
        because: 'dots and a remark stand in the place of the context of the example before it',
        mend: [['... the same ...', openedReport]],
        mended: { name: 'DiagnosticReport-open', versionId: 'v1', context: REPORT_READ },
      },
    },
    {
      example: 37,
      section: '3.6.2, DiagnosticReport-close',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        hour('11:18:52.21'),
        'dc-1',
        'DiagnosticReport-close',
        [entry('report', report('imagingStudy')), entry('study', STUDY_BASED_ON), entry('patient', KNOWN_PATIENT)].join(
          ', ',
        ),
      ),
      verdict: { accepted: { name: 'DiagnosticReport-close', context: REPORT_READ } },
    },
    {
      example: 38,
      section: '3.6.3, DiagnosticReport-update request',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        '2023-09-12T14:58:45.988Z',
        'du-1',
        'DiagnosticReport-update',
        ADDED,
        '\n    "context.versionId": "v1",',
      ),
      verdict: {
        accepted: {
          name: 'DiagnosticReport-update',
          time: '2023-09-12T14:58:45.988Z',
          versionId: 'v1',
          context: UPDATE_READ,
          changes: ADDED_READ,
        },
      },
    },
    {
      example: 39,
      section: '3.6.3, DiagnosticReport-update event',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        '2023-09-12T14:58:45.988Z',
        'du-1',
        'DiagnosticReport-update',
        ADDED,
        '\n    "context.versionId": "v2",\n    "context.priorVersionId": "v1",',
      ),
      verdict: {
        accepted: {
          name: 'DiagnosticReport-update',
          time: '2023-09-12T14:58:45.988Z',
          versionId: 'v2',
          priorVersionId: 'v1',
          context: UPDATE_READ,
          changes: ADDED_READ,
        },
      },
    },
    {
      example: 40,
      section: '3.6.3, DiagnosticReport-update that deletes',
      what: 'notification',
      direction: 'hub→app',
      wire: event(
        '2023-09-12T15:02:33.343Z',
        'du-2',
        'DiagnosticReport-update',
        REMOVED,
        '\n    "context.versionId": "v2",',
      ),
      verdict: {
        accepted: {
          name: 'DiagnosticReport-update',
          time: '2023-09-12T15:02:33.343Z',
          versionId: 'v2',
          context: UPDATE_READ,
          changes: REMOVED_READ,
        },
      },
    },
    {
      example: 41,
      section: '3.6.4, DiagnosticReport-select',
      what: 'notification',
      direction: 'hub→app',
      wire: selected,
      verdict: {
        accepted: {
          name: 'DiagnosticReport-select',
          time: '2023-09-12T14:58:45.988Z',
          context: [
            'report: DiagnosticReport/rep-ute',
            'patient: Patient/pat-irma',
            'select: Observation/obs-dora',
            'select: Observation/obs-cleo',
          ],
          selected: ['Observation/obs-dora', 'Observation/obs-cleo'],
        },
      },
    },
    {
      example: 41,
      section: '3.6.4, DiagnosticReport-select',
      what: 'context change',
      direction: 'app→hub',
      name: 'DiagnosticReport-select',
      wire: selected,
      differs: {},
    },
    {
      example: 42,
      section: '2.9, Get Current Context Request',
      what: 'current context request',
      direction: 'app→hub',
      // No more than the URL is printed, with names in the place of the hub and of the session.
      wire: `GET ${HUB}/${TOPIC}`,
      differs: {},
    },
  ],
  leftOut: {
    1: 'the grammar of scopes',
    2: 'the grammar of event names',
    3: 'the grammar of event names',
    4: 'the grammar of event names',
    5: 'the grammar of event names',
    27: 'a copy of the page before it: the same example',
  },
};
