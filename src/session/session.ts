import { Changes } from '../changes/changes.ts';
import { LateRefusals } from '../changes/late-refusals.ts';
import type { CallbackEndpoint } from '../channels/callback.ts';
import { FhircastError, HubError } from '../errors/errors.ts';
import type { CurrentContext } from '../events/current-context.ts';
import { canonicalName } from '../events/names.ts';
import { contextChange } from '../following/context-change.ts';
import { ContextStore, type SessionContext } from '../following/context-store.ts';
import { Inbox } from '../following/inbox.ts';
import { Listeners } from '../following/listeners.ts';
import { type StateChange, StateMachine } from '../following/state.ts';
import { SyncTracker } from '../following/sync-status.ts';
import { HubApi } from '../hub/api.ts';
import { Chooser, type HubChoice } from '../hub/chooser.ts';
import { CatchUp } from '../recovery/catch-up.ts';
import { Liveness } from '../recovery/liveness.ts';
import { backoffOf } from '../subscription/backoff.ts';
import { watchPage } from '../subscription/page-lifecycle.ts';
import { Subscription } from '../subscription/subscription.ts';
import { Wanted } from '../subscription/wanted-events.ts';
import { limited } from '../web/limited.ts';
import { randomHex } from '../web/random.ts';
import { inTime } from '../web/timers.ts';
import { InboxEffects } from './inbox-effects.ts';
import { type FhircastClientOptions, httpOptions } from './options.ts';
import type { SessionParts } from './parts.ts';
import { RecoveryEffects } from './recovery-effects.ts';
import { Discovery } from './session-discovery.ts';
import type { SessionTap } from './session-tap.ts';
import { Subscribers } from './subscribers.ts';
import { SubscriptionEffects } from './subscription-effects.ts';
import { tokenLife } from './token-life.ts';

/** Hubs wait 10 seconds for an answer; the rest is for the way. In milliseconds. */
const ACKNOWLEDGE_WITHIN_MS = 8_000;
/** A minute, for whoever did not follow. */
const RESENDS = 6;
/** A connection may be silent for so long. In milliseconds. */
const SILENCE_MS = 20_000;
/** An app that unsubscribes waits no longer for the hub. In milliseconds. */
const UNSUBSCRIBE_WITHIN_MS = 5_000;

/**
 * Composes the parts of a client. What one of them finds is carried out by its effects: `InboxEffects`, `SubscriptionEffects` and
 * `RecoveryEffects` call the others.
 */
export class Session implements SessionParts {
  readonly listeners: Listeners;
  readonly machine: StateMachine;
  readonly contexts = new ContextStore();
  readonly subscribers = new Subscribers();
  readonly api: HubApi;
  readonly inbox: Inbox;
  readonly sync: SyncTracker;
  readonly subscription: Subscription;
  readonly wanted: Wanted;
  readonly chooser: Chooser;
  readonly discovery: Discovery;
  readonly catchUp: CatchUp;
  readonly liveness: Liveness;
  readonly lateRefusals: LateRefusals;
  /** What an entry point follows the session by. */
  tap: SessionTap | undefined;
  readonly #resends: number;
  readonly #callback: CallbackEndpoint | undefined;
  /** Most apps change nothing, and never have it. */
  #changes: Changes | undefined;
  #unsubscribed: Promise<void> | undefined;
  /** The latest look at the connection. */
  #looked: Promise<unknown> | undefined;
  /** What everybody has been told of. */
  #told: { readonly session: SessionContext; readonly shown: CurrentContext | null };
  /** Ends listening to what the browser tells about the page. */
  #unwatch: (() => void) | undefined;
  /** Ends what is asked beside the subscription. */
  readonly #life = new AbortController();

