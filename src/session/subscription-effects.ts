import type { Arrivals, Channel, Standing } from '../channels/channel.ts';
import type { FhircastError } from '../errors/errors.ts';
import type { Listeners } from '../following/listeners.ts';
import type { Subscribed } from '../following/session-events.ts';
import type { StateMachine } from '../following/state.ts';
import type { Backoff } from '../subscription/backoff.ts';
import type { LeaseLimits } from '../subscription/lease-term.ts';
import type { SubscriptionOptions } from '../subscription/subscription.ts';
import type { Wanted } from '../subscription/wanted-events.ts';
import { openChannel } from './open-channel.ts';
import type { FhircastClientOptions } from './options.ts';
import type { SessionParts } from './parts.ts';

/** How a client subscribes. */
export interface SubscriptionSettings {
  readonly options: FhircastClientOptions;
  readonly subscriberName: string;
  readonly backoff: Backoff;
  readonly lease: LeaseLimits;
}

/** Tells the other parts of a client what becomes of its subscription, and what arrives by it. */
export class SubscriptionEffects implements SubscriptionOptions {
  readonly machine: StateMachine;
  readonly backoff: Backoff;
  readonly lease: LeaseLimits;
  readonly wanted: Wanted;
  readonly listeners: Listeners;
  readonly #parts: SessionParts;
  readonly #settings: SubscriptionSettings;
  /** Takes what arrives, by whichever channel. */
  readonly #arrivals: Arrivals;

  constructor(parts: SessionParts, settings: SubscriptionSettings) {
    this.machine = parts.machine;
    this.backoff = settings.backoff;
    this.lease = settings.lease;
    this.wanted = parts.wanted;
    this.listeners = parts.listeners;
    this.#parts = parts;
    this.#settings = settings;
    const { inbox, liveness, listeners, catchUp } = parts;
    this.#arrivals = {
      notification: (text, answer, via) => inbox.receive(text, answer, via),
      alive: () => liveness.heard(),
      keepalive: () => void inbox.counts.keepalive++,
      rejected: (error) => {
        inbox.counts.rejected++;
        listeners.emit('error', error);
        // It is signed: the hub has sent it, once or once more.
        if (error.code === 'notification-stale') void catchUp.hint();
      },
      warned: (warning) => listeners.emit('warning', warning),
    };
  }

  spell(name: string): readonly string[] {
    return this.#parts.chooser.dialect.spell(name);
  }

  openChannel(standing: Standing, failed: FhircastError | undefined): Promise<Channel> | Channel {
    const { api, chooser, discovery } = this.#parts;
    const { options, subscriberName } = this.#settings;
    const { record } = discovery;
    return openChannel(
      { api, options, chooser, subscriberName, record, discover: () => discovery.ask() },
      { ...this.#arrivals, ...standing },
      failed,
    );
  }

  subscribed(subscribed: Subscribed, isAnew: boolean, contexts: unknown): void {
    const { discovery, sync, wanted, listeners, machine, catchUp } = this.#parts;
    discovery.subscribed();
    sync.hears(wanted.granted(subscribed));
    listeners.emit('subscribed', subscribed);
    const isActive = () => isAnew && machine.state === 'active';
    if (isActive()) catchUp.told(contexts);
    // Whoever was told of it may have left at once.
    if (isActive()) catchUp.begin();
  }
}
