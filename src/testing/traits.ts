import type { HeartbeatTrait } from './heartbeat.ts';
import type { LaunchForm } from './launch-parameters.ts';
import type { SubscriberChannel } from './log.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Everything in which hubs differ. A personality of the test hub is one such object. */
export interface HubTraits {
  /** In which version's words apps are told of the hub. */
  readonly launchForm: LaunchForm;
  /** The path of the hub's URL. */
  readonly path: string;
  /** The path of the hub's URL in the draft and the ballot; `path` where they are one. */
  readonly draftPath: string;
  /** The path under which websockets are opened. */
  readonly socketPath: string;

  /** `hub.channel.type` in a subscription: its absence means a webhook, it is required, or the hub knows no such field. */
  readonly channelType: 'decides' | 'required' | 'unknown';
  /** The channels that the hub offers. */
  readonly channels: readonly SubscriberChannel[];
  /** When a webhook needs `hub.secret`: in a subscription without `hub.channel.type`, in every request, or in none. */
  readonly secret: 'without-type' | 'always' | 'optional';
  /** What becomes of a request for a websocket that has a `hub.callback` or a `hub.secret`. */
  readonly webhookFieldsOfWebsockets: 'ignored' | 'refused';
  /** `hub.events` in an unsubscription. */
  readonly eventsOfUnsubscription: 'optional' | 'required' | 'refused';
  /** Whether a callback is verified before the request is answered. */
  readonly verifyInline: boolean;
  /** When the hub asks a callback whether it wants to unsubscribe: if the request had no `hub.channel.type`, or so. */
  readonly verifiesUnsubscription: 'without-type' | 'always' | 'never';
  /** Where the answer to a subscription has the URL of the websocket; `body` is the URL and nothing else. */
  readonly endpointIn: 'json' | 'content-location' | 'body';

  /** What ends a subscription: the unsubscription of its endpoint or callback; nothing, and all of the topic are told denials. */
  readonly unsubscription: 'its-own' | 'denies-all';
  /** How whoever is denied by websocket learns of it: by a frame and the end of the socket, or by the frame. */
  readonly denials: 'frame-and-close' | 'frame';
  /** Whether a lease ends; `false` for a hub that says when and forgets it. */
  readonly leases: boolean;

  /** After which ends of its socket a websocket subscription is still there, and its endpoint too. */
  readonly keepEndpoints: 'never' | 'lost' | 'always';
  /** What confirms a websocket: version, names and lease; the same with empty fields; nothing. */
  readonly confirmation: 'standard' | 'empty-fields' | 'none';
  /** Whether a websocket is silent until its endpoint has come back on it. */
  readonly awaitsEndpoint: boolean;
  /** The heartbeat on websockets, if there is one. */
  readonly heartbeat: HeartbeatTrait | undefined;
  /** Whether anybody waits for the answers of subscribers, and minds them. */
  readonly answers: 'awaited' | 'ignored';
  /** Which answer says that a subscriber follows. */
  readonly followedBy: '2xx' | '200';
  /** Whether the open contexts are sent after a confirmation on a websocket. */
  readonly replay: boolean;

  /** The spellings that the hub knows; `undefined` for every one that was ever published. */
  readonly vocabulary: Vocabulary | undefined;
  /** Which events reach a subscriber: what it subscribed to, in any spelling that means the same, or all of the topic. */
  readonly matching: 'one-event' | 'every-event';
  /** In whose spelling. */
  readonly spelledAs: 'subscribed' | 'published';
  /** Who gets `context.versionId`: who knows the session by its id and not by its URL, everybody, or nobody. */
  readonly contextVersions: 'by-topic' | 'always' | 'never';
  /** Who is told by a SyncError that somebody does not follow. */
  readonly syncErrors: 'everybody' | 'others' | 'nobody';

  /** Where events are taken. */
  readonly publishAt: readonly ('hub' | 'session')[];
  /** The media types in which events are taken. */
  readonly publishTypes: readonly string[];
  /** What answers an event: nothing but a status, or JSON. */
  readonly publishAnswer: { readonly status: number; readonly json: boolean };
  /** What is kept of events: the contexts that are open, or the last one that was opened until any is closed. */
  readonly contextKeeping: 'open-contexts' | 'last-opened';
  /** What answers a request for the current context: the draft's envelope on the draft's path and STU3's object else, or one. */
  readonly contextForm: 'by-path' | 'envelope' | 'array' | 'object' | 'sparse-object' | 'none';
  /** Which version's discovery document there is. */
  readonly discovery: 'STU2' | 'STU3' | undefined;
  /** What an error is told in. */
  readonly errors: 'text' | 'operation-outcome';
}
