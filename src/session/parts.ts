import type { Changes } from '../changes/changes.ts';
import type { LateRefusals } from '../changes/late-refusals.ts';
import type { ContextStore } from '../following/context-store.ts';
import type { Inbox } from '../following/inbox.ts';
import type { SyncTracker } from '../following/sync-status.ts';
import type { HubApi } from '../hub/api.ts';
import type { CatchUp } from '../recovery/catch-up.ts';
import type { Liveness } from '../recovery/liveness.ts';
import type { Discovery, DiscoveryParts } from './session-discovery.ts';
import type { SessionTap } from './session-tap.ts';

/** The parts of a client, for those that carry out what one of them finds. */
export interface SessionParts extends DiscoveryParts {
  readonly contexts: ContextStore;
  readonly sync: SyncTracker;
  readonly api: HubApi;
  readonly inbox: Inbox;
  readonly catchUp: CatchUp;
  readonly liveness: Liveness;
  readonly lateRefusals: LateRefusals;
  readonly discovery: Discovery;
  /** What sends changes of the context, where the app has made one. */
  readonly changesMade: Changes | undefined;
  /** What an entry point follows the session by. */
  readonly tap: SessionTap | undefined;
  /** The context of the session, or what the app shows, may have changed. */
  settled(): void;
}
