import { safeCause } from './safe-cause.ts';

/**
 * What a code means and what to do about it, one sentence or two each. `docs/errors.md` explains every one at length.
 *
 * No sentence holds a value that came from a hub, an EHR or an app: `{}` is replaced by the *name* of a parameter,
 * a key or a path, never by its content.
 */
const SENTENCES = {
  // launch
  'launch-not-fhircast':
    'The launch names no hub and no session. Ask for FhircastClient.scopes() at launch, and the EHR for hub.url and hub.topic.',
  'launch-hub-missing': 'The launch names a session but no hub. Ask the EHR for {} in the token response.',
  'launch-session-missing': 'The launch names a hub but no session. Ask the EHR for {} in the token response.',
  'launch-hub-invalid': 'The hub in {} is no http or https URL. Ask the EHR to correct it.',
  'launch-hub-insecure': 'The hub in {} is http and not on this machine. Ask the EHR for https, or set allowInsecure.',
  'launch-ambiguous':
    'The launch says two things in {} (see cause), so the user’s session is not known. Ask the EHR to send one.',
  'launch-session-invalid': 'The session in {} is too long or holds a password. Ask the EHR to correct it.',
  'launch-too-large': 'The launch could not be read, because it has more parts than any EHR sends.',
  'launch-hub-untrusted': 'The hub in {} is not one of the option hubs. Add it there if it is yours.',
  'launch-fhirclient-missing': 'fhirclient could not be loaded. Install it, or pass its Client or a token response.',
  'launch-failed': 'The SMART launch failed (see cause). Start the app from the EHR, not by its own address.',
  // options
  'option-invalid': 'The option or argument {} cannot be used.',
  'option-failed': 'The function {}, which the app has passed, failed (see cause) or did not settle.',
  'platform-missing': 'This platform has no {}. Load a polyfill before the client is made.',
  'part-not-loaded':
    'A part of the app could not be loaded: {}. Try again; if the app was deployed anew, load the page again.',
  'no-events': 'There is nothing to subscribe to. Call on(), or set events.',
  'scope-missing': 'The granted scope does not cover {}. Ask for FhircastClient.scopes() at launch.',
  'events-not-granted': 'The hub did not grant {}. Check the scopes and which events the hub has.',
  // channel
  'channel-no-callback':
    'This hub delivers by webhook. Pass callback: createCallbackEndpoint({ baseUrl }) on a server, relayChannel({ url }) in a page.',
  'channel-no-endpoint':
    'The hub accepted the subscription but named no websocket URL. See docs/hubs.md for a profile, or set channel to webhook; a page also needs a hub that exposes Content-Location (CORS), or a proxy.',
  'channel-endpoint-invalid':
    'The hub named a websocket URL that is not wss. Ask the hub for it, or set allowInsecure.',
  'channel-not-opened': 'The websocket did not open. Check that the hub is reachable and allows this origin.',
  'channel-lost': 'The connection to the hub was lost.',
  'channel-silent': 'The connection to the hub had gone silent and was given up.',
  'relay-failed':
    'The relay could not be reached, or refused this page (see status). Check its URL and its options authorize and origins.',
  'event-missed': 'The hub shows another context than the events told. The subscription is made anew.',
  'verification-refused': 'A verification of the hub was refused: {}.',
  'confirmation-timeout':
    'The hub did not confirm the subscription in time. Check that it reaches the callback URL, or knows the websocket; see docs/hubs.md for hubs that need a profile.',
  // the hub's HTTP answers
  'hub-unreachable':
    'The hub could not be reached. Check the network, and in a page that the hub allows this origin and the header Authorization (CORS); where it does not, a proxy beside the app is the cure.',
  'hub-local-blocked':
    'The hub, which is on this machine or in its network, could not be reached. The browser may lack the user’s permission (Local Network Access: loopback-network, local-network); see docs/hubs.md.',
  'hub-timeout': 'The hub did not answer in time.',
  'hub-redirected': 'The hub redirects, which is not followed to keep the token safe. Use the URL it redirects to.',
  'session-foreign':
    'The session is a URL that is not below the hub’s, so the token was not sent. Ask the EHR to correct the launch.',
  'token-unavailable': 'The function accessToken failed (see cause).',
  'session-over': 'The hub does not accept the access token, and there is no other. Launch the app again from the EHR.',
  'hub-unauthorized': 'The access token does not allow this. Check its scopes: FhircastClient.scopes().',
  'context-unsupported':
    'The hub does not tell the current context (see hubText). client.context has what its events told.',
  'hub-refused': 'The hub refused the request (see hubText).',
  'hub-failed': 'The hub failed to handle the request (see hubText).',
  'hub-answer-invalid': 'The answer of the hub could not be read: {}.',
  'hub-answer-too-large': 'The answer of the hub is too large.',
  'subscription-denied': 'The hub denied or ended the subscription (see hubText).',
  // notifications
  'notification-malformed': 'A message was refused, because it could not be read: {}.',
  'notification-too-large': 'A message was refused, because it is too large.',
  'notification-wrong-topic': 'A message of another session was dropped.',
  'notification-stale': 'An event older than the current context was dropped.',
  'anchor-missing': 'An event was refused, because it does not say what was opened or closed: {}.',
  'anchor-contradiction': 'An event was refused, because it contradicts itself about what was opened or closed: {}.',
  'notification-deviation': 'An event was delivered that deviates from its definition: {}.',
  'event-name-reserved':
    'An event has a name of the client’s own events: {}. Only listeners to * are told, and the hub is answered.',
  'listener-failed': 'A listener failed (see cause). The hub was told.',
  'listener-failed-late': 'A listener failed (see cause) after the hub had been answered.',
  // callbacks
  'callback-body-parsed':
    'A callback was answered 500, because {} read its body before its signature was checked. Mount the callback endpoint before it, or keep the exact bytes as rawBody; see docs/webhooks.md.',
  'callback-encoded':
    'A callback was answered 415, because its body is encoded: {}. Ask the hub, or the proxy before the app, for a plain body.',
  // signatures
  'signature-missing': 'A callback was refused, because it has no X-Hub-Signature.',
  'signature-malformed': 'A callback was refused, because its X-Hub-Signature is not method=hex.',
  'signature-method': 'A callback was refused, because its signature method is not allowed. See allowSha1.',
  'signature-mismatch': 'A callback was refused, because its signature is wrong.',
  // sending
  'change-invalid': 'The context change was not sent: {}.',
  'change-deviation': 'The context change is sent without {}, by which others may know the resource.',
  'sync-error-not-sent': 'The hub could not be told that the app did not follow (see cause).',
  // the client
  closed: 'The client is closed. Make a new one.',
  aborted: 'The operation was aborted.',
} as const;

/** The stable identifiers of everything that can go wrong. */
export type FhircastErrorCode = keyof typeof SENTENCES;

/** Every code, in the order of the documentation. */
export const ERROR_CODES: readonly FhircastErrorCode[] = /* @__PURE__ */ Object.keys(SENTENCES) as FhircastErrorCode[];

/** What may go with an error. */
export interface FhircastErrorDetails {
  /** The name of the parameter, key or place that is at fault. Never its value. */
  at?: string;
  /** The HTTP status, where there was one. */
  status?: number;
  /** The websocket's close code, where there was one. */
  closeCode?: number;
  /** What the hub said, as it said it. Kept out of the message, of JSON and of `console.log`. */
  hubText?: string;
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
 * Its message says what to do next. It never holds a token, a secret, a topic, a callback URL or FHIR content.
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

  constructor(code: FhircastErrorCode, details: FhircastErrorDetails = {}) {
    super(SENTENCES[code].replace('{}', details.at ?? 'it'));
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

const printable = (cause: unknown): unknown => (cause instanceof FhircastError ? cause : safeCause(cause));

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
