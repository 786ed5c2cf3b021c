import type { ChannelType } from '../channels/channel.ts';
import { ChannelError, FhircastError, HubError } from '../errors.ts';
import type { CurrentContext } from '../events/current-context.ts';
import { contextDefinition } from '../events/definitions.ts';
import { canonicalName } from '../events/names.ts';
import type { Notification } from '../events/notification.ts';
import type { EventName, ResourcesOf } from '../events/types.ts';
import { HubApi } from '../hub/api.ts';
import { dialectOf } from '../hub/dialects/index.ts';
import { fetchDiscovery, type HubDiscovery } from '../hub/discovery.ts';
import type { ProtocolRecord } from '../hub/protocol.ts';
import { checkHubUrl, parseLaunch } from '../launch/launch.ts';
import { fhircastScopes, type ScopeAccess, uncovered } from '../launch/scopes.ts';
import { type LaunchSource, smartLaunch } from '../launch/smart.ts';
import { randomHex } from '../random.ts';
import { backoffOf } from './backoff.ts';
import { CatchUp } from './catch-up.ts';
import type { ContextChangeResult } from './change-result.ts';
import type { Changes } from './changes.ts';
import { ContextStore, type SessionContext } from './context-store.ts';
import type { MessageCounts } from './counts.ts';
import type { Listener, SessionEventName } from './events.ts';
import { Inbox } from './inbox.ts';
import { type AnyListener, Listeners } from './listeners.ts';
import { Liveness } from './liveness.ts';
import { openChannel } from './open-channel.ts';
import type { Abortable, FhircastClientOptions, SmartLaunchOptions } from './options.ts';
import { type ClientState, type StateChange, StateMachine } from './state.ts';
import { Subscription } from './subscription.ts';
import { type SyncStatus, SyncTracker } from './sync-status.ts';
import { watchPage } from './wake.ts';

/** A hub may take this long to answer unless told otherwise, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;
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

/** `Symbol.asyncDispose`, and a stand-in of its own where the platform has none yet. */
const asyncDispose: typeof Symbol.asyncDispose = /* @__PURE__ */ (() =>
  Symbol.asyncDispose ?? Symbol('asyncDispose'))() as typeof Symbol.asyncDispose;

/**
 * Follows one FHIRcast session, and changes its context.
 *
 * @example
 * ```ts
 * const client = await FhircastClient.fromSmartLaunch();
 * client.on('patient-open-chart', (event) => showChart(event.patient));
 * ```
 */
export class FhircastClient {
  readonly #listeners: Listeners;
  readonly #machine: StateMachine;
  readonly #subscription: Subscription;
  readonly #contexts = new ContextStore();
  readonly #api: HubApi;
  readonly #resends: number;
  /** Most apps change nothing, and never load it. */
  #changes: Changes | undefined;
  readonly #inbox: Inbox;
  readonly #sync: SyncTracker;
  readonly #catchUp: CatchUp;
  readonly #liveness: Liveness;
  readonly #pinned: readonly string[] | undefined;
  readonly #scope: string | undefined;
  readonly #subscriberName: string;
  #left: Promise<void> | undefined;
  /** Ends listening to what the browser tells about the page. */
  #unwatch: (() => void) | undefined;
  #discovery: Promise<HubDiscovery | undefined> | undefined;
  /** Objections to our own changes come as SyncErrors. */
  #wantsSyncErrors = false;
  #reportedScopes = '';

  /**
   * Completes a SMART launch and makes a client for its session.
   *
   * @param source fhirclient's `Client`, a token response, or nothing for fhirclient's `oauth2.ready()` in a page
   * @param options how the client behaves
   * @throws LaunchError when the launch does not lead to a session; it names the parameter and what to ask the EHR for
   */
  static async fromSmartLaunch(source?: LaunchSource, options: SmartLaunchOptions = {}): Promise<FhircastClient> {
    const launched = await smartLaunch(source);
    const { scope, ...launch } = parseLaunch(launched.response, options.allowInsecure);
    const { hubUrl, topic, dialect } = launch;
    const { accessToken } = launched;
    return new FhircastClient({ hubUrl, topic, dialect, accessToken, ...(scope ? { scope } : {}), ...options });
  }

