/** An app that does not show the current context. */
export interface Refusal {
  /** Its `subscriber.name`, where it is known. */
  readonly subscriber: string | undefined;
  /** Whether it is this very app. */
  readonly isSelf: boolean;
  /** Its reason, for people to read. */
  readonly diagnostics: string | undefined;
}

/**
 * Why `client.context` may not be the hub's. All of them end with the next event or answer of the hub that establishes the
 * context.
 *
 * - `catching-up`: events may have been missed. The hub is asked, or cannot say.
 * - `event-refused`: this client refused an event, because it could not be read or contradicts itself. The session may have gone
 *   where this app did not follow.
 * - `event-doubted`: somebody objected to an event that this client has not followed, or never got.
 * - `stale-dropped`: an event was dropped because it seemed older than the current context, perhaps by a clock that is off, or
 *   a repetition of what another event had displaced.
 */
export type SyncDoubt = 'catching-up' | 'event-refused' | 'event-doubted' | 'stale-dropped';

/** Why a session is `behind`: a {@link SyncDoubt}, or `undecided`: this app's listener is still at work on the current context. */
export type BehindReason = SyncDoubt | 'undecided';

/**
 * Why nothing is known of what goes on.
 *
 * - `not-subscribed`: nothing is listened to, or the hub has not confirmed yet.
 * - `connection-lost`: the connection was lost or could not be made. The client tries again, and this stays until the hub confirms.
 * - `denied`: the hub refused the subscription, or every attempt was used up. Nothing is tried until the app calls `ready()`.
 * - `closed`: the app called `unsubscribe()`, or its page was left for good.
 */
export type DisconnectedReason = 'not-subscribed' | 'connection-lost' | 'denied' | 'closed';

/** Whether the session is in step, as far as this app can know. The object is the same until something of it changes. */
export type SyncStatus = {
  /** Since when it has this `state`, in milliseconds since 1970. */
  readonly since: number;
  /**
   * Whether the hub tells this app that somebody does not follow (`SyncError`). Where it is `unheard`, `in-sync` means no more
   * than that this app follows.
   */
  readonly objections: 'heard' | 'unheard';
} & SyncStanding;

/** A {@link SyncStatus} without its circumstances. */
export type SyncStanding =
  | {
      /** `client.context` is the hub's, and nobody is known to object to it. */
      readonly state: 'in-sync';
    }
  | {
      /** `client.context` may not be the hub's, or this app has not decided yet. */
      readonly state: 'behind';
      /** Why. */
      readonly reason: BehindReason;
    }
  | {
      /** `client.context` is the hub's, and somebody shows another one. */
      readonly state: 'refused';
      /** Who does not follow; the first is the one that was heard first. */
      readonly by: readonly Refusal[];
    }
  | {
      /** Nothing is known of what goes on: the connection was lost, or there is no subscription. */
      readonly state: 'disconnected';
      /** Why. */
      readonly reason: DisconnectedReason;
    };

/** All that decides whether the session is in step. */
export interface SyncFacts {
  /** Why there is no confirmed subscription; `undefined` while there is one. */
  readonly disconnected: DisconnectedReason | undefined;
  /** Why the context may not be the hub's; `undefined` when it is. */
  readonly doubt: SyncDoubt | undefined;
  /** Who objected to the current context. */
  readonly refusals: readonly Refusal[];
  /** The events of the current context that this app has not decided about, though the hub has been answered. */
  readonly undecided: readonly string[];
  /** Whether the subscription brings SyncErrors. */
  readonly hearsObjections: boolean;
}

/** What the facts come to: what outweighs the others comes first, and `in-sync` is what is left. */
export function standingOf({ disconnected, doubt, refusals, undecided }: SyncFacts): SyncStanding {
  if (disconnected) return { state: 'disconnected', reason: disconnected };
  if (doubt) return { state: 'behind', reason: doubt };
  if (refusals.length > 0) return { state: 'refused', by: refusals };
  return undecided.length > 0 ? { state: 'behind', reason: 'undecided' } : { state: 'in-sync' };
}