  /** @param options have been checked */
  constructor(options: FhircastClientOptions) {
    const { hubUrl, topic, scope, resends = RESENDS, silenceMs = SILENCE_MS } = options;
    const { acknowledgeWithinMs = ACKNOWLEDGE_WITHIN_MS } = options;
    const { subscriberName = `fhircast-client-${randomHex(4)}` } = options;
    const { signal } = this.#life;
    const http = httpOptions(options);
    const backoff = backoffOf(options.reconnect);
    const pinned = options.events?.map(canonicalName);
    const { token, secondsLeft } = tokenLife(options);
    // Not where it is declared: in the CommonJS build private fields are there before public ones.
    this.#told = { session: this.contexts.session, shown: this.contexts.current };
    this.#resends = resends;
    this.#callback = options.callback;
    this.chooser = chooserOf(options);
    this.discovery = new Discovery(this, hubUrl, http, signal);
    this.listeners = new Listeners(() => this.subscription.schedule());
    this.machine = new StateMachine((change) => this.#entered(change));
    this.wanted = new Wanted({ listeners: this.listeners, pinned, scope, hub: this.discovery });
    this.sync = new SyncTracker(subscriberName, (status) => {
      this.listeners.emit('sync', status);
      this.subscribers.notify();
    });
    this.api = new HubApi({
      ...http,
      hubUrl,
      topic,
      chooser: this.chooser,
      accessToken: token,
      record: this.discovery.record,
      told: (answer) => this.tap?.told(answer),
    });
    this.inbox = new Inbox(new InboxEffects(this, topic, acknowledgeWithinMs));
    const recovery = new RecoveryEffects(this, backoff, silenceMs);
    this.catchUp = new CatchUp(recovery);
    this.liveness = new Liveness(recovery);
    this.lateRefusals = new LateRefusals({
      api: this.api,
      contexts: this.contexts,
      sync: this.sync,
      subscriberName,
      backoff,
      signal,
      failed: (error) => this.listeners.emit('error', error),
    });
    const lease = { asked: options.leaseSeconds, tokenSecondsLeft: secondsLeft };
    this.subscription = new Subscription(new SubscriptionEffects(this, { options, subscriberName, backoff, lease }));
    if (pinned) this.subscription.schedule();
  }

  /** What sends changes of the context, where the app has made one. */
  get changesMade(): Changes | undefined {
    return this.#changes;
  }

  /**
   * Whether nothing but the subscription that is being asked for will tell which version the hub speaks. An event at the wrong
   * URL ends some hubs.
   */
  get isToLearn(): boolean {
    const { state } = this.machine;
    return this.chooser.isGuess && (state === 'idle' || state === 'subscribing') && this.wanted.names.length > 0;
  }

  /** How the client talks to its hub, and why so. */
  get hub(): HubChoice {
    return { ...this.chooser.choice, channel: this.subscription.channelType ?? this.chooser.channel };
  }

  /** What sends changes of the context. */
  get changes(): Changes {
    this.#changes ??= new Changes({
      api: this.api,
      resends: this.#resends,
      hearing: () => this.sync.hearing,
      conflict: () => this.machine.state === 'active' && this.catchUp.doubt(),
      resend: (resending) => this.listeners.emit('resend', resending),
      warned: (warning) => this.listeners.emit('warning', warning),
    });
    return this.#changes;
  }

  /**
   * Waits for a request of the app's, and no longer than the client lives.
   *
   * @throws FhircastError `closed`
   */
  whileOpen<T>(promise: Promise<T>): Promise<T> {
    const closed = () => new FhircastError('closed');
    return inTime(promise, Number.POSITIVE_INFINITY, closed, this.#life.signal, closed);
  }

  /**
   * Ends everything, and tells the hub. Idempotent.
   *
   * @throws HubError when the hub could not be told
   */
  unsubscribe(): Promise<void> {
    this.#unsubscribed ??= this.#unsubscribe();
    return this.#unsubscribed;
  }

  async #unsubscribe(): Promise<void> {
    this.#changes?.close();
    this.#life.abort();
    const late = () => new HubError('hub-timeout', { retryable: true });
    try {
      await limited(UNSUBSCRIBE_WITHIN_MS, undefined, (signal) => this.subscription.unsubscribe(signal), late);
    } finally {
      this.listeners.clear();
      this.subscribers.clear();
    }
  }

  /** What lives and dies with a state. */
  #entered(change: StateChange): void {
    const { state, previous } = change;
    if (previous === 'idle') this.#unwatch ??= this.#watchPage();
    if (state === 'idle' || state === 'closed') {
      this.#unwatch?.();
      this.#unwatch = undefined;
    }
    if (state === 'active') {
      // Until the hub has told or been asked, it is not known what was missed.
      this.sync.behind();
      // As asked, until the hub says otherwise.
      this.sync.hears(this.wanted.names.includes('SyncError'));
      this.liveness.start();
    } else {
      this.liveness.close();
      this.catchUp.lost();
    }
    if (state === 'denied') this.wanted.mayHaveObjections();
    if (previous === 'active') this.contexts.gap();
    this.listeners.emit('state', change);
    this.sync.entered(state);
    this.subscribers.notify();
    if (state === 'closed') this.sync.close();
  }

  /** Looks at once whether the connection lives, and takes up again what is waited for. */
  wake(): void {
    this.subscription.wake();
    this.#looked = this.liveness.check();
  }

  /**
   * Waits until the hub has confirmed the subscription and it is known what is current.
   *
   * @throws FhircastError what kept the hub from confirming
   */
  async caughtUp(signal?: AbortSignal): Promise<void> {
    while (!signal?.aborted) {
      await this.subscription.ready();
      await this.#looked;
      if (this.sync.isKnown) return;
      await new Promise<void>((resolve) => {
        const remove = this.subscribers.add(() => {
          remove();
          resolve();
        });
      });
    }
  }

  /** Tells of a change of the context, or of what the app shows. */
  settled(): void {
    const { session } = this.contexts;
    const { context: shown, isDecided } = this.inbox.shown;
    const before = this.#told;
    // Nobody is told of one without the other.
    if (isDecided) this.sync.shows(shown === session.current);
    if (session === before.session && shown === before.shown) return;
    this.#told = { session, shown };
    if (session !== before.session && this.listeners.has('context'))
      this.listeners.emit('context', contextChange(before.session, session));
    this.subscribers.notify();
  }

  #watchPage(): () => void {
    return watchPage({
      woke: () => this.wake(),
      paused: () => this.#outlivesPage || this.subscription.pause(),
      closed: () => this.#outlivesPage || void this.unsubscribe().catch(() => {}),
    });
  }

  /** Whether the page may come back to its subscription. */
  get #outlivesPage(): boolean {
    return this.#callback?.outlivesPage === true && this.subscription.channelType === 'webhook';
  }
}

const chooserOf = ({ dialect, channel, profile, launched, callback }: FhircastClientOptions): Chooser =>
  new Chooser({ dialect, channel, profiles: [profile ?? []].flat(), launched, hasCallback: callback !== undefined });
