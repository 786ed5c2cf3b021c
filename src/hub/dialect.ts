/** How events arrive. */
export type ChannelType = 'websocket' | 'webhook';

/**
 * Which FHIRcast a hub speaks: the January 2019 draft, the May 2019 ballot, STU1 (with the websockets of the February 2020
 * ballot), STU2 or STU3.
 */
export type DialectName = 'draft' | 'ballot' | 'stu1' | 'stu2' | 'stu3';

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
  /** The websocket URL of a subscription that exists, or what this app names it by where the app does that. */
  readonly endpoint?: string | undefined;
  /** How long the subscription should last, in seconds. */
  readonly leaseSeconds?: number | undefined;
  /** A name by which others know this app. */
  readonly subscriberName?: string | undefined;
}

/** The form fields of a request. Absent ones are not sent. */
export type Fields = Readonly<Record<string, string | undefined>>;

/** The media types of an event that is sent to a hub. */
export type EventMediaType = 'application/json' | 'application/fhir+json';

/** The forms in which a hub tells the current context: the draft's envelope, a bare array, or STU3's object. */
export type ContextForm = 'envelope' | 'array' | 'object';

/** What no version of the specification describes, and a hub may need all the same. Profiles change it. */
export interface Habits {
  /**
   * Which frames the hub bears as answers: of any status, of 200 in the place of 202, or none. Where it is not `all`, webhooks
   * are answered 200 in the place of 202, too.
   */
  readonly acknowledgements: 'all' | '200-only' | 'none';
  /** Where events are sent: to the hub's URL, or to that of the session. */
  readonly publishTo: 'hub' | 'session';
  /** The media type of events that are sent. */
  readonly contentType: EventMediaType;
  /** Whether a request for a webhook says so in `hub.channel.type`. */
  readonly namesWebhooks: boolean;
  /** Whether a request to unsubscribe names the events too, where the version does not ask for them. */
  readonly unsubscribesByEvents: boolean;
  /** Whether a request to unsubscribe names the endpoint in a field `endpoint` too. Without it some hubs end everybody's. */
  readonly unsubscribesByEndpoint: boolean;
  /** Whether a subscription request names the app in `hub.subscriber` too, and has a secret on a websocket. */
  readonly namesSubscriberTwice: boolean;
  /** How a subscription is asked for: by a form at the hub's URL, or by JSON at the session's. */
  readonly subscribesBy: 'form' | 'json';
  /**
   * Under which path of the hub's origin websockets are bound, where the app itself makes up the endpoint; `undefined` where
   * the hub does.
   */
  readonly bindPath: string | undefined;
  /** Whether the hub waits for its endpoint to be sent back when the socket opens. */
  readonly sendsEndpoint: boolean;
  /** Whether the hub confirms a websocket. Where it does not, an open socket counts. */
  readonly confirms: boolean;
  /**
   * Which frame confirms a websocket: one that tells the subscription, or `{"type": "connection.established"}` as well, which says
   * no more than that the socket is open.
   */
  readonly confirmedBy: 'confirmation' | 'established';
  /** Whether the hub delivers nothing before its first frame has been answered by `{"headers": {"statusCode": "200"}}`. */
  readonly answersHandshake: boolean;
  /** What becomes of the websocket URL that the hub gives: `hub-host` puts the hub's own host in the place of its own. */
  readonly rewriteEndpoint: 'hub-host' | ((endpoint: string) => string) | undefined;
  /** What an unsubscription ends at the hub: what it names, all of the same `subscriber.name` too, or everyone's of the session. */
  readonly unsubscribeEnds: 'itself' | 'namesakes' | 'everyone';
  /** Whether the hub verifies the end of a webhook subscription by a challenge, which is then waited for. */
  readonly verifiesUnsubscribe: boolean;
  /** Which spellings of an event are subscribed to: the version's own, or every one that was ever published. */
  readonly spellings: 'own' | 'every';
  /** Whether notifications are taken whose signature cannot be checked. */
  readonly unverifiedSignatures: boolean;
  /** Whether the answer to a request for the current context is of this session alone, and up to date. */
  readonly keepsContext: boolean;
  /** Whether the hub derives opens from a more specific one, under ids of their own: the patient's from a report's. */
  readonly derivesEvents: boolean;
  /** Whether any close leaves the hub without a current context, whatever was closed. */
  readonly closeClears: boolean;
  /** Whether the hub sends each event twice, under two ids. */
  readonly sendsTwice: boolean;
  /** Whether a report may come without its anchor: opened and closed by its study alone, and updated as the current one. */
  readonly anonymousOpen: boolean;
  /**
   * In which form an app tells what it selects: a reference in each entry (3.0.0), or one entry with all of them under `reference`,
   * `resource` (IRA) or `resources` (the ballot of 2024).
   *
   * @default 'references'
   */
  readonly selectsBy?: 'references' | 'reference' | 'resource' | 'resources';
  /**
   * Whether an app that selects nothing any more says so by an entry `select` without a reference, or by no entry at all.
   *
   * @default 'entry'
   */
  readonly clearsBy?: 'entry' | 'nothing';
}

/**
 * Hides which FHIRcast a hub speaks. A dialect answers questions and holds no state; versions differ here and nowhere else.
 */
export interface Dialect extends Habits {
  /** Its name. */
  readonly id: DialectName;
  /** How events arrive unless something else decides; `either` is by webhook where the app has a callback endpoint. */
  readonly channel: ChannelType | 'either';
  /** Whether the hub has a discovery document. */
  readonly discovery: boolean;
  /** Whether a client may send a SyncError. */
  readonly sendsSyncErrors: boolean;
  /** Whether the hub sends the open contexts after a confirmation. */
  readonly replaysContext: boolean;
  /** In which form the hub tells the current context. */
  readonly contextForm: ContextForm;
  /** Whether 404 to a request for the current context means that there is none. */
  readonly notFoundIsNoContext: boolean;
  /** Whether a close may come without saying what was closed. */
  readonly anonymousClose: boolean;
  /** The fields of a subscription request beside `hub.mode`. */
  subscribeFields(request: SubscriptionRequest): Fields;
  /** The fields of an unsubscription request beside `hub.mode`. */
  unsubscribeFields(request: SubscriptionRequest): Fields;
  /** The session's own URL: that of the current context. */
  sessionUrl(hubUrl: string, topic: string): string;
  /** Whether a topic that the hub wrote is ours. */
  isOurTopic(ours: string, theirs: string): boolean;
  /**
   * How this version spells an event: the first spelling is for sending, all of them are for subscribing.
   *
   * @param name a canonical name
   */
  spell(name: string): readonly string[];
}
