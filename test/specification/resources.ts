import type { Mend } from './exchange.ts';

// The resources of the examples, in their forms and with ids of our own. As text: some are no JSON.

/** An identifier as most texts since May 2019 print it: a property stands in an array. */
const UNREADABLE_IDENTIFIER = `{ "type": { "coding": [
  { "system": "http://codes.example.org/id-types", "value": "MR", "display": "Chart number" }
  "text": "Chart" ] } }`;

/** Puts such an identifier right. */
export const MEND_IDENTIFIER: Mend = [
  '"display": "Chart number" }\n  "text": "Chart" ]',
  '"display": "Chart number" } ], "text": "Chart"',
];

/** Why such an identifier makes an example invalid. */
export const BECAUSE_IDENTIFIER =
  'the property "text" of the identifier stands in its array "coding": no parser reads that';

/** A patient as most texts since May 2019 print it. */
export const UNREADABLE_PATIENT = `{ "resourceType": "Patient", "id": "pat-olmo", "identifier": [ ${UNREADABLE_IDENTIFIER} ] }`;

/** A patient with identifiers of two systems. */
export const PATIENT = `{ "resourceType": "Patient", "id": "pat-olmo", "identifier": [
  { "system": "urn:oid:2.999.1", "value": "40771" },
  { "system": "urn:oid:2.999.1.13.5", "value": "88" } ] }`;

/** An encounter with an identifier. */
export const ENCOUNTER = `{ "resourceType": "Encounter", "id": "enc-acero", "identifier": [
  { "use": "usual", "system": "http://ids.example.org/visits", "value": "52" } ] }`;

/** A study of DSTU2, which had a `uid` and an `accession`. */
export const STUDY_WITH_ACCESSION = `{ "resourceType": "ImagingStudy", "id": "std-tilo", "uid": "urn:oid:2.999.7.7.1",
  "accession": { "use": "usual", "type": { "coding": [ { "system": "http://codes.example.org/id-types", "code": "ACSN" } ] } },
  "identifier": [ { "system": "31", "value": "6120" } ] }`;

/** A study of DSTU2 that refers to its patient. */
export const STUDY_WITH_PATIENT = `{ "resourceType": "ImagingStudy", "id": "std-tilo", "uid": "urn:oid:2.999.7.7.1",
  "identifier": [ { "system": "31", "value": "6120" } ], "patient": { "reference": "Patient/pat-olmo" } }`;
