/**
 * In which version's words a launch names the hub and the session: `draft` (January 2019: `cast-hub`, `cast-session`),
 * `ballot` (May 2019: `cast-hub`, and `hub.topic` as a URL), `stu` (STU1 and later: `hub.url`,
 * and `hub.topic` as an id).
 */
export type LaunchForm = 'draft' | 'ballot' | 'stu';

/** What an authorization server returns (RFC 6749, section 5.1), the launch parameters beside the token. */
export interface TokenResponse {
  /** For the hub, and for the FHIR endpoint when an EHR gave it. */
  access_token: string;
  /** How to send it. */
  token_type: 'Bearer';
  /** In seconds. */
  expires_in: number;
  /** Space-separated. */
  scope: string;
  [parameter: string]: string | number;
}

/** The launch parameters that name the hub and the session. */
export function launchParameters(
  form: LaunchForm,
  { hubUrl, draftHubUrl, session }: { hubUrl: string; draftHubUrl: string; session: { id: string; url: string } },
): Record<string, string> {
  switch (form) {
    case 'draft':
      return { 'cast-hub': draftHubUrl, 'cast-session': session.url };
    case 'ballot':
      return { 'cast-hub': draftHubUrl, 'hub.topic': session.url };
    case 'stu':
      return { 'hub.url': hubUrl, 'hub.topic': session.id };
  }
}
