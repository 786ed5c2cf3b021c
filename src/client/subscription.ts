import type { Denial } from '../channels/callback.ts';
import type { Channel, ChannelSink, ChannelType, Grant } from '../channels/channel.ts';
import { ChannelError, FhircastError, SubscriptionDeniedError } from '../errors.ts';
import { canonicalName } from '../events/names.ts';
import type { Dialect } from '../hub/dialects/dialect.ts';
import { backoffMs } from './backoff.ts';
import type { Subscribed } from './events.ts';
import type { StateMachine } from './state.ts';

/** What a subscription needs. */
export interface SubscriptionOptions {
  readonly dialect: Dialect;
  readonly machine: StateMachine;
  /** The canonical names to subscribe to at this moment. */
  wanted(): readonly string[];
  /**
   * Makes a channel.
   *
   * @param failed the error of the channel before, when this one is made in its place
   * @throws FhircastError when no channel can work
   */
  openChannel(sink: ChannelSink, failed: FhircastError | undefined, signal: AbortSignal): Channel | Promise<Channel>;
  notification(text: string, answer: (status: number, id?: string) => void, via: ChannelType): void;
  subscribed(subscribed: Subscribed): void;
  denied(denial: Denial): void;
  rejected(error: FhircastError): void;
  /** The subscription failed, was lost, denied or refused. */
  failed(error: FhircastError): void;
}

/** The longest delay that timers of all platforms keep, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A promise that is settled from outside. */
interface Waiter {
  resolve(): void;
  reject(error: FhircastError): void;
}

