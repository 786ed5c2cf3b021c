import type { ContentTrait } from './content-traits.ts';
import type { HeartbeatTrait } from './heartbeat.ts';
import type { KeepaliveTrait } from './keepalive.ts';
import type { LaunchForm } from './launch-parameters.ts';
import type { SubscriberChannel } from './log.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Everything in which hubs differ. A personality of the test hub is one such object. */
export interface HubTraits extends AddressTraits, SubscribingTraits, SocketTraits, EventTraits, ContextTraits {}

/** Where a hub is, and whom it lets in. */
export interface AddressTraits {
  /** In which version's words apps are told of the hub. */
  readonly launchForm: LaunchForm;
  /** The path of the hub's URL. */
  readonly path: string;
  /** The path of the hub's URL in the draft and the ballot; `path` where they are one. */
  readonly draftPath: string;
  /** The path under which websockets are opened. */
  readonly socketPath: string;
  /** The host of websocket URLs, where the hub's configuration says another one than its own. */
  readonly endpointHost: string | undefined;
  /** Whether an access token is asked for. */
  readonly tokens: 'required' | 'unknown';
  /**
   * Which topics there are: those of sessions that were opened; these, and any that somebody subscribes to; any that anybody
   * names.
   */
  readonly topics: 'own' | 'subscribed' | 'any';
  /** The headers by which pages of other origins may ask; none where they may not. */
  readonly cors: Readonly<Record<string, string>>;
  /** The largest body that is read, in bytes. */
  readonly bodyLimit: number;
  /** What tells a subscription from an event: its media type, its path, or what is in it (JSON at a session's URL). */
  readonly routing: 'by-type' | 'by-path' | 'by-content';
  /** Which version's discovery document there is. */
  readonly discovery: 'STU2' | 'STU3' | undefined;
  /** What an error is told in. */
  readonly errors: 'text' | 'html' | 'model-state' | 'operation-outcome';
}

/** How a hub takes subscriptions. */
export interface SubscribingTraits {
  /** Whether a subscription is looked at before it is accepted. */
  readonly checksSubscriptions: boolean;
  /** Whether one may be JSON too, in a hub that goes by the path. */
  readonly readsJsonSubscriptions: boolean;
  /** `hub.channel.type` in a subscription: its absence means a webhook, it is required, or the hub knows no such field. */
  readonly channelType: 'decides' | 'required' | 'unknown';
  /** The channels that the hub offers. */
  readonly channels: readonly SubscriberChannel[];
  /** When a webhook needs `hub.secret`: in a subscription without `hub.channel.type`, in every request, or in none. */
  readonly secret: 'without-type' | 'always' | 'optional';
  /** Whether a hub that checks nothing makes up a secret for those who send none. */
  readonly secretByDefault: boolean;
  /** What becomes of a request for a websocket that has a `hub.callback` or a `hub.secret`, or has none where both are required. */
  readonly webhookFieldsOfWebsockets: 'ignored' | 'refused' | 'required';
  /** The field that names a subscriber. */
  readonly nameField: 'subscriber.name' | 'hub.subscriber';
  /** Whether a subscription needs one. */
  readonly subscriberName: 'optional' | 'required';
  /** The longest lease that is granted unless the hub was started with another one, in seconds. */
  readonly leaseSeconds: number;
  /** The fields in which a subscription may ask for a lease; the first that is there counts. */
  readonly leaseFields: readonly ('hub.lease_seconds' | 'hub.lease')[];
  /** `hub.events` in an unsubscription. */
  readonly eventsOfUnsubscription: 'optional' | 'required' | 'refused';
  /** Whether a callback is verified before the request is answered. */
  readonly verifyInline: boolean;
  /** What a verification says: mode, topic, events, lease and challenge, or the latter and the topic. */
  readonly verificationFields: 'all' | 'challenge-and-topic';
  /** What the challenge is. */
  readonly challenge: 'random' | 'secret';
  /** Which answer is consent: any 2xx with the challenge, or 200 with it in the last success, whenever that was. */
  readonly verifiedBy: '2xx' | 'last-200';
  /** How fields are put behind a callback's own query: with an ampersand, or with nothing. */
  readonly callbackJoin: 'ampersand' | 'nothing';
  /** When the hub asks a callback whether it wants to unsubscribe: if the request had no `hub.channel.type`, or so. */
  readonly verifiesUnsubscription: 'without-type' | 'always' | 'never';
  /** Whether that question has a challenge in it. Without one no answer is right. */
  readonly challengesUnsubscription: boolean;
  /** Where the answer has the URL of the websocket; `body` is the URL and nothing else. */
  readonly endpointIn: 'json' | 'content-location' | 'body' | 'nowhere';
  /** Whether that answer has the open context too, in `contexts`. */
  readonly contextsInAnswer: boolean;
  /** What answers a request for a webhook: nothing, or the subscription as the hub keeps it, its secret included. */
  readonly webhookAnswer: 'empty' | 'subscription';
  /** Whether each websocket subscription has a URL of its own, or all of a topic have the same. */
  readonly endpointFor: 'subscription' | 'topic';
  /** Whether a subscription that names its endpoint keeps it, or gets another one beside it, or changes nothing of what it had. */
  readonly renewal: 'same-endpoint' | 'new-endpoint' | 'unheard';
  /** Who makes up the last segment of that URL. */
  readonly endpointBy: 'hub' | 'subscriber';
  /** What a subscription does to an earlier one of the same callback. */
  readonly repetition: 'replaces' | 'adds';
  /**
   * What an unsubscription does: it ends the subscription of its endpoint or callback; ends nothing, and tells a denial to all
   * of the topic; ends the subscription of the endpoint in the field `endpoint`, and without one all of the topic; ends all that
   * have the same topic or the same events; closes the sockets of the same name or endpoint.
   */
  readonly unsubscription: 'its-own' | 'denies-all' | 'by-endpoint-field' | 'ends-relatives' | 'closes-namesakes';
  /** What answers an unsubscription by websocket, and by a webhook that is not verified for it. */
  readonly unsubscribedStatus: 200 | 202;
  /**
   * How whoever is denied learns of it: by a frame and the end of the socket, with 1000 or without a code; by the frame; or not.
   * Callbacks get a GET.
   */
  readonly denials: 'frame-and-close' | 'frame-and-end' | 'frame' | 'untold';
  /** Whether all others hear of it by an event `subscription-removed` when a subscription ends, whose context is an object. */
  readonly tellsRemovals: boolean;
  /** Whether a lease ends; `false` for a hub that says when and forgets it. */
  readonly leases: boolean;
}

