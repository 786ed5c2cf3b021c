import type { ChannelType } from '../channels/channel.ts';
import { FhircastError } from '../errors.ts';
import type { CurrentContext } from '../events/current-context.ts';
import { contextDefinition } from '../events/definitions.ts';
import { canonicalName } from '../events/names.ts';
import type { EventName, ResourcesOf } from '../events/types.ts';
import { HubApi } from '../hub/api.ts';
import { dialectOf } from '../hub/dialects/index.ts';
import { fetchDiscovery, type HubDiscovery } from '../hub/discovery.ts';
import type { ProtocolRecord } from '../hub/protocol.ts';
import { checkHubUrl, parseLaunch } from '../launch/launch.ts';
import { fhircastScopes, type ScopeAccess, uncovered } from '../launch/scopes.ts';
import { type LaunchSource, smartLaunch } from '../launch/smart.ts';
import { randomHex } from '../random.ts';
import { Changes, type ContextChangeResult, checkChange, toContext } from './changes.ts';
import { ContextStore, type SessionContext } from './context-store.ts';
import type { MessageCounts } from './counts.ts';
import type { Listener, SessionEventName } from './events.ts';
import { Inbox } from './inbox.ts';
import { type AnyListener, Listeners } from './listeners.ts';
import { object } from './objection.ts';
import { openChannel } from './open-channel.ts';
import type { Abortable, FhircastClientOptions, SmartLaunchOptions } from './options.ts';
import { type ClientState, StateMachine } from './state.ts';
import { Subscription } from './subscription.ts';

/** A hub may take this long to answer unless told otherwise, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Hubs wait 10 seconds for an answer; the rest is for the way. In milliseconds. */
const ACKNOWLEDGE_WITHIN_MS = 8_000;

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
  readonly #changes: Changes;
  readonly #inbox: Inbox;
  readonly #pinned: readonly string[] | undefined;
  readonly #scope: string | undefined;
  readonly #subscriberName: string;
  /** Ends what is under way when the app leaves. */
  readonly #life = new AbortController();
  #left: Promise<void> | undefined;
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
    this.#machine = new StateMachine((change) => this.#listeners.emit('state', change));

    const record = (entry: Omit<ProtocolRecord, 'at'>) => {
      if (this.#listeners.has('protocol')) this.#listeners.emit('protocol', { at: Date.now(), ...entry });
    };
    const http = { fetch: options.fetch, timeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS };
    const token = typeof accessToken === 'function' ? accessToken : () => accessToken;
    this.#api = new HubApi({ ...http, hubUrl, topic, dialect, accessToken: token, record });
    this.#changes = new Changes(this.#api);
    this.#inbox = new Inbox({
      topic,
      dialect,
      record,
      listeners: this.#listeners,
      contexts: this.#contexts,
      acknowledgeWithinMs: options.acknowledgeWithinMs ?? ACKNOWLEDGE_WITHIN_MS,
      isEcho: (notification) => this.#changes.isEcho(notification),
      received: (event) => this.#changes.received(event),
      late: (event, reason) => {
        if (this.state === 'closed') return;
        object(this.#api, event, this.#subscriberName, reason).catch((error) => this.#listeners.emit('error', error));
      },
    });
    const discover = (signal: AbortSignal) => fetchDiscovery(hubUrl, http, record, signal);
    this.#subscription = new Subscription({
      dialect,
      machine: this.#machine,
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
      subscribed: (subscribed) => {
        this.#listeners.emit('subscribed', subscribed);
        // Hubs replay over websockets alone.
        if (!dialect.replaysContext || subscribed.channel === 'webhook') this.#resync();
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
    const context = toContext(canonical, resources);
    checkChange(canonical, context);
    if (contextDefinition(canonical)) await this.#listenForObjections(options.signal);
    this.#mustBeOpen();
    return this.#changes.send(canonical, context, this.#contexts.latest, options.signal);
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

  async #leave(): Promise<void> {
    this.#life.abort();
    this.#changes.close();
    try {
      await this.#subscription.end();
    } finally {
      this.#listeners.clear();
    }
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

  /** Objections to a change of ours come as SyncErrors: an app that changes the context subscribes to them, if it may. */
  async #listenForObjections(signal: AbortSignal | undefined): Promise<void> {
    const mayListen = this.#scope === undefined || uncovered(this.#scope, ['SyncError'], 'read').length === 0;
    if (this.#wantsSyncErrors || this.#pinned || !this.#api.dialect.sendsSyncErrors || !mayListen) return;
    this.#wantsSyncErrors = true;
    // Whether the hub grants it or not, the change itself can be sent.
    if (this.state === 'active') await abortable(this.#subscription.ready(), signal).catch(() => {});
  }

  /** Asks a hub that does not send the open contexts by itself what is open. */
  #resync(): void {
    this.#api
      .currentContext(this.#life.signal)
      // Whoever has left meanwhile, or was denied, is told nothing more.
      .then((context) => context && this.state === 'active' && this.#inbox.adopt(context))
      // The next event tells. An app that needs to know now calls getCurrentContext() and gets the error.
      .catch(() => {});
  }
}

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
