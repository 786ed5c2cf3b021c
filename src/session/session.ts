import { Changes } from '../changes/changes.ts';
import { LateRefusals } from '../changes/late-refusals.ts';
import type { CallbackEndpoint } from '../channels/callback.ts';
import { ChannelError, FhircastError, HubError } from '../errors/errors.ts';
import { changesContext, kindOf } from '../events/kind.ts';
import { canonicalName } from '../events/names.ts';
import type { Notification } from '../events/notification.ts';
import { contextChange } from '../following/context-change.ts';
import { ContextStore } from '../following/context-store.ts';
import { Inbox } from '../following/inbox.ts';
import { Listeners } from '../following/listeners.ts';
import { type StateChange, StateMachine } from '../following/state.ts';
import { SyncTracker } from '../following/sync-status.ts';
import { HubApi } from '../hub/api.ts';
import { Chooser, type HubChoice } from '../hub/chooser.ts';
import { discoverOnce, rememberedDiscovery } from '../hub/discovery.ts';
import type { ProtocolRecord } from '../hub/protocol-records.ts';
import { CatchUp } from '../recovery/catch-up.ts';
import { Liveness } from '../recovery/liveness.ts';
import { backoffOf } from '../subscription/backoff.ts';
import { watchPage } from '../subscription/page-lifecycle.ts';
import { Subscription } from '../subscription/subscription.ts';
import { Wanted } from '../subscription/wanted-events.ts';
import { limited } from '../web/limited.ts';
import { randomHex } from '../web/random.ts';
import { after, inTime, unref } from '../web/timers.ts';
import { openChannel } from './open-channel.ts';
import { type FhircastClientOptions, httpOptions } from './options.ts';
import { Subscribers } from './subscribers.ts';
import { tokenLife } from './token-life.ts';

/** Hubs wait 10 seconds for an answer; the rest is for the way. In milliseconds. */
const ACKNOWLEDGE_WITHIN_MS = 8_000;
/** A minute, for whoever did not follow. */
const RESENDS = 6;
/** A connection may be silent for so long. In milliseconds. */
const SILENCE_MS = 20_000;
/** An event may come so much later than the hub's word that it happened. In milliseconds. */
const GRACE_MS = 1_000;
/** An app that leaves waits no longer for a hub. In milliseconds. */
const LEAVE_WITHIN_MS = 5_000;

/** The parts of a client, and what each of them tells the others. What they do is told where they are. */
export class Session {
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
  readonly #catchUp: CatchUp;
  readonly #liveness: Liveness;
  readonly #lateRefusals: LateRefusals;
  readonly #resends: number;
  readonly #callback: CallbackEndpoint | undefined;
  /** Most apps change nothing, and never have it. */
  #changes: Changes | undefined;
  #left: Promise<void> | undefined;
  /** What everybody has been told of. */
  #told = { session: this.contexts.session, shown: this.contexts.current };
  /** Ends listening to what the browser tells about the page. */
  #unwatch: (() => void) | undefined;
  /** Ends what is asked beside the subscription. */
  readonly #life = new AbortController();
  #discovery: Promise<void> | undefined;
  /** Whether the hub has said which events it has, or will not say. */
  #hasAsked = false;

