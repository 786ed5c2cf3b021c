import { FhircastError } from './errors/errors.ts';
import type { CurrentContext } from './events/current-context.ts';
import { canonicalName } from './events/names.ts';
import type { CheckedName, EventName, ResourcesOf } from './events/types.ts';
import type { SessionContext } from './following/context-store.ts';
import type { MessageCounts } from './following/counts.ts';
import type { AnyListener } from './following/listeners.ts';
import type { ContextChangeResult } from './following/outcome.ts';
import type { CheckedListenerName, Listener, SessionEventName } from './following/session-events.ts';
import type { ClientState } from './following/state.ts';
import type { SyncStatus } from './following/sync-facts.ts';
import type { HubChoice } from './hub/chooser.ts';
import type { ChannelType, DialectName } from './hub/dialect.ts';
import { fetchDiscovery, type HubDiscovery } from './hub/discovery.ts';
import { checkHubUrl, checkSession, parseLaunch } from './launch/parse-launch.ts';
import { fhircastScopes, type ScopeAccess } from './launch/scopes.ts';
import { type LaunchSource, smartLaunch } from './launch/smart.ts';
import { checkOptions, mustBe } from './session/check-options.ts';
import {
  type Abortable,
  type ChangeOptions,
  type DiscoverOptions,
  type FhircastClientOptions,
  httpOptions,
  type ReadyOptions,
  type SmartLaunchOptions,
} from './session/options.ts';
import { Session } from './session/session.ts';
import { SESSION } from './session/session-tap.ts';
import { abortable } from './web/abortable.ts';