/** Keeps one subscription at the hub equal to what the app listens to. */
export class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #life = new AbortController();
  #channel: Channel | undefined;
  #scheduled = false;
  #working = false;
  /** Something changed while an attempt was under way. */
  #again = false;
  /** How many attempts failed in a row. */
  #attempts = 0;
  /** The number of the attempt that counts: what an earlier one brings is too late. */
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  /** What the hub was last asked for and confirmed. */
  #confirmed = '';
  /** What the hub was last asked for and refused for good. Not asked again until it changes or the app says so. */
  #refused: { readonly wanted: string; readonly error: FhircastError } | undefined;
  #requested: readonly string[] = [];
  #leaseSeconds: number | undefined;
  /** When the hub may end the subscription by itself, in milliseconds since 1970. */
  #leaseEnds = Number.POSITIVE_INFINITY;
  #waiters: Waiter[] = [];

  constructor(options: SubscriptionOptions) {
    this.#options = options;
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
    return new Promise((resolve, reject) => {
      if (this.#options.machine.state === 'closed') return reject(new FhircastError('closed'));
      this.#waiters.push({ resolve, reject });
      this.#refused = undefined;
      this.schedule();
    });
  }

  /** Ends the subscription. */
  async end(): Promise<void> {
    const channel = this.#channel;
    const { state } = this.#options.machine;
    this.#options.machine.go('unsubscribed');
    this.#life.abort();
    this.#drop();
    this.#settle(new FhircastError('closed'));
    if (state === 'active') await channel?.unsubscribe();
    // A hub that has taken the subscription and not said so yet would send events to nobody, and tell everyone.
    else if (state === 'subscribing') await channel?.unsubscribe().catch(() => {});
    else channel?.close();
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
    const wanted = names.join();
    if (names.length === 0) {
      this.#settle(new FhircastError('no-events'));
      return this.#fallSilent();
    }
    if (this.#retry !== undefined) return;
    if (this.#confirmed === wanted) return this.#settle();
    // A subscription that the hub ended stays ended, whatever is listened to, until the app asks for it again.
    if (this.#refused && (machine.state === 'denied' || this.#refused.wanted === wanted)) {
      return this.#settle(this.#refused.error);
    }
    machine.go('listening');
    const attempt = ++this.#attempt;
    try {
      await this.#subscribe(names, attempt);
      this.#again = true;
    } catch (error) {
      // What was lost, denied or left meanwhile has been dealt with.
      if (attempt !== this.#attempt) return;
      this.#fail(
        error instanceof FhircastError ? error : new FhircastError('option-invalid', { cause: error }),
        wanted,
      );
    }
  }

  async #subscribe(wanted: readonly string[], attempt: number): Promise<void> {
    const { dialect, machine } = this.#options;
    const { signal } = this.#life;
    const names = wanted.flatMap((name) => dialect.spell(name));
    const open = async (failed: FhircastError | undefined): Promise<Channel> => {
      const channel = await this.#options.openChannel(this.#sink(), failed, signal);
      if (attempt !== this.#attempt) throw new FhircastError('aborted');
      this.#channel = channel;
      return channel;
    };
    let channel = this.#channel ?? (await open(undefined));
    let grant: Grant;
    try {
      grant = await channel.subscribe(names, signal);
    } catch (error) {
      const mayWorkOtherwise = machine.state === 'subscribing' && error instanceof FhircastError && !error.retryable;
      if (!mayWorkOtherwise || error instanceof SubscriptionDeniedError || attempt !== this.#attempt) throw error;
      // What the launch suggested does not work: the discovery document may know better.
      channel.close();
      channel = await open(error);
      grant = await channel.subscribe(names, signal);
    }
    if (attempt !== this.#attempt) return channel.close();
    this.#attempts = 0;
    this.#refused = undefined;
    this.#requested = wanted;
    this.#confirmed = wanted.join();
    machine.go('confirmed');
    // Whoever heard of it may have left at once.
    if (attempt === this.#attempt) this.#granted(grant);
  }

  #granted({ events, leaseSeconds = this.#leaseSeconds }: Grant): void {
    const requested = this.#requested;
    this.#leaseSeconds = leaseSeconds;
    // Clocks run apart a little, and the hub's began before ours.
    this.#leaseEnds = leaseSeconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + leaseSeconds * 950;
    this.#renewBefore(leaseSeconds);
    const granted = events ? [...new Set(events.map(canonicalName))] : requested;
    this.#options.subscribed({ channel: this.#channel?.type ?? 'websocket', requested, granted, leaseSeconds });
  }

  async #fallSilent(): Promise<void> {
    const channel = this.#channel;
    const { machine } = this.#options;
    const wasUp = machine.state === 'active';
    if (!machine.go('silent')) return;
    this.#drop();
    if (!channel) return;
    try {
      if (wasUp) await channel.unsubscribe();
      else channel.close();
    } catch (error) {
      this.#options.failed(error as FhircastError);
    }
  }

  #fail(error: FhircastError, wanted: string): void {
    const { machine } = this.#options;
    const denied = error instanceof SubscriptionDeniedError;
    this.#attempts++;
    if (!error.retryable) this.#refused = { wanted, error };
    // A hub that will not replace a subscription still has the one before, and events still arrive.
    if (machine.state !== 'active' || denied) {
      this.#channel?.close();
      this.#drop();
      machine.go(error.retryable ? 'failed' : denied ? 'denied' : 'refused');
    }
    if (denied) this.#options.denied({ topic: undefined, events: undefined, reason: error.hubText });
    this.#options.failed(error);
    this.#settle(error);
    if (error.retryable) this.#retryLater(error.retryAfterMs);
  }

  #retryLater(retryAfterMs: number | undefined): void {
    // Whoever heard of the failure may have left at once.
    if (this.#options.machine.state === 'closed') return;
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        this.#options.machine.go('retrying');
        void this.#work();
      },
      Math.min(LONGEST_TIMER_MS, backoffMs(this.#attempts, retryAfterMs)),
    );
  }

  /** Renews at a random point between 70% and 85% of the lease, so that clients that came together do not come together again. */
  #renewBefore(leaseSeconds: number | undefined): void {
    clearTimeout(this.#renewal);
    if (leaseSeconds === undefined) return;
    const delay = leaseSeconds * 1000 * (0.7 + Math.random() * 0.15);
    // A lease that no timer can hold outlives the session.
    if (delay > LONGEST_TIMER_MS) return;
    this.#renewal = setTimeout(() => {
      this.#confirmed = '';
      void this.#work();
    }, delay);
  }

  #sink(): ChannelSink {
    const { machine } = this.#options;
    const channelType = () => this.#channel?.type ?? 'websocket';
    return {
      notification: (text, answer) => this.#options.notification(text, answer, channelType()),
      rejected: (error) => this.#options.rejected(error),
      granted: (grant) => this.#granted(grant),
      denied: (denial) => {
        // A lease that ran out while this machine slept is no decision against the app.
        const isOverdue = Date.now() >= this.#leaseEnds;
        this.#channel?.close();
        this.#drop();
        if (isOverdue) return this.#lose(new ChannelError('channel-lost', { retryable: true }));
        if (!machine.go('denied')) return;
        const error = new SubscriptionDeniedError(
          'subscription-denied',
          denial.reason ? { hubText: denial.reason } : {},
        );
        this.#refused = { wanted: '', error };
        this.#options.denied(denial);
        this.#options.failed(error);
        this.#settle(error);
      },
      lost: (error) => {
        this.#channel?.close();
        this.#drop();
        this.#lose(error);
      },
    };
  }

  #lose(error: FhircastError): void {
    if (!this.#options.machine.go('lost')) return;
    this.#attempts = 1;
    this.#options.failed(error);
    this.#retryLater(undefined);
  }

  /** Forgets the channel, every timer and the attempt that is under way. */
  #drop(): void {
    this.#attempt++;
    clearTimeout(this.#retry);
    clearTimeout(this.#renewal);
    this.#retry = this.#renewal = undefined;
    this.#channel = undefined;
    this.#confirmed = '';
    this.#leaseSeconds = undefined;
  }

  #settle(error?: FhircastError): void {
    for (const { resolve, reject } of this.#waiters.splice(0)) {
      if (error) reject(error);
      else resolve();
    }
  }
}