/** What a hub does with websockets. */
export interface SocketTraits {
  /**
   * What becomes of a socket whose endpoint nobody knows, or nobody knows any more: it is refused; it is accepted, and hears
   * nothing; it is confirmed too, like any other, and hears nothing but keepalives; it is denied, for no topic.
   */
  readonly unknownEndpoints: 'refused' | 'accepted' | 'confirmed' | 'denied';
  /** Whether an endpoint that had a socket is bound to the next one that opens there. */
  readonly rebinds: boolean;
  /** After which ends of its socket a websocket subscription is still there, and its endpoint too. */
  readonly keepEndpoints: 'never' | 'lost' | 'always';
  /** Whether a subscription without an open socket is dropped when it is to be told something. */
  readonly dropsUnconnected: boolean;
  /**
   * What confirms a websocket: mode, topic, names and lease; the same with empty fields; a time and the endpoint's id, with or
   * without mode and lease; `{"bound": true}`; `{"type": "connection.established"}`; `{headers, body: {subscription}}`, after which
   * the hub waits for `{"headers": {"statusCode": "200"}}`; nothing.
   */
  readonly confirmation:
    | 'standard'
    | 'empty-fields'
    | 'bound'
    | 'bound-with-lease'
    | 'bound-true'
    | 'connection-established'
    | 'handshake'
    | 'none';
  /** Whether a websocket is silent until its endpoint has come back on it. */
  readonly awaitsEndpoint: boolean;
  /** What frames of subscribers are: answers; events; events, and all else ends the process. */
  readonly frames: 'answers' | 'events' | 'events-or-crash';
  /** The heartbeat, if there is one. */
  readonly heartbeat: HeartbeatTrait | undefined;
  /** What is sent between events and is none, if anything is. */
  readonly keepalive: KeepaliveTrait | undefined;
  /** In which frames everything is sent that is JSON. */
  readonly frameType: 'text' | 'binary';
  /** Whether the open contexts are sent after a confirmation. */
  readonly replay: boolean;
}

/** What answers an event that the hub took. */
export interface PublishAnswerTrait {
  /** The HTTP status. */
  readonly status: number;
  /** Nothing, the text `OK`, or JSON. */
  readonly body: 'empty' | 'ok' | 'json';
}

