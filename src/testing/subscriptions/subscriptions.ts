import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { WebhookDelivery, type WebhookSettings } from '../delivery/webhook-delivery.ts';
import { WebSocketDelivery } from '../delivery/websocket-delivery.ts';
import { type HeartbeatTrait, heartbeatFrame } from '../ground/heartbeat.ts';
import { type HttpAnswer, HttpRefusal } from '../ground/http-server.ts';
import type { HubEvent } from '../ground/hub-event.ts';
import type { HubMessageKind, SubscriberChannel } from '../ground/log.ts';
import type { HubTraits } from '../ground/traits.ts';
import { unguessable } from '../ground/unguessable.ts';
import { confirmationFrame, handshakeFrame, isHandshakeAnswer } from './confirmation.ts';
import { Subscription } from './hub-subscription.ts';
import { tellEndpoint, tellWebhook } from './subscribe-answer.ts';
import type { SubscribeRequest, WebhookTarget, WebSocketTarget } from './subscribe-request.ts';
import { type VerificationFields, type VerificationMemory, verify } from './verification.ts';

/** What subscriptions need of their session and hub. */
export interface SubscriptionSettings extends WebhookSettings {
  session: string;
  /** Where websockets connect; an unguessable segment is appended. */
  websocketUrl: string;
  /** The longest lease that is granted, in seconds. */
  leaseSeconds: number;
  /** What the hub does, point by point. */
  traits: HubTraits;
  /** What all sessions of the hub share. */
  shared: VerificationMemory;
  /** Counts the subscriptions of the hub. */
  nextNumber(): number;
}

/** What subscriptions ask of their session. */
export interface SubscriptionEvents {
  /** The opens of what is open now, the latest last. */
  open(): readonly HubEvent[];
  /** The open events that a late subscriber is told of. */
  replay(): readonly HubEvent[];
  deliver(subscription: Subscription, event: HubEvent): void;
  /** A subscriber's socket ended in another way than it should. */
  lost(subscription: Subscription, closeCode: number): void;
}

/** Who asks for a subscription. */
export interface Asker {
  /** Does its version of FHIRcast know `context.versionId`? */
  versioned: boolean;
  /** The app that its token was given to, where that is known. */
  client: string | undefined;
  /** Told the name of its subscription. */
  named(name: string): void;
}

/** How long a subscriber may take to open its socket, in milliseconds. */
const CONNECT_WITHIN_MS = 1_500;

/** The subscriptions of one session. */
export class Subscriptions {
  readonly #settings: SubscriptionSettings;
  readonly #events: SubscriptionEvents;
  /** Websocket subscriptions that are denied when their socket opens, and why. */
  readonly #denials = new Map<Subscription, string>();
  readonly #verifications = new Set<Promise<unknown>>();
  #all: Subscription[] = [];
  #unnamed = 0;
  /** The end of the endpoint that all of the topic have, of a hub that gives but one. */
  readonly #sharedEndpoint = unguessable();
  /** Why the next subscription is denied. */
  denyNext: string | undefined;

