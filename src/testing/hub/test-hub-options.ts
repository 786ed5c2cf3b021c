import type { ContentStatuses, ContentTrait } from '../ground/content-traits.ts';
import type { HubMessage } from '../ground/log.ts';
import type { HubTraits } from '../ground/traits.ts';
import type { HubPersonality } from '../personalities/index.ts';
import type { EhrHabits } from '../publishing/ehr-habits.ts';

/** In what a hub shares content otherwise than its personality. */
export interface ContentOptions extends Partial<Omit<ContentTrait, 'statuses'>> {
  /** By which status it refuses; what is not named stays as it is. */
  statuses?: Partial<ContentStatuses>;
}

/** How a test hub behaves. */
export interface TestHubOptions {
  /**
   * Which hub it is: a version of FHIRcast, strict, or a hub of the field with all of its quirks. Default a hub that speaks
   * the January 2019 draft and STU3 at once. The options below change what such a hub does.
   */
  personality?: HubPersonality;
  /** The port on 127.0.0.1. Default 0: a free one. */
  port?: number;
  /** The longest lease that is granted, in seconds. Default as the personality does: 7200. */
  leaseSeconds?: number;
  /** Verify a webhook before its subscription request is answered? Default as the personality does: after. */
  verifyInline?: boolean;
  /** Send an event on, and wait for the answers, before the sender gets its own. Default `false`. */
  echoFirst?: boolean;
  /** How long a subscriber may take to answer, in milliseconds. Default 10 000. */
  answerTimeoutMs?: number;
  /** Is there a discovery document? Default as the personality has one; otherwise a 404 with HTML. */
  discovery?: boolean;
  /**
   * Put a network that fails on demand before the hub? Default `false`. Then all of the hub's URLs go through it, and
   * `port` is the network's.
   */
  network?: boolean;
  /**
   * Does a websocket subscription outlive a socket that was lost, so that its endpoint may be connected to again?
   * Default as the personality does: no. With `true`, one that was closed with 1000 or 1001 was not lost.
   */
  keepEndpoints?: boolean;
  /** Send the open contexts after the confirmation on a websocket? Default as the personality does. */
  replay?: boolean;
  /** Can the current context be asked for? Default as the personality allows; otherwise a 404. */
  currentContext?: boolean;
  /** How often websockets get a `heartbeat`, in seconds; it needs no answer. Default as the personality does: never. */
  heartbeatSeconds?: number;
  /**
   * How it shares content: point by point what it does otherwise than its personality, or `false` for a hub that shares none.
   * Default as the personality does: STU3's, and none in older versions.
   */
  content?: false | ContentOptions;
  /** What else the hub does otherwise than its personality, point by point. It outweighs the options above. */
  traits?: Partial<HubTraits>;
  /** How the EHR of each session publishes, unless the session says otherwise. */
  ehr?: EhrHabits;
  /** Called with every message that the hub sees or sends. */
  onMessage?: (message: HubMessage) => void;
}
