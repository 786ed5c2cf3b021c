import type { SpecificationText } from './exchange.ts';
import {
  BECAUSE_IDENTIFIER,
  ENCOUNTER,
  MEND_IDENTIFIER,
  PATIENT,
  STUDY_WITH_ACCESSION,
  STUDY_WITH_PATIENT,
  UNREADABLE_PATIENT,
} from './resources.ts';

const HUB = 'https://buche.example.org';
const SEGMENT = 'n3w8kd51tz';
const TOPIC = `${HUB}/${SEGMENT}`;

const patientContext = `{ "context": [ { "key": "patient", "resource": ${UNREADABLE_PATIENT} } ] }`;

const studyContext = `{ "context": [
  { "key": "patient", "resource": ${PATIENT} },
  { "key": "study", "resource": ${STUDY_WITH_PATIENT} } ] }`;

const studyRead = ['patient Patient/pat-olmo', 'study ImagingStudy/std-tilo'];

const outcome = `{ "resourceType": "OperationOutcome", "issue": [
  { "severity": "warning", "code": "processing", "diagnostics": "Viewer 12 could not follow" } ] }`;

/** The ballot of May 2019. */
export const ballot: SpecificationText = {
  title: 'ballot of May 2019',
  dialect: 'ballot',
  hubUrl: HUB,
  topic: TOPIC,
  examples: 22,
  exchanges: [
    {
      example: 1,
      section: 'SMART Launch Example',
      what: 'launch parameters',
      direction: 'hub→app',
      wire: `{
  "access_token": "tok-linde",
  "token_type": "bearer",
  "expires_in": 3600,
  "patient":  "77",
  "encounter": "78",
  "imagingstudy": "79",
  "cast-hub" : "${HUB}",
  "hub.topic": "${TOPIC}",
}`,
      verdict: {
        refused: 'launch-not-fhircast',
        because: 'a comma stands behind the last parameter: no parser reads that',
        mend: [[`"${TOPIC}",`, `"${TOPIC}"`]],
        mended: { hubUrl: HUB, topic: TOPIC, dialect: 'ballot' },
      },
    },
    {
      example: 2,
      section: 'Subscription Request Example',
      what: 'subscription request',
      direction: 'app→hub',
      channel: 'webhook',
      wire: `POST ${HUB}
Host: buche.example.org
Authorization: Bearer tok-linde
Content-Type: application/x-www-form-urlencoded

hub.callback=https%3A%2F%2Fviewer.example.net%2Fcb%2Fw5&hub.mode=subscribe&hub.topic=${encodeURIComponent(TOPIC)}&hub.secret=hush-hush&hub.events=patient-open-chart,patient-close-chart`,
      differs: {
        'hub.events':
          'the example spells its events otherwise than the sentence before it and the catalogue; and an open is two events, opening and switching',
      },
    },
    {
      example: 3,
      section: 'Subscription Response Example',
      what: 'subscription answer',
      direction: 'hub→app',
      channel: 'webhook',
      wire: 'HTTP/1.1 202 Accepted',
      verdict: { accepted: { endpoint: undefined } },
    },
    {
      example: 4,
      section: 'Subscription Denial Example',
      what: 'denial',
      direction: 'hub→app',
      wire: `GET https://viewer.example.net/cb/w5?hub.mode=denied&hub.topic=${encodeURIComponent(TOPIC)}&hub.events=open-patient-chart,close-patient-chart&hub.challenge=ch-11&hub.reason=the+session+is+gone HTTP 1.1
Host: subscriber`,
      verdict: {
        accepted: {
          topic: TOPIC,
          events: ['open-patient-chart', 'close-patient-chart'],
          reason: 'the session is gone',
        },
      },
    },
    {
      example: 5,
      section: 'Intent Verification Request Example',
      what: 'verification',
      direction: 'hub→app',
      // No more than the last segment of the session, and no lease, which the table requires.
      wire: `GET https://viewer.example.net/cb/w5?hub.mode=subscribe&hub.topic=${SEGMENT}&hub.events=open-patient-chart,close-patient-chart&hub.challenge=ch-12 HTTP 1.1
Host: subscriber`,
      verdict: {
        accepted: { events: ['open-patient-chart', 'close-patient-chart'], leaseSeconds: undefined, answer: 'ch-12' },
      },
    },
    {
      example: 6,
      section: 'Intent Verification Response Example',
      what: 'answer to a verification',
      direction: 'app→hub',
      wire: `HTTP/1.1 200 Success
Content-Type: text/html

ch-12`,
      differs: {},
    },
    {
      example: 7,
      section: 'Unsubscribe Request Example',
      what: 'unsubscription request',
      direction: 'app→hub',
      channel: 'webhook',
      wire: `POST ${HUB}
Host: hub
Authorization: Bearer tok-linde
Content-Type: application/x-www-form-urlencoded

hub.callback=https%3A%2F%2Fviewer.example.net%2Fcb%2Fw5&hub.mode=unsubscribe&hub.topic=${encodeURIComponent(TOPIC)}&hub.secret=hush-hush&hub.events=open-patient-chart,close-patient-chart
`,
      differs: { 'hub.events': 'an open is two events, opening and switching' },
    },
    {
      example: 8,
      section: 'Event Notification Request Example',
      what: 'signed notification',
      direction: 'hub→app',
      wire: `POST https://viewer.example.net/cb/w5 HTTP/1.1
Host: subscriber
X-Hub-Signature: sha256={signature}

{
  "timestamp": "2018-03-06T09:12:31.27",
  "id": "kq71zz",
  "event": {
    "hub.topic": "${TOPIC}",
    "hub.event": "open-patient-chart",
    "context": [ { "key": "patient", "resource": ${UNREADABLE_PATIENT} } ]
  }
}`,
      verdict: {
        refused: 'notification-malformed',
        because: BECAUSE_IDENTIFIER,
        mend: [MEND_IDENTIFIER],
        mended: { name: 'Patient-open', time: '2018-03-06T09:12:31.270Z', context: ['patient Patient/pat-olmo'] },
      },
    },
    {
      example: 9,
      section: 'Event Notification Response Example',
      what: 'answer to a notification',
      direction: 'app→hub',
      channel: 'webhook',
      wire: 'HTTP/1.1 200 Accepted',
      differs: {},
    },
    {
      example: 10,
      section: 'Query for Current Context Example',
      what: 'current context request',
      direction: 'app→hub',
      wire: `GET ${TOPIC}
Host: hub
Authorization: Bearer tok-linde`,
      differs: {},
    },
    {
      example: 11,
      section: 'Query for Current Context Example',
      what: 'current context',
      direction: 'hub→app',
      wire: `{
   "timestamp":"2018-03-06T09:15:02.88",
   "id":"vv20ax",
   "event":{
      "hub.topic":"${TOPIC}",
      "context":[
         { "key":"patient", "resource":${UNREADABLE_PATIENT} },
         { "key":"encounter", "resource":${ENCOUNTER} },
         { "key":"study", "resource":${STUDY_WITH_ACCESSION} }
      ]
   }
}`,
      verdict: {
        refused: 'hub-answer-invalid',
        because: BECAUSE_IDENTIFIER,
        mend: [MEND_IDENTIFIER],
        mended: {
          type: 'ImagingStudy',
          id: 'vv20ax',
          time: '2018-03-06T09:15:02.880Z',
          context: ['patient Patient/pat-olmo', 'encounter Encounter/enc-acero', 'study ImagingStudy/std-tilo'],
        },
      },
    },
    {
      example: 12,
      section: 'Request Context Change Request',
      what: 'context change',
      direction: 'app→hub',
      name: 'Patient-close',
      wire: `POST ${TOPIC} HTTP/1.1
Host: hub
Authorization: Bearer tok-linde
Content-Type: application/json

{
  "timestamp": "2018-03-06T09:15:02.88",
  "id": "vv20ax",
  "event": {
    "hub.topic": "${TOPIC}",
    "hub.event": "close-patient-chart",
    "context": [ { "key": "patient", "resource": ${UNREADABLE_PATIENT} } ]
  }
}`,
      mend: [MEND_IDENTIFIER],
      differs: {},
    },
    {
      example: 13,
      section: 'Event Notification Error Example',
      what: 'SyncError',
      direction: 'app→hub',
      wire: `POST ${TOPIC} HTTP/1.1
Host: hub
Authorization: Bearer tok-linde
Content-Type: application/json

{
  "timestamp": "2018-03-06T09:12:31.27",
  "id": "kq71zz",
  "event": {
    "hub.topic": "${TOPIC}",
    "hub.event": "sync-error",
    "context": [ { "key": "operationoutcome", "resource": ${outcome} } ]
  }
}`,
      differs: {
        '+message/event/context/0/resource/issue/0/details':
          'which event it was, and who did not follow, as later texts have it',
      },
    },
    {
      example: 14,
      section: 'Event Catalog, open-patient-chart',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'open-patient-chart',
      wire: patientContext,
      verdict: {
        refused: 'notification-malformed',
        because: BECAUSE_IDENTIFIER,
        mend: [MEND_IDENTIFIER],
        mended: { name: 'Patient-open', context: ['patient Patient/pat-olmo'] },
      },
    },
    {
      example: 15,
      section: 'Event Catalog, switch-patient-chart',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'switch-patient-chart',
      wire: patientContext,
      verdict: {
        refused: 'notification-malformed',
        because: BECAUSE_IDENTIFIER,
        mend: [MEND_IDENTIFIER],
        mended: { name: 'Patient-open', context: ['patient Patient/pat-olmo'] },
      },
    },
    {
      example: 16,
      section: 'Event Catalog, close-patient-chart',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'close-patient-chart',
      wire: patientContext,
      verdict: {
        refused: 'notification-malformed',
        because: BECAUSE_IDENTIFIER,
        mend: [MEND_IDENTIFIER],
        mended: { name: 'Patient-close', context: ['patient Patient/pat-olmo'] },
      },
    },
    {
      example: 17,
      section: 'Event Catalog, open-imaging-study',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'open-imaging-study',
      wire: studyContext,
      verdict: { accepted: { name: 'ImagingStudy-open', context: studyRead } },
    },
    {
      example: 18,
      section: 'Event Catalog, switch-imaging-study',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'switch-imaging-study',
      wire: studyContext,
      verdict: { accepted: { name: 'ImagingStudy-open', context: studyRead } },
    },
    {
      example: 19,
      section: 'Event Catalog, close-imaging-study',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'close-imaging-study',
      wire: studyContext,
      verdict: { accepted: { name: 'ImagingStudy-close', context: studyRead } },
    },
    {
      example: 20,
      section: 'Event Catalog, sync-error',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'sync-error',
      wire: `{ "context": [ { "key": "operationoutcome", "resource": ${outcome} } ] }`,
      verdict: {
        accepted: {
          name: 'SyncError',
          context: ['operationoutcome OperationOutcome'],
          syncError: {
            eventId: undefined,
            eventName: undefined,
            subscriber: undefined,
            code: 'processing',
            diagnostics: 'Viewer 12 could not follow',
          },
        },
      },
    },
    {
      example: 21,
      section: 'Event Catalog, user-logout',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'user-logout',
      wire: '{\n}',
      verdict: { accepted: { name: 'UserLogout', context: [] } },
    },
    {
      example: 22,
      section: 'Event Catalog, user-hibernate',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'user-hibernate',
      wire: '{\n}',
      verdict: { accepted: { name: 'UserHibernate', context: [] } },
    },
  ],
  leftOut: {},
};
