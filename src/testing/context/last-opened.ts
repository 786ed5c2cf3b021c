import { randomUUID } from 'node:crypto';
import { anchorAndAction, type HubEvent } from '../ground/hub-event.ts';
import type { ContextKeeper } from './context-keeper.ts';
import type { OpenContext } from './open-contexts.ts';

/** The context that was opened last, whenever that was, until a close of whatever comes (Medplum's hub). */
export class LastOpened implements ContextKeeper {
  current: OpenContext | undefined;

  get open(): readonly OpenContext[] {
    return this.current === undefined ? [] : [this.current];
  }

  latestOfEachType(): OpenContext[] {
    return [...this.open];
  }

  follow(event: HubEvent, versionId: string = randomUUID()): HubEvent {
    const { anchor, action } = anchorAndAction(event.name);
    if (action === 'close') this.current = undefined;
    if (action !== 'open') return event;
    const versioned = { ...event, versionId };
    this.current = { type: anchor, event: versioned, versionId };
    return versioned;
  }
}
