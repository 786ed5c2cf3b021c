import type { Bundle, CapabilityStatement, OperationOutcome, Patient } from 'fhir/r4.js';
import { bearerToken } from '../ground/authorization.ts';
import { type HttpAnswer, json } from '../ground/http-server.ts';
import type { EhrState } from './ehr-state.ts';

const FHIR_JSON = 'application/fhir+json; charset=utf-8';
const OAUTH_URIS = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris';
const FHIRCAST_CONFIGURATION = 'http://hl7.org/fhir/uv/fhircast/StructureDefinition/fhircast-configuration-extension';

/** Answers a GET below the FHIR base. */
export function readFhir(
  ehr: EhrState,
  path: string,
  query: URLSearchParams,
  authorization: string | undefined,
): HttpAnswer {
  if (path === '/metadata') return json(200, capabilityStatement(ehr), FHIR_JSON);
  if (path === '/.well-known/smart-configuration') return json(200, smartConfiguration(ehr));
  if ((ehr.accessTokens.get(bearerToken(authorization) ?? '') ?? 0) <= Date.now())
    return outcome(401, 'login', 'A valid Bearer token is required.');
  if (path === '/Patient') return json(200, search(ehr, query), FHIR_JSON);
  const id = /^\/Patient\/([^/]+)$/.exec(path)?.[1];
  const patient = ehr.patients.find((candidate) => candidate.id === id);
  return patient === undefined
    ? outcome(404, 'not-found', 'There is no such resource.')
    : json(200, patient, FHIR_JSON);
}

/** SMART App Launch, "Discovery". */
function smartConfiguration(ehr: EhrState): Record<string, unknown> {
  return {
    issuer: ehr.fhirUrl,
    authorization_endpoint: ehr.authorizeUrl,
    token_endpoint: ehr.tokenUrl,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    response_types_supported: ['code'],
    scopes_supported: ['launch', 'patient/*.read', 'online_access', 'offline_access', 'fhircast', 'fhircast/*.*'],
    code_challenge_methods_supported: ['S256'],
    capabilities: [
      'launch-ehr',
      'client-public',
      'client-confidential-symmetric',
      'context-ehr-patient',
      'permission-patient',
      'permission-online',
      'permission-offline',
    ],
  };
}

function capabilityStatement(ehr: EhrState): CapabilityStatement {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: '2024-01-01',
    kind: 'instance',
    implementation: { description: 'A test EHR with made-up patients', url: ehr.fhirUrl },
    fhirVersion: '4.0.1',
    format: ['json'],
    rest: [
      {
        mode: 'server',
        extension: [{ url: FHIRCAST_CONFIGURATION, extension: [{ url: 'hub.url', valueUrl: ehr.hubUrl }] }],
        security: {
          cors: true,
          extension: [
            {
              url: OAUTH_URIS,
              extension: [
                { url: 'authorize', valueUri: ehr.authorizeUrl },
                { url: 'token', valueUri: ehr.tokenUrl },
              ],
            },
          ],
          service: [
            {
              coding: [
                { system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' },
              ],
            },
          ],
        },
        resource: [
          {
            type: 'Patient',
            interaction: [{ code: 'read' }, { code: 'search-type' }],
            searchParam: [
              { name: '_id', type: 'token' },
              { name: 'identifier', type: 'token' },
              { name: 'name', type: 'string' },
              { name: 'family', type: 'string' },
              { name: 'given', type: 'string' },
              { name: 'birthdate', type: 'date' },
              { name: 'gender', type: 'token' },
            ],
          },
        ],
      },
    ],
  };
}

/** How each search parameter compares a patient with one of its values. */
const SEARCHES: Record<string, (patient: Patient, value: string) => boolean> = {
  _id: (patient, value) => patient.id === value,
  identifier: (patient, value) =>
    (patient.identifier ?? []).some(
      (item) => value === item.value || value === `${item.system ?? ''}|${item.value ?? ''}`,
    ),
  name: (patient, value) => [...families(patient), ...givens(patient)].some((part) => startsWith(part, value)),
  family: (patient, value) => families(patient).some((part) => startsWith(part, value)),
  given: (patient, value) => givens(patient).some((part) => startsWith(part, value)),
  birthdate: (patient, value) => patient.birthDate === value.replace(/^eq/, ''),
  gender: (patient, value) => patient.gender === value,
};

/** A parameter holds when one of its comma-separated values does; unknown parameters are ignored (FHIR R4, 3.1.1). */
function search(ehr: EhrState, query: URLSearchParams): Bundle<Patient> {
  const found = ehr.patients.filter((patient) =>
    [...query].every(([name, values]) => {
      const matches = Object.hasOwn(SEARCHES, name) ? SEARCHES[name] : undefined;
      return matches === undefined || values.split(',').some((value) => matches(patient, value));
    }),
  );
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total: found.length,
    entry: found.map((resource) => ({
      fullUrl: `${ehr.fhirUrl}/Patient/${resource.id ?? ''}`,
      resource,
      search: { mode: 'match' },
    })),
  };
}

function families(patient: Patient): string[] {
  return (patient.name ?? []).flatMap((name) => name.family ?? []);
}

function givens(patient: Patient): string[] {
  return (patient.name ?? []).flatMap((name) => name.given ?? []);
}

function startsWith(text: string, beginning: string): boolean {
  return text.toLowerCase().startsWith(beginning.toLowerCase());
}

function outcome(status: number, code: 'login' | 'not-found', diagnostics: string): HttpAnswer {
  const resource: OperationOutcome = {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code, diagnostics }],
  };
  return json(status, resource, FHIR_JSON);
}
