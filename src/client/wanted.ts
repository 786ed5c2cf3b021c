import { FhircastError } from '../errors.ts';
import { uncovered } from '../launch/scopes.ts';
import type { Listeners } from './listeners.ts';

/** What decides which events the hub is asked for. */
export interface WantedOptions {
  readonly listeners: Listeners;
  /** The canonical names that are subscribed to whoever listens; `undefined` for what is listened to. */
  readonly pinned: readonly string[] | undefined;
  /** The granted scopes; `undefined` when they are not known. */
  readonly scope: string | undefined;
  /** Whether the hub's version has an event for an app that did not follow. */
  hasSyncErrors(): boolean;
}

/** Which events the hub is asked for: what is listened to, and the objections to this app's own changes. */
export class Wanted {
  readonly #options: WantedOptions;
  #withSyncErrors = false;
  #reportedScopes = '';

  constructor(options: WantedOptions) {
    this.#options = options;
  }

  /** The canonical names. What the granted scopes do not cover is reported, once. */
  get names(): readonly string[] {
    const { listeners, pinned } = this.#options;
    const names = pinned ?? listeners.names;
    const missing = this.#uncovered(names);
    if (missing.length > 0 && this.#reportedScopes !== missing.join()) {
      this.#reportedScopes = missing.join();
      listeners.emit('warning', new FhircastError('scope-missing', { at: missing.join(', ') }));
    }
    return this.#withSyncErrors && names.length > 0 ? [...new Set([...names, 'SyncError'])] : names;
  }

  /**
   * Objections to a change of ours come as SyncErrors: an app that changes the context subscribes to them, if it may.
   *
   * @returns whether that is news
   */
  addSyncErrors(): boolean {
    const { pinned, hasSyncErrors } = this.#options;
    if (this.#withSyncErrors || pinned || !hasSyncErrors() || this.#uncovered(['SyncError']).length > 0) return false;
    this.#withSyncErrors = true;
    return true;
  }

  #uncovered(names: readonly string[]): readonly string[] {
    const { scope } = this.#options;
    return scope === undefined ? [] : uncovered(scope, names, 'read');
  }
}
