import type { FhircastError } from '../errors/errors.ts';

/** Makes a webhook channel. Only a client calls it. */
export type WebhookChannelFactory = (options: never) => object;

/**
 * Where a hub's webhooks arrive, and what handles them. `createCallbackEndpoint()` of `fhircast-client/callback` makes one, and
 * `relayChannel()` of `fhircast-client/relay`; an app with a web server of its own can bring another.
 */
export interface CallbackEndpoint {
  /**
   * Reserves a callback URL of its own for one subscription.
   *
   * @param owner who answers what arrives at the URL
   * @param session what is subscribed to; for an endpoint that takes up what it reserved before
   */
  open(owner: CallbackOwner, session: CallbackSession): CallbackRegistration | Promise<CallbackRegistration>;
  /** Makes the webhook channel: `openWebhookChannel` of `fhircast-client/callback`. The root has none, so that pages need not load it. */
  readonly openChannel: WebhookChannelFactory;
  /**
   * Whether a subscription stays when its page goes, because the page may come back to it. Then it is not ended with the page.
   *
   * @default false
   */
  readonly outlivesPage?: boolean;
}

/** What is subscribed to. It must not be logged. */
export interface CallbackSession {
  /** The hub's base URL. */
  readonly hubUrl: string;
  /** The session. */
  readonly topic: string;
}

/** One callback URL, reserved for one subscription. */
export interface CallbackRegistration {
  /**
   * The URL to send as `hub.callback`: unguessable and of this subscription alone. It may be another one after
   * {@link CallbackOwner.lost}.
   */
  readonly url: string;
  /** The secret to send as `hub.secret`: 32 random bytes in hexadecimal, so 64 characters. */
  readonly secret: string;
  /** Gives the URL back. Afterwards the hub gets 410 for it. Idempotent. */
  close(): void | Promise<void>;
}

/** A verification request of the hub, as its query said it. */
export interface Verification {
  /** `hub.mode`; absent in hubs that send only topic and challenge. */
  readonly mode: 'subscribe' | 'unsubscribe' | undefined;
  /** `hub.topic`. */
  readonly topic: string | undefined;
  /** `hub.events`, split; absent when the hub did not send the field. */
  readonly events: readonly string[] | undefined;
  /** `hub.lease_seconds`, when it is a positive number. In seconds. */
  readonly leaseSeconds: number | undefined;
}

/** A denial by the hub, as its query or frame said it. */
export interface Denial {
  /** `hub.topic`. */
  readonly topic: string | undefined;
  /** `hub.events`, split; absent when the hub did not send the field. */
  readonly events: readonly string[] | undefined;
  /** `hub.reason`. */
  readonly reason: string | undefined;
}

/** The subscription behind a callback URL: it decides, the endpoint carries. */
export interface CallbackOwner {
  /**
   * Is this the (un)subscription that we asked for? `true` is answered by the challenge with 200, `false` by 404.
   */
  verify(verification: Verification): boolean;
  /** Is this denial ours? `true` is answered with 200, `false` by 404. */
  deny(denial: Denial): boolean;
  /**
   * A notification with a valid signature.
   *
   * @param body the exact text of the body
   * @returns the HTTP status to answer with
   */
  notify(body: string): number | Promise<number>;
  /**
   * Whether the app wants notifications whose signature is missing, malformed or wrong: the profile `unverifiedSignatures`.
   * Default: it does not.
   */
  acceptsUnverified?(): boolean;
  /** A message was refused before it could reach the app: no signature, a wrong one, or a body that is too large. */
  rejected(error: FhircastError): void;
  /**
   * A verification or a denial was refused before it could be put to {@link CallbackOwner.verify}.
   *
   * @param at the name of the field that does not fit
   */
  refused?(at: string): void;
  /**
   * What arrives at the URL does not reach the owner for the moment, or something that arrived never will. The subscription is
   * to be made anew.
   */
  lost?(error: FhircastError): void;
}
