import { notificationText } from '../delivery/notification-text.ts';
import type { WebhookDelivery } from '../delivery/webhook-delivery.ts';
import type { WebSocketDelivery } from '../delivery/websocket-delivery.ts';
import type { DeliveryLabel } from '../ground/delivery.ts';
import type { HubEvent } from '../ground/hub-event.ts';
import type { SubscriberChannel } from '../ground/log.ts';
import type { HubTraits } from '../ground/traits.ts';
import { nameFor } from './matching.ts';

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
  /** `subscriber.name`, if it gave itself one. */
  readonly givenName: string | undefined;
  /** What a hub that checks nothing will miss when there is an event. */
  readonly lacks: 'events' | 'secret' | undefined;
  /** Its place in the order of all subscriptions of the hub. */
  readonly number: number;
  /** Takes it off the hub's list. The subscriber is not told. */
  readonly remove: () => void;
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
    number: number;
    remove: () => void;
    givenName?: string;
    lacks?: 'events' | 'secret';
  }) {
    this.name = facts.name;
    this.topic = facts.topic;
    this.delivery = facts.delivery;
    this.events = facts.events;
    this.leaseSeconds = facts.leaseSeconds;
    this.#session = facts.session;
    this.#versioned = facts.versioned;
    this.#traits = facts.traits;
    this.number = facts.number;
    this.remove = facts.remove;
    this.givenName = facts.givenName;
    this.lacks = facts.lacks;
  }

  /** Is there an open websocket? */
  get connected(): boolean {
    return this.delivery.channel === 'websocket' && this.delivery.open;
  }

  /** Has it asked for heartbeats? */
  get wantsHeartbeat(): boolean {
    return this.events.some((name) => name.toLowerCase() === 'heartbeat');
  }

  /** Has there ever been one? */
  get wasConnected(): boolean {
    return this.delivery.channel === 'websocket' && this.delivery.wasAttached;
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

  /**
   * An event as this subscriber is told of it: its spelling, its form of the topic, its version's fields.
   *
   * @param elsewhere a topic that it is to say in place of the right one
   */
  render(event: HubEvent, spelling: string, elsewhere?: string): string {
    return notificationText(
      event,
      { spelling, topic: this.topic, elsewhere, versioned: this.#versioned },
      this.#traits,
    );
  }

  /** Starts the lease anew. The timer keeps no process alive. */
  startLease(expired: () => void): void {
    clearTimeout(this.#timer);
    if (!this.#traits.leases) return;
    this.#timer = setTimeout(expired, Math.min(this.leaseSeconds, LONGEST_TIMER_SECONDS) * 1000);
    this.#timer.unref?.();
  }

  /** Closes it: nothing is delivered afterwards. Idempotent. */
  close(): void {
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
      socketOpen: this.connected,
    };
  }
}