/** How events come in and go out. */
export interface EventTraits {
  /** Where events are taken. */
  readonly publishAt: readonly ('hub' | 'session')[];
  /** The media types in which events are taken; `*` is any. */
  readonly publishTypes: readonly string[];
  /** What `event.context` may be: an array, or an object as well, which is sent on as it came. */
  readonly eventContext: 'array' | 'array-or-object';
  /** What answers an event that is none: a status, or the same as for one that is. */
  readonly invalidEvent: 400 | 500 | 'unnoticed';
  /** What answers an event. */
  readonly publishAnswer: PublishAnswerTrait;
  /** Whether that waits until all subscribers have answered. */
  readonly echoFirst: boolean;
  /** What becomes of an event that nobody is to be told of. */
  readonly withoutSubscribers: 'taken' | 'refused';
  /** The spellings that the hub knows; `undefined` for every one that was ever published. */
  readonly vocabulary: Vocabulary | undefined;
  /**
   * Which events reach a subscriber: what it subscribed to, in any spelling that means the same or in the very one; whatever is
   * a part of the text of its list, with case or without; all of the topic.
   */
  readonly matching: 'one-event' | 'exact' | 'substring' | 'substring-any-case' | 'every-event';
  /** In whose spelling. */
  readonly spelledAs: 'subscribed' | 'published';
  /** What keeps sessions apart: the session; the topic, to the letter; nothing. */
  readonly isolation: 'session' | 'by-topic-text' | 'none';
  /** How subscribers are told: all at once; one after the other; the same, and what was accepted unchecked ends it. */
  readonly distribution: 'at-once' | 'in-order' | 'stumbling';
  /** Whether an event is told to the topics that attend a conference too. */
  readonly conferences: boolean;
  /** What the hub derives from an event, if it does. */
  readonly derivedEvents: DerivedEventsTrait | undefined;
  /** Whether whoever sent an event, by the name of the one whose token it was, is told of it too. */
  readonly echo: 'everybody' | 'others';
  /** What the EHR tells of a report: all of it, or its study alone. */
  readonly reports: 'whole' | 'by-study';
  /** Whether Home-open is taken, or answered with 400. */
  readonly home: 'taken' | 'refused';
  /** Whether the times of events have fractions of a second, or these are cut. */
  readonly timestamps: 'milliseconds' | 'seconds';
  /** How a notification is written: by the hub; as the sender wrote it; by .NET; with Java's dates; with `null` for nothing. */
  readonly message: 'own' | 'nulls' | 'original' | 'net' | 'java';
  /** How often each event is sent. */
  readonly copies: 1 | 2;
  /** The id of what is sent again: another one, or that of the event. */
  readonly copyIds: 'own' | 'same';
  /** How a notification is signed: right, or with key and data swapped, in upper case and without the method. */
  readonly signature: 'sha256' | 'swapped';
  /** What a callback does to the hub that gives no answer to a notification. */
  readonly callbackFailure: 'noticed' | 'crash';
  /** Whether anybody waits for the answers of subscribers, and minds them. */
  readonly answers: 'awaited' | 'ignored';
  /** What becomes of a subscriber that gives no answer: its subscription stays, or ends with a denial. */
  readonly unanswered: 'stays' | 'ends';
  /** Which answer says that a subscriber follows. */
  readonly followedBy: '2xx' | '200';
  /** Who is told by a SyncError that somebody does not follow. */
  readonly syncErrors: 'everybody' | 'others' | 'nobody';
  /** Who is sent a SyncError: whoever subscribed to it, or every subscriber of the topic. */
  readonly syncErrorsReach: 'subscribed' | 'every-subscriber';
  /** The id of a SyncError: one of its own, or that of the event that failed, which it does not name then (before STU2). */
  readonly syncErrorIds: 'own' | 'failed-event';
  /** Who gets `context.versionId`: who knows the session by its id and not by its URL, everybody, or nobody. */
  readonly contextVersions: 'by-topic' | 'always' | 'never';
}

/** What a hub remembers of events, and tells. */
export interface ContextTraits {
  /**
   * What is kept of events: the contexts that are open, in the order of their times; the same in the order in which their events
   * came; or the last one that was opened until any is closed.
   */
  readonly contextKeeping: 'open-contexts' | 'open-contexts-as-they-come' | 'last-opened';
  /**
   * What answers a request for the current context: the draft's envelope on the draft's path and STU3's object else; one of
   * these or a bare array; an array of contexts; the context of the last event of whatever session, of the topic (`{}` after a close), or sent to the
   * session; nothing.
   */
  readonly contextForm:
    | 'by-path'
    | 'envelope'
    | 'object'
    | 'sparse-object'
    | 'array'
    | 'contexts'
    | 'last-of-all'
    | 'last-of-topic'
    | 'last-of-session'
    | 'none';
  /** The status of an envelope. */
  readonly contextStatus: 200 | 202;
  /** How content is shared, if it is: without it, updates and selects are sent on like any other event. */
  readonly content: ContentTrait | undefined;
}

/** How a hub derives an open of each less specific resource in an event's context, and the closes in reverse (STU3, 2.5). */
export interface DerivedEventsTrait {
  /** Whether each has an id and a time of its own, a millisecond after the one before, or those of the event. */
  readonly ids: 'own' | 'same';
  /** Whether they are sent before the event or after it. */
  readonly order: 'before' | 'after';
}
