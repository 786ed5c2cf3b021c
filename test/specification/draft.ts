import type { SpecificationText } from './exchange.ts';
import { ENCOUNTER, PATIENT, STUDY_WITH_ACCESSION, STUDY_WITH_PATIENT } from './resources.ts';

const HUB = 'https://kastanie.example.org';
const TOPIC = `${HUB}/r4x7vh2m9c`;

const opened = `{
  "timestamp": "2018-03-06T09:12:31.27",
  "id": "kq71zz",
  "event": {
    "hub.topic": "${TOPIC}",
    "hub.event": "open-patient-chart",
    "context": [ { "key": "patient", "resource": ${PATIENT} } ]
  }
}`;

const studyWithPatient = `{ "context": [
  { "key": "patient", "resource": ${PATIENT} },
  { "key": "study", "resource": ${STUDY_WITH_PATIENT} } ] }`;

const OTHER_SPELLING =
  'the example spells its events otherwise than the catalogue of the same text; and an open is two events, opening and switching';

/** The draft of January 2019: docs/index.md as it stood at the end of that month. */
export const draft: SpecificationText = {
  title: 'draft of January 2019',
  dialect: 'draft',
  hubUrl: HUB,
  topic: TOPIC,
  examples: 21,
  exchanges: [
    {
      example: 1,
      section: 'SMART launch parameters include hub base url and session identifier',
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
  "cast-session": "${TOPIC}",
}`,
      verdict: {
        refused: 'launch-not-fhircast',
        because: 'a comma stands behind the last parameter: no parser reads that',
        mend: [[`"${TOPIC}",`, `"${TOPIC}"`]],
        mended: { hubUrl: HUB, topic: TOPIC, dialect: 'draft' },
      },
    },
    {
      example: 2,
      section: 'App subscribes to session',
      what: 'subscription request',
      direction: 'app→hub',
      channel: 'webhook',
      wire: `POST ${HUB}
Host: kastanie.example.org
Authorization: Bearer tok-linde
Content-Type: application/x-www-form-urlencoded

hub.callback=https%3A%2F%2Fviewer.example.net%2Fcb%2Fw5&hub.mode=subscribe&hub.topic=${encodeURIComponent(TOPIC)}&hub.secret=hush-hush&hub.events=patient-open-chart,patient-close-chart`,
      differs: { 'hub.events': OTHER_SPELLING },
    },
    {
      example: 3,
      section: 'Hub responds with successful creation',
      what: 'subscription answer',
      direction: 'hub→app',
      channel: 'webhook',
      wire: 'HTTP/1.1 202 Accepted',
      verdict: { accepted: { endpoint: undefined } },
    },
    {
      example: 4,
      section: 'Hub may cancel subscription, websub',
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
      example: 6,
      section: 'App may request current context',
      what: 'current context request',
      direction: 'app→hub',
      wire: `GET ${TOPIC}
Host: hub
Authorization: Bearer tok-linde`,
      differs: {},
    },
    {
      example: 7,
      section: 'App may request current context',
      what: 'current context',
      direction: 'hub→app',
      wire: `{
   "timestamp":"2018-03-06T09:15:02.88",
   "id":"vv20ax",
   "event":{
      "hub.topic":"${TOPIC}",
      "context":[
         { "key":"patient", "resource":${PATIENT} },
         { "key":"encounter", "resource":${ENCOUNTER} },
         { "key":"study", "resource":${STUDY_WITH_ACCESSION} }
      ]
   }
}`,
      verdict: {
        accepted: {
          type: 'ImagingStudy',
          id: 'vv20ax',
          time: '2018-03-06T09:15:02.880Z',
          context: ['patient Patient/pat-olmo', 'encounter Encounter/enc-acero', 'study ImagingStudy/std-tilo'],
        },
      },
    },
    {
      example: 8,
      section: "What just happened in the user's session?, websub",
      what: 'signed notification',
      direction: 'hub→app',
      // The head alone is printed. The same text gives the body further on.
      wire: `POST https://viewer.example.net/cb/w5 HTTP/1.1
Host: subscriber
X-Hub-Signature: sha256={signature}

${opened}`,
      verdict: {
        accepted: { name: 'Patient-open', time: '2018-03-06T09:12:31.270Z', context: ['patient Patient/pat-olmo'] },
      },
    },
    {
      example: 11,
      section: "What just happened in the user's session?, whatever the channel",
      what: 'notification',
      direction: 'hub→app',
      wire: opened,
      verdict: {
        accepted: { name: 'Patient-open', time: '2018-03-06T09:12:31.270Z', context: ['patient Patient/pat-olmo'] },
      },
    },
    {
      example: 12,
      section: 'App requests context change',
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
    "context": [ { "key": "patient", "resource": ${PATIENT} } ]
  }
}`,
      differs: {},
    },
    {
      example: 13,
      section: 'App unsubscribes from session',
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
      example: 14,
      section: 'Event Catalog, open-patient-chart',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'open-patient-chart',
      wire: `{ "context": [ { "key": "patient", "resource": ${PATIENT} } ] }`,
      verdict: { accepted: { name: 'Patient-open', context: ['patient Patient/pat-olmo'] } },
    },
    {
      example: 15,
      section: 'Event Catalog, switch-patient-chart',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'switch-patient-chart',
      wire: `{ "context": [ { "key": "patient", "resource": ${PATIENT} } ] }`,
      verdict: { accepted: { name: 'Patient-open', context: ['patient Patient/pat-olmo'] } },
    },
    {
      example: 16,
      section: 'Event Catalog, close-patient-chart',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'close-patient-chart',
      wire: '{ }',
      verdict: { accepted: { name: 'Patient-close', context: [] } },
    },
    {
      example: 17,
      section: 'Event Catalog, open-imaging-study',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'open-imaging-study',
      wire: studyWithPatient,
      verdict: {
        accepted: { name: 'ImagingStudy-open', context: ['patient Patient/pat-olmo', 'study ImagingStudy/std-tilo'] },
      },
    },
    {
      example: 18,
      section: 'Event Catalog, switch-imaging-study',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'switch-imaging-study',
      wire: studyWithPatient,
      verdict: {
        accepted: { name: 'ImagingStudy-open', context: ['patient Patient/pat-olmo', 'study ImagingStudy/std-tilo'] },
      },
    },
    {
      example: 19,
      section: 'Event Catalog, close-imaging-study',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'close-imaging-study',
      wire: '{\n }',
      verdict: { accepted: { name: 'ImagingStudy-close', context: [] } },
    },
    {
      example: 20,
      section: 'Event Catalog, user-logout',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'user-logout',
      wire: '{\n}',
      verdict: { accepted: { name: 'UserLogout', context: [] } },
    },
    {
      example: 21,
      section: 'Event Catalog, user-hibernate',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'user-hibernate',
      wire: '{\n}',
      verdict: { accepted: { name: 'UserHibernate', context: [] } },
    },
  ],
  leftOut: {
    5: 'a placeholder: how a websocket is ended is not said yet',
    9: 'a line of program text that opens a socket at the session itself: nothing is exchanged in it, and no known hub has it',
    10: 'program text that reads an event',
  },
};
