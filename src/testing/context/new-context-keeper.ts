import type { HubTraits } from '../ground/traits.ts';
import type { ContextKeeper } from './context-keeper.ts';
import { LastOpened } from './last-opened.ts';
import { CurrentContext } from './open-contexts.ts';

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
