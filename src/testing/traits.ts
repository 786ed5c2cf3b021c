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
  /** Where the answer to a subscription has the URL of the websocket. */
  readonly endpointIn: 'json' | 'content-location';

  /** Whether a websocket subscription outlives a socket that was lost. */
  readonly keepEndpoints: boolean;
  /** Whether the open contexts are sent after a confirmation on a websocket. */
  readonly replay: boolean;

  /** The spellings that the hub knows; `undefined` for every one that was ever published. */
  readonly vocabulary: Vocabulary | undefined;
  /** Who gets `context.versionId`: who knows the session by its id and not by its URL, everybody, or nobody. */
  readonly contextVersions: 'by-topic' | 'always' | 'never';
  /** Who is told by a SyncError that somebody does not follow. */
  readonly syncErrors: 'everybody' | 'others' | 'nobody';

  /** Where events are taken. */
  readonly publishAt: readonly ('hub' | 'session')[];
  /** The media types in which events are taken. */
  readonly publishTypes: readonly string[];
  /** What answers a request for the current context: the draft's envelope on the draft's path and STU3's object else, or one. */
  readonly contextForm: 'by-path' | 'envelope' | 'array' | 'object' | 'none';
  /** Which version's discovery document there is. */
  readonly discovery: 'STU2' | 'STU3' | undefined;
}
