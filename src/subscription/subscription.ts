import type { Denial } from '../channels/callback.ts';
import type { Channel, Grant, Standing } from '../channels/channel.ts';
import { aborted, ChannelError, FhircastError, isOurError, SubscriptionDeniedError } from '../errors/errors.ts';
import { canonicalName } from '../events/names.ts';
import type { Listeners } from '../following/listeners.ts';
import type { Subscribed } from '../following/session-events.ts';
import type { ClientState, StateMachine, StateReason } from '../following/state.ts';
import type { ChannelType } from '../hub/dialect.ts';
import { GONE, NOT_FOUND } from '../web/status.ts';
import type { Backoff } from './backoff.ts';
import { confirmed, due, HOLDS_NOTHING, lost, unanswered } from './held.ts';
import { Lease } from './lease.ts';
import type { LeaseLimits } from './lease-term.ts';
import { Retry } from './retry.ts';
import { Waiters } from './waiters.ts';
import type { Wanted } from './wanted-events.ts';

/** What the hub is to be asked for. */
type WantedEvents = Pick<Wanted, 'names' | 'mayDropObjections' | 'dropObjections' | 'mayHaveObjections'>;

/** What a subscription asks for, how it is opened and tried again, and who hears of it. */
export interface SubscriptionOptions {
  /** How the hub spells an event, as far as is known at the moment. */
  spell(name: string): readonly string[];
  readonly machine: StateMachine;
  readonly backoff: Backoff;
  readonly lease: LeaseLimits;
  /** What the hub is to be asked for at this moment. */
  readonly wanted: WantedEvents;
  /** Who hears of warnings, denials, and of a subscription that failed, was lost, denied or refused. */
  readonly listeners: Pick<Listeners, 'emit'>;
  /**
   * Makes a channel.
   *
   * @param standing takes what the channel reports of its subscription
   * @param failed the error of the channel before, when this one is made in its place
   * @throws FhircastError when no channel can work
   */
  openChannel(standing: Standing, failed: FhircastError | undefined, signal: AbortSignal): Channel | Promise<Channel>;
  /**
   * @param isAnew whether events may have been missed before it
   * @param contexts what the hub's answer told of what is open, in the hub's own form
   */
  subscribed(subscribed: Subscribed, isAnew: boolean, contexts: unknown): void;
}

/** How many denials in a row are final. The first may have been meant for another app. */
const DENIALS = 2;
/** A subscription that the hub ends sooner counts as a failure, and the waits go on growing. In milliseconds. */
const LIVED_MS = 60_000;

/** Whether what is wanted is being brought to the hub, and whether that has to be looked at once more (`again`). */
type Work = 'done' | 'running' | 'again';

