import type { SpecificationText } from './exchange.ts';
import { stu3 } from './stu3.ts';

const IMAGING = `{ "resourceType": "ImagingStudy", "id": "std-olga", "description": "CHEST", "started": "2023-09-12T01:10:00.000Z",
  "status": "available", "subject": { "reference": "Patient/pat-irma" } }`;

const finding = (id: string) => `{ "resourceType": "Observation", "id": "${id}", "status": "preliminary",
  "partOf": [ { "reference": "ImagingStudy/std-olga" } ], "subject": { "reference": "Patient/pat-irma" },
  "category": [ { "coding": [ { "system": "http://codes.example.org/observations", "code": "imaging" } ] } ],
  "code": { "coding": [ { "system": "http://codes.example.org/findings", "code": "F9", "display": "cyst" } ] },
  "issued": "2023-09-12T10:02:03.651Z" }`;

const put = (fullUrl: string, resource: string) => `{ "fullUrl": "${fullUrl}", "resource": ${resource},
  "request": { "method": "PUT", "url": "${stu3.hubUrl}/topic/fhir" } }`;

/** What the profiles of the two Bundles of content sharing print: no more than the Bundle. */
export const stu3Bundles: SpecificationText = {
  ...stu3,
  title: 'STU3, examples of the profiles of content',
  examples: 2,
  exchanges: [
    {
      example: 1,
      section: 'FHIRcast Content Update Bundle',
      what: 'Bundle of an update',
      direction: 'hub→app',
      // The URL of every request is one of the hub, and no fullUrl names a type.
      wire: `{ "resourceType": "Bundle", "id": "bun-ida", "type": "transaction", "entry": [
        ${put('urn:std-olga', IMAGING)}, ${put('urn:obs-dora', finding('obs-dora'))} ] }`,
      verdict: {
        accepted: {
          name: 'DiagnosticReport-update',
          context: ['report: DiagnosticReport/r', 'updates Bundle/bun-ida'],
          changes: ['PUT ImagingStudy/std-olga urn:std-olga', 'PUT Observation/obs-dora urn:obs-dora'],
        },
      },
    },
    {
      example: 2,
      section: 'FHIRcast Get Current Content Bundle',
      what: 'Bundle of a current context',
      direction: 'hub→app',
      wire: `{ "resourceType": "Bundle", "id": "bun-ida", "type": "collection", "entry": [
        { "fullUrl": "urn:Observation/obs-dora", "resource": ${finding('obs-dora')} } ] }`,
      verdict: {
        accepted: {
          type: 'DiagnosticReport',
          context: ['report DiagnosticReport/r', 'patient Patient/p', 'content Bundle/bun-ida'],
          content: ['Observation/obs-dora'],
        },
      },
    },
  ],
  leftOut: {},
};
