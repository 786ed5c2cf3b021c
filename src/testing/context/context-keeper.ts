import type { HubEvent } from '../ground/hub-event.ts';
import type { OpenContext } from './open-contexts.ts';

/** What a hub remembers of the events of a session. */
export interface ContextKeeper {
  /** The current context, if there is one. */
  readonly current: OpenContext | undefined;
  /** Every open context, the oldest first. */
  readonly open: readonly OpenContext[];
  /** What somebody who joins late is told: the latest open context of each type, the oldest first. */
  latestOfEachType(): OpenContext[];
  /**
   * Follows an event.
   *
   * @param versionId the version of what it opens. Default a new one
   * @returns the event as it is to be sent, an open one with its version
   */
  follow(event: HubEvent, versionId?: string): HubEvent;
}
