import { FhircastError } from '../errors/errors.ts';
import type { FhircastEvent } from '../events/event.ts';
import { changesContext, kindOf } from '../events/kind.ts';
import type { ContextStore } from '../following/context-store.ts';
import { NOT_DECIDED, type SyncTracker } from '../following/sync-status.ts';
import { type ObjectionOptions, object } from './send-sync-error.ts';

/** The parts that tell the hub of late refusals. */
export interface LateRefusalsOptions extends ObjectionOptions {
  readonly contexts: ContextStore;
  readonly sync: SyncTracker;
  /** The hub could not be told. */
  failed(error: FhircastError): void;
}

/** Tells the hub by SyncErrors what this app did not follow after it had answered. One event draws one SyncError. */
export class LateRefusals {
  readonly #options: LateRefusalsOptions;
  /** The events that were not decided in time, and whether the hub could be told so. */
  #overdue: WeakMap<FhircastEvent, Promise<boolean>> | undefined;

  constructor(options: LateRefusalsOptions) {
    this.#options = options;
  }

  /** The app did not follow an event. */
  async refused(event: FhircastEvent, reason: string | undefined): Promise<void> {
    if (!(await this.#overdue?.get(event))) await this.#object(event, reason);
  }

  /** The app has not decided about an event in time. The hub is told only where the event made the current context. */
  overdue(event: FhircastEvent): void {
    const { api, sync } = this.#options;
    if (!api.dialect.sendsSyncErrors || !sync.isCurrent(event.id)) return;
    this.#overdue ??= new WeakMap();
    this.#overdue.set(event, this.#object(event, NOT_DECIDED));
  }

  async #object(event: FhircastEvent, reason: string | undefined): Promise<boolean> {
    const { contexts, sync, signal, failed } = this.#options;
    if (signal.aborted) return false;
    const { current } = contexts;
    const isCurrent = () =>
      changesContext(kindOf(event.name)) ? sync.isCurrent(event.id) : contexts.current === current;
    try {
      return await object(this.#options, event, reason, isCurrent);
    } catch (cause) {
      failed(cause instanceof FhircastError ? cause : new FhircastError('sync-error-not-sent', { cause }));
      return false;
    }
  }
}