  /**
   * The scopes to ask for at launch (STU3, FHIRcast Scopes).
   *
   * @param names the events, in any published spelling; `*` for all
   * @param access `read` to follow (the default), `write` to change the context, `*` for both
   * @example `FhircastClient.scopes(['Patient-open'])` is `fhircast fhircast/Patient-open.read`
   */
  static scopes(names: readonly EventName[], access: ScopeAccess = 'read'): string {
    return fhircastScopes(names, access);
  }

  /**
   * Makes a client for a session that is known by other means than a SMART launch. Nothing is sent until something listens.
   *
   * @param options the session, and how the client behaves
   * @throws LaunchError `launch-hub-invalid`, `launch-hub-insecure`
   * @throws FhircastError `option-invalid` when there is no topic, or no such dialect
   */
  constructor(options: FhircastClientOptions) {
    const { hubUrl, topic, accessToken } = options;
    checkHubUrl(hubUrl, 'hubUrl', options.allowInsecure ?? false);
    if (!topic) throw new FhircastError('option-invalid', { at: 'topic' });
    const dialect = dialectOf(options.dialect);
    this.#pinned = options.events?.map(canonicalName);
    this.#scope = options.scope;
    this.#subscriberName = options.subscriberName ?? `fhircast-client-${randomHex(4)}`;
    this.#listeners = new Listeners(() => this.#subscription.schedule());
    this.#sync = new SyncTracker(this.#subscriberName, (status) => this.#listeners.emit('sync', status));
    this.#machine = new StateMachine((change) => this.#entered(change));

    const record = (entry: Omit<ProtocolRecord, 'at'>) => {
      if (this.#listeners.has('protocol')) this.#listeners.emit('protocol', { at: Date.now(), ...entry });
    };
    const http = { fetch: options.fetch, timeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS };
    const token = typeof accessToken === 'function' ? accessToken : () => accessToken;
    this.#api = new HubApi({ ...http, hubUrl, topic, dialect, accessToken: token, record });
    this.#resends = options.resends ?? RESENDS;
    this.#inbox = new Inbox({
      topic,
      dialect,
      record,
      listeners: this.#listeners,
      contexts: this.#contexts,
      acknowledgeWithinMs: options.acknowledgeWithinMs ?? ACKNOWLEDGE_WITHIN_MS,
      isEcho: (notification) => this.#changes?.isEcho(notification) ?? false,
      takes: (notification, answer) => this.#catchUp.takes(notification, answer),
      incomplete: ({ name }) => {
        // Who does not listen to the opens misses them all.
        if (this.#wanted().includes(name.replace(/close$/, 'open'))) this.#catchUp.doubt();
      },
      heartbeat: (notification) => this.#liveness.heartbeat(periodOf(notification)),
      repeated: (notification) => {
        this.#sync.sentAgain(notification.id);
        this.#changes?.repeated(notification);
      },
      received: (event) => {
        this.#liveness.event();
        if (ContextStore.isContextChange(event)) this.#sync.contextChanged(event);
        else this.#sync.objected(event);
        this.#changes?.received(event);
      },
      followed: () => this.#catchUp.followed(),
      refused: (event, reason) => this.#sync.refusedByUs(event, reason),
      late: (event, reason) => {
        if (this.state === 'closed') return;
        import('./objection.ts')
          .then(({ object }) => object(this.#api, event, this.#subscriberName, reason))
          .catch((cause: unknown) =>
            this.#listeners.emit(
              'error',
              cause instanceof FhircastError ? cause : new FhircastError('sync-error-not-sent', { cause }),
            ),
          );
      },
    });
    const backoff = backoffOf(options.reconnect);
    const silenceMs = options.silenceMs ?? SILENCE_MS;
    this.#catchUp = new CatchUp({
      api: this.#api,
      backoff,
      inbox: this.#inbox,
      contexts: this.#contexts,
      sync: this.#sync,
      graceMs: Math.min(GRACE_MS, silenceMs),
      // Hubs replay over websockets alone.
      replays: () => dialect.replaysContext && this.channel === 'websocket',
      failed: (error) => this.#listeners.emit('error', error),
      missed: (code) => this.#subscription.deaf(new ChannelError(code, { retryable: true })),
    });
    this.#liveness = new Liveness({
      silenceMs,
      ping: () => this.#subscription.ping(),
      audit: (isProven) => this.#catchUp.audit(isProven),
      dead: () => this.#subscription.deaf(new ChannelError('channel-silent', { retryable: true })),
    });
    const discover = (signal: AbortSignal) => fetchDiscovery(hubUrl, http, record, signal);
    this.#subscription = new Subscription({
      dialect,
      machine: this.#machine,
      backoff,
      wanted: () => this.#wanted(),
      openChannel: (sink, failed, signal) => {
        if (dialect.discovery && !options.channel) this.#discovery ??= discover(signal);
        return openChannel(
          {
            api: this.#api,
            options,
            subscriberName: this.#subscriberName,
            record,
            discovery: () => this.#discovery ?? Promise.resolve(undefined),
          },
          sink,
          failed,
        );
      },
      notification: (text, answer, via) => this.#inbox.receive(text, answer, via),
      alive: () => this.#liveness.heard(),
      subscribed: (subscribed, isAnew) => {
        this.#listeners.emit('subscribed', subscribed);
        if (isAnew && this.state === 'active') this.#catchUp.begin();
      },
      denied: (denial) => this.#listeners.emit('denied', denial),
      rejected: (error) => {
        this.#inbox.counts.rejected++;
        this.#listeners.emit('error', error);
      },
      failed: (error) => this.#listeners.emit('error', error),
    });
    if (this.#pinned) this.#subscription.schedule();
  }

  /** Where the client is in its life. */
  get state(): ClientState {
    return this.#machine.state;
  }

  /**
   * The contexts of the session, as the hub's events told them. Readable at any time. It is what the session shows, also where
   * this app refused to follow.
   */
  get context(): SessionContext {
    return this.#contexts.session;
  }

  /** Whether the session is in step: what a banner in a user interface shows. */
  get syncStatus(): SyncStatus {
    return this.#sync.status;
  }

  /** How many messages came to what end. */
  get counts(): Readonly<MessageCounts> {
    return this.#inbox.counts;
  }

  /** How events arrive; `undefined` while there is no subscription. */
  get channel(): ChannelType | undefined {
    return this.#subscription.channelType;
  }

  /**
   * Listens to an event of the session, to `*` for all of them, or to one of the client's own events. The hub is asked for
   * exactly what is listened to, in one request a microtask later.
   *
   * @param name any published spelling, in any case
   * @param listener gets the event; what it does decides what the hub is told
   */
  on<N extends EventName | SessionEventName | '*'>(name: N, listener: Listener<N>): this {
    return this.#add(name, listener as AnyListener, false);
  }

  /**
   * Listens to the next event of a name.
   *
   * @param name any published spelling, in any case
   * @param listener gets the event; what it does decides what the hub is told
   */
  once<N extends EventName | SessionEventName | '*'>(name: N, listener: Listener<N>): this {
    return this.#add(name, listener as AnyListener, true);
  }

  /**
   * Stops listening.
   *
   * @param name any published spelling, in any case
   * @param listener the listener; without it, every listener of the name
   */
  off<N extends EventName | SessionEventName | '*'>(name: N, listener?: Listener<N>): this {
    this.#listeners.remove(name, listener as AnyListener | undefined);
    return this;
  }

  /**
   * Resolves when the hub has confirmed the subscription to what is listened to now. A change of what is listened to counts
   * when the hub has accepted it, because many hubs do not confirm a second time.
   *
   * @throws FhircastError what kept the hub from confirming. Where the error is `retryable`, the client goes on trying, and
   *   `ready()` can be called again; `no-events` when nothing is listened to
   */
  ready(options: Abortable = {}): Promise<void> {
    return abortable(this.#subscription.ready(), options.signal);
  }

  /**
   * Asks the hub for the current context (STU3, Get Current Context). Events take precedence over it: see
   * {@link FhircastClient.context} for what they told.
   *
   * @returns one shape whatever the hub's version answers, `null` when there is no context
   * @throws HubError when the hub cannot be reached, refuses, or answers something else
   * @throws NotificationError when the answer is of another session or contradicts itself about the anchor
   */
  getCurrentContext(options: Abortable = {}): Promise<CurrentContext | null> {
    return this.#api.currentContext(options.signal);
  }

  /**
   * Changes the context of the session (STU3, Request Context Change).
   *
   * @param name the event, in any published spelling
   * @param resources the event's resources by key, or a whole context array
   * @returns what the hub said; the outcome among the other apps follows in `outcome`
   * @throws ContextChangeError `change-invalid` when the resources do not fit the event's definition. Nothing was sent.
   * @throws HubError when the hub cannot be reached
   * @throws FhircastError `closed` when the app has left
   * @example
   * ```ts
   * const change = await client.requestContextChange('Patient-open', { patient });
   * if (!change.accepted) show(change.reason);
   * ```
   */
  async requestContextChange<N extends EventName>(
    name: N,
    resources: ResourcesOf<N> | CurrentContext['context'],
    options: Abortable = {},
  ): Promise<ContextChangeResult> {
    this.#mustBeOpen();
    const canonical = canonicalName(name);
    const changes = await this.#loadChanges();
    const context = changes.prepare(canonical, resources);
    if (contextDefinition(canonical)) await this.#listenForObjections(options.signal);
    this.#mustBeOpen();
    return changes.send(canonical, context, this.#contexts.latest, options.signal);
  }

  /**
   * Ends the subscription and lets go of everything. Afterwards nothing of this client keeps a process alive. Idempotent:
   * every call has the same end.
   *
   * @throws HubError when the hub could not be told. The client is closed all the same.
   */
  unsubscribe(options: Abortable = {}): Promise<void> {
    this.#left ??= this.#leave();
    return abortable(this.#left, options.signal);
  }

  /** What `await using` calls: {@link FhircastClient.unsubscribe}. */
  [asyncDispose](): Promise<void> {
    return this.unsubscribe();
  }

  async #leave(): Promise<void> {
    this.#changes?.close();
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), LEAVE_WITHIN_MS);
    try {
      await this.#subscription.end(limit.signal);
    } finally {
      clearTimeout(timer);
      this.#listeners.clear();
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
      this.#sync.behind();
      this.#liveness.start();
    } else {
      this.#liveness.stop();
      this.#catchUp.end();
    }
    if (previous === 'active') this.#contexts.gap();
    this.#listeners.emit('state', change);
    this.#sync.entered(state);
    if (state === 'closed') this.#sync.close();
  }

  #watchPage(): () => void {
    return watchPage({
      woke: () => {
        this.#subscription.wake();
        this.#liveness.check();
      },
      hidden: () => this.#subscription.hide(),
      left: () => void this.unsubscribe().catch(() => {}),
    });
  }

  #mustBeOpen(): void {
    if (this.state === 'closed') throw new FhircastError('closed');
  }

  #add(name: string, listener: AnyListener, once: boolean): this {
    this.#mustBeOpen();
    this.#listeners.add(name, listener, once);
    return this;
  }

  #wanted(): readonly string[] {
    const wanted = this.#pinned ?? this.#listeners.names;
    const missing = this.#scope === undefined ? [] : uncovered(this.#scope, wanted, 'read');
    if (missing.length > 0 && this.#reportedScopes !== missing.join()) {
      this.#reportedScopes = missing.join();
      this.#listeners.emit('warning', new FhircastError('scope-missing', { at: missing.join(', ') }));
    }
    return this.#wantsSyncErrors && wanted.length > 0 ? [...new Set([...wanted, 'SyncError'])] : wanted;
  }

  async #loadChanges(): Promise<Changes> {
    if (this.#changes) return this.#changes;
    let module: typeof import('./changes.ts');
    try {
      module = await import('./changes.ts');
    } catch (cause) {
      throw new HubError('hub-unreachable', { cause, retryable: true });
    }
    this.#mustBeOpen();
    this.#changes ??= new module.Changes({
      api: this.#api,
      resends: this.#resends,
      resend: (resending) => this.#listeners.emit('resend', resending),
    });
    return this.#changes;
  }

  /** Objections to a change of ours come as SyncErrors: an app that changes the context subscribes to them, if it may. */
  async #listenForObjections(signal: AbortSignal | undefined): Promise<void> {
    const mayListen = this.#scope === undefined || uncovered(this.#scope, ['SyncError'], 'read').length === 0;
    if (this.#wantsSyncErrors || this.#pinned || !this.#api.dialect.sendsSyncErrors || !mayListen) return;
    this.#wantsSyncErrors = true;
    // Whether the hub grants it or not, the change itself can be sent.
    if (this.state === 'active') await abortable(this.#subscription.ready(), signal).catch(() => {});
  }
}

/** How often a hub says that its heartbeats come, in milliseconds. Medplum writes seconds as a decimal in a text. */
const periodOf = ({ context }: Notification): number | undefined => {
  const { decimal } = (context.find(({ key }) => key === 'period') ?? {}) as { decimal?: unknown };
  const seconds = Number(decimal);
  return seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : undefined;
};

/** Rejects with `aborted` as soon as a signal says so. */
const abortable = <T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(new FhircastError('aborted'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
};