  constructor(settings: SubscriptionSettings, events: SubscriptionEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** Every subscription, pending ones included. */
  get all(): readonly Subscription[] {
    return this.#all;
  }

  /** Those that have been verified or confirmed. */
  get active(): readonly Subscription[] {
    return this.#all.filter((subscription) => subscription.active);
  }

  /** Are there callbacks that have been asked and whose answers are on their way? */
  get verifying(): boolean {
    return this.#verifications.size > 0;
  }

  /**
   * Waits for those answers. A subscriber that has answered expects the next event, before the hub has read the answer.
   */
  async verified(): Promise<void> {
    await Promise.all(this.#verifications);
  }

  /**
   * Handles a subscription or an unsubscription.
   *
   * @throws a refusal when it is about a subscription that does not exist
   */
  handle(request: SubscribeRequest, asker: Asker): HttpAnswer | Promise<HttpAnswer> {
    const { mode, target } = request;
    if (target.channel === 'webhook') {
      return mode === 'subscribe' ? this.#subscribeWebhook(request, asker) : this.#unsubscribeWebhook(request, target);
    }
    return mode === 'subscribe'
      ? this.#subscribeSocket(request, target, asker)
      : this.#unsubscribeSocket(request, target);
  }

  /** Every subscription whose endpoint has this path and may be bound to a socket, once more or for the first time. */
  bindable(path: string): Subscription[] {
    const { rebinds } = this.#settings.traits;
    return this.#all.filter(
      ({ delivery }) =>
        delivery.channel === 'websocket' && delivery.path === path && (rebinds || !delivery.wasAttached),
    );
  }

  /** The latest websocket subscription whose endpoint has this path and no live socket. */
  awaiting(path: string): Subscription | undefined {
    return this.#all.filter((subscription) => this.#awaits(subscription, path)).at(-1);
  }

  #awaits({ delivery }: Subscription, path: string): boolean {
    if (delivery.channel !== 'websocket' || delivery.path !== path) return false;
    // Whoever comes back may be faster than the closing handshake of the socket before.
    return !(this.#settings.traits.keepEndpoints !== 'never' ? delivery.open : delivery.attached);
  }

  /** Takes the socket that opened at a subscription's endpoint. */
  attach(subscription: Subscription, socket: WebSocket): void {
    const { delivery } = subscription;
    if (delivery.channel !== 'websocket') return;
    delivery.attach(socket, subscription.label(), {
      opened: () => {
        const { awaitsEndpoint, confirmation } = this.#settings.traits;
        if (confirmation === 'handshake') delivery.send('confirm', handshakeFrame(subscription), subscription.label());
        else if (!awaitsEndpoint) this.#confirm(subscription);
      },
      frame: (text) => this.#hear(subscription, text),
      closed: (code) => {
        const lost = subscription.active && !isNormalEnd(code);
        this.#socketClosed(subscription, code);
        if (lost) this.#events.lost(subscription, code);
      },
    });
  }

  /** Ends a subscription and tells the subscriber why. */
  async deny(subscription: Subscription, reason: string): Promise<void> {
    this.#remove(subscription);
    const { delivery } = subscription;
    if (this.#settings.traits.denials === 'untold') return;
    // The one that was to be replaced ends with it.
    if (delivery.channel === 'webhook') this.#removeAll(delivery.callback);
    if (delivery.channel === 'webhook') return delivery.deny(subscription.denial(reason), subscription.label());
    delivery.send('deny', JSON.stringify(subscription.denial(reason)), subscription.label());
    if (this.#settings.traits.denials === 'frame-and-close') delivery.close(1000);
    if (this.#settings.traits.denials === 'frame-and-end') delivery.close();
  }

  /** The subscriber of a subscription is gone: there is nobody to tell of its end. */
  lost(subscription: Subscription): void {
    this.#remove(subscription);
  }

  /** Ends the leases of all subscriptions now. */
  expire(): void {
    if (!this.#settings.traits.leases) return;
    for (const subscription of this.#all) this.#expired(subscription);
  }

  /**
   * Closes every websocket. The hub does so itself, so no other subscriber is told of a lost one.
   *
   * @param closeCode `undefined` to break the connections without a close frame
   */
  closeSockets(closeCode: number | undefined): void {
    for (const subscription of this.#all) {
      if (subscription.delivery.channel !== 'websocket') continue;
      this.#socketClosed(subscription, closeCode);
      if (closeCode === undefined) subscription.delivery.lost();
      else subscription.delivery.close(closeCode);
    }
  }

  /** Loses every websocket as a crash does: what is remembered is still there afterwards, or nothing is. */
  restart({ memory }: { memory: boolean }): void {
    for (const subscription of this.#all) {
      if (!memory) this.#remove(subscription);
      if (subscription.delivery.channel !== 'websocket') continue;
      subscription.active = false;
      subscription.delivery.lost();
    }
  }

  /**
   * Sends a heartbeat on every websocket (before STU2; Medplum's hub still does).
   */
  beat(heartbeat: HeartbeatTrait): void {
    const label = { name: 'heartbeat' };
    for (const subscription of this.#all) {
      const { delivery } = subscription;
      if (delivery.channel !== 'websocket') continue;
      if (!delivery.open && this.#settings.traits.dropsUnconnected) this.#remove(subscription);
      else if (subscription.active && (!heartbeat.onlyIfSubscribed || subscription.wantsHeartbeat))
        delivery.send('notify', heartbeatFrame(heartbeat, subscription.topic), subscription.label(label));
    }
  }

  /** Ends everything; sockets are told that the hub goes away. */
  close(): void {
    this.closeSockets(1001);
    for (const subscription of this.#all) this.#remove(subscription);
  }

  #subscribeSocket(request: SubscribeRequest, target: WebSocketTarget, asker: Asker): HttpAnswer {
    const renews = target.endpoint !== undefined && this.#settings.traits.renewal !== 'new-endpoint';
    const existing = renews ? this.#requireEndpoint(target.endpoint ?? '') : undefined;
    if (existing && this.#settings.traits.renewal === 'unheard' && existing.delivery.channel === 'websocket')
      return tellEndpoint(existing.delivery.endpoint, this.#settings.traits, this.#events.open());
    const prior = existing?.events ?? [];
    const subscription = existing ?? this.#add(request, asker);
    if (existing !== undefined) {
      existing.events = request.events;
      existing.leaseSeconds = this.#lease(request);
    }
    subscription.startLease(() => this.#expired(subscription));
    if (existing === undefined && this.#settings.traits.keepEndpoints !== 'always') this.#awaitSocket(subscription);
    const reason = this.#takeDenial();
    if (reason !== undefined) this.#denials.set(subscription, reason);
    const { delivery } = subscription;
    const endpoint = delivery.channel === 'websocket' ? delivery.endpoint : '';
    return {
      ...tellEndpoint(endpoint, this.#settings.traits, this.#events.open()),
      afterwards: async () => {
        if (existing !== undefined && delivery.channel === 'websocket' && delivery.open) this.#confirm(existing, prior);
      },
    };
  }

  /** A subscriber that never connects has not heard of its endpoint: its subscription is not kept. */
  #awaitSocket(subscription: Subscription): void {
    const { delivery } = subscription;
    const remove = () => delivery.channel === 'websocket' && !delivery.attached && this.#remove(subscription);
    setTimeout(remove, CONNECT_WITHIN_MS).unref?.();
  }

  #unsubscribeSocket(request: SubscribeRequest, target: WebSocketTarget): HttpAnswer {
    const { unsubscription, unsubscribedStatus } = this.#settings.traits;
    if (unsubscription === 'by-endpoint-field') return this.#unsubscribeByField(target);
    if (unsubscription === 'denies-all') {
      const answer = tellEndpoint(target.endpoint ?? '', this.#settings.traits);
      return { ...answer, afterwards: async () => this.#denyAll(request) };
    }
    const subscription = this.#requireEndpoint(target.endpoint ?? '');
    const afterwards = () => this.deny(subscription, 'The subscriber unsubscribed.');
    return { status: unsubscribedStatus, afterwards };
  }

  /** Ends what the field `endpoint` names, and without it everybody's (Medplum's hub of 2026). */
  #unsubscribeByField({ endpointField, endpoint = '' }: WebSocketTarget): HttpAnswer {
    const ended = this.#all.filter(
      ({ delivery }) =>
        delivery.channel === 'websocket' && (endpointField === undefined || delivery.endpoint === endpointField),
    );
    const afterwards = async () => {
      for (const subscription of ended) await this.deny(subscription, 'Subscriber unsubscribed from topic');
    };
    return { ...tellEndpoint(endpointField ?? endpoint, this.#settings.traits), afterwards };
  }

  /** Tells everybody of the topic that somebody left, as if it were they (Medplum's hub, older versions). */
  #denyAll({ events }: SubscribeRequest): void {
    for (const subscription of this.#all) {
      const { delivery } = subscription;
      if (delivery.channel !== 'websocket') continue;
      const denial = {
        ...subscription.denial('Subscriber unsubscribed from topic'),
        'hub.events': events.join(','),
      };
      delivery.send('deny', JSON.stringify(denial), subscription.label());
    }
  }

  /** Takes a frame that a hub waits for before it says anything. */
  #hear(subscription: Subscription, text: string): boolean {
    const { delivery } = subscription;
    const { awaitsEndpoint, confirmation } = this.#settings.traits;
    if (subscription.active || delivery.channel !== 'websocket') return false;
    const isAwaited =
      (confirmation === 'handshake' && isHandshakeAnswer(text)) || (awaitsEndpoint && text.includes(delivery.endpoint));
    if (!isAwaited) return false;
    this.#confirm(subscription);
    return true;
  }

  async #subscribeWebhook(request: SubscribeRequest, asker: Asker): Promise<HttpAnswer> {
    const reason = this.#takeDenial();
    const subscription = this.#add(request, asker);
    if (reason !== undefined) return { status: 202, afterwards: () => this.deny(subscription, reason) };
    if (!this.#settings.traits.verifyInline)
      return { status: 202, afterwards: () => this.#track(this.#verifyWebhook(subscription)) };
    if (await this.#verifyWebhook(subscription))
      return this.#settings.traits.webhookAnswer === 'empty' ? { status: 202 } : tellWebhook(subscription, request);
    throw new HttpRefusal(400, 'The callback did not verify the subscription.');
  }

  async #unsubscribeWebhook(request: SubscribeRequest, target: WebhookTarget): Promise<HttpAnswer> {
    const subscription = this.#all.find(
      ({ delivery }) => delivery.channel === 'webhook' && delivery.callback === target.callback,
    );
    if (subscription === undefined) throw new HttpRefusal(404, 'There is no subscription of this hub.callback.');
    if (!target.verifyUnsubscribe) {
      this.#removeAll(target.callback);
      return { status: this.#settings.traits.unsubscribedStatus };
    }
    const verify = async (): Promise<boolean> => {
      const verified = await this.#verify(subscription, { ...subscription.confirmation, 'hub.mode': request.mode });
      if (verified) this.#removeAll(target.callback);
      return verified;
    };
    if (!this.#settings.traits.verifyInline) return { status: 202, afterwards: () => this.#track(verify()) };
    if (await verify()) return { status: 202 };
    throw new HttpRefusal(400, 'The callback did not verify the unsubscription.');
  }

  async #verifyWebhook(subscription: Subscription): Promise<boolean> {
    const verified = await this.#verify(subscription, subscription.confirmation);
    // It may have been denied meanwhile.
    if (!verified || !this.#all.includes(subscription)) {
      this.#remove(subscription);
      return false;
    }
    const { delivery } = subscription;
    for (const other of this.#settings.traits.repetition === 'replaces' ? this.#all : []) {
      const replaced =
        other.delivery.channel === 'webhook' &&
        delivery.channel === 'webhook' &&
        other.delivery.callback === delivery.callback &&
        other !== subscription;
      if (replaced) this.#remove(other);
    }
    this.#activate(subscription);
    return true;
  }

  async #verify(subscription: Subscription, fields: VerificationFields): Promise<boolean> {
    const { delivery } = subscription;
    return delivery.channel === 'webhook' && verify(delivery, fields, subscription.label(), this.#settings);
  }

  /** @param prior the events of which the subscriber has already been told */
  #confirm(subscription: Subscription, prior: readonly string[] = []): void {
    const { delivery } = subscription;
    if (delivery.channel !== 'websocket') return;
    const reason = this.#denials.get(subscription);
    if (reason !== undefined) {
      void this.deny(subscription, reason);
      return;
    }
    this.#activate(subscription);
    const confirmation = confirmationFrame(subscription, this.#settings.traits);
    const label = subscription.label({ name: subscription.events.join(',') });
    if (confirmation !== undefined) delivery.send('confirm', confirmation, label);
    for (const event of this.#events.replay()) {
      const spelling = subscription.spellingOf(event.name);
      if (spelling !== undefined && !prior.includes(spelling)) this.#events.deliver(subscription, event);
    }
  }

  #add(request: SubscribeRequest, asker: Asker): Subscription {
    const subscription = this.make(request, asker);
    this.#all = [...this.#all, subscription];
    return subscription;
  }

  /**
   * Makes a subscription that is on no list yet.
   *
   * @param more what a hub that checks nothing knows of it
   */
  make(
    request: SubscribeRequest,
    asker: Asker,
    more: { givenName?: string; lacks?: 'events' | 'secret' } = {},
  ): Subscription {
    const { target } = request;
    const delivery =
      target.channel === 'websocket'
        ? new WebSocketDelivery(this.#newEndpoint(target), this.#settings)
        : new WebhookDelivery(target.callback, target.secret, this.#settings);
    const subscription: Subscription = new Subscription({
      ...more,
      number: this.#settings.nextNumber(),
      remove: () => this.#remove(subscription),
      name: request.name ?? asker.client ?? this.#madeUpName(delivery),
      session: this.#settings.session,
      topic: request.topic,
      events: request.events,
      leaseSeconds: this.#lease(request),
      delivery,
      versioned: asker.versioned,
      traits: this.#settings.traits,
    });
    asker.named(subscription.name);
    return subscription;
  }

  /** Puts a subscription of a hub that checks nothing on the list: a callback has been verified, and a socket comes later. */
  admit(subscription: Subscription): void {
    this.#all = [...this.#all, subscription];
    if (subscription.delivery.channel === 'webhook') this.#activate(subscription);
  }

  /** Asks the callback of a subscription that is on no list yet. */
  asksCallback(subscription: Subscription, subscribing: boolean): Promise<boolean> {
    const mode = subscribing ? 'subscribe' : 'unsubscribe';
    return this.#verify(subscription, { ...subscription.confirmation, 'hub.mode': mode });
  }

  #newEndpoint({ endpoint }: WebSocketTarget): string {
    const { websocketUrl, traits } = this.#settings;
    const own = traits.endpointFor === 'topic' ? this.#sharedEndpoint : unguessable();
    const id = traits.endpointBy === 'subscriber' ? encodeURIComponent(endpoint ?? own) : own;
    const url = `${websocketUrl}/${id}`;
    return traits.endpointHost === undefined ? url : url.replace('127.0.0.1', traits.endpointHost);
  }

  #madeUpName(delivery: { channel: SubscriberChannel; callback?: string }): string {
    const previous = this.#all.find(
      (other) => other.delivery.channel === 'webhook' && other.delivery.callback === delivery.callback,
    );
    if (previous !== undefined) return previous.name;
    this.#unnamed += 1;
    return `${delivery.channel}-${this.#unnamed}`;
  }

  #lease({ leaseSeconds = this.#settings.leaseSeconds }: SubscribeRequest): number {
    return Math.min(leaseSeconds, this.#settings.leaseSeconds);
  }

  #takeDenial(): string | undefined {
    const reason = this.denyNext;
    this.denyNext = undefined;
    return reason;
  }

  #activate(subscription: Subscription): void {
    subscription.active = true;
    subscription.startLease(() => this.#expired(subscription));
    this.#record('active', subscription);
  }

  async #track(verification: Promise<boolean>): Promise<void> {
    this.#verifications.add(verification);
    await verification;
    this.#verifications.delete(verification);
  }

  #record(kind: HubMessageKind, subscription: Subscription): void {
    this.#settings.record({ direction: 'out', kind, channel: subscription.delivery.channel, ...subscription.label() });
  }

  #expired(subscription: Subscription): void {
    this.#record('expire', subscription);
    // WebSub knows no message about the end of a lease: a webhook just hears nothing more.
    if (subscription.delivery.channel === 'webhook') this.#remove(subscription);
    else void this.deny(subscription, 'The lease expired.');
  }

  /** @param closeCode `undefined` when the connection broke */
  #socketClosed(subscription: Subscription, closeCode: number | undefined): void {
    // It hears nothing until it is back, and is confirmed again then.
    const { keepEndpoints } = this.#settings.traits;
    if (keepEndpoints === 'always' || (keepEndpoints === 'lost' && !isNormalEnd(closeCode)))
      subscription.active = false;
    else this.#remove(subscription);
  }

  #remove(subscription: Subscription): void {
    subscription.close();
    this.#denials.delete(subscription);
    if (!this.#all.includes(subscription)) return;
    this.#all = this.#all.filter((other) => other !== subscription);
    this.#record('ended', subscription);
    if (this.#settings.traits.tellsRemovals) this.#tellRemoval(subscription);
  }

  /** Tells all others that a subscription ended, by an event whose context is no list of entries (Cast hubs). */
  #tellRemoval({ name: subscriber, topic }: Subscription): void {
    const event: HubEvent = {
      id: randomUUID(),
      timestamp: new Date().toISOString(),
      name: 'subscription-removed',
      topic,
      context: [],
      contextObject: { reason: 'unsubscribe', subscriber },
    };
    for (const other of this.active) if (other.spellingOf(event.name) !== undefined) this.#events.deliver(other, event);
  }

  /** A subscription is known by its topic and callback (W3C WebSub): one that waits for its verification is the same. */
  #removeAll(callback: string): void {
    for (const subscription of this.#all) {
      const { delivery } = subscription;
      if (delivery.channel === 'webhook' && delivery.callback === callback) this.#remove(subscription);
    }
  }

  #ofEndpoint(endpoint: string): Subscription | undefined {
    return this.#all.find(({ delivery }) => delivery.channel === 'websocket' && delivery.endpoint === endpoint);
  }

  #requireEndpoint(endpoint: string): Subscription {
    const subscription = this.#ofEndpoint(endpoint);
    if (subscription === undefined)
      throw new HttpRefusal(404, 'There is no subscription of this hub.channel.endpoint.');
    return subscription;
  }
}

/** The close codes of a subscriber that leaves, and of a hub that does. */
function isNormalEnd(closeCode: number | undefined): boolean {
  return closeCode === 1000 || closeCode === 1001;
}
