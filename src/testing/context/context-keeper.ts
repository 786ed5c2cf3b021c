import type { HubEvent } from '../ground/hub-event.ts';
import type { HubTraits } from '../ground/traits.ts';
import { LastOpened } from './last-opened.ts';
import { CurrentContext, type OpenContext } from './open-contexts.ts';

/** What a hub remembers of the events of a session. */
export interface ContextKeeper {
  /** The current context, if there is one. */
  readonly current: OpenContext | undefined;
  /** Every open context, the oldest first. */
  readonly open: readonly OpenContext[];
  /** What somebody who joins late is told: the latest open context of each type, the oldest first. */
  latestOfEachType(): OpenContext[];
  /** Follows an event and returns it as it is to be sent, an open one with its version. */
  follow(event: HubEvent): HubEvent;
}

/** The memory of a hub that keeps contexts as these traits say. */
export function newContextKeeper({ contextKeeping }: HubTraits): ContextKeeper {
  switch (contextKeeping) {
    case 'open-contexts':
      return new CurrentContext();
    case 'open-contexts-as-they-come':
      return new CurrentContext('as-they-come');
    case 'last-opened':
      return new LastOpened();
  }
}