/** Keeps one subscription at the hub equal to what the app listens to. */
export class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #life = new AbortController();
  readonly #lease: Lease;
  readonly #retry: Retry;
  readonly #waiters = new Waiters();
  /** Ends the attempt that is under way. What it brings afterwards is too late. */
  #attempt = new AbortController();
  #channel: Channel | undefined;
  #work: Work = 'done';
  /** What the hub holds, as far as is known. */
  #held = HOLDS_NOTHING;
  /** What the hub was last asked for and refused for good. Not asked again until it changes or the app says so. */
  #refused: { readonly wanted: string; readonly error: FhircastError } | undefined;
  /** How often in a row the hub denied in place of confirming. */
  #denials = 0;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#lease = new Lease(options.lease);
    this.#retry = new Retry(options.backoff, () => {
      options.machine.go('retrying');
      void this.#run();
    });
  }

  get #state(): ClientState {
    return this.#options.machine.state;
  }

  /** How events arrive; `undefined` while there is no subscription. */
  get channelType(): ChannelType | undefined {
    return this.#channel?.type;
  }

  /** What is wanted may have changed: one look at it, a microtask later, whatever the number of changes. */
  schedule(): void {
    queueMicrotask(() => void this.#run());
  }

  /** Resolves when the hub has confirmed what is wanted now, or accepted it in the place of what it had confirmed. */
  ready(): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(new FhircastError('closed'));
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
    if (this.#state === 'reconnecting') this.#retry.now();
  }

  /** The connection of an active subscription is lost: it brings nothing any more, though nothing failed. */
  lost(error: FhircastError, reason: StateReason = 'deaf'): void {
    if (this.#state !== 'active') return;
    this.#channel?.lost(error.code === 'channel-silent' ? 'silent' : 'deaf');
    this.#lost(reason, error);
  }

  /** The page may be kept by the browser without running: the hub is told, and nothing is tried until {@link wake}. */
  pause(): void {
    const channel = this.#channel;
    if (!this.#options.machine.go('hidden')) return;
    this.#refused = undefined;
    this.#close();
    this.#takeBack(channel);
  }

  /**
   * Ends the subscription for good, and tells the hub.
   *
   * @param signal ends the attempt to tell the hub
   */
  async unsubscribe(signal: AbortSignal): Promise<void> {
    const channel = this.#channel;
    const state = this.#state;
    this.#options.machine.go('unsubscribed');
    this.#life.abort();
    this.#close();
    this.#waiters.reject(new FhircastError('closed'));
    try {
      await channel?.unsubscribe(signal);
    } catch (error) {
      // Where no subscription was active, the hub may know of none. Where it knows of none, there is nothing left to end.
      const status = isOurError(error) ? error.status : undefined;
      if (state === 'active' && status !== NOT_FOUND && status !== GONE) throw error;
    }
  }

  /** Takes steps until what is wanted is what the hub holds, or nothing can be done about it at the moment. */
  async #run(): Promise<void> {
    const isRunning = this.#work !== 'done';
    this.#work = 'again';
    if (isRunning) return;
    while (this.#work === 'again') {
      this.#work = 'running';
      await this.#step();
    }
    this.#work = 'done';
  }

  /** One step towards what is wanted. */
  async #step(): Promise<void> {
    const { machine } = this.#options;
    if (machine.state === 'closed') return;
    const names = this.#names;
    const wanted = this.#spell(names).join();
    if (names.length === 0) {
      this.#waiters.reject(new FhircastError('no-events'));
      return this.#unsubscribeIdle();
    }
    // The wait before the next attempt, or the page that is to come back, decides.
    if (this.#retry.isWaiting || machine.state === 'reconnecting') return;
    if (this.#held.kind === 'confirmed' && this.#held.spelt === wanted) return this.#waiters.resolve();
    // A subscription that the hub ended stays ended, whatever is listened to, until the app asks for it again.
    if (this.#refused && (machine.state === 'denied' || this.#refused.wanted === wanted)) {
      return this.#waiters.reject(this.#refused.error);
    }
    machine.go('listening');
    const { signal } = this.#attempt;
    try {
      await this.#subscribe(names, signal);
      this.#work = 'again';
    } catch (error) {
      // What was lost, denied or unsubscribed meanwhile has been dealt with.
      if (signal.aborted) return;
      if (this.#mayWantLess(error)) {
        this.#options.wanted.dropObjections();
        this.#work = 'again';
        return;
      }
      this.#fail(
        isOurError(error) ? error : new FhircastError('option-failed', { at: 'callback', cause: error }),
        wanted,
      );
    }
  }

  /** The canonical names to subscribe to at this moment. */
  get #names(): readonly string[] {
    return [...this.#options.wanted.names].sort();
  }

  #spell(names: readonly string[]): readonly string[] {
    return names.flatMap((name) => this.#options.spell(name));
  }

  /** @param signal says that the attempt is over */
  async #subscribe(asked: readonly string[], signal: AbortSignal): Promise<void> {
    const { machine } = this.#options;
    const isAnew = machine.state === 'subscribing';
    let grant: Grant;
    let wanted = asked;
    let spelt = this.#spell(wanted);
    try {
      this.#channel ??= await this.#open(undefined, signal);
      grant = await this.#channel.subscribe(spelt, signal);
    } catch (error) {
      const old = this.#channel;
      if (signal.aborted || !old || !this.#mayWorkOtherwise(error, wanted)) throw error;
      // What the launch suggested does not work: the discovery document may know better. What cannot be renewed is replaced
      // while it lasts.
      const fresh = await this.#open(isAnew ? error : undefined, signal);
      if (isAnew) {
        old.close();
        this.#channel = fresh;
        this.#options.wanted.mayHaveObjections();
        wanted = this.#names;
      }
      try {
        // What failed, or the document, may have shown another version.
        spelt = this.#spell(wanted);
        grant = await fresh.subscribe(spelt, signal);
      } catch (failed) {
        if (!isAnew) fresh.close();
        throw failed;
      }
      if (signal.aborted) return fresh.close();
      this.#channel = fresh;
      if (!isAnew) this.#closeReplaced(old);
    }
    if (signal.aborted) return;
    this.#refused = undefined;
    this.#denials = 0;
    this.#held = confirmed(this.#held, wanted, spelt.join());
    machine.go('confirmed');
    // Whoever heard of it may have unsubscribed at once.
    if (!signal.aborted) this.#granted(grant, isAnew);
  }

  async #open(failed: FhircastError | undefined, signal: AbortSignal): Promise<Channel> {
    const standing = this.#standing(() => channel);
    const channel: Channel = await this.#options.openChannel(standing, failed, signal);
    if (!signal.aborted) return channel;
    channel.close();
    throw aborted();
  }

  /** Whether another channel may succeed where this one failed. */
  #mayWorkOtherwise(error: unknown, wanted: readonly string[]): error is FhircastError {
    if (!isOurError(error) || isDenial(error)) return false;
    if (error.status === 401 || this.#mayWantLess(error)) return false;
    if (this.#state === 'subscribing') return !error.retryable;
    const isRenewal = wanted.join() === this.#held.names.join();
    return isRenewal && (!error.retryable || this.#lease.isNearlyOver);
  }

  #mayWantLess(error: unknown): boolean {
    return isOurError(error) && this.#options.wanted.mayDropObjections(error);
  }

  /** Tells the hub that a subscription is over, if it can be told. */
  #takeBack(channel: Channel | undefined): void {
    void channel?.unsubscribe(this.#life.signal).catch(() => {});
  }

  /** Closes a channel that has been replaced. */
  #closeReplaced(old: Channel): void {
    // The JavaScript sandbox of 2024 finds subscriptions by the app's name: it would end the one that replaced this one.
    if (old.type === 'websocket') old.close();
    else this.#takeBack(old);
  }

  #granted({ events, leaseSeconds: granted, contexts, mayHaveMissed = false }: Grant, isAnew: boolean): void {
    const { names: requested } = this.#held;
    const channel = this.#channel?.type ?? 'websocket';
    const leaseSeconds = this.#lease.begin(granted, channel === 'webhook', {
      renew: () => {
        this.#held = due(this.#held);
        void this.#run();
      },
      // A hub ends a webhook's subscription without a word.
      over: () => this.lost(new ChannelError('channel-lost', { retryable: true }), 'lost'),
    });
    const names = events ? [...new Set(events.map(canonicalName))] : requested;
    this.#options.subscribed({ channel, requested, granted: names, leaseSeconds }, isAnew || mayHaveMissed, contexts);
  }

  /** Nothing is listened to any more. */
  async #unsubscribeIdle(): Promise<void> {
    const channel = this.#channel;
    const { machine } = this.#options;
    const wasUp = machine.state === 'active';
    if (!machine.go('silent')) return;
    this.#close();
    try {
      await channel?.unsubscribe(this.#life.signal);
    } catch (error) {
      // What this client has ended itself is no fault of anybody.
      if (wasUp && (error as FhircastError).code !== 'aborted') this.#error(error as FhircastError);
    }
  }

  #fail(failure: FhircastError, wanted: string): void {
    const { machine } = this.#options;
    const denied = isDenial(failure);
    const error = denied && ++this.#denials < DENIALS ? denialThatMayPass(failure.hubText) : failure;
    this.#retry.failed();
    const isExhausted = error.retryable && this.#retry.isExhausted;
    // A request without an answer may have been heard.
    if (error.retryable && error.status === undefined) this.#held = unanswered(this.#held);
    // What the hub denies it does not hold.
    if (denied) this.#held = HOLDS_NOTHING;
    const isFinal = !error.retryable || isExhausted;
    if (isFinal) this.#refused = { wanted, error };
    // A hub that will not replace a subscription still has the one before, and events still arrive.
    if (machine.state !== 'active' || denied) {
      if (isFinal) this.#closeForGood();
      else this.#closeAttempt();
      if (denied) this.#channel?.lost('ended');
      const isWanting = error.retryable && machine.state === 'subscribing';
      const passing: StateReason = isExhausted ? (isWanting ? 'exhausted' : 'denied') : isWanting ? 'failed' : 'ended';
      machine.go(error.retryable ? passing : denied ? 'denied' : 'refused');
    }
    if (denied && isFinal)
      this.#options.listeners.emit('denied', { topic: undefined, events: undefined, reason: error.hubText });
    this.#error(error);
    this.#waiters.reject(error);
    if (!isFinal) this.#retryLater(error.retryAfterMs);
  }

  #retryLater(retryAfterMs: number | undefined): void {
    // Whoever heard of the failure may have unsubscribed at once.
    if (this.#state === 'closed') return;
    // While the subscription lasts, a retry must not wait for longer than it lasts.
    const isLasting = this.#state === 'active' && !this.#lease.isNearlyOver;
    this.#retry.later(retryAfterMs, isLasting ? this.#lease.leftMs : undefined);
  }

  #error(error: FhircastError): void {
    this.#options.listeners.emit('error', error);
  }

  /** @param channelOf the channel that reports, once it is made */
  #standing(channelOf: () => Channel): Standing {
    const isOurs = () => this.#channel !== undefined && channelOf() === this.#channel;
    return {
      granted: (grant) => isOurs() && this.#granted(grant, false),
      denied: (denial) => isOurs() && this.#denied(denial),
      lost: (error) => isOurs() && this.#lost('lost', error),
    };
  }

  /**
   * The hub ended what it had confirmed. It may have meant another app: some tell everybody when one leaves (Medplum). So it is
   * asked again, each time later, and its answer counts.
   */
  #denied({ reason }: Denial): void {
    // A lease that ran out while this machine slept is no decision against the app.
    const isOverdue = this.#lease.isOver;
    this.#channel?.lost('ended');
    if (isOverdue) return this.#lost('lost', new ChannelError('channel-lost', { retryable: true }));
    this.#lost('ended', denialThatMayPass(reason), LIVED_MS);
  }

  /** @param leastMs how long the connection had to last, so that the waits begin anew. In milliseconds */
  #lost(reason: StateReason, error: FhircastError, leastMs?: number): void {
    const { machine } = this.#options;
    // It was lost before, and the next attempt waits: a hub may end by its word what it cannot be told of.
    if (machine.state === 'reconnecting') return;
    this.#retry.lost(Date.now() - this.#held.since, leastMs);
    this.#closeAttempt();
    // The new subscription may hold what the hub would not add to the old one.
    this.#refused = undefined;
    const { isExhausted } = this.#retry;
    if (!machine.go(reason)) return;
    if (isExhausted) {
      this.#refused = { wanted: '', error };
      this.#closeForGood();
      machine.go('exhausted');
    }
    this.#error(error);
    if (isExhausted) this.#waiters.reject(error);
    else this.#retryLater(undefined);
  }

  /** The attempt that is under way and every timer are over; the channel may take up the subscription again. */
  #closeAttempt(): void {
    this.#attempt.abort();
    this.#attempt = new AbortController();
    this.#retry.clear();
    this.#lease.close();
    this.#held = lost(this.#held);
  }

  /** Nothing is tried any more. What the hub may still hold is taken back. */
  #closeForGood(): void {
    const channel = this.#channel;
    const { kind } = this.#held;
    this.#close();
    if (kind === 'nothing') channel?.close();
    else this.#takeBack(channel);
  }

  /** There is no subscription any more, and no channel. */
  #close(): void {
    this.#closeAttempt();
    this.#channel = undefined;
    this.#held = HOLDS_NOTHING;
  }
}

const isDenial = ({ code }: FhircastError): boolean => code === 'subscription-denied';

const denialThatMayPass = (hubText: string | undefined): SubscriptionDeniedError =>
  new SubscriptionDeniedError('subscription-denied', { hubText, retryable: true });
