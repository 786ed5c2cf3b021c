import type { Denial } from '../channels/callback.ts';
import type { Channel, ChannelSink, Grant } from '../channels/channel.ts';
import { aborted, ChannelError, FhircastError, isOurError, SubscriptionDeniedError } from '../errors/errors.ts';
import { canonicalName } from '../events/names.ts';
import type { Answer } from '../following/inbox.ts';
import type { Subscribed } from '../following/session-events.ts';
import type { StateMachine, StateReason } from '../following/state.ts';
import type { ChannelType } from '../hub/dialect.ts';
import { GONE, NOT_FOUND } from '../web/status.ts';
import type { Backoff } from './backoff.ts';
import { Lease } from './lease.ts';
import { assumedLease, believedLease, type LeaseLimits } from './lease-term.ts';
import { Retry } from './retry.ts';
import { Waiters } from './waiters.ts';

/** What a subscription asks for, how it is opened and tried again, and who hears of it. */
export interface SubscriptionOptions {
  /** How the hub spells an event, as far as is known at the moment. */
  spell(name: string): readonly string[];
  readonly machine: StateMachine;
  readonly backoff: Backoff;
  readonly lease: LeaseLimits;
  /** The canonical names to subscribe to at this moment. */
  wanted(): readonly string[];
  /** Whether the hub may take less than it refused with this error. */
  mayWantLess(error: FhircastError): boolean;
  /** Less is wanted from now on. */
  wantLess(): void;
  /** It was another channel that the hub knows: it has not refused anything yet. */
  wantAll(): void;
  /**
   * Makes a channel.
   *
   * @param failed the error of the channel before, when this one is made in its place
   * @throws FhircastError when no channel can work
   */
  openChannel(sink: ChannelSink, failed: FhircastError | undefined, signal: AbortSignal): Channel | Promise<Channel>;
  notification(text: string, answer: Answer, via: ChannelType): void;
  /** Something arrived, be it what it may. */
  alive(): void;
  /** Something arrived that is no event. */
  keepalive(): void;
  /**
   * @param isAnew whether events may have been missed before it
   * @param contexts what the hub's answer told of what is open, in the hub's own form
   */
  subscribed(subscribed: Subscribed, isAnew: boolean, contexts: unknown): void;
  denied(denial: Denial): void;
  rejected(error: FhircastError): void;
  warned(warning: FhircastError): void;
  /** The subscription failed, was lost, denied or refused. */
  failed(error: FhircastError): void;
}

/** How many denials in a row are final. The first may have been meant for another app. */
const DENIALS = 2;
/** A subscription that the hub ends sooner counts as a failure, and the waits go on growing. In milliseconds. */
const LIVED_MS = 60_000;

