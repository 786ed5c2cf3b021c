import { randomUUID } from 'node:crypto';
import { canonicalName } from '../../events/names.ts';
import { ContentRefusal } from '../content/content-refusal.ts';
import type { HeldContent, TakenContent } from '../content/shared-content.ts';
import type { OpenContext } from '../context/open-contexts.ts';
import { netKeys } from '../delivery/notification-text.ts';
import type { AccessTokens } from '../ground/authorization.ts';
import type { DeliveryAnswer, SignatureChoice } from '../ground/delivery.ts';
import type { ContextEntry, HubEvent } from '../ground/hub-event.ts';
import { type LaunchForm, launchParameters, type TokenResponse } from '../ground/launch-parameters.ts';
import { unguessable } from '../ground/unguessable.ts';
import { speak } from '../ground/vocabulary.ts';
import {
  type ContentChange,
  type ContentEventOptions,
  selectContext,
  updateContext,
} from '../publishing/content-events.ts';
import { withDerived } from '../publishing/derived-events.ts';
import { type EhrHabits, stamp } from '../publishing/ehr-habits.ts';
import { reportByStudy } from '../publishing/reports-by-study.ts';
import { inWholeSeconds } from '../publishing/whole-seconds.ts';
import { type Disturbance, Disturbances } from '../subscriptions/disturbance.ts';
import type { Subscription, SubscriptionInfo } from '../subscriptions/hub-subscription.ts';
import { type SubscriptionSettings, Subscriptions } from '../subscriptions/subscriptions.ts';
import { audienceOf, type Distribution, stumble, tell } from './distribution.ts';
import type { HubShared, Member } from './hub-state.ts';
import { SessionContexts } from './session-contexts.ts';
import { syncErrorOutcome } from './sync-error-event.ts';

/** The hub of a session, as far as its sessions know it. */
export interface SessionSettings extends Omit<SubscriptionSettings, 'session'> {
  /** What all sessions of the hub share. */
  shared: HubShared;
  /** `hub.url` of STU1 and later. */
  hubUrl: string;
  /** `cast-hub` of the draft and the ballot. */
  draftHubUrl: string;
  tokens: AccessTokens;
  /** How the EHR publishes. */
  ehr: EhrHabits;
}

/** What became of an event. */
export interface PublishResult {
  /** The event's id. */
  readonly id: string;
  /** `context.versionId` of an open event, and of one that changed the content. */
  readonly versionId?: string;
  /** One answer per subscriber of the event. */
  readonly answers: readonly DeliveryAnswer[];
  /** Why an update or a select was refused, and by which HTTP status; nothing of it was applied, and nobody was told. */
  readonly refused?: PublishRefusal;
}

/** Why a hub takes no update or select. */
export interface PublishRefusal {
  /** The HTTP status. */
  readonly status: number;
  /** Its text. */
  readonly text: string;
}

/** What a callback answers that its subscriber has taken back. */
const GONE = 410;

/** A session of the hub: one user at one desk, whose applications share a context. Made by `hub.openSession()`. */
export class TestSession {
  /** The topic of STU1 and later. */
  readonly id: string;
  /** The session's URL: the topic of the draft and the ballot, and where they get and change the context. */
  readonly url: string;
  /** A token for this session, with the session's scope. */
  readonly accessToken: string;
  /** How the EHR publishes from now on; may be changed. */
  readonly ehr: EhrHabits;
  readonly #settings: SessionSettings;
  readonly #scope: string | undefined;
  readonly #contexts: SessionContexts;
  /** Counts the restarts of the hub. */
  #life = 0;
  readonly #subscriptions: Subscriptions;
  readonly #disturbances: Disturbances;

  /** @internal */
  constructor(settings: SessionSettings, scope: string | undefined, id = unguessable()) {
    this.id = id;
    this.#settings = settings;
    this.#scope = scope;
    this.ehr = { ...settings.ehr };
    this.#contexts = new SessionContexts(settings.traits);
    this.url = `${settings.draftHubUrl.replace(/\/$/, '')}/${this.id}`;
    this.accessToken = this.issueToken(scope ?? 'fhircast/*.*');
    this.#disturbances = new Disturbances(settings.record);
    this.#subscriptions = new Subscriptions(
      { ...settings, session: this.id },
      {
        open: () => this.#contexts.told(),
        replay: () => (settings.traits.replay ? this.#contexts.replayed() : []),
        deliver: (subscription, event) => void this.#deliver(subscription, event),
        lost: (subscription, closeCode) => this.#lost(subscription, closeCode),
      },
    );
  }

