import type { Patient } from 'fhir/r4';
import type { TokenResponse } from 'fhircast-client';

/** The part of fhirclient that the pages use. Its own browser build is loaded by a script tag, unchanged. */
interface FhirClientScript {
  readonly oauth2: {
    authorize(options: {
      clientId: string;
      scope: string;
      redirectUri: string;
      /** The apps live in frames of the EHR, and finish their launch there. */
      completeInTarget: true;
    }): Promise<unknown>;
    ready(): Promise<SmartClient>;
  };
}

/** fhirclient's `Client`, as far as the pages use it. */
export interface SmartClient {
  readonly state: { readonly tokenResponse?: TokenResponse };
  request<T>(path: string, options?: { flat?: boolean }): Promise<T>;
}

declare const FHIR: FhirClientScript;

/** fhirclient. */
export const smart = FHIR.oauth2;

/** The patients that the launch gives access to. */
export function readPatients(client: SmartClient): Promise<Patient[]> {
  return client.request<Patient[]>('Patient', { flat: true });
}
