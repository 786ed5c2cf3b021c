import { ChannelError } from '../errors/errors.ts';
import type { ContextStore } from '../following/context-store.ts';
import type { Inbox } from '../following/inbox.ts';
import type { Listeners } from '../following/listeners.ts';
import type { SyncTracker } from '../following/sync-status.ts';
import type { HubApi } from '../hub/api.ts';
import type { CatchUpOptions } from '../recovery/catch-up.ts';
import type { LivenessOptions } from '../recovery/liveness.ts';
import type { Backoff } from '../subscription/backoff.ts';
import type { SessionParts } from './parts.ts';

/** An event may come so much later than the hub's word that it happened. In milliseconds. */
const GRACE_MS = 1_000;

/** Gives catching up and liveness the parts of the client that they ask, and carries out what they find. */
export class RecoveryEffects implements CatchUpOptions, LivenessOptions {
  readonly api: HubApi;
  readonly backoff: Backoff;
  readonly inbox: Inbox;
  readonly contexts: ContextStore;
  readonly sync: SyncTracker;
  readonly listeners: Listeners;
  readonly graceMs: number;
  readonly silenceMs: number;
  readonly #parts: SessionParts;

  constructor(parts: SessionParts, backoff: Backoff, silenceMs: number) {
    this.api = parts.api;
    this.backoff = backoff;
    this.inbox = parts.inbox;
    this.contexts = parts.contexts;
    this.sync = parts.sync;
    this.listeners = parts.listeners;
    this.graceMs = Math.min(GRACE_MS, silenceMs);
    this.silenceMs = silenceMs;
    this.#parts = parts;
  }

  replays(): boolean {
    const { chooser, subscription } = this.#parts;
    // Hubs replay over websockets alone.
    return chooser.dialect.replaysContext && subscription.channelType === 'websocket';
  }

  closeClears(): boolean {
    return this.#parts.chooser.dialect.closeClears;
  }

  missed(code: 'event-missed' | 'channel-silent'): void {
    this.#parts.subscription.lost(new ChannelError(code, { retryable: true }));
  }

  ping(): boolean {
    return this.#parts.subscription.ping();
  }

  audit(isProven: boolean): Promise<boolean> {
    return this.#parts.catchUp.audit(isProven);
  }

  dead(): void {
    this.missed('channel-silent');
  }
}
