import type { Exchange, SpecificationText } from './exchange.ts';
import { stu3 } from './stu3.ts';

const { topic } = stu3;

/** The examples that 3.0.0 prints too, under another number. */
const same = (from: number, example: number): Exchange[] =>
  stu3.exchanges.filter((exchange) => exchange.example === from).map((exchange) => ({ ...exchange, example }));

const range = (from: number, to: number, by: number): Exchange[] =>
  Array.from({ length: to - from + 1 }, (_, i) => same(from + i, from + i + by)).flat();

const REPORT = `{ "key": "report", "resource": { "resourceType": "DiagnosticReport", "id": "rep-ute", "status": "unknown",
  "code": { "coding": [ { "system": "http://codes.example.org/reports", "code": "7", "display": "Impression" } ] } } }`;

const content = (time: string, name: string, version: string, entry: string) => `{
  "timestamp": "${time}", "id": "ct-1",
  "event": { "hub.topic": "${topic}", "hub.event": "${name}",${version}
    "context": [ ${REPORT}, ${entry} ] }
}`;

const bundle = (entries: string) =>
  `{ "key": "updates", "resource": { "resourceType": "Bundle", "type": "transaction", "entry": [ ${entries} ] } }`;

const ADDED = bundle(`{ "request": { "method": "PUT" }, "resource": { "resourceType": "Observation", "id": "obs-dora",
  "partOf": { "reference": "ImagingStudy/std-nora" }, "status": "preliminary" } }`);

const REMOVED = bundle('{ "fullUrl": "Observation/obs-dora" "request": { "method": "DELETE" } }');

const UPDATE = {
  name: 'DiagnosticReport-update',
  context: ['report DiagnosticReport/rep-ute', 'updates Bundle'],
  // 3.0.0 refers to the report, where this text has it whole.
  deviations: ['report is no reference'],
};

const update = (example: number, more: string): Exchange => ({
  example,
  section: '3.6.3, DiagnosticReport-update',
  what: 'notification',
  direction: 'hub→app',
  wire: content('2023-09-12T14:58:45.988Z', 'DiagnosticReport-update', more, ADDED),
  verdict: {
    accepted: {
      ...UPDATE,
      changes: ['PUT Observation/obs-dora'],
      time: '2023-09-12T14:58:45.988Z',
      versionId: more.includes('prior') ? 'v2' : 'v1',
      ...(more.includes('prior') ? { priorVersionId: 'v1' } : {}),
    },
  },
});

/** The published ballot of May 2024 (3.0.0-ballot): chapters 2 and 3 in the order of their pages. */
export const stu3Ballot2024: SpecificationText = {
  ...stu3,
  title: 'STU3, ballot of 2024',
  examples: 42,
  exchanges: [
    ...range(6, 13, 0),
    ...same(14, 14).map(
      (exchange): Exchange =>
        exchange.direction === 'app→hub'
          ? { ...exchange, wire: exchange.wire.replace('application/fhir+json', 'application/json'), differs: {} }
          : exchange,
    ),
    ...range(15, 16, 0),
    {
      example: 17,
      section: '2.7, Wellknown endpoint discovery Response',
      what: 'discovery',
      direction: 'hub→app',
      wire: `HTTP/1.1 200 OK
Content-Type: application/json

{
  "eventsSupported": ["Patient-open", "SyncError", "org.example.shift-handover"],
  "websocketSupport": true,
  "fhircastVersion": "STU3"
}`,
      verdict: {
        accepted: {
          eventsSupported: ['Patient-open', 'SyncError', 'org.example.shift-handover'],
          websocketSupport: true,
          fhircastVersion: 'STU3',
        },
      },
    },
    {
      example: 18,
      section: '2.7, FHIR Capability Statement',
      what: 'capability statement',
      direction: 'hub→app',
      wire: `{ "resourceType": "CapabilityStatement", ....
  "rest": [ { "extension": [ {
    "url": "http://fhircast.hl7.org/StructureDefinition/fhircast-configuration/fhir-configuration",
    "extension": [ { "url": "hub.url", "valueUri": "https://weide.example.org/hub/R4" } ] } ] } ] }`,
      verdict: {
        refused: 'hub-answer-invalid',
        because: 'dots stand in the place of what else a server tells: no parser reads them',
        mend: [[' ....', '']],
        mended: 'https://weide.example.org/hub/R4',
      },
    },
    ...same(18, 19),
    ...same(19, 20).map((exchange): Exchange => {
      if (exchange.what !== 'current context' || !exchange.verdict || !('mended' in exchange.verdict)) return exchange;
      // The comma that 3.0.0 lacks is there.
      return {
        ...exchange,
        wire: exchange.wire.replace('"o-1" } ]', '"o-1" } ],'),
        verdict: { accepted: exchange.verdict.mended },
      };
    }),
    ...range(20, 22, 1),
    {
      example: 24,
      section: '3.2.2, Heartbeat',
      what: 'notification',
      direction: 'hub→app',
      topic: 'room-7',
      // A replacement of links has spoilt the name: nothing tells that it is a heartbeat.
      wire: `{ "timestamp":"2021-06-20T11:25:59.725989800Z", "id":"hb;7", "event":{
  "context":[ { "key":"period", "decimal": "10" } ], "hub.topic":"room-7", "hub.event":"Heartbeat.html" } }`,
      verdict: { accepted: { name: 'heartbeat.html', time: '2021-06-20T11:25:59.725Z', context: ['period'] } },
    },
    ...range(23, 26, 2),
    ...range(28, 37, 1),
    update(39, '"context.versionId": "v1",'),
    update(40, '"context.versionId": "v2", "context.priorVersionId": "v1",'),
    {
      example: 41,
      section: '3.6.3, DiagnosticReport-update that deletes',
      what: 'notification',
      direction: 'hub→app',
      wire: content('2023-09-12T15:02:33.343Z', 'DiagnosticReport-update', '"context.versionId": "v2",', REMOVED),
      verdict: {
        refused: 'notification-malformed',
        because: 'no comma stands behind the fullUrl: no parser reads that',
        mend: [['"Observation/obs-dora" ', '"Observation/obs-dora", ']],
        mended: {
          ...UPDATE,
          changes: ['DELETE Observation/obs-dora'],
          time: '2023-09-12T15:02:33.343Z',
          versionId: 'v2',
        },
      },
    },
    {
      example: 42,
      section: '3.6.4, DiagnosticReport-select',
      what: 'notification',
      direction: 'hub→app',
      wire: content(
        '2023-09-12T14:58:45.988Z',
        'DiagnosticReport-select',
        '',
        '{ "key": "select", "resources": [ { "resourceType": "Observation", "id": "obs-dora" } ] }',
      ),
      verdict: {
        accepted: {
          name: 'DiagnosticReport-select',
          time: '2023-09-12T14:58:45.988Z',
          context: ['report DiagnosticReport/rep-ute', 'select'],
          selected: ['Observation/obs-dora'],
          deviations: ['report is no reference'],
        },
      },
    },
  ],
  leftOut: {
    1: 'the grammar of scopes',
    2: 'the grammar of event names',
    3: 'the grammar of event names',
    4: 'the grammar of event names',
    5: 'the grammar of event names',
  },
};