  /** @param options have been checked */
  constructor(options: FhircastClientOptions) {
    const { hubUrl, topic } = options;
    this.chooser = new Chooser({
      dialect: options.dialect,
      channel: options.channel,
      profiles: [options.profile ?? []].flat(),
      launched: options.launched,
      hasCallback: options.callback !== undefined,
    });
    const { chooser } = this;
    const http = httpOptions(options);
    const remembered = chooser.mayDiscover ? rememberedDiscovery(hubUrl, http) : undefined;
    if (remembered) chooser.discovered(remembered);
    const subscriberName = options.subscriberName ?? `fhircast-client-${randomHex(4)}`;
    const pinned = options.events?.map(canonicalName);
    this.listeners = new Listeners(() => this.subscription.schedule());
    this.wanted = new Wanted({
      listeners: this.listeners,
      pinned,
      scope: options.scope,
      listed: () => {
        const { eventsSupported = [] } = chooser.choice.discovery ?? {};
        return this.#hasAsked ? eventsSupported.map(canonicalName) : undefined;
      },
      hasSyncErrors: () => {
        const { eventsSupported = [] } = chooser.choice.discovery ?? {};
        const isListed = eventsSupported.length === 0 || eventsSupported.map(canonicalName).includes('SyncError');
        return chooser.dialect.sendsSyncErrors && isListed;
      },
    });
    this.sync = new SyncTracker(subscriberName, (status) => {
      this.listeners.emit('sync', status);
      this.subscribers.notify();
    });
    this.machine = new StateMachine((change) => this.#entered(change));

    const record = (entry: Omit<ProtocolRecord, 'at'>) => {
      if (this.listeners.has('protocol')) this.listeners.emit('protocol', { at: Date.now(), ...entry });
      // While the socket opens, so that the subscription waits for nothing; what is remembered of this hub counts at once.
      const isAnswered = entry.kind === 'subscribe' && entry.direction === 'in';
      if (isAnswered && chooser.mayDiscover && !chooser.choice.discovery) unref(after(0, discover));
    };
    const { token, secondsLeft: tokenSecondsLeft } = tokenLife(options);
    this.api = new HubApi({ ...http, hubUrl, topic, chooser, accessToken: token, record });
    this.#resends = options.resends ?? RESENDS;
    this.#callback = options.callback;
    this.inbox = new Inbox({
      topic,
      dialect: () => chooser.dialect,
      record,
      listeners: this.listeners,
      contexts: this.contexts,
      acknowledgeWithinMs: options.acknowledgeWithinMs ?? ACKNOWLEDGE_WITHIN_MS,
      isEcho: (notification) => this.#changes?.isEcho(notification) ?? false,
      takes: (notification, answer) => this.#catchUp.takes(notification, answer),
      takesStale: (notification, answer) => this.#catchUp.takesStale(notification, answer),
      doubted: (why) => {
        this.sync.doubted(why);
        this.#catchUp.doubt();
      },
      hinted: () => void this.#catchUp.hint(),
      mayReplay: () => this.#catchUp.mayReplay,
      replayed: () => this.#catchUp.replayed(),
      incomplete: ({ name }) => {
        // Who does not listen to the opens misses them all.
        if (this.wanted.names.includes(name.replace(/close$/, 'open'))) this.#catchUp.doubt();
      },
      heartbeat: (notification) => this.#liveness.heartbeat(periodOf(notification)),
      repeated: (notification) => {
        this.sync.sentAgain(notification.id);
        this.#changes?.repeated(notification);
      },
      received: (event) => {
        this.#liveness.event();
        if (changesContext(kindOf(event.name))) this.sync.contextChanged(event, this.contexts.current);
        else if (this.sync.objected(event, (name) => this.wanted.names.includes(name))) this.#catchUp.doubt();
        this.#changes?.received(event);
      },
      followed: (establishes, time) => this.#catchUp.followed(establishes, time),
      settled: () => this.#settled(),
      refused: (event, reason) => this.sync.refusedByUs(event, reason),
      late: (event, reason) => void this.#lateRefusals.refused(event, reason),
      progress: (event, progress) =>
        progress === 'overdue' ? this.#lateRefusals.overdue(event) : this.sync[progress](event),
    });
    const backoff = backoffOf(options.reconnect);
    this.#lateRefusals = new LateRefusals({
      api: this.api,
      subscriberName,
      backoff,
      signal: this.#life.signal,
      contexts: this.contexts,
      sync: this.sync,
      failed: (error) => this.listeners.emit('error', error),
    });
    const silenceMs = options.silenceMs ?? SILENCE_MS;
    this.#catchUp = new CatchUp({
      api: this.api,
      backoff,
      inbox: this.inbox,
      contexts: this.contexts,
      sync: this.sync,
      graceMs: Math.min(GRACE_MS, silenceMs),
      // Hubs replay over websockets alone.
      closeClears: () => chooser.dialect.closeClears,
      replays: () => chooser.dialect.replaysContext && this.subscription.channelType === 'websocket',
      failed: (error) => this.listeners.emit('error', error),
      warned: (warning) => this.listeners.emit('warning', warning),
      missed: (code) => this.subscription.deaf(new ChannelError(code, { retryable: true })),
    });
    this.#liveness = new Liveness({
      silenceMs,
      ping: () => this.subscription.ping(),
      audit: (isProven) => this.#catchUp.audit(isProven),
      dead: () => this.subscription.deaf(new ChannelError('channel-silent', { retryable: true })),
    });
    const discover = () => {
      if (this.machine.state === 'closed') return Promise.resolve();
      this.#discovery ??= discoverOnce(hubUrl, http, record, this.#life.signal).then(
        (discovery) => {
          if (this.machine.state === 'closed') return;
          if (!discovery) return this.#namesAreKnown();
          chooser.discovered(discovery);
          this.#namesAreKnown();
          // It may have other names for what is subscribed to.
          this.subscription.schedule();
        },
        () => {
          // Asked again with the next connection.
          this.#discovery = undefined;
        },
      );
      return this.#discovery;
    };
    this.subscription = new Subscription({
      spell: (name) => chooser.dialect.spell(name),
      machine: this.machine,
      backoff,
      lease: { asked: options.leaseSeconds, tokenSecondsLeft },
      wanted: () => this.wanted.names,
      mayWantLess: (error) => this.wanted.mayDropObjections(error),
      wantLess: () => this.wanted.dropObjections(),
      wantAll: () => this.wanted.mayHaveObjections(),
      openChannel: (sink, failed) =>
        openChannel({ api: this.api, options, chooser, subscriberName, record, discover }, sink, failed),
      notification: (text, answer, via) => this.inbox.receive(text, answer, via),
      alive: () => this.#liveness.heard(),
      keepalive: () => {
        this.inbox.counts.keepalive++;
      },
      subscribed: (subscribed, isAnew, contexts) => {
        if (!chooser.mayDiscover || chooser.choice.discovery) this.#namesAreKnown();
        this.sync.hears(this.wanted.granted(subscribed));
        this.listeners.emit('subscribed', subscribed);
        const isActive = () => isAnew && this.machine.state === 'active';
        if (isActive()) this.#catchUp.told(contexts);
        // Whoever was told of it may have left at once.
        if (isActive()) this.#catchUp.begin();
      },
      denied: (denial) => this.listeners.emit('denied', denial),
      rejected: (error) => {
        this.inbox.counts.rejected++;
        this.listeners.emit('error', error);
        // It is signed: the hub has sent it, once or once more.
        if (error.code === 'notification-stale') void this.#catchUp.hint();
      },
      warned: (warning) => this.listeners.emit('warning', warning),
      failed: (error) => this.listeners.emit('error', error),
    });
    if (pinned) this.subscription.schedule();
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
      conflict: () => this.machine.state === 'active' && this.#catchUp.doubt(),
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
   * Ends everything. Idempotent.
   *
   * @throws HubError when the hub could not be told
   */
  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  async #leave(): Promise<void> {
    this.#changes?.close();
    this.#life.abort();
    const late = () => new HubError('hub-timeout', { retryable: true });
    try {
      await limited(LEAVE_WITHIN_MS, undefined, (signal) => this.subscription.end(signal), late);
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
      this.#liveness.start();
    } else {
      this.#liveness.stop();
      this.#catchUp.end();
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
    this.#liveness.check();
  }

  /**
   * Waits until the hub has confirmed the subscription and it is known what is current.
   *
   * @throws FhircastError what kept the hub from confirming
   */
  async caughtUp(signal?: AbortSignal): Promise<void> {
    while (!signal?.aborted) {
      await this.subscription.ready();
      if (this.sync.isKnown) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          end();
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const end = this.subscribers.add(done);
        signal?.addEventListener('abort', done);
      });
    }
  }

  /** What the hub does not list, it does not have. */
  #namesAreKnown(): void {
    this.#hasAsked = true;
    this.wanted.check(this.wanted.names);
  }

  /** Tells of a change of the context, or of what the app shows. */
  #settled(): void {
    const { session } = this.contexts;
    const { context: shown } = this.inbox.shown;
    const before = this.#told;
    if (session === before.session && shown === before.shown) return;
    this.#told = { session, shown };
    if (session !== before.session && this.listeners.has('context'))
      this.listeners.emit('context', contextChange(before.session, session));
    this.subscribers.notify();
  }

  #watchPage(): () => void {
    return watchPage({
      woke: () => this.wake(),
      hidden: () => this.#outlivesPage || this.subscription.hide(),
      left: () => this.#outlivesPage || void this.leave().catch(() => {}),
    });
  }

  /** Whether the page may come back to its subscription. */
  get #outlivesPage(): boolean {
    return this.#callback?.outlivesPage === true && this.subscription.channelType === 'webhook';
  }
}

/** How often a hub says that its heartbeats come, in milliseconds. Medplum writes seconds as a decimal in a text. */
const periodOf = ({ context }: Notification): number | undefined => {
  const { decimal } = (context.find(({ key }) => key === 'period') ?? {}) as { decimal?: unknown };
  const seconds = Number(decimal);
  return seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : undefined;
};
