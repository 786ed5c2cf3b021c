import { aborted, ChannelError, FhircastError, HubError, SubscriptionDeniedError } from '../../errors/errors.ts';
import type { HubApi } from '../../hub/api.ts';
import type { SubscriptionRequest } from '../../hub/dialect.ts';
import { endpointMayLive } from '../../hub/failures.ts';
import type { HttpAnswer } from '../../hub/http.ts';
import type { Recorder } from '../../hub/protocol-records.ts';
import { limited } from '../../web/limited.ts';
import { randomHex } from '../../web/random.ts';
import { SERVER_ERROR } from '../../web/status.ts';
import { after } from '../../web/timers.ts';
import { urlFault } from '../../web/url.ts';
import type { Channel, ChannelSink, Grant, Loss } from '../channel.ts';
import { contextsIn, endpointOf, socketUrlOf } from './endpoint-url.ts';
import { appWebSocket, platformWebSocket, type WebSocketFactory } from './socket.ts';
import { WebSocketConnection } from './websocket-connection.ts';

/** The hub of a websocket channel, how its sockets are opened, and who hears of what arrives. */
export interface WebSocketChannelOptions {
  /** The calls to the hub. */
  readonly api: HubApi;
  /** Who takes what arrives. */
  readonly sink: ChannelSink;
  /** Takes a record of every frame. */
  readonly record: Recorder;
  /** How long the hub may take to confirm, in milliseconds. */
  readonly confirmationTimeoutMs: number;
  /** Accepts unencrypted endpoints of any host. */
  readonly allowInsecure: boolean;
  /** The lease to ask for, in seconds. */
  readonly leaseSeconds?: number | undefined;
  /** A name by which others know this app. */
  readonly subscriberName?: string | undefined;
  /** Opens a websocket. Default: the platform's own, and `ws` in Node. */
  readonly webSocket?: WebSocketFactory | undefined;
}

/**
 * A hub that knows the endpoint confirms at once. One that does not may stay silent for ever (the sandbox of 2024). In
 * milliseconds.
 */
const REOPEN_WITHIN_MS = 3_000;

/** How long a hub may take to let go of a subscription that is not used any more. In milliseconds. */
const TELL_WITHIN_MS = 1_000;
/** How often a hub is told of such subscriptions when the app leaves. */
const TELL_TIMES = 4;

/** With these statuses a hub speaks of something else than the endpoint. */
const NOT_ABOUT_ENDPOINT: readonly number[] = [401, 403, 408, 425, 429];

/** Events over a websocket (STU3, Subscribing; STU2 has the same). */
export class WebSocketChannel implements Channel {
  readonly type = 'websocket';
  readonly #options: WebSocketChannelOptions;
  // The draft's hubs sign frames too, and one of them delivers nothing to a subscriber without a secret.
  readonly #secret = randomHex(32);
  /** The connection that is confirmed. */
  #connection: WebSocketConnection | undefined;
  /** The connection that is being made. */
  #opening: WebSocketConnection | undefined;
  #closed = false;
  #events: readonly string[] = [];
  /** The endpoint whose connection was lost, and which the hub had confirmed by name: it may be connected to again. */
  #lost: string | undefined;
  /** Endpoints that are not used any more, and which the hub may still hold. */
  readonly #abandoned = new Set<string>();
  /** The connection of which it is not known whether it brings what was asked for last. */
  #doubted: WebSocketConnection | undefined;
  /** Ends the doubt whether the hub sends what it was asked for last. */
  #undoubt: () => void = () => {};
  /** This hub does not take a second socket on an endpoint. */
  #reopens = true;
  /** This hub does not fail where a request names an endpoint that exists. */
  #namesEndpoint = true;
  /** The hub ended a subscription by a denial that may have been meant for another one. */
  #mayBeBroadcast = false;

  constructor(options: WebSocketChannelOptions) {
    this.#options = options;
  }

