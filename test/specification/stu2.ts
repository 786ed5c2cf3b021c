import type { SpecificationText } from './exchange.ts';
import { BECAUSE_IDENTIFIER, MEND_IDENTIFIER, UNREADABLE_PATIENT } from './resources.ts';

const HUB = 'https://ulme.example.org';
const TOPIC = 'b40e61d8-2c7f-4a95-8e13-7df09b52ac64';
const OTHER_TOPIC = '8d25e7b1-60fc-4c38-94ba-2e97f1d03ca';
const ENDPOINT = 'wss://ulme.example.org/f18b3a6c-47d0-42e9-b5a7-03c96e8d1f52';

const outcome = `{ "resourceType": "OperationOutcome", "issue": [
  { "severity": "warning", "code": "processing", "diagnostics": "Viewer 12 could not follow",
    "details": { "coding": [
      { "system": "https://fhircast.hl7.org/events/syncerror/eventid", "code": "kq70" },
      { "system": "https://fhircast.hl7.org/events/syncerror/eventname", "code": "patient-open" } ] } } ] }`;

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

/** STU2 (2020). Its catalogue of events is no part of this text. */
export const stu2: SpecificationText = {
  title: 'STU2',
  dialect: 'stu2',
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
Host: ulme.example.org
Authorization: Bearer tok-linde
Content-Type: application/x-www-form-urlencoded

hub.channel.type=webhook&hub.callback=https%3A%2F%2Fviewer.example.net%2Fcb%2Fw5&hub.mode=subscribe&hub.topic=${TOPIC}&hub.secret=hush-hush&hub.events=patient-open,patient-close`,
      differs: {},
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
Host: ulme.example.org
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

{
 "hub.channel.endpoint": ${ENDPOINT}
}`,
      verdict: {
        refused: 'channel-no-endpoint',
        because: 'the URL stands without quotation marks: no parser reads that',
        mend: [[ENDPOINT, `"${ENDPOINT}"`]],
        mended: { endpoint: ENDPOINT },
      },
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
      section: 'websocket Subscription Confirmation Example',
      what: 'confirmation frame',
      direction: 'hub→app',
      wire: `{
  "hub.mode": "subscribe",
  "hub.topic": "${TOPIC}",
  "hub.events": "patient-open,patient-close",
  "hub.lease_seconds": 3600
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

hub.channel.type=webhook&hub.callback=https%3A%2F%2Fviewer.example.net%2Fcb%2Fw5&hub.mode=unsubscribe&hub.topic=${TOPIC}&hub.secret=hush-hush&hub.challenge=ch-12
`,
      differs: {
        '-hub.secret': 'nothing is signed any more, and the text does not ask for it',
        '-hub.challenge':
          'the table of the same text has no such field, and the hub makes up a challenge to verify a subscription',
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

hub.channel.type=websocket&hub.channel.endpoint=${encodeURIComponent(ENDPOINT)}%0A&hub.mode=unsubscribe&hub.topic=${TOPIC}
`,
      differs: { 'hub.channel.endpoint': 'a line feed stands at the end of the printed one, which is part of no URL' },
    },
    {
      example: 13,
      section: 'Extensions',
      what: 'context of an event',
      direction: 'hub→app',
      hubEvent: 'patient-open',
      wire: `{
	"context": [{
			"key": "patient",
			"resource": {
				"resourceType": "Patient",
				"id": "pat-olmo"
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
      verdict: { accepted: { name: 'Patient-open', context: ['patient Patient/pat-olmo', 'extension'] } },
    },
    {
      example: 14,
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
      example: 15,
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
      example: 16,
      section: 'webhook Event Notification Response Example',
      what: 'answer to a notification',
      direction: 'app→hub',
      channel: 'webhook',
      wire: 'HTTP/1.1 200 OK',
      differs: {},
    },
    {
      example: 17,
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
      example: 18,
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
        '+message/event/context/0/resource/issue/0/details/coding/2': 'who did not follow, as STU3 has it',
        '+message/event/context/0/resource/issue/0/details/coding/3':
          "who did not follow, by the name that STU3's profile gives it too",
      },
    },
    {
      example: 18,
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
            eventId: 'kq70',
            eventName: 'patient-open',
            subscriber: undefined,
            code: 'processing',
            diagnostics: 'Viewer 12 could not follow',
          },
        },
      },
    },
    {
      example: 19,
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
    {
      example: 20,
      section: 'Discovery Request Example',
      what: 'discovery request',
      direction: 'app→hub',
      wire: `GET /.well-known/fhircast-configuration HTTP/1.1
Host: www.ulme.example.org`,
      differs: {},
    },
    {
      example: 21,
      section: 'Discovery Response Example',
      what: 'discovery',
      direction: 'hub→app',
      wire: `HTTP/1.1 200 OK
Content-Type: application/json

{
  "eventsSupported": ["patient-open", "patient-close", "syncerror", "org.example.shift-handover"],
  "websocketSupport": true,
  "webhookSupport": false,
  "fhircastVersion": "STU2"
}`,
      verdict: {
        accepted: {
          eventsSupported: ['patient-open', 'patient-close', 'syncerror', 'org.example.shift-handover'],
          websocketSupport: true,
          webhookSupport: false,
          fhircastVersion: 'STU2',
        },
      },
    },
    {
      example: 22,
      section: 'CapabilityStatement Extension Example',
      what: 'capability statement',
      direction: 'hub→app',
      wire: `{
  "resourceType": "CapabilityStatement",
...
  "rest": [{
   ...
        "extension": [
          {
            "url": "http://ulme.example.org/StructureDefinition/fhircast-configuration",
            "extension": [
              {
                "url": "hub.url",
                "valueUri": "${HUB}/hub"
              }
            ]
        ]      ...`,
      verdict: {
        refused: 'hub-answer-invalid',
        because: 'dots stand for what is around it, and brackets are missing: no parser reads that',
        mend: [
          ['\n...', ''],
          ['\n   ...', ''],
          ['            ]\n        ]      ...', '            ] }\n        ] }] }'],
        ],
        mended: `${HUB}/hub`,
      },
    },
  ],
  leftOut: {},
};
