import type { ChannelType } from '../../channels/channel.ts';

/** Which FHIRcast a hub speaks: the January 2019 draft, the May 2019 ballot, or STU3. */
export type DialectName = 'draft' | 'ballot' | 'stu3';

/** What a subscription request is made of, whatever the hub's version. */
export interface SubscriptionRequest {
  /** How events shall arrive. */
  readonly channel: ChannelType;
  /** The session. */
  readonly topic: string;
  /** Names in the hub's spelling. */
  readonly events: readonly string[];
  /** The callback URL (webhook). */
  readonly callback?: string | undefined;
  /** The secret for signatures. */
  readonly secret?: string | undefined;
  /** The websocket URL of a subscription that exists. */
  readonly endpoint?: string | undefined;
  /** How long the subscription should last, in seconds. */
  readonly leaseSeconds?: number | undefined;
  /** A name by which others know this app. */
  readonly subscriberName?: string | undefined;
}

/** The form fields of a request. Absent ones are not sent. */
export type Fields = Readonly<Record<string, string | undefined>>;

/**
 * Hides which FHIRcast a hub speaks. A dialect answers questions and holds no state; versions differ here and nowhere else.
 */
export interface Dialect {
  /** Its name. */
  readonly id: DialectName;
  /** How events arrive unless something else decides. */
  readonly channel: ChannelType;
  /** Whether the hub has a discovery document. */
  readonly discovery: boolean;
  /** Whether a frame is answered by a frame. */
  readonly acknowledgesFrames: boolean;
  /** Whether a client may send a SyncError. */
  readonly sendsSyncErrors: boolean;
  /** Whether the hub sends the open contexts after a confirmation. */
  readonly replaysContext: boolean;
  /** Whether 404 to a request for the current context means that there is none. */
  readonly notFoundIsNoContext: boolean;
  /** Whether a close may come without saying what was closed. */
  readonly anonymousClose: boolean;
  /** Whether the hub verifies the end of a webhook subscription by a challenge. */
  readonly verifiesUnsubscribe: boolean;
  /** The fields of a subscription request beside `hub.mode`. */
  subscribeFields(request: SubscriptionRequest): Fields;
  /** The fields of an unsubscription request beside `hub.mode`. */
  unsubscribeFields(request: SubscriptionRequest): Fields;
  /** The URL of the current context. */
  contextUrl(hubUrl: string, topic: string): string;
  /** The URL that takes events. */
  publishUrl(hubUrl: string, topic: string): string;
  /** Whether a topic that the hub wrote is ours. */
  isOurTopic(ours: string, theirs: string): boolean;
  /**
   * How this version spells an event: the first spelling is for sending, all of them are for subscribing.
   *
   * @param name a canonical name
   */
  spell(name: string): readonly string[];
}
