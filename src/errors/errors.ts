import type { ContentErrorCode } from './content-advice.ts';
import { safeCause } from './safe-cause.ts';

/**
 * What to do about each code, in one short sentence. The code itself says what happened, and `docs/errors.md` explains it at length.
 *
 * No message holds a value that came from a hub, an EHR or an app: what stands beside the code is the *name* of a parameter, a
 * key or a path, never its content.
 */
const ADVICE = {
  // launch
  'launch-not-fhircast': 'Ask for FhircastClient.scopes() at launch, and the EHR for hub.url and hub.topic.',
  'launch-hub-missing': 'Ask the EHR for it in the token response.',
  'launch-session-missing': 'Ask the EHR for it in the token response.',
  'launch-hub-invalid': 'Ask the EHR for an http or https URL.',
  'launch-hub-insecure': 'Ask the EHR for https, or set allowInsecure.',
  'launch-ambiguous': 'Ask the EHR to send one (see cause).',
  'launch-session-invalid': 'Ask the EHR to correct it.',
  'launch-too-large': 'Ask the EHR what it sent.',
  'launch-hub-untrusted': 'Add the hub to hubs if it is yours.',
  'launch-fhirclient-missing': 'In a page, install fhirclient; elsewhere, pass its Client or a token response.',
  'launch-failed': 'Start the app from the EHR (see cause).',
  // options
  'option-invalid': 'Correct this option or argument.',
  'option-failed': 'Correct this function of the app (see cause).',
  'platform-missing': 'Load a polyfill before the client is made.',
  'part-not-loaded': 'Try again, or load the page again.',
  'no-events': 'Call on(), or set events.',
  'scope-missing': 'Ask for FhircastClient.scopes() at launch.',
  'event-unknown': 'Correct the name.',
  'event-not-subscribed': 'Add it to events.',
  'events-not-granted': 'Check the scopes, and which events the hub has.',
  // channel
  'channel-no-callback': 'Set callback to createCallbackEndpoint() on a server, to relayChannel() in a page.',
  'channel-no-endpoint': 'Set channel to webhook, or have the hub expose Content-Location (CORS), or use a proxy.',
  'channel-endpoint-invalid': 'Ask the hub for a wss URL, or set allowInsecure.',
  'channel-not-opened': 'Check that the hub is reachable and allows this origin.',
  'channel-lost': 'The client subscribes again.',
  'channel-silent': 'The client subscribes again.',
  'relay-failed': 'Check the URL of the relay, and its options authorize and origins.',
  'event-missed': 'The client subscribes again.',
  'verification-refused': 'Compare it with what was subscribed to.',
  'confirmation-timeout': 'Check that the hub reaches the callback URL, or needs a profile.',
  // the hub's HTTP answers
  'hub-unreachable': 'Check the network, and in a page that the hub allows its origin (CORS), or use a proxy.',
  'hub-local-blocked': 'Check the hub, and the permission for Local Network Access.',
  'hub-timeout': 'Try again, or set requestTimeoutMs.',
  'hub-redirected': 'Use the URL that the hub redirects to.',
  'session-foreign': 'Ask the EHR for a session below the URL of the hub.',
  'token-unavailable': 'Correct the function accessToken (see cause).',
  'session-over': 'Launch the app again, or check accessToken.',
  'hub-unauthorized': 'Ask for FhircastClient.scopes() at launch.',
  'context-unsupported': 'Use client.context, which has what the events told.',
  'hub-refused': 'See hubText.',
  'hub-failed': 'See hubText.',
  'hub-answer-invalid': 'Tell the operator of the hub.',
  'hub-answer-too-large': 'Tell the operator of the hub.',
  'subscription-denied': 'See hubText.',
  // notifications
  'notification-malformed': 'Tell the operator of the hub.',
  'notification-too-large': 'Tell the operator of the hub, or raise bodyLimit.',
  'notification-wrong-topic': 'Tell the operator of the hub.',
  'notification-stale': 'The event was dropped.',
  'anchor-missing': 'Tell the operator of the hub.',
  'anchor-contradiction': 'Tell the operator of the hub.',
  'notification-deviation': 'The event was delivered.',
  'event-name-reserved': 'Listen to *, or have the hub rename the event.',
  'listener-failed': 'Correct the listener (see cause).',
  'listener-failed-late': 'Correct the listener (see cause).',
  // callbacks
  'callback-body-parsed': 'Mount the callback endpoint before it, or keep the exact bytes as rawBody.',
  'callback-encoded': 'Ask the hub, or the proxy before the app, for a plain body.',
  // signatures
  'signature-missing': 'Tell the operator of the hub.',
  'signature-malformed': 'Tell the operator of the hub.',
  'signature-method': 'Tell the operator of the hub, or set allowSha1.',
  'signature-mismatch': 'Check what changes the body before it arrives.',
  // sending
  'change-invalid': 'Correct the context.',
  'change-deviation': 'Send it, so that others know the resource.',
  'sync-error-not-sent': 'See cause.',
  // the client
  closed: 'Make a new client.',
  aborted: 'The signal ended the call.',
} as const;

/** The stable identifiers of everything that can go wrong. */
export type FhircastErrorCode = keyof typeof ADVICE | ContentErrorCode;

/** Every code but those of entry points, in the order of the documentation. */
export const ERROR_CODES: readonly FhircastErrorCode[] = /* @__PURE__ */ Object.keys(ADVICE) as FhircastErrorCode[];

