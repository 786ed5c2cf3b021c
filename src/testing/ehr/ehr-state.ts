import type { Patient } from 'fhir/r4.js';
import type { LaunchForm } from '../ground/launch-parameters.ts';
import type { TestSession } from '../session/test-session.ts';

/** An app that is registered with the test EHR. */
export interface TestEhrClient {
  /** `client_id`. */
  clientId: string;
  /** Where the app may be sent back to, compared exactly. Default: any URL. */
  redirectUris?: readonly string[];
  /** Of a confidential client. Default none: a public client. */
  clientSecret?: string;
  /** In which version's words this app is told of the hub. Default the EHR's. */
  launchParameters?: LaunchForm;
}

/** What an app is started with. */
export interface EhrLaunch {
  session: TestSession;
  /** The id of the patient whose chart is open. */
  patient: string | undefined;
  launchParameters: LaunchForm | undefined;
}

/** What an app was allowed by the authorization endpoint. */
export interface EhrAuthorization {
  launch: EhrLaunch;
  clientId: string;
  redirectUri: string;
  /** Space-separated. */
  scope: string;
  /** PKCE S256, when the app sent one. */
  codeChallenge: string | undefined;
}

/** What the endpoints of the EHR share. */
export interface EhrState {
  /** The FHIR base: `iss` and `aud`. */
  readonly fhirUrl: string;
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  readonly hubUrl: string;
  readonly patients: readonly Patient[];
  /** Every registered app, or `undefined`: any client id with a redirect to this machine. */
  readonly clients: readonly TestEhrClient[] | undefined;
  readonly launchParameters: LaunchForm;
  readonly tokenLifetimeSeconds: number;
  /** By the value of the `launch` parameter. An app may be reloaded: a launch can be used again. */
  readonly launches: Map<string, EhrLaunch>;
  /** By authorization code. */
  readonly codes: Map<string, EhrAuthorization>;
  /** By refresh token. */
  readonly refreshTokens: Map<string, EhrAuthorization>;
  /** When each access token expires, in milliseconds since 1970. */
  readonly accessTokens: Map<string, number>;
}

/** The registration of a client, if it is known. */
export function findClient(ehr: EhrState, clientId: string): TestEhrClient | undefined {
  if (ehr.clients === undefined) return clientId === '' ? undefined : { clientId };
  return ehr.clients.find((client) => client.clientId === clientId);
}
