/**
 * What a code means and what to do about it, one sentence or two each. `docs/errors.md` explains every one at length.
 *
 * No sentence holds a value that came from a hub, an EHR or an app: `{}` is replaced by the *name* of a parameter,
 * a key or a path, never by its content.
 */
const SENTENCES = {
  // launch
  'launch-hub-missing': 'The launch names a session but no hub. Ask the EHR to return {} in the token response.',
  'launch-session-missing': 'The launch names a hub but no session. Ask the EHR to return {} in the token response.',
  'launch-not-fhircast':
    'The launch has neither a hub nor a session. Ask for the scopes of FhircastClient.scopes(), and ask the EHR to return hub.url and hub.topic.',
  'launch-hub-invalid': 'The hub in {} is not an absolute http or https URL. Ask the EHR to correct it.',
  'launch-hub-insecure':
    'The hub in {} is http and not on this machine. Ask the EHR for an https hub, or set allowInsecure for a test network.',
  'launch-fhirclient-missing': 'fhirclient could not be loaded. Install it, or pass its Client or a token response.',
  'launch-failed': 'The SMART launch did not complete. See cause, and start the app from the EHR again.',
  // options
  'option-invalid': 'The option {} cannot be used as it is. See its documentation.',
  'no-events': 'There is nothing to subscribe to. Add a listener with on(), or set the option events.',
  'scope-missing': 'The granted scope does not cover {}. Ask for the scopes of FhircastClient.scopes() at launch.',
  // channel
  'channel-no-callback':
    'This hub delivers by webhook, and there is no callback endpoint. Pass callback: createCallbackEndpoint({ baseUrl }) on a server; a page needs a server beside it, or a hub with websockets.',
  'channel-no-endpoint': 'The hub accepted the subscription but named no websocket URL. Set channel to webhook if it has no websockets.',
  'channel-endpoint-invalid':
    'The websocket URL that the hub named cannot be used: it must be wss, or ws on this machine. Ask the hub for it, or set allowInsecure for a test network.',
  'channel-not-opened': 'The websocket did not open. Check that the hub is reachable and allows this origin.',
  'channel-lost': 'The connection to the hub was lost.',
  'confirmation-timeout': 'The hub did not confirm the subscription in time. It may not know the websocket URL or not reach the callback URL.',
  // the hub's HTTP answers
  'hub-unreachable': 'The hub could not be reached. Check the network, and in a page that the hub allows this origin and the Authorization header (CORS).',
  'hub-timeout': 'The hub did not answer in time.',
  'hub-redirected': 'The hub answered with a redirect, which is not followed so that the token stays with the hub. Use the URL it redirects to.',
  'session-foreign': 'The session is a URL outside the origin of the hub, so the token was not sent there. Ask the EHR to correct the launch.',
  'hub-unauthorized': 'The hub did not accept the access token. Launch the app again, or check its scopes.',
  'hub-refused': 'The hub refused the request. Read hubText for its reason.',
  'hub-failed': 'The hub failed to handle the request. Read hubText for its reason.',
  'hub-answer-invalid': 'The answer of the hub could not be read: {}.',
  'hub-answer-too-large': 'The answer of the hub is larger than allowed.',
  'subscription-denied': 'The hub denied or ended the subscription. Read hubText for its reason.',
  // notifications
  'notification-malformed': 'A message of the hub could not be read and was refused: {}.',
  'notification-too-large': 'A message of the hub is larger than allowed and was refused.',
  'notification-wrong-topic': 'A message of the hub belongs to another session and was dropped.',
  'notification-stale': 'An event is older than the current context and was dropped.',
  'anchor-missing': 'An event does not say what was opened or closed ({}) and was refused.',
  'anchor-contradiction': 'An event contradicts itself about what was opened or closed ({}) and was refused.',
  'notification-deviation': 'An event deviates from its definition ({}) and was delivered.',
  'listener-failed': 'A listener failed. The hub was told that the app could not follow. See cause.',
  'listener-failed-late': 'A listener failed after the event had been acknowledged. See cause.',
  // signatures
  'signature-missing': 'A callback came without X-Hub-Signature and was refused.',
  'signature-malformed': 'A callback came with an X-Hub-Signature that is not method=hex and was refused.',
  'signature-method': 'A callback was signed with a method that is unknown or not allowed and was refused. Set allowSha1 if the hub has nothing better.',
  'signature-mismatch': 'A callback came with a wrong signature and was refused.',
  // sending
  'change-invalid': 'The context change was not sent: {}.',
  'sync-error-not-sent': 'The hub could not be told that the app did not follow an event. See cause.',
  // the client
  'closed': 'The client is closed. Make a new one.',
  'aborted': 'The operation was aborted.',
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
  /** What was thrown below. */
  cause?: unknown;
}

/**
 * The base of every error that this package throws, rejects with or emits.
 *
 * Its message says what to do next. It never holds a token, a secret, a topic, a callback URL or FHIR content.
 */
export class FhircastError extends Error {
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
    for (const key of ['hubText', 'cause'] as const) {
      Object.defineProperty(this, key, { value: details[key], enumerable: false });
    }
  }
}

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

/** A context change was not sent, because it does not fit the definition of its event. */
export class ContextChangeError extends FhircastError {
  override name = 'ContextChangeError';
}
