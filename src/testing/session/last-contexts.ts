import { netContext } from '../delivery/notification-text.ts';
import type { HubEvent } from '../ground/hub-event.ts';
import type { HubTraits } from '../ground/traits.ts';

/** What the sandbox hubs remember of the current context: that of the last event, whatever it was. */
export class LastContexts {
  readonly #traits: HubTraits;
  readonly #kept = new Map<string, unknown>();

  constructor(traits: HubTraits) {
    this.#traits = traits;
  }

  /** @param session the session at whose URL the event was sent */
  follow(event: HubEvent, session: string): void {
    const { contextForm } = this.#traits;
    if (contextForm === 'last-of-all') this.#kept.set('', event.original === undefined ? event.context : raw(event));
    if (contextForm === 'last-of-topic') {
      const closed = event.name.toLowerCase().includes('close');
      this.#kept.set(event.topic ?? '', closed ? {} : event.original === undefined ? event.context : raw(event));
    }
    if (contextForm === 'last-of-session') this.#kept.set(session, netContext(event.context));
  }

  /** @param session what stands in the URL that was asked */
  find(session: string): unknown {
    return this.#kept.get(this.#traits.contextForm === 'last-of-all' ? '' : session);
  }

  /** Has there been any event? */
  get any(): boolean {
    return this.#kept.size > 0;
  }

  /** Forgets everything. */
  clear(): void {
    this.#kept.clear();
  }
}

function raw({ original }: HubEvent): unknown {
  const event = original?.['event'];
  return typeof event === 'object' && event !== null && 'context' in event ? event.context : undefined;
}
