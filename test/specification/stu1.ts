import type { SpecificationText } from './exchange.ts';
import { BECAUSE_IDENTIFIER, MEND_IDENTIFIER, UNREADABLE_PATIENT } from './resources.ts';

const HUB = 'https://ahorn.example.org';
const TOPIC = '51c0a7d2-88f4-4b0e-9d35-2f6b7ce81a90';

const outcome = `{ "resourceType": "OperationOutcome", "issue": [
  { "severity": "warning", "code": "processing", "diagnostics": "Viewer 12 could not follow" } ] }`;

const syncError = `{
  "timestamp": "2018-03-06T09:12:31.27",
  "id": "kq71zz",
  "event": {
    "hub.topic": "${TOPIC}",
    "hub.event": "syncerror",
    "context": [ { "key": "operationoutcome", "resource": ${outcome} } ]
  }
}`;

/** STU1 (2019). Its catalogue of events is no part of this text. */
export const stu1: SpecificationText = {
  title: 'STU1',
  dialect: 'stu1',
  hubUrl: HUB,
  topic: TOPIC,
  examples: 11,
  exchanges: [
    {
      example: 1,
      section: 'SMART Launch Example',
      what: 'launch parameters',
      direction: 'hub→app',
      wire: `{
  "access_token": "tok-linde",
  "token_type": "bearer",
  "patient":  "77",
  "expires_in": 3600,
  "encounter": "78",
  "imagingstudy": "79",
  "hub.url" : "${HUB}",
  "hub.topic": "${TOPIC}",
}`,
      verdict: {
        refused: 'launch-not-fhircast',
        because: 'a comma stands behind the last parameter: no parser reads that',
        mend: [[`"${TOPIC}",`, `"${TOPIC}"`]],
        // The parameters are those of STU2 and STU3 too: the hub's discovery document and its answers tell which.
        mended: { hubUrl: HUB, topic: TOPIC, dialect: 'stu3' },
      },
    },
    {
      example: 2,
      section: 'Subscription Request Example',
      what: 'subscription request',
      direction: 'app→hub',
      channel: 'webhook',
      wire: `POST ${HUB}
Host: ahorn.example.org
Authorization: Bearer tok-linde
Content-Type: application/x-www-form-urlencoded

hub.callback=https%3A%2F%2Fviewer.example.net%2Fcb%2Fw5&hub.mode=subscribe&hub.topic=${TOPIC}&hub.secret=hush-hush&hub.events=patient-open,patient-close`,
      differs: {},
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
      wire: `GET https://viewer.example.net/cb/w5?hub.mode=denied&hub.topic=${TOPIC}hub.events=patient-open,patient-close&hub.reason=the+session+is+gone HTTP 1.1
Host: subscriber`,
      verdict: {
        refused: 404,
        because:
          'the ampersand behind the topic is missing, so the events are part of it: it is the topic of no session',
        mend: [[`${TOPIC}hub.events`, `${TOPIC}&hub.events`]],
        mended: { topic: TOPIC, events: ['patient-open', 'patient-close'], reason: 'the session is gone' },
      },
    },
    {
      example: 5,
      section: 'Intent Verification Request Example',
      what: 'verification',
      direction: 'hub→app',
      wire: `GET https://viewer.example.net/cb/w5?hub.mode=subscribe&hub.topic=${TOPIC}&hub.events=patient-open,patient-close&hub.challenge=ch-12&hub.lease_seconds=3600 HTTP 1.1
Host: subscriber`,
      verdict: { accepted: { events: ['patient-open', 'patient-close'], leaseSeconds: 3600, answer: 'ch-12' } },
    },
    {
      example: 6,
      section: 'Intent Verification Response Example',
      what: 'answer to a verification',
      direction: 'app→hub',
      wire: `HTTP/1.1 200 OK
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

hub.callback=https%3A%2F%2Fviewer.example.net%2Fcb%2Fw5&hub.mode=unsubscribe&hub.topic=${TOPIC}&hub.secret=hush-hush&hub.events=patient-open,patient-close
`,
      differs: {},
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
    "hub.event": "patient-open",
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
      wire: 'HTTP/1.1 200 OK',
      differs: {},
    },
    {
      example: 10,
      section: 'Event Notification Error Example',
      what: 'SyncError',
      direction: 'app→hub',
      wire: `POST ${HUB}/n3w8kd51tz HTTP/1.1
Host: hub
Authorization: Bearer tok-linde
Content-Type: application/json

${syncError}`,
      differs: {
        url: 'the example has the URL that the ballot had for a session; here a session is no URL, and the text sends events to the hub',
        '+message/event/context/0/resource/issue/0/details':
          'which event it was, and who did not follow, as later texts have it',
      },
    },
    {
      example: 10,
      section: 'Event Notification Error Example',
      what: 'notification',
      direction: 'hub→app',
      wire: syncError,
      verdict: {
        accepted: {
          name: 'SyncError',
          time: '2018-03-06T09:12:31.270Z',
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
      example: 11,
      section: 'Request Context Change Request',
      what: 'context change',
      direction: 'app→hub',
      name: 'Patient-close',
      wire: `POST ${HUB}/n3w8kd51tz HTTP/1.1
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
      differs: {
        url: 'the example has the URL that the ballot had for a session; here a session is no URL, and the text sends events to the hub',
        'message/event/hub.event':
          'the example has the name of the ballot; the text names its events by resource and verb',
      },
    },
  ],
  leftOut: {},
};