const isName = (name: unknown): boolean => typeof name === 'string' && name !== '';

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
  readonly #session: Session;

  /**
   * Vue makes no proxy of an object that says so: a proxy would have no private fields.
   *
   * @hidden
   */
  get __v_skip(): true {
    return true;
  }

  /** @internal */
  get [SESSION](): Session {
    return this.#session;
  }

  /**
   * Completes a SMART launch and makes a client for its session.
   *
   * @param source fhirclient's `Client`, a token response (also as its JSON text), or nothing for fhirclient's `oauth2.ready()` in a page
   * @param options how the client behaves
   * @throws LaunchError when the launch does not lead to a session; it names the parameter and what to ask the EHR for
   */
  static async fromSmartLaunch(source?: LaunchSource, options: SmartLaunchOptions = {}): Promise<FhircastClient> {
    checkOptions(options);
    const { signal, ...followed } = options;
    const { response, accessToken, expiresIn } = await abortable(smartLaunch(source), signal);
    // Another token lasts as long as it likes.
    const own = followed.accessToken === undefined ? { expiresIn } : {};
    const { hubUrl, topic, dialect, scope } = parseLaunch(response, options.allowInsecure);
    const told = { hubUrl, topic, launched: dialect, ...(scope ? { scope } : {}) };
    return new FhircastClient({ ...told, accessToken, ...own, ...followed });
  }

  /**
   * The scopes to ask for at launch (STU3, FHIRcast Scopes).
   *
   * @param names the events, in any published spelling; `*` for all
   * @param access `read` to follow (the default), `write` to change the context, `*` for both
   * @param version which FHIRcast the EHR speaks, `stu3` by default: names are spelt as it does. For `draft` and `ballot` it is the
   *   bare `fhircast`, which later EHRs may refuse
   * @throws FhircastError `option-invalid` when there is no such version
   * @example `FhircastClient.scopes(['Patient-open'])` is `fhircast/Patient-open.read`
   */
  static scopes<const N extends EventName>(
    names: readonly (N & CheckedName<N>)[],
    access: ScopeAccess = 'read',
    version?: DialectName,
  ): string {
    mustBe(Array.isArray(names) && names.every(isName), 'names', 'a list of event names');
    return fhircastScopes(names, access, version);
  }

  /**
   * What a hub says of itself (STU2 and STU3, Discovery). A client asks by itself, beside its subscription.
   *
   * @param hubUrl the hub's base URL
   * @param options `fetch`, `requestTimeoutMs` and `allowInsecure` as for a client, and `signal`
   * @returns `undefined` when the hub has no such document: hubs before STU2 have none, and for others it is optional
   * @throws LaunchError `launch-hub-invalid`, `launch-hub-insecure`
   * @throws HubError when the hub cannot be reached or fails
   * @example
   * ```ts
   * const discovery = await FhircastClient.discover('https://hub.example.org/fhircast');
   * if (discovery?.websocketSupport === false) console.log('By webhook alone');
   * ```
   */
  static async discover(hubUrl: string, options: DiscoverOptions = {}): Promise<HubDiscovery | undefined> {
    checkOptions(options);
    checkHubUrl(hubUrl, 'hubUrl', options.allowInsecure ?? false);
    return fetchDiscovery(hubUrl, httpOptions(options), () => {}, options.signal);
  }

  /**
   * Makes a client for a session that is known by other means than a SMART launch. Nothing is sent until something listens.
   *
   * @param options the session, and how the client behaves
   * @throws LaunchError `launch-hub-invalid`, `launch-hub-insecure`; `launch-session-invalid` when the topic holds a password or is too long
   * @throws FhircastError `option-invalid`, which names the option that cannot be used; `platform-missing`
   */
  constructor(options: FhircastClientOptions) {
    checkOptions(options);
    checkHubUrl(options.hubUrl, 'hubUrl', options.allowInsecure ?? false);
    mustBe(options.topic !== undefined, 'topic', 'a text that is not empty');
    checkSession(options.topic, 'topic');
    this.#session = new Session(options);
  }

  /** Where the client is in its life. */
  get state(): ClientState {
    return this.#session.machine.state;
  }

  /**
   * The contexts of the session, as the hub's events told them. Readable at any time: the object is the same until something of it
   * changes. It is what the session shows, also where this app refused to follow; see {@link FhircastClient.shown}.
   */
  get context(): SessionContext {
    return this.#session.contexts.session;
  }

  /**
   * What this app shows: the context that was opened last among those that it followed; `null` when there is none. An event counts
   * when the app has decided: its listeners have returned and their promises are fulfilled. What the app refuses or fails at, early
   * or late, leaves it as it was. It is the same object until it changes.
   *
   * @example
   * ```ts
   * client.subscribe(() => draw(client.shown?.patient));
   * ```
   */
  get shown(): CurrentContext | null {
    return this.#session.inbox.shown.context;
  }

  /** Whether the session is in step: what a banner in a user interface shows. */
  get syncStatus(): SyncStatus {
    return this.#session.sync.status;
  }

  /** How many messages came to what end. */
  get counts(): Readonly<MessageCounts> {
    return this.#session.inbox.counts;
  }

  /** How the client talks to its hub, and why so: the version, the channel, and what the hub's answers showed. */
  get hub(): HubChoice {
    return this.#session.hub;
  }

  /** How events arrive; `undefined` while there is no subscription. */
  get channel(): ChannelType | undefined {
    return this.#session.subscription.channelType;
  }

  /**
   * Listens to an event of the session, to `*` for all of them, or to one of the client's own events. The hub is asked for
   * exactly what is listened to, in one request a microtask later. A name that is neither in the catalogue, nor of a resource of FHIR, nor
   * in reverse-domain notation is taken for a mistake: pass one of the hub's own as a `string`. A `warning` (`event-unknown`) tells of it
   * where the hub does not list it either.
   *
   * @param name any published spelling, in any case
   * @param listener gets the event; what it does decides what the hub is told
   */
  on<N extends EventName | SessionEventName | '*'>(name: N & CheckedListenerName<N>, listener: Listener<N>): this {
    return this.#add(name, listener as AnyListener, false);
  }

  /**
   * Listens to the next event of a name.
   *
   * @param name any published spelling, in any case
   * @param listener gets the event; what it does decides what the hub is told
   */
  once<N extends EventName | SessionEventName | '*'>(name: N & CheckedListenerName<N>, listener: Listener<N>): this {
    return this.#add(name, listener as AnyListener, true);
  }

  /**
   * Stops listening.
   *
   * @param name any published spelling, in any case
   * @param listener the listener; without it, every listener of the name
   */
  off<N extends EventName | SessionEventName | '*'>(name: N, listener?: Listener<N>): this {
    mustBe(isName(name), 'name', 'the name of an event');
    mustBe(listener === undefined || typeof listener === 'function', 'listener', 'a function');
    this.#session.listeners.remove(name, listener as AnyListener | undefined);
    return this;
  }

  /**
   * Resolves when the hub has confirmed the subscription to what is listened to now. A change of what is listened to counts
   * when the hub has accepted it, because many hubs do not confirm a second time.
   *
   * @throws FhircastError what kept the hub from confirming. Where the error is `retryable`, the client goes on trying, and
   *   `ready()` can be called again; `no-events` when nothing is listened to
   */
  async ready(options: ReadyOptions = {}): Promise<void> {
    checkOptions(options);
    const { signal, caughtUp } = options;
    const session = this.#session;
    return abortable(caughtUp ? session.caughtUp(signal) : session.subscription.ready(), signal);
  }

  /**
   * Calls a listener after every change of {@link FhircastClient.context}, {@link FhircastClient.shown},
   * {@link FhircastClient.syncStatus} and {@link FhircastClient.state}, for every kind of store. It asks the hub for nothing: use `on()`
   * or the option `events` for that. It can be passed on as it is.
   *
   * @param listener is called without an argument
   * @returns ends it
   * @example
   * ```ts
   * const patient = useSyncExternalStore(client.subscribe, () => client.shown)?.patient;
   * ```
   */
  readonly subscribe = (listener: () => void): (() => void) => {
    mustBe(typeof listener === 'function', 'listener', 'a function');
    return this.#session.subscribers.add(listener);
  };

  /**
   * Looks at once whether the connection lives and whether something was missed, as a page does when it is looked at again. For an app
   * that slept without a page: React Native's `AppState`, Electron's `powerMonitor`. `ready({ caughtUp: true })` waits for the result.
   */
  wake(): void {
    this.#session.wake();
  }

  /**
   * Asks the hub for the current context (STU3, Get Current Context). Events take precedence over it: see
   * {@link FhircastClient.context} for what they told.
   *
   * @returns one shape whatever the hub's version answers, `null` when there is no context
   * @throws HubError when the hub cannot be reached, refuses, or answers something else
   * @throws NotificationError when the answer is of another session or contradicts itself about the anchor
   */
  async getCurrentContext(options: Abortable = {}): Promise<CurrentContext | null> {
    checkOptions(options);
    return abortable(this.#session.api.currentContext(options.signal), options.signal);
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
    name: N & CheckedName<N>,
    resources: ResourcesOf<N> | CurrentContext['context'],
    options: ChangeOptions = {},
  ): Promise<ContextChangeResult> {
    checkOptions(options);
    mustBe(isName(name), 'name', 'the name of an event');
    this.#mustBeOpen();
    const canonical = canonicalName(name);
    this.#session.wanted.check([canonical]);
    const { changes } = this.#session;
    const context = changes.prepare(canonical, resources);
    // What is given up in the same breath, or by leaving, is not sent.
    await abortable(Promise.resolve(), options.signal);
    // Whether the hub grants it or not, the change itself can be sent.
    if (this.#session.isToLearn) await this.ready(options).catch(() => {});
    this.#mustBeOpen();
    const sending = changes.send(canonical, context, this.#session.contexts.latest, options);
    return abortable(this.#session.whileOpen(sending), options.signal);
  }

  /**
   * Ends the subscription and lets go of everything. Afterwards nothing of this client keeps a process alive. Idempotent:
   * every call has the same end.
   *
   * @throws HubError when the hub could not be told. The client is closed all the same. A hub that knows of no such subscription any more
   *   (404, 410) is no error.
   */
  async unsubscribe(options: Abortable = {}): Promise<void> {
    checkOptions(options);
    return abortable(this.#session.unsubscribe(), options.signal);
  }

  /** What `await using` calls: {@link FhircastClient.unsubscribe}. */
  [asyncDispose](): Promise<void> {
    return this.unsubscribe();
  }

  #mustBeOpen(): void {
    if (this.state === 'closed') throw new FhircastError('closed');
  }

  #add(name: string, listener: AnyListener, once: boolean): this {
    mustBe(isName(name), 'name', 'the name of an event');
    mustBe(typeof listener === 'function', 'listener', 'a function');
    this.#mustBeOpen();
    this.#session.listeners.add(name, listener, once);
    return this;
  }
}
