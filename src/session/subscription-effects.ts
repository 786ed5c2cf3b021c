import type { Denial } from '../channels/callback.ts';
import type { Channel, ChannelSink } from '../channels/channel.ts';
import type { FhircastError } from '../errors/errors.ts';
import type { Answer } from '../following/inbox.ts';
import type { Subscribed } from '../following/session-events.ts';
import type { StateMachine } from '../following/state.ts';
import type { ChannelType } from '../hub/dialect.ts';
import type { Backoff } from '../subscription/backoff.ts';
import type { LeaseLimits } from '../subscription/lease-term.ts';
import type { SubscriptionOptions } from '../subscription/subscription.ts';
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
  readonly #parts: SessionParts;
  readonly #settings: SubscriptionSettings;

  constructor(parts: SessionParts, settings: SubscriptionSettings) {
    this.machine = parts.machine;
    this.backoff = settings.backoff;
    this.lease = settings.lease;
    this.#parts = parts;
    this.#settings = settings;
  }

  spell(name: string): readonly string[] {
    return this.#parts.chooser.dialect.spell(name);
  }

  wanted(): readonly string[] {
    return this.#parts.wanted.names;
  }

  mayWantLess(error: FhircastError): boolean {
    return this.#parts.wanted.mayDropObjections(error);
  }

  wantLess(): void {
    this.#parts.wanted.dropObjections();
  }

  wantAll(): void {
    this.#parts.wanted.mayHaveObjections();
  }

  openChannel(sink: ChannelSink, failed: FhircastError | undefined): Promise<Channel> | Channel {
    const { api, chooser, discovery } = this.#parts;
    const { options, subscriberName } = this.#settings;
    const { record } = discovery;
    return openChannel(
      { api, options, chooser, subscriberName, record, discover: () => discovery.ask() },
      sink,
      failed,
    );
  }

  notification(text: string, answer: Answer, via: ChannelType): void {
    this.#parts.inbox.receive(text, answer, via);
  }

  alive(): void {
    this.#parts.liveness.heard();
  }

  keepalive(): void {
    this.#parts.inbox.counts.keepalive++;
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

  denied(denial: Denial): void {
    this.#parts.listeners.emit('denied', denial);
  }

  rejected(error: FhircastError): void {
    this.#parts.inbox.counts.rejected++;
    this.#parts.listeners.emit('error', error);
    // It is signed: the hub has sent it, once or once more.
    if (error.code === 'notification-stale') void this.#parts.catchUp.hint();
  }

  warned(warning: FhircastError): void {
    this.#parts.listeners.emit('warning', warning);
  }

  failed(error: FhircastError): void {
    this.#parts.listeners.emit('error', error);
  }
}
