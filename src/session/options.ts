import type { CallbackEndpoint } from '../channels/callback.ts';
import type { WebSocketFactory } from '../channels/websocket/socket.ts';
import type { EventName } from '../events/types.ts';
import type { ChannelType, DialectName } from '../hub/dialect.ts';
import type { FetchLike, HttpOptions } from '../hub/http.ts';
import type { HubProfile } from '../hub/profiles/profile.ts';
import type { ReconnectOptions } from '../subscription/backoff.ts';

/** How a client behaves. Every option has a default that suits most apps. */
export interface FollowOptions {
  /**
   * The events to subscribe to, whoever listens.
   *
   * @default exactly the events that have listeners
   */
  events?: readonly EventName[];
  /**
   * How events shall arrive.
   *
   * @default what the launch and the hub's discovery document say: webhook for the draft and the ballot, websocket otherwise
   */
  channel?: ChannelType;
  /** Where the hub's webhooks arrive: `createCallbackEndpoint()` of `fhircast-client/callback`, on a server. */
  callback?: CallbackEndpoint;
  /**
   * The name by which other apps and their users know this one when it does not follow: `subscriber.name`.
   *
   * @default `fhircast-client` and a random part, because a hub may take two subscribers of one name for one
   */
  subscriberName?: string;
  /**
   * How long a subscription should last, in seconds. The hub decides.
   *
   * @default the hub's own
   */
  leaseSeconds?: number;
  /**
   * Which FHIRcast the hub speaks.
   *
   * @default what the launch parameters say, and the hub's discovery document beyond them
   */
  dialect?: DialectName;
  /**
   * How the hub departs from every version of the specification: one of `profiles`, or one of your own. Of several, a
   * later one outweighs an earlier one. docs/hubs.md tells which hubs need one.
   *
   * @default none: what can be told from the hub's answers is done without
   */
  profile?: HubProfile | readonly HubProfile[];
  /**
   * Accepts hubs and websockets without encryption on other hosts than this one. For test networks alone: whoever is on the
   * network reads along.
   *
   * @default false
   */
  allowInsecure?: boolean;
  /**
   * How long the hub may take to answer a request, in milliseconds.
   *
   * @default 10000
   */
  requestTimeoutMs?: number;
  /**
   * How long the hub may take to confirm a subscription, in milliseconds.
   *
   * @default 10000
   */
  confirmationTimeoutMs?: number;
  /**
   * After how long an event whose listener is still at work is answered 202, in milliseconds. Hubs wait 10 seconds.
   *
   * @default 8000
   */
  acknowledgeWithinMs?: number;
  /**
   * How the client comes back after a failure that may pass.
   *
   * @default for ever: after up to half a second at first, then up to twice as long each time, and 30 seconds at most
   */
  reconnect?: ReconnectOptions;
  /**
   * After how long a silence the client makes sure that nothing was missed, in milliseconds: by a ping where the platform can,
   * and by asking for the current context.
   *
   * @default 20000
   */
  silenceMs?: number;
  /**
   * How often a change of this app that somebody did not follow is sent again, 10 seconds apart, until everybody follows or
   * another context comes. 0 for never.
   *
   * @default 6
   */
  resends?: number;
  /** An implementation of `fetch`. Default: the platform's own, and cross-fetch where there is none. */
  fetch?: FetchLike;
  /** Opens a websocket. Default: the platform's own, and `ws` in Node. */
  webSocket?: WebSocketFactory;
}

/** The hub, the session and the token of a client, and the options that have a default. */
export interface FhircastClientOptions extends FollowOptions {
  /** The hub's base URL: https, or http on this machine. */
  hubUrl: string;
  /** The session: opaque, or a URL in the draft and the ballot. */
  topic: string;
  /**
   * The access token for the hub, or a function that gives the one of the moment. When the hub refuses a token with 401, the
   * function is called once more with that token, and what it returns is tried.
   */
  accessToken?: string | ((refused?: string) => string | undefined | Promise<string | undefined>);
  /**
   * How long the access token of the moment lasts from now, in seconds, or a function that tells it at any time. By a number,
   * another token lasts as long from when the client gets it. No lease is believed beyond it. `fromSmartLaunch()` sets it by
   * `expires_in`.
   *
   * @default unknown
   */
  expiresIn?: number | (() => number | undefined);
  /**
   * Which FHIRcast the parameters of the launch are of. Unlike `dialect` it is a first word, which the hub's discovery document
   * may correct. `fromSmartLaunch()` sets it.
   *
   * @default unknown: STU3, until the hub says otherwise
   */
  launched?: DialectName;
  /** The scopes that were granted, separated by spaces; what they do not cover is reported before the hub refuses. */
  scope?: string;
}

/** Options of `fromSmartLaunch()`. */
export interface SmartLaunchOptions extends FollowOptions, Abortable {
  /** The access token for the hub, where it is not the launch's own. */
  accessToken?: Exclude<FhircastClientOptions['accessToken'], undefined>;
}

/** Options of `discover()` and `hubOfFhirServer()`. */
export interface DiscoverOptions
  extends Pick<FollowOptions, 'fetch' | 'requestTimeoutMs' | 'allowInsecure'>,
    Abortable {}

/** A hub may take this long to answer unless told otherwise, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;

/** How requests are sent, by a client's options. */
export const httpOptions = ({ fetch, requestTimeoutMs }: DiscoverOptions): HttpOptions => ({
  fetch,
  timeoutMs: requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
});

/** Options of `ready()`. */
export interface ReadyOptions extends Abortable {
  /**
   * Waits besides until it is known what is current: the hub has told, or nothing can have been missed.
   *
   * @default false
   */
  caughtUp?: boolean;
}

/** Options of `requestContextChange()`. */
export interface ChangeOptions extends Abortable {
  /**
   * The id of the event. A hub takes a change that comes again with the id of the first time for the same change: so it is sent
   * again after a silence (IHE IRA, RAD-148).
   *
   * @default 128 random bits
   */
  id?: string;
}

/** An operation that can be given up. */
export interface Abortable {
  /** Gives the operation up: it rejects with `aborted`. */
  signal?: AbortSignal;
}
