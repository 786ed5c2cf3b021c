import { FhircastError, type FhircastErrorCode } from 'fhircast-client';

/** What the commands end with. docs/cli.md tells scripts about it. */
export const EXIT = {
  /** It did what was asked, or was ended by Ctrl+C. */
  done: 0,
  /** Something else failed. */
  failed: 1,
  /** The arguments cannot be used. */
  usage: 2,
  /** The hub does not take the token, or there is none. */
  token: 3,
  /** The hub cannot be reached, or fails. */
  unreachable: 4,
  /** The hub refuses or ends the subscription. */
  refused: 5,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const CODES: Partial<Record<FhircastErrorCode, ExitCode>> = {
  'option-invalid': EXIT.usage,
  'launch-hub-invalid': EXIT.usage,
  'launch-hub-insecure': EXIT.usage,
  'launch-session-invalid': EXIT.usage,
  'session-foreign': EXIT.usage,
  'session-over': EXIT.token,
  'hub-unauthorized': EXIT.token,
  'token-unavailable': EXIT.token,
  'hub-unreachable': EXIT.unreachable,
  'hub-timeout': EXIT.unreachable,
  'hub-failed': EXIT.unreachable,
  'channel-not-opened': EXIT.unreachable,
  'hub-refused': EXIT.refused,
  'subscription-denied': EXIT.refused,
};

/** An end that has been told, or is told by its message. */
export class Ending extends Error {
  readonly exitCode: ExitCode;

  /** @param message one sentence for the developer, without a secret */
  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What a command ends with that failed by an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Ending) return error.exitCode;
  return (error instanceof FhircastError ? CODES[error.code] : undefined) ?? EXIT.failed;
}