  /** The current context, if there is one, in its version now. */
  get current(): OpenContext | undefined {
    return this.#contexts.current;
  }

  /** Every open context in its version now, the oldest first. */
  get open(): readonly OpenContext[] {
    return this.#contexts.open;
  }

  /**
   * What the hub holds for an open anchor: its version, its content, and what is selected.
   *
   * @param anchor such as `DiagnosticReport/1`. Default the current one
   * @returns a copy; `undefined` when the anchor is not open, or the hub shares no content of it
   */
  content(anchor?: string): HeldContent | undefined {
    return this.#contexts.content(anchor);
  }

  /** Every subscription as it is now, those that wait for their verification or socket included. */
  get subscriptions(): readonly SubscriptionInfo[] {
    return this.#subscriptions.all.map((subscription) => subscription.info);
  }

  /**
   * Makes another access token for this session.
   *
   * @param scope space-separated SMART scopes, such as `fhircast/Patient-open.read`; `fhircast` alone covers all
   * @param lifetimeSeconds default 3600
   * @param client the app that it is for: what the hub calls a subscriber that gives itself no name. Default unknown
   */
  issueToken(scope: string, lifetimeSeconds = 3600, client?: string): string {
    return this.#settings.tokens.issue(this.id, scope, lifetimeSeconds, client);
  }

  /** Makes the hub answer 401 to a token from now on. */
  revokeToken(token: string): void {
    this.#settings.tokens.revoke(token);
  }

  /**
   * The parameters of a token response that name the hub and this session.
   *
   * @param form in which version's words. Default the hub's own: `stu` unless its personality is older
   */
  launchParameters(form: LaunchForm = this.#settings.traits.launchForm): Record<string, string> {
    return launchParameters(form, {
      hubUrl: this.#settings.hubUrl,
      draftHubUrl: this.#settings.draftHubUrl,
      session: this,
    });
  }

  /**
   * What an authorization server returns to an app that joins this session, with a new access token.
   *
   * @param form in which version's words the hub and the session are named. Default the hub's own: `stu` unless its
   *   personality is older
   * @param options `scope`: default the session's scope, or what covers everything in that version
   */
  launch(form: LaunchForm = this.#settings.traits.launchForm, options: { scope?: string } = {}): TokenResponse {
    const scope = options.scope ?? this.#scope ?? (form === 'stu' ? 'fhircast/*.*' : 'fhircast');
    return {
      access_token: this.issueToken(scope),
      token_type: 'Bearer',
      expires_in: 3600,
      scope,
      ...this.launchParameters(form),
    };
  }

  /**
   * Sends an event to everybody who subscribed to it, as the EHR would.
   *
   * @param name in any spelling; the EHR uses that of its version, and every subscriber gets its own
   * @param context the entries of the event's context
   * @param options `id` and `timestamp` (ISO 8601); default a new one and now, or what {@link TestSession.ehr} makes of them;
   *   `versionId`: the version on which an update or a select builds; default that which the hub has
   * @returns the answers, once all subscribers answered or their time was up
   */
  async publish(
    name: string,
    context: readonly ContextEntry[] = [],
    { versionId, ...options }: { id?: string; timestamp?: string; versionId?: string } = {},
  ): Promise<PublishResult> {
    const { id, timestamp } = { ...stamp(this.ehr), ...options };
    const entry = { direction: 'in', kind: 'publish', session: this.id, subscriber: 'EHR' } as const;
    this.#settings.record({ ...entry, event: name, eventId: id });
    const { vocabulary, launchForm, invalidEvent, message, reports } = this.#settings.traits;
    const told = reports === 'by-study' ? reportByStudy(name, context) : context;
    const spoken = vocabulary === undefined ? name : speak(vocabulary, name);
    const topic = launchForm === 'stu' ? this.id : this.url;
    const event = { id, timestamp, name: spoken, context: message === 'net' ? netKeys(told) : [...told], topic };
    const inner = { 'hub.topic': topic, 'hub.event': spoken, context: told };
    // A hub that looks at nothing sends the very message on.
    if (invalidEvent === 'unnoticed') return this.broadcast({ ...event, original: { timestamp, id, event: inner } });
    const version = versionId ?? this.#contexts.baseOf(event);
    return this.#publish(version === undefined ? event : { ...event, versionId: version });
  }