  async subscribe(events: readonly string[], signal: AbortSignal): Promise<Grant> {
    const isSame = events.join() === this.#events.join();
    const isMore = events.some((name) => !this.#events.includes(name));
    this.#events = events;
    this.#undoubt();
    const lost = this.#lost;
    this.#lost = undefined;
    if (lost !== undefined) {
      let isHeld = true;
      if (isSame && this.#reopens) {
        try {
          return await this.#connect(lost, { confirmWithinMs: REOPEN_WITHIN_MS, isAgain: true }, signal);
        } catch (error) {
          if (signal.aborted || this.#closed) throw error;
          isHeld = !(error instanceof SubscriptionDeniedError);
        }
      }
      if (isHeld) this.#abandoned.add(lost);
    }
    // Where one endpoint may be everybody's (Medplum), the new subscription shows first whether it is the same.
    if (!this.#options.api.dialect.unsubscribesByEndpoint) await this.#unsubscribeAbandoned(signal);
    const grant = await this.#subscribe(signal, isMore);
    if (lost !== undefined && isSame) this.#reopens = false;
    // What could not be told before, over a connection that had died too.
    void this.#unsubscribeAbandoned(signal);
    return grant;
  }

  /** @param isMore whether the hub is asked for events that it was not asked for before */
  async #subscribe(signal: AbortSignal, isMore: boolean): Promise<Grant> {
    const { api } = this.#options;
    const old = this.#connection;
    const isDoubtful = isMore || (this.#doubted !== undefined && this.#doubted === old && old.isAwaited);
    this.#doubted = undefined;
    if (old) old.isAwaited = true;
    // The hub that lets the app name the endpoint (the sandbox of 2018) binds a socket to it once: another subscription needs
    // another name.
    const own = api.dialect.bindPath === undefined ? undefined : randomHex(16);
    const answer = await (own ? api.subscribe(this.#request(own), signal) : this.#ask(old?.endpoint, signal));
    const endpoint = own ?? endpointOf(answer) ?? old?.endpoint;
    if (endpoint === undefined) throw new ChannelError('channel-no-endpoint');
    // Only the February 2020 ballot gives the endpoint in a header.
    if (!own && answer.header('content-location') === endpoint) api.learn({ version: 'stu1' });
    const contexts = contextsIn(answer);
    // The socket stays: the hub replaced what it sends there. Its new confirmation is reported when it comes.
    if (old?.isOpen && old.endpoint === endpoint) {
      if (isDoubtful) this.#doubt(old);
      return { events: undefined, leaseSeconds: undefined, contexts };
    }
    try {
      const grant = await this.#connectAnew(endpoint, signal);
      // A hub that adds where it should replace would send everything twice.
      old?.close();
      return { ...grant, contexts };
    } catch (error) {
      // What the hub denies it does not hold.
      if (endpoint !== old?.endpoint && !(error instanceof SubscriptionDeniedError)) this.#abandoned.add(endpoint);
      throw error;
    }
  }

  #connectAnew(endpoint: string, signal: AbortSignal): Promise<Grant> {
    return this.#connect(endpoint, { confirmWithinMs: this.#options.confirmationTimeoutMs, isAgain: false }, signal);
  }

  /**
   * The hub took a longer list of events for a socket that is open. One that does not confirm that may send there what it was
   * asked for before (the R4 proof of concept on Medplum): another subscription takes the place of this one.
   */
  #doubt(old: WebSocketConnection): void {
    this.#doubted = old;
    const life = new AbortController();
    const timer = after(this.#options.confirmationTimeoutMs, () => {
      if (old.isAwaited && this.#connection === old) void this.#replace(old, life.signal);
    });
    this.#undoubt = () => {
      clearTimeout(timer);
      life.abort();
    };
  }

  async #replace(old: WebSocketConnection, signal: AbortSignal): Promise<void> {
    const { api, sink } = this.#options;
    let endpoint = old.endpoint;
    try {
      const answer = await api.subscribe(this.#request(undefined), signal);
      endpoint = endpointOf(answer) ?? endpoint;
      const grant = await this.#connectAnew(endpoint, signal);
      old.close();
      sink.granted({ ...grant, contexts: contextsIn(answer), mayHaveMissed: true });
    } catch {
      // The one that is there goes on.
      if (endpoint !== old.endpoint) this.#abandoned.add(endpoint);
    }
  }

  /** Asks for a subscription, in the place of the one at the endpoint where the hub can do that. */
  async #ask(endpoint: string | undefined, signal: AbortSignal): Promise<HttpAnswer> {
    const { api } = this.#options;
    const named = this.#namesEndpoint ? endpoint : undefined;
    try {
      return await api.subscribe(this.#request(named), signal);
    } catch (error) {
      const status = error instanceof HubError ? error.status : undefined;
      if (named === undefined || status === undefined || NOT_ABOUT_ENDPOINT.includes(status)) throw error;
      // Some hubs fail at it, and would fail so for ever. What may pass is left to the next attempt.
      this.#namesEndpoint = false;
      if (status > SERVER_ERROR) throw error;
      return api.subscribe(this.#request(undefined), signal);
    }
  }

  ping(): boolean {
    return this.#connection?.ping() ?? false;
  }

  lost(how: Loss): void {
    this.#undoubt();
    const connection = this.#connection;
    this.#connection = undefined;
    this.#opening?.close();
    if (!connection) return;
    connection.close(how === 'silent');
    // Another socket on the same endpoint may be as deaf.
    if (how !== 'ended') this.#abandoned.add(connection.endpoint);
  }

  async unsubscribe(signal: AbortSignal): Promise<void> {
    const connection = this.#connection;
    // The hub denies what it ends at our own wish, and may close first: neither is news.
    connection?.pause();
    this.#connection = undefined;
    for (const endpoint of [this.#lost, this.#opening?.endpoint])
      if (endpoint !== undefined) this.#abandoned.add(endpoint);
    // A connection that is being opened has no use any more.
    this.#closed = true;
    this.#undoubt();
    this.#opening?.close();
    this.#lost = undefined;
    try {
      // The platform may send a request over a pooled connection that has died too. The next request gets another one.
      for (let tries = 0; tries < TELL_TIMES && this.#abandoned.size > 0; tries++)
        await this.#unsubscribeAbandoned(signal);
      const { api } = this.#options;
      // Where that would end everyone's subscriptions (the sandbox of 2018), the end of the socket is enough.
      const isTold = api.dialect.unsubscribeEnds !== 'everyone';
      if (connection && isTold) await api.unsubscribe(this.#request(connection.endpoint), signal);
    } finally {
      connection?.close();
      this.close();
    }
  }

  close(): void {
    this.#closed = true;
    this.#undoubt();
    this.#opening?.close();
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** A hub that still holds a subscription would wait for its answers, and tell everybody that this app gives none. */
  async #unsubscribeAbandoned(signal: AbortSignal): Promise<void> {
    // The hub would end the one that has taken its place.
    if (this.#options.api.dialect.unsubscribeEnds !== 'itself') return this.#abandoned.clear();
    for (const endpoint of this.#abandoned) {
      try {
        const request = this.#request(endpoint);
        await limited(TELL_WITHIN_MS, signal, (limit) => this.#options.api.unsubscribe(request, limit));
        this.#abandoned.delete(endpoint);
      } catch (error) {
        // Whoever answers does not hold it, or will not let go of it.
        if (error instanceof FhircastError && error.status !== undefined && !error.retryable)
          this.#abandoned.delete(endpoint);
      }
    }
  }

  #request(endpoint: string | undefined): SubscriptionRequest {
    const { api, leaseSeconds, subscriberName } = this.#options;
    const [events, secret] = [this.#events, this.#secret];
    return { channel: 'websocket', topic: api.topic, events, secret, endpoint, leaseSeconds, subscriberName };
  }

  /** @param isAgain whether the hub has confirmed the endpoint before, and may have forgotten it */
  async #connect(
    endpoint: string,
    { confirmWithinMs, isAgain }: { readonly confirmWithinMs: number; readonly isAgain: boolean },
    signal: AbortSignal,
  ): Promise<Grant> {
    if (this.#closed) throw aborted();
    const { api, sink, record, confirmationTimeoutMs, webSocket } = this.#options;
    const url = socketUrlOf(endpoint, api.hubUrl, api.dialect);
    if (urlFault(url, 'ws', this.#options.allowInsecure)) throw new ChannelError('channel-endpoint-invalid');
    const connection = new WebSocketConnection({
      endpoint,
      url,
      isAgain,
      confirmWithinMs: Math.min(confirmWithinMs, confirmationTimeoutMs),
      openSocket: webSocket ? appWebSocket(webSocket) : platformWebSocket,
      record,
      sink,
      habits: () => api.dialect,
      // A hub with a discovery document is no sandbox, and may well be Medplum.
      learn: (habits) => (habits.unsubscribesByEndpoint ? api.learn(habits) : api.suspect(habits)),
      isOurs: (topic) => topic === undefined || api.dialect.isOurTopic(api.topic, topic),
      confirmed: () => {
        if (this.#closed) return;
        this.#connection = connection;
        this.#abandoned.delete(endpoint);
        this.#confirmedAfterDenial();
      },
      // Of a connection that has been replaced, neither is news.
      denied: (denial, isNamed) => {
        if (this.#connection !== connection) return;
        this.#mayBeBroadcast = !isNamed;
        sink.denied(denial);
      },
      lost: (error) => {
        if (this.#connection !== connection) return;
        this.#undoubt();
        this.#connection = undefined;
        if (connection.isNamed && endpointMayLive(error.closeCode)) this.#lost = endpoint;
        else this.#abandoned.add(endpoint);
        sink.lost(error);
      },
    });
    this.#opening = connection;
    try {
      const grant = await connection.open(signal);
      if (this.#closed) throw aborted();
      return grant;
    } finally {
      if (this.#opening === connection) this.#opening = undefined;
    }
  }

  /**
   * The hub confirms an app that it has just denied: it meant another one, because it denies everybody when one app leaves
   * (Medplum before 5.1.29). An unsubscription would deny everybody again, so that none is sent for what is abandoned. At
   * Medplum the end of the socket is enough for leaving, too.
   */
  #confirmedAfterDenial(): void {
    const { api } = this.#options;
    if (!this.#mayBeBroadcast) return;
    this.#mayBeBroadcast = false;
    if (api.dialect.unsubscribeEnds !== 'itself') return;
    api.learn({ unsubscribeEnds: api.dialect.unsubscribesByEndpoint ? 'everyone' : 'namesakes' });
  }
}
