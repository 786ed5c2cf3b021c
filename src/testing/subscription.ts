import type { HubEvent } from './hub-event.ts';
import type { SubscriberChannel } from './log.ts';
import { nameFor } from './matching.ts';
import type { HubTraits } from './traits.ts';
import type { DeliveryLabel, WebhookDelivery } from './webhook-delivery.ts';
import type { WebSocketDelivery } from './websocket-delivery.ts';

/** What a test can read of a subscription. */
export interface SubscriptionInfo {
  /** How the subscriber is reached. */
  readonly channel: SubscriberChannel;
  /** `subscriber.name`, or the name that the hub gave. */
  readonly name: string;
  /** As the subscriber spelt them. */
  readonly events: readonly string[];
  /** As the subscriber wrote it. */
  readonly topic: string;
  /** What the hub granted. */
  readonly leaseSeconds: number;
  /** Has it been verified or confirmed? */
  readonly active: boolean;
  /** Of a webhook. */
  readonly callback?: string;
  /** Of a websocket. */
  readonly endpoint?: string;
  /** Is there an open websocket? `false` for a webhook. */
  readonly socketOpen: boolean;
}

/** The longest that a timer can wait, in seconds. */
const LONGEST_TIMER_SECONDS = 2_147_483;

/** One subscription of a session. */
export class Subscription {
  readonly name: string;
  readonly topic: string;
  readonly delivery: WebhookDelivery | WebSocketDelivery;
  events: readonly string[];
  leaseSeconds: number;
  active = false;
  /** What it was told last: a SyncError about a lost subscriber names it. */
  lastEvent: { id: string; name: string } | undefined;
  readonly #session: string;
  readonly #versioned: boolean;
  readonly #traits: HubTraits;
  #timer: NodeJS.Timeout | undefined;

  constructor(facts: {
    name: string;
    session: string;
    topic: string;
    delivery: WebhookDelivery | WebSocketDelivery;
    events: readonly string[];
    leaseSeconds: number;
    /** Does its version of FHIRcast know `context.versionId`? */
    versioned: boolean;
    traits: HubTraits;
  }) {
    this.name = facts.name;
    this.topic = facts.topic;
    this.delivery = facts.delivery;
    this.events = facts.events;
    this.leaseSeconds = facts.leaseSeconds;
    this.#session = facts.session;
    this.#versioned = facts.versioned;
    this.#traits = facts.traits;
  }

  /** For the log. */
  label(event?: { id?: string; name?: string }): DeliveryLabel {
    return {
      session: this.#session,
      subscriber: this.name,
      ...(event?.id === undefined ? {} : { eventId: event.id }),
      ...(event?.name === undefined ? {} : { event: event.name }),
    };
  }

  /** What a verification and a confirmation say. */
  get confirmation(): { 'hub.mode': string; 'hub.topic': string; 'hub.events': string; 'hub.lease_seconds': number } {
    return {
      'hub.mode': 'subscribe',
      'hub.topic': this.topic,
      'hub.events': this.events.join(','),
      'hub.lease_seconds': this.leaseSeconds,
    };
  }

  /** What a denial says. */
  denial(reason: string): Record<string, string> {
    return { 'hub.mode': 'denied', 'hub.topic': this.topic, 'hub.events': this.events.join(','), 'hub.reason': reason };
  }

  /** How an event is called that it is to be told of; `undefined` for all others. */
  spellingOf(name: string): string | undefined {
    return nameFor(this.events, name, this.#traits);
  }

  /** An event as this subscriber is told of it: its spelling, its form of the topic, its version's fields. */
  render(event: HubEvent, spelling: string, topic = this.topic): string {
    return JSON.stringify({
      timestamp: event.timestamp,
      id: event.id,
      event: {
        'hub.topic': topic,
        'hub.event': spelling,
        context: event.context,
        ...(this.#versioned && event.versionId !== undefined ? { 'context.versionId': event.versionId } : {}),
        ...(this.#versioned && event.priorVersionId !== undefined
          ? { 'context.priorVersionId': event.priorVersionId }
          : {}),
      },
    });
  }

  /** Starts the lease anew. The timer keeps no process alive. */
  startLease(expired: () => void): void {
    clearTimeout(this.#timer);
    if (!this.#traits.leases) return;
    this.#timer = setTimeout(expired, Math.min(this.leaseSeconds, LONGEST_TIMER_SECONDS) * 1000);
    this.#timer.unref();
  }

  /** Ends it: nothing is delivered afterwards. Idempotent. */
  end(): void {
    clearTimeout(this.#timer);
    this.active = false;
  }

  /** What a test can read. */
  get info(): SubscriptionInfo {
    const { delivery } = this;
    return {
      channel: delivery.channel,
      name: this.name,
      events: this.events,
      topic: this.topic,
      leaseSeconds: this.leaseSeconds,
      active: this.active,
      ...(delivery.channel === 'webhook' ? { callback: delivery.callback } : { endpoint: delivery.endpoint }),
      socketOpen: delivery.channel === 'websocket' && delivery.open,
    };
  }
}