  /**
   * Changes the content of an anchor, as another application would: by an update that is sent to everybody who subscribed to it.
   *
   * @returns what became of it; `refused` where the hub does not take it
   */
  update(change: ContentChange, options: ContentEventOptions = {}): Promise<PublishResult> {
    return this.#aboutContent('update', options, (anchor) => updateContext(anchor, change));
  }

  /**
   * Selects part of the content of an anchor, and nothing else, as another application would.
   *
   * @param references as in `Observation/1`; none clears the selection
   */
  select(references: readonly string[], options: ContentEventOptions = {}): Promise<PublishResult> {
    return this.#aboutContent('select', options, (anchor) => selectContext(anchor, references));
  }

  #aboutContent(
    verb: 'update' | 'select',
    { anchor, ...options }: ContentEventOptions,
    contextFor: (anchor: string) => ContextEntry[],
  ): Promise<PublishResult> {
    const about = anchor ?? this.#contexts.currentAnchor ?? 'DiagnosticReport/';
    return this.publish(`${about.split('/')[0]}-${verb}`, contextFor(about), options);
  }

  async #publish(event: HubEvent): Promise<PublishResult> {
    try {
      const taken = this.take(event);
      return taken.event === undefined ? { id: event.id, answers: [] } : await this.broadcast(taken.event);
    } catch (error) {
      const { content } = this.#settings.traits;
      if (!(error instanceof ContentRefusal) || content === undefined) throw error;
      const { status, message } = error.asAnswer(content);
      return { id: event.id, answers: [], refused: { status, text: message } };
    }
  }

  /**
   * @internal Takes an event that changes or selects content, at once and as a whole; any other one as it is.
   *
   * @throws a refusal, and then nothing has changed
   */
  take(event: HubEvent): TakenContent {
    return this.#contexts.take(event);
  }

  /** @internal Tells the sender of an event that it was not taken after all, if it hears SyncErrors. */
  refuseLate(event: HubEvent, sender: Subscription | undefined, refusal: ContentRefusal): void {
    if (sender === undefined) return;
    const code = refusal.reason === 'tooLong' ? ('too-long' as const) : ('processing' as const);
    const facts = {
      eventId: event.id,
      eventName: event.name,
      subscriber: sender.name,
      diagnostics: refusal.message,
      code,
    };
    const context = [{ key: 'operationoutcome', resource: syncErrorOutcome(facts) }];
    const error = { id: randomUUID(), timestamp: new Date().toISOString(), name: 'SyncError', context };
    if (sender.active && sender.spellingOf(error.name) !== undefined) void this.#deliver(sender, error);
  }

  /**
   * Sends a message as it is to every active subscriber, past all of the hub's logic: malformed, hostile, repeated or
   * wrongly signed ones.
   *
   * @param message text goes out as a text frame, bytes as a binary one
   * @param options `signature` for webhooks: `valid` (default), `missing`, or the very header; `timeoutMs`: how long to
   *   wait for an answer, in milliseconds, default the hub's
   * @returns how each answered; on a websocket only a message with an `id` can be answered
   */
  async sendRaw(
    message: string | Uint8Array,
    options: { signature?: SignatureChoice; timeoutMs?: number } = {},
  ): Promise<DeliveryAnswer[]> {
    if (this.#subscriptions.verifying) await this.#subscriptions.verified();
    const id = idOf(Buffer.from(message).toString());
    return Promise.all(
      this.#subscriptions.active.map(async (subscription) => ({
        subscriber: subscription.name,
        status: await subscription.delivery.notify(
          message,
          subscription.label(id === undefined ? {} : { id }),
          options,
        ),
      })),
    );
  }

  /**
   * Ends subscriptions with a denial; a hub that knows none ends them and says nothing.
   *
   * @param reason for `hub.reason`
   * @param subscriber only the one of this name; default all
   */
  async deny(reason = 'The hub ended the subscription.', subscriber?: string): Promise<void> {
    const denied = this.#subscriptions.all.filter(({ name }) => subscriber === undefined || name === subscriber);
    await Promise.all(denied.map((subscription) => this.#subscriptions.deny(subscription, reason)));
  }

  /** Denies the next subscription in place of verifying or confirming it. The JavaScript sandbox hubs cannot do that. */
  denyNext(reason = 'The hub does not want this subscription.'): void {
    this.#subscriptions.denyNext = reason;
  }

  /**
   * Disturbs the next notification to each subscriber, replayed opens and SyncErrors included. Calls add up: each is for
   * one notification more.
   *
   * @param options `subscriber`: only the one of this name, be it subscribed already or not; default all that are now
   */
  disturbNext(disturbance: Disturbance, options: { subscriber?: string } = {}): void {
    const { subscriber } = options;
    const names = subscriber === undefined ? this.#subscriptions.all.map(({ name }) => name) : [subscriber];
    for (const name of new Set(names)) this.#disturbances.add(name, disturbance);
  }

  /** Ends the leases of all subscriptions now, as if their time were over. */
  expireLeases(): void {
    this.#subscriptions.expire();
  }

  /**
   * Loses the websockets of all subscribers, and their subscriptions unless the hub keeps endpoints.
   *
   * @param closeCode default none: the connections are cut, and the subscribers see 1006
   */
  dropConnections(closeCode?: number): void {
    this.#subscriptions.closeSockets(closeCode);
  }

  /** @internal The current context as it is told to whoever asks: in its version now, with its content where that is shared. */
  get told(): HubEvent | undefined {
    return this.#contexts.toldCurrent();
  }

  /** @internal The subscriptions, for the hub's requests. */
  get directory(): Subscriptions {
    return this.#subscriptions;
  }

  /** @internal Follows an event and sends it to everybody who subscribed to it, the sender included. */
  async broadcast(event: HubEvent, except?: Subscription): Promise<PublishResult> {
    const { id, versionId, answers } = await this.distribute(event, except);
    return { id, ...(versionId === undefined ? {} : { versionId }), answers };
  }

  /** @internal The same, and what the hub stumbled over. */
  async distribute(sent: HubEvent, except?: Subscription): Promise<PublishResult & Distribution> {
    const { shared, traits } = this.#settings;
    const event = traits.timestamps === 'seconds' ? inWholeSeconds(sent) : sent;
    const { id } = event;
    if (shared.crashed !== undefined) return { id, answers: [] };
    if (this.#subscriptions.verifying) await this.#subscriptions.verified();
    const audience = this.#audienceOf(event, except);
    if (audience.length === 0 && traits.withoutSubscribers === 'refused') return { id, answers: [] };
    const followed = this.#contexts.follow(event);
    const sending = withDerived(followed, traits.derivedEvents);
    // What it opens besides is behind what was opened; what it closes is closed.
    for (const one of sending) if (one !== followed && isClose(one)) this.#contexts.follow(one);
    shared.contexts.follow(event, this.id);
    const told =
      traits.distribution === 'stumbling'
        ? await stumble(followed, shared, traits)
        : await this.#tellAll(sending, followed, audience);
    return { id, ...(followed.versionId === undefined ? {} : { versionId: followed.versionId }), ...told };
  }

  /** Tells of an event and of what the hub derives from it; the answers are those to the event. */
  async #tellAll(sending: readonly HubEvent[], event: HubEvent, audience: readonly Member[]): Promise<Distribution> {
    const { distribution } = this.#settings.traits;
    let own: Distribution = { answers: [] };
    const telling = sending.map(async (one) => {
      const result = await tell(
        this.#contexts.written(one),
        one === event ? audience : this.#audienceOf(one),
        distribution === 'in-order',
      );
      if (one === event) own = result;
    });
    await Promise.all(telling);
    return own;
  }

  #audienceOf(event: HubEvent, except?: Subscription): Member[] {
    return audienceOf(event, this.members, this.#settings.traits).filter(({ subscription }) => subscription !== except);
  }

  /** @internal Its subscriptions, each with the way to it. */
  get members(): Member[] {
    return this.#subscriptions.all.map((subscription) => ({
      subscription,
      deliver: (event) => this.#deliver(subscription, event),
    }));
  }

  /** @internal The hub restarts. */
  restart(how: { memory: boolean }): void {
    this.#life += 1;
    if (!how.memory) this.#contexts.clear();
    this.#subscriptions.restart(how);
  }

  /** @internal Ends everything. */
  close(): void {
    this.#subscriptions.close();
    this.#disturbances.release();
  }

  async #deliver(subscription: Subscription, event: HubEvent): Promise<DeliveryAnswer> {
    const spelling = subscription.spellingOf(event.name) ?? event.name;
    const life = this.#life;
    subscription.lastEvent = { id: event.id, name: event.name };
    const status = await this.#disturbances.deliver(subscription, event, spelling);
    const { traits } = this.#settings;
    if (traits.copies === 2) {
      const id = traits.copyIds === 'own' ? randomUUID() : event.id;
      await this.#disturbances.deliver(subscription, { ...event, id }, spelling);
    }
    if (status === GONE && traits.answers === 'awaited') {
      // A callback that is gone ends its subscription (W3C WebSub, Content Distribution).
      this.#subscriptions.lost(subscription);
      return { subscriber: subscription.name, status };
    }
    if (status === undefined && traits.unanswered === 'ends' && subscription.active && life === this.#life) {
      await this.#subscriptions.deny(subscription, `No answer to ${canonicalName(event.name)}.`);
      return { subscriber: subscription.name, status };
    }
    const { followedBy } = traits;
    const followed = status !== undefined && (followedBy === '200' ? status === 200 : status >= 200 && status < 300);
    // Whoever left meanwhile is not out of step, a hub that restarted waits for nothing, and a SyncError about a
    // SyncError would never end.
    if (!followed && subscription.active && life === this.#life && canonicalName(event.name) !== 'SyncError') {
      const what = status === undefined ? 'did not answer' : `answered ${status}`;
      this.#syncError(subscription, event, `${subscription.name} ${what} to ${canonicalName(event.name)}.`);
    }
    return { subscriber: subscription.name, status };
  }

  #lost(subscription: Subscription, closeCode: number): void {
    this.#syncError(
      subscription,
      subscription.lastEvent,
      `The connection to ${subscription.name} was lost (${closeCode}).`,
    );
  }

  #syncError(subscription: Subscription, event: { id: string; name: string } | undefined, diagnostics: string): void {
    const { syncErrors, syncErrorIds, vocabulary } = this.#settings.traits;
    if (syncErrors === 'nobody') return;
    // Before STU2 its id is the failed event's, and says by that what failed.
    const isNamedById = syncErrorIds === 'failed-event' && event !== undefined;
    const about = event === undefined ? {} : { eventName: event.name, ...(isNamedById ? {} : { eventId: event.id }) };
    const resource = syncErrorOutcome({ ...about, subscriber: subscription.name, diagnostics });
    const context = [{ key: 'operationoutcome', resource }];
    const name = vocabulary === undefined ? 'SyncError' : speak(vocabulary, 'SyncError');
    void this.broadcast(
      { id: isNamedById ? event.id : randomUUID(), timestamp: new Date().toISOString(), name, context },
      syncErrors === 'others' ? subscription : undefined,
    );
  }
}

const isClose = ({ name }: HubEvent): boolean => canonicalName(name).endsWith('-close');

function idOf(message: string): string | undefined {
  const id = /"id"\s*:\s*"([^"\\]+)"/.exec(message)?.[1];
  try {
    const parsed: unknown = JSON.parse(message);
    return typeof parsed === 'object' && parsed !== null && 'id' in parsed && typeof parsed.id === 'string'
      ? parsed.id
      : undefined;
  } catch {
    return id;
  }
}