/** What may go with an error. */
export interface FhircastErrorDetails {
  /** The name of the parameter, key or place that is at fault. Never its value. */
  at?: string;
  /** The HTTP status, where there was one. */
  status?: number;
  /** The websocket's close code, where there was one. */
  closeCode?: number;
  /** What the hub said, as it said it. Kept out of the message, of JSON and of `console.log`. */
  hubText?: string | undefined;
  /** Whether the same call may succeed later without a change by the app. Default `false`. */
  retryable?: boolean;
  /** How long the hub asks to wait before the next try, in milliseconds (`Retry-After`). */
  retryAfterMs?: number;
  /** What was thrown below. Of what a platform throws, class and code are kept. */
  cause?: unknown;
}

/** Their causes were thrown by the app, which finds its bug by them. They are not printed. */
const OF_THE_APP: readonly FhircastErrorCode[] = [
  'listener-failed',
  'listener-failed-late',
  'token-unavailable',
  'launch-failed',
  'launch-ambiguous',
  'option-failed',
];

/** What Node prints of an object, and other platforms after it. */
const INSPECT = /* @__PURE__ */ Symbol.for('nodejs.util.inspect.custom');

/**
 * The base of every error that this package throws, rejects with or emits.
 *
 * Its message is the code, the place that is at fault, and what to do. It never holds a token, a secret, a topic, a callback URL or FHIR content.
 */
export class FhircastError extends Error {
  /** The name of the class. */
  override name = 'FhircastError';
  /** The stable identifier; see `docs/errors.md`. */
  readonly code: FhircastErrorCode;
  /** The name of the parameter, key or place that is at fault. */
  readonly at: string | undefined;
  /** The HTTP status, where there was one. */
  readonly status: number | undefined;
  /** The websocket's close code, where there was one. */
  readonly closeCode: number | undefined;
  /** Whether the same call may succeed later without a change by the app. */
  readonly retryable: boolean;
  /** How long the hub asks to wait before the next try, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /**
   * What the hub said, for the developer and not for the user. It is not enumerable, so that it does not end up in a log by
   * accident: a hub may write anything into it.
   */
  declare readonly hubText: string | undefined;

  /** @param advice what to do about a code of an entry point */
  constructor(
    code: FhircastErrorCode,
    details: FhircastErrorDetails = {},
    advice = (ADVICE as Readonly<Record<string, string>>)[code],
  ) {
    super(`${code}${details.at ? ` (${details.at})` : ''}: ${advice}`);
    this.code = code;
    this.at = details.at;
    this.status = details.status;
    this.closeCode = details.closeCode;
    this.retryable = details.retryable ?? false;
    this.retryAfterMs = details.retryAfterMs;
    const { hubText, cause } = details;
    const isKept = cause === undefined || cause instanceof FhircastError || OF_THE_APP.includes(code);
    Object.defineProperty(this, 'hubText', { value: hubText });
    Object.defineProperty(this, 'cause', { value: isKept ? cause : safeCause(cause) });
  }

  /** What is printed: no cause but one of this package, or the class and the code of another. */
  [INSPECT](_depth: number, options: object, inspect?: (value: unknown, options: object) => string): string {
    const { cause, stack = this.message } = this;
    const known = Object.entries(this).filter(([name, value]) => name !== 'name' && value !== undefined);
    const shown = { ...Object.fromEntries(known), ...(cause === undefined ? {} : { cause: printable(cause) }) };
    return inspect ? `${stack} ${inspect(shown, options)}` : stack;
  }
}

/**
 * Whether an error is of this package, also of another copy of it: the callback endpoint of an app may be CommonJS where the client
 * is not.
 *
 * @param error what was thrown
 */
export const isOurError = (error: unknown): error is FhircastError =>
  error instanceof Error && (error as FhircastError).code in ADVICE;

const printable = (cause: unknown): unknown => (cause instanceof FhircastError ? cause : safeCause(cause));

/**
 * An option or an argument cannot be used.
 *
 * @param at its name, as the app writes it
 * @param allowed what may be passed, in words that follow "Pass"
 */
export const optionInvalid = (at: string, allowed?: string): FhircastError =>
  new FhircastError('option-invalid', { at }, allowed && `Pass ${allowed}.`);

/** What a call rejects with that was given up. */
export const aborted = (): FhircastError => new FhircastError('aborted');

/** The launch does not lead to a FHIRcast session. */
export class LaunchError extends FhircastError {
  override name = 'LaunchError';
}

/** The hub could not be reached, or its HTTP answer was a refusal or not understood. */
export class HubError extends FhircastError {
  override name = 'HubError';
}

/** The way by which events arrive cannot be used or was lost. */
export class ChannelError extends FhircastError {
  override name = 'ChannelError';
}

/** The hub denied the subscription, or ended it. */
export class SubscriptionDeniedError extends FhircastError {
  override name = 'SubscriptionDeniedError';
}

/** A message of the hub was dropped, refused, or delivered with a deviation. */
export class NotificationError extends FhircastError {
  override name = 'NotificationError';
}

/** A callback did not carry a valid signature. Nothing of it reached the app. */
export class SignatureError extends FhircastError {
  override name = 'SignatureError';
}

/** A context change was not sent, because it does not fit the definition of its event, or was sent with a deviation. */
export class ContextChangeError extends FhircastError {
  override name = 'ContextChangeError';
}
