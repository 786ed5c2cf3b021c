import type { SpecificationText } from './exchange.ts';
import { BECAUSE_IDENTIFIER, MEND_IDENTIFIER, UNREADABLE_PATIENT } from './resources.ts';

const HUB = 'https://eibe.example.org';
const TOPIC = 'e9b2f4c6-07aa-4d1c-8b63-94d0f5a6be27';
const OTHER_TOPIC = '3a7fd0c8-51be-4d92-a6c4-8810e2d95bf';
const ENDPOINT = 'wss://eibe.example.org/0c5d7f1e-9a3b-4e62-b7d8-61f20ca49e85';

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

const opened = `{
  "timestamp": "2018-03-06T09:12:31.27",
  "id": "kq71zz",
  "event": {
    "hub.topic": "${TOPIC}",
    "hub.event": "patient-open",
    "context": [ { "key": "patient", "resource": ${UNREADABLE_PATIENT} } ]
  }
}`;

const UNNAMED_WEBHOOK =
  'hubs of STU1, which are spoken to by the same dialect, have webhooks alone and no such field: it is named where the app says so';

/** The ballot of February 2020: STU1 with websockets. */
export const feb2020: SpecificationText = {
  title: 'ballot of February 2020',
  dialect: 'stu1',
  hubUrl: HUB,
  topic: TOPIC,
  examples: 18,
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
        mended: { hubUrl: HUB, topic: TOPIC, dialect: 'stu3' },
      },
    },
    {
      example: 2,
      section: 'webhook Subscription Request Example',
      what: 'subscription request',
      direction: 'app→hub',
      channel: 'webhook',
      wire: `POST ${HUB}
Host: eibe.example.org
Authorization: Bearer tok-linde
Content-Type: application/x-www-form-urlencoded

hub.channel.type=webhook&hub.callback=https%3A%2F%2Fviewer.example.net%2Fcb%2Fw5&hub.mode=subscribe&hub.topic=${TOPIC}&hub.secret=hush-hush&hub.events=patient-open,patient-close`,
      differs: { '-hub.channel.type': UNNAMED_WEBHOOK },
    },
    {
      example: 3,
      section: 'webhook Subscription Response Example',
      what: 'subscription answer',
      direction: 'hub→app',
      channel: 'webhook',
      wire: 'HTTP/1.1 202 Accepted',
      verdict: { accepted: { endpoint: undefined } },
    },
    {
      example: 4,
      section: 'websocket Initial Subscription Request Example',
      what: 'subscription request',
      direction: 'app→hub',
      channel: 'websocket',
      wire: `POST ${HUB}
Host: eibe.example.org
Authorization: Bearer tok-linde
Content-Type: application/x-www-form-urlencoded

hub.channel.type=websocket&hub.mode=subscribe&hub.topic=${TOPIC}&hub.events=patient-open,patient-close`,
      differs: {},
    },
    {
      example: 5,
      section: 'websocket Subscription Response Example',
      what: 'subscription answer',
      direction: 'hub→app',
      channel: 'websocket',
      wire: `HTTP/1.1 202 Accepted
Content-Location: ${ENDPOINT}`,
      verdict: { accepted: { endpoint: ENDPOINT } },
    },
    {
      example: 6,
      section: 'webhook Subscription Denial Example',
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
      example: 7,
      section: 'websocket Subscription Denial Example',
      what: 'denial frame',
      direction: 'hub→app',
      topic: OTHER_TOPIC,
      wire: `{
   "hub.mode": "denied",
   "hub.topic":" "${OTHER_TOPIC}",
   "hub.events": "patient-open,patient-close",
   "hub.reason": "the session is gone"
}`,
      verdict: {
        refused: 'notification-malformed',
        because: 'a quotation mark too many stands before the topic: no parser reads that',
        mend: [['"hub.topic":" "', '"hub.topic": "']],
        mended: { topic: OTHER_TOPIC, events: ['patient-open', 'patient-close'], reason: 'the session is gone' },
      },
    },
    {
      example: 8,
      section: 'webhook Intent Verification Request Example',
      what: 'verification',
      direction: 'hub→app',
      wire: `GET https://viewer.example.net/cb/w5?hub.mode=subscribe&hub.topic=${TOPIC}&hub.events=patient-open,patient-close&hub.challenge=ch-12&hub.lease_seconds=3600 HTTP 1.1
Host: subscriber`,
      verdict: { accepted: { events: ['patient-open', 'patient-close'], leaseSeconds: 3600, answer: 'ch-12' } },
    },
    {
      example: 9,
      section: 'webhook Intent Verification Response Example',
      what: 'answer to a verification',
      direction: 'app→hub',
      wire: `HTTP/1.1 200 OK
Content-Type: text/html

ch-12`,
      differs: {},
    },
    {
      example: 10,
      section: 'websocket Intent Verification Request Example',
      what: 'confirmation frame',
      direction: 'hub→app',
      // `hub.lease-seconds` is no field that its table has; what is meant can be read.
      wire: `{
  "hub.mode": "subscribe",
  "hub.topic": "${TOPIC}",
  "hub.events": "patient-open,patient-close",
  "hub.lease-seconds": 3600
}`,
      verdict: { accepted: { events: ['patient-open', 'patient-close'], leaseSeconds: 3600 } },
    },
    {
      example: 11,
      section: 'webhook Unsubscribe Request Example',
      what: 'unsubscription request',
      direction: 'app→hub',
      channel: 'webhook',
      wire: `POST ${HUB}
Host: hub
Authorization: Bearer tok-linde
Content-Type: application/x-www-form-urlencoded

hub.channel.type=webhook&hub.callback=https%3A%2F%2Fviewer.example.net%2Fcb%2Fw5&hub.mode=unsubscribe&hub.topic=${TOPIC}&hub.secret=hush-hush&hub.events=patient-open,patient-close&hub.challenge=ch-12
`,
      differs: {
        '-hub.channel.type': UNNAMED_WEBHOOK,
        '-hub.challenge': 'a challenge is what the hub makes up after this request, to verify it',
      },
    },
    {
      example: 12,
      section: 'websocket Unsubscribe Request Example',
      what: 'unsubscription request',
      direction: 'app→hub',
      channel: 'websocket',
      wire: `POST ${HUB}
Host: hub
Authorization: Bearer tok-linde
Content-Type: application/x-www-form-urlencoded

hub.channel.type=websocket&hub.channel.endpoint=${encodeURIComponent(ENDPOINT)}%0A&hub.mode=unsubscribe&hub.topic=${TOPIC}&hub.events=patient-open,patient-close
`,
      differs: { 'hub.channel.endpoint': 'a line feed stands at the end of the printed one, which is part of no URL' },
    },
    {
      example: 13,
      section: 'webhook Event Notification Request Details',
      what: 'signed notification',
      direction: 'hub→app',
      wire: `POST https://viewer.example.net/cb/w5 HTTP/1.1
Host: subscriber
X-Hub-Signature: sha256={signature}

<json object>`,
      verdict: {
        refused: 'notification-malformed',
        because: 'a placeholder stands where the next example goes, which is no JSON either',
        mend: [['<json object>', opened], MEND_IDENTIFIER],
        mended: { name: 'Patient-open', time: '2018-03-06T09:12:31.270Z', context: ['patient Patient/pat-olmo'] },
      },
    },
    {
      example: 14,
      section: 'Event Notification Request Example',
      what: 'notification',
      direction: 'hub→app',
      wire: opened,
      verdict: {
        refused: 'notification-malformed',
        because: BECAUSE_IDENTIFIER,
        mend: [MEND_IDENTIFIER],
        mended: { name: 'Patient-open', time: '2018-03-06T09:12:31.270Z', context: ['patient Patient/pat-olmo'] },
      },
    },
    {
      example: 15,
      section: 'webhook Event Notification Response Example',
      what: 'answer to a notification',
      direction: 'app→hub',
      channel: 'webhook',
      wire: 'HTTP/1.1 200 OK',
      differs: {},
    },
    {
      example: 16,
      section: 'websocket Event Notification Response Example',
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
      example: 17,
      section: 'Event Notification Error Example',
      what: 'SyncError',
      direction: 'app→hub',
      wire: `POST ${HUB}/n3w8kd51tz HTTP/1.1
Host: hub
Authorization: Bearer tok-linde
Content-Type: application/json

${syncError}`,
      differs: {
        url: 'the example has the URL that the ballot of 2019 had for a session; here a session is no URL, and the text sends events to the hub',
        '+message/event/context/0/resource/issue/0/details':
          'which event it was, and who did not follow, as later texts have it',
      },
    },
    {
      example: 17,
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
      example: 18,
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
        url: 'the example has the URL that the ballot of 2019 had for a session; here a session is no URL, and the text sends events to the hub',
        'message/event/hub.event':
          'the example has the name of that ballot; the text names its events by resource and verb',
      },
    },
  ],
  leftOut: {},
};