/** Keeps one subscription at the hub equal to what the app listens to. */
export class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #life = new AbortController();
  /** Ends the attempt that is under way. */
  #attempting = new AbortController();
  readonly #lease = new Lease();
  readonly #retry: Retry;
  readonly #waiters = new Waiters();
  #channel: Channel | undefined;
  #scheduled = false;
  #working = false;
  /** Something changed while an attempt was under way. */
  #again = false;
  /** The number of the attempt that counts: what an earlier one brings is too late. */
  #attempt = 0;
  /** What the hub was last asked for and confirmed. */
  #confirmed = '';
  /** What the hub was last asked for and refused for good. Not asked again until it changes or the app says so. */
  #refused: { readonly wanted: string; readonly error: FhircastError } | undefined;
  #requested: readonly string[] = [];
  /** The hub may hold a subscription of this app. */
  #mayBeHeld = false;
  /** When the hub confirmed the connection, in milliseconds since 1970. */
  #activeSince = 0;
  /** The lease that the hub named last, in seconds. */
  #leaseSaid: number | undefined;
  /** How often in a row the hub denied in place of confirming. */
  #denials = 0;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#retry = new Retry(options.backoff, () => {
      options.machine.go('retrying');
      void this.#work();
    });
  }

  /** How events arrive; `undefined` while there is no subscription. */
  get channelType(): ChannelType | undefined {
    return this.#channel?.type;
  }

  /** What is wanted may have changed: one look at it, a microtask later, whatever the number of changes. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      void this.#work();
    });
  }

  /** Resolves when the hub has confirmed what is wanted now, or accepted it in the place of what it had confirmed. */
  ready(): Promise<void> {
    if (this.#options.machine.state === 'closed') return Promise.reject(new FhircastError('closed'));
    const ready = this.#waiters.wait();
    this.#refused = undefined;
    this.schedule();
    return ready;
  }

  /** Asks the other side for a sign of life; `false` where that cannot be done. */
  ping(): boolean {
    return this.#channel?.ping() ?? false;
  }

  /** Nothing waits any longer: the network or the page is back. */
  wake(): void {
    if (this.#options.machine.state === 'reconnecting') this.#retry.now();
  }

  /** The connection brings nothing any more, though nothing failed. */
  deaf(error: FhircastError, reason: StateReason = 'deaf'): void {
    if (this.#options.machine.state !== 'active') return;
    this.#channel?.interrupt(error.code === 'channel-silent' ? 'silent' : 'deaf');
    this.#lose(reason, error);
  }

  /** The page may be kept by the browser without running: the hub is told, and the connection let go until {@link wake}. */
  hide(): void {
    const channel = this.#channel;
    if (!this.#options.machine.go('hidden')) return;
    this.#refused = undefined;
    this.#forget();
    void channel?.unsubscribe(this.#life.signal).catch(() => {});
  }

  /**
   * Ends the subscription.
   *
   * @param signal ends the attempt to tell the hub
   */
  async end(signal: AbortSignal): Promise<void> {
    const channel = this.#channel;
    const { state } = this.#options.machine;
    this.#options.machine.go('unsubscribed');
    this.#life.abort();
    this.#forget();
    this.#waiters.reject(new FhircastError('closed'));
    try {
      await channel?.unsubscribe(signal);
    } catch (error) {
      // Where no subscription was active, the hub may know of none. Where it knows of none, there is nothing left to end.
      const status = isOurError(error) ? error.status : undefined;
      if (state === 'active' && status !== NOT_FOUND && status !== GONE) throw error;
    }
  }

  async #work(): Promise<void> {
    this.#again = true;
    if (this.#working) return;
    this.#working = true;
    while (this.#again) {
      this.#again = false;
      await this.#step();
    }
    this.#working = false;
  }

  /** One step towards what is wanted. */
  async #step(): Promise<void> {
    const { machine } = this.#options;
    if (machine.state === 'closed') return;
    const names = [...this.#options.wanted()].sort();
    const wanted = this.#spell(names).join();
    if (names.length === 0) {
      this.#waiters.reject(new FhircastError('no-events'));
      return this.#fallSilent();
    }
    // The wait before the next attempt, or the page that is to come back, decides.
    if (this.#retry.isWaiting || machine.state === 'reconnecting') return;
    if (this.#confirmed === wanted) return this.#waiters.resolve();
    // A subscription that the hub ended stays ended, whatever is listened to, until the app asks for it again.
    if (this.#refused && (machine.state === 'denied' || this.#refused.wanted === wanted)) {
      return this.#waiters.reject(this.#refused.error);
    }
    machine.go('listening');
    const attempt = ++this.#attempt;
    try {
      await this.#subscribe(names, attempt);
      this.#again = true;
    } catch (error) {
      // What was lost, denied or left meanwhile has been dealt with.
      if (attempt !== this.#attempt) return;
      if (this.#mayWantLess(error)) {
        this.#options.wantLess();
        this.#again = true;
        return;
      }
      this.#fail(isOurError(error) ? error : new FhircastError('option-invalid', { cause: error }), wanted);
    }
  }

  #spell(names: readonly string[]): readonly string[] {
    return names.flatMap((name) => this.#options.spell(name));
  }

  async #subscribe(asked: readonly string[], attempt: number): Promise<void> {
    const { machine } = this.#options;
    const { signal } = this.#attempting;
    const isAnew = machine.state === 'subscribing';
    let grant: Grant;
    let wanted = asked;
    let spelt = this.#spell(wanted);
    try {
      this.#channel ??= await this.#open(undefined, attempt);
      grant = await this.#channel.subscribe(spelt, signal);
    } catch (error) {
      const old = this.#channel;
      if (attempt !== this.#attempt || !old || !this.#mayWorkOtherwise(error, wanted)) throw error;
      // What the launch suggested does not work: the discovery document may know better. What cannot be renewed is replaced
      // while it lasts.
      const fresh = await this.#open(isAnew ? error : undefined, attempt);
      if (isAnew) {
        old.close();
        this.#channel = fresh;
        this.#options.wantAll();
        wanted = [...this.#options.wanted()].sort();
      }
      try {
        // What failed, or the document, may have shown another version.
        spelt = this.#spell(wanted);
        grant = await fresh.subscribe(spelt, signal);
      } catch (failed) {
        if (!isAnew) fresh.close();
        throw failed;
      }
      if (attempt !== this.#attempt) return fresh.close();
      this.#channel = fresh;
      if (!isAnew) this.#release(old);
    }
    if (attempt !== this.#attempt) return;
    this.#refused = undefined;
    this.#requested = wanted;
    this.#confirmed = spelt.join();
    this.#mayBeHeld = true;
    this.#denials = 0;
    if (isAnew) this.#activeSince = Date.now();
    machine.go('confirmed');
    // Whoever heard of it may have left at once.
    if (attempt === this.#attempt) this.#granted(grant, isAnew);
  }

  async #open(failed: FhircastError | undefined, attempt: number): Promise<Channel> {
    const sink = this.#sink(() => channel);
    const channel: Channel = await this.#options.openChannel(sink, failed, this.#attempting.signal);
    if (attempt === this.#attempt) return channel;
    channel.close();
    throw aborted();
  }

  /** Whether another channel may succeed where this one failed. */
  #mayWorkOtherwise(error: unknown, wanted: readonly string[]): error is FhircastError {
    if (!isOurError(error) || isDenial(error)) return false;
    if (error.status === 401 || this.#mayWantLess(error)) return false;
    if (this.#options.machine.state === 'subscribing') return !error.retryable;
    const isRenewal = wanted.join() === this.#requested.join();
    return isRenewal && (!error.retryable || this.#lease.isNearlyOver);
  }

  #mayWantLess(error: unknown): boolean {
    return isOurError(error) && this.#options.mayWantLess(error);
  }

  /** Lets go of a channel that has been replaced. */
  #release(old: Channel): void {
    // The JavaScript sandbox of 2024 finds subscriptions by the app's name: it would end the one that replaced this one.
    if (old.type === 'websocket') old.close();
    else void old.unsubscribe(this.#life.signal).catch(() => {});
  }

  #granted({ events, leaseSeconds: granted, contexts, mayHaveMissed = false }: Grant, isAnew: boolean): void {
    const requested = this.#requested;
    // A hub that renews without a word means the lease before.
    this.#leaseSaid = granted ?? this.#leaseSaid;
    const channel = this.#channel?.type ?? 'websocket';
    const { lease } = this.#options;
    const term = this.#leaseSaid ?? (channel === 'webhook' ? assumedLease(lease) : undefined);
    const leaseSeconds = term === undefined ? undefined : believedLease(term, lease);
    this.#lease.begin(leaseSeconds, {
      renew: () => {
        this.#confirmed = '';
        void this.#work();
      },
      // A hub ends a webhook's subscription without a word.
      over: () => this.deaf(new ChannelError('channel-lost', { retryable: true }), 'lost'),
    });
    const names = events ? [...new Set(events.map(canonicalName))] : requested;
    const said = this.#leaseSaid;
    this.#options.subscribed(
      { channel, requested, granted: names, leaseSeconds: said },
      isAnew || mayHaveMissed,
      contexts,
    );
  }

  async #fallSilent(): Promise<void> {
    const channel = this.#channel;
    const { machine } = this.#options;
    const wasUp = machine.state === 'active';
    if (!machine.go('silent')) return;
    this.#forget();
    try {
      await channel?.unsubscribe(this.#life.signal);
    } catch (error) {
      // What this client has ended itself is no fault of anybody.
      if (wasUp && (error as FhircastError).code !== 'aborted') this.#options.failed(error as FhircastError);
    }
  }

  #fail(failure: FhircastError, wanted: string): void {
    const { machine } = this.#options;
    const denied = isDenial(failure);
    const error = denied && ++this.#denials < DENIALS ? denialThatMayPass(failure.hubText) : failure;
    this.#retry.failed();
    const isExhausted = error.retryable && this.#retry.isExhausted;
    // A request without an answer may have been heard.
    if (error.retryable && error.status === undefined) this.#mayBeHeld = true;
    // What the hub denies it does not hold.
    if (denied) this.#mayBeHeld = false;
    const isFinal = !error.retryable || isExhausted;
    if (isFinal) this.#refused = { wanted, error };
    // A hub that will not replace a subscription still has the one before, and events still arrive.
    if (machine.state !== 'active' || denied) {
      if (isFinal) this.#giveUp();
      else this.#interrupt();
      if (denied) this.#channel?.interrupt('ended');
      const isWanting = error.retryable && machine.state === 'subscribing';
      const passing: StateReason = isExhausted ? (isWanting ? 'exhausted' : 'denied') : isWanting ? 'failed' : 'ended';
      machine.go(error.retryable ? passing : denied ? 'denied' : 'refused');
    }
    if (denied && isFinal) this.#options.denied({ topic: undefined, events: undefined, reason: error.hubText });
    this.#options.failed(error);
    this.#waiters.reject(error);
    if (!isFinal) this.#retryLater(error.retryAfterMs);
  }

  #retryLater(retryAfterMs: number | undefined): void {
    const { machine } = this.#options;
    // Whoever heard of the failure may have left at once.
    if (machine.state === 'closed') return;
    // While the subscription lasts, a retry must not wait for longer than it lasts.
    const isLasting = machine.state === 'active' && !this.#lease.isNearlyOver;
    this.#retry.later(retryAfterMs, isLasting ? this.#lease.leftMs : undefined);
  }

  /** @param channelOf the channel that the sink belongs to, once it is made */
  #sink(channelOf: () => Channel): ChannelSink {
    const isOurs = () => this.#channel !== undefined && channelOf() === this.#channel;
    return {
      notification: (text, answer) => this.#options.notification(text, answer, channelOf().type),
      alive: () => this.#options.alive(),
      keepalive: () => this.#options.keepalive(),
      rejected: (error) => this.#options.rejected(error),
      warned: (warning) => this.#options.warned(warning),
      granted: (grant) => isOurs() && this.#granted(grant, false),
      denied: (denial) => isOurs() && this.#denied(denial),
      lost: (error) => isOurs() && this.#lose('lost', error),
    };
  }

  /**
   * The hub ended what it had confirmed. It may have meant another app: some tell everybody when one leaves (Medplum). So it is
   * asked again, each time later, and its answer counts.
   */
  #denied({ reason }: Denial): void {
    // A lease that ran out while this machine slept is no decision against the app.
    const isOverdue = this.#lease.isOver;
    this.#channel?.interrupt('ended');
    if (isOverdue) return this.#lose('lost', new ChannelError('channel-lost', { retryable: true }));
    this.#lose('ended', denialThatMayPass(reason), LIVED_MS);
  }

  /** @param leastMs how long the connection had to last, so that the waits begin anew. In milliseconds */
  #lose(reason: StateReason, error: FhircastError, leastMs?: number): void {
    const { machine } = this.#options;
    // It was lost before, and the next attempt waits: a hub may end by its word what it cannot be told of.
    if (machine.state === 'reconnecting') return;
    this.#retry.lost(Date.now() - this.#activeSince, leastMs);
    this.#interrupt();
    // The new subscription may hold what the hub would not add to the old one.
    this.#refused = undefined;
    const { isExhausted } = this.#retry;
    if (!machine.go(reason)) return;
    if (isExhausted) {
      this.#refused = { wanted: '', error };
      this.#giveUp();
      machine.go('exhausted');
    }
    this.#options.failed(error);
    if (isExhausted) this.#waiters.reject(error);
    else this.#retryLater(undefined);
  }

  /** The attempt that is under way and every timer are over; the channel may take up the subscription again. */
  #interrupt(): void {
    this.#attempt++;
    this.#attempting.abort();
    this.#attempting = new AbortController();
    this.#retry.clear();
    this.#lease.end();
    this.#leaseSaid = undefined;
    this.#confirmed = '';
  }

  /** Nothing is tried any more. What the hub may still hold is taken back. */
  #giveUp(): void {
    const channel = this.#channel;
    this.#forget();
    if (this.#mayBeHeld) void channel?.unsubscribe(this.#life.signal).catch(() => {});
    else channel?.close();
  }

  /** There is no subscription any more. */
  #forget(): void {
    this.#interrupt();
    this.#channel = undefined;
  }
}

const isDenial = ({ code }: FhircastError): boolean => code === 'subscription-denied';

const denialThatMayPass = (hubText: string | undefined): SubscriptionDeniedError =>
  new SubscriptionDeniedError('subscription-denied', { ...(hubText ? { hubText } : {}), retryable: true });
