import { aborted, FhircastError, HubError, optionInvalid } from '../errors/errors.ts';
import { parseCurrentContext } from '../events/context-answer.ts';
import type { CurrentContext } from '../events/current-context.ts';
import { isBelow } from '../web/same-url.ts';
import { BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE } from '../web/status.ts';
import { inTime } from '../web/timers.ts';
import type { Chooser } from './chooser.ts';
import { contextFormOf } from './context-form.ts';
import type { Dialect, EventMediaType, Fields, SubscriptionRequest } from './dialect.ts';
import { medplumHabits } from './habits.ts';
import { type HttpAnswer, type HttpOptions, hubError, send } from './http.ts';
import type { ProtocolKind, Recorder } from './protocol-records.ts';

/** What the calls to a hub need to know. */
export interface HubApiOptions extends HttpOptions {
  /** The hub's base URL. */
  readonly hubUrl: string;
  /** The session. */
  readonly topic: string;
  /** Knows how the hub wants to be talked to. */
  readonly chooser: Chooser;
  /**
   * The token for the hub; `undefined` for a hub without authorization. It is called with a token that the hub has just
   * refused to get a new one.
   */
  readonly accessToken: (refused?: string) => string | undefined | Promise<string | undefined>;
  /** Takes a record of every exchange. */
  readonly record: Recorder;
  /** Takes every answer to a request for the current context. */
  told?(answer: ContextAnswer): void;
}

/** An event as it is sent to the hub. */
export interface OutgoingEvent {
  /** The message, ready to be written as JSON. */
  readonly body: { readonly id: string };
  /** The event's name, for the record. */
  readonly name: string;
}

/** What the hub said of the current context. */
export interface ContextAnswer {
  /** `null` when it said that there is none. */
  readonly context: CurrentContext | null;
  /** How much that is worth. */
  readonly worth: 'certain' | 'likely' | 'unlikely';
  /** How long the answer was, in characters. */
  readonly length?: number;
}

/** What an access token is made of (RFC 6749, appendix A.12). */
const VSCHAR = /^[ -~]+$/;

/** With these statuses a hub says that it knows no such request. */
const UNSUPPORTED: readonly number[] = [404, 405, 501];

/** With these statuses a hub says that it takes no events at a URL, and has done nothing with what was sent there. */
const NOT_TAKEN_HERE: readonly number[] = [BAD_REQUEST, 404, 405];

/** The HTTP calls to a hub. */
export class HubApi {
  readonly #options: HubApiOptions;
  #renewal: Promise<string | undefined> | undefined;

  constructor(options: HubApiOptions) {
    this.#options = options;
  }

  /** The session. */
  get topic(): string {
    return this.#options.topic;
  }

  /** The hub's base URL. */
  get hubUrl(): string {
    return this.#options.hubUrl;
  }

  /** Which FHIRcast the hub speaks, as far as is known at the moment. */
  get dialect(): Dialect {
    return this.#options.chooser.dialect;
  }

  /** Takes what an answer of the hub shows of it. */
  learn(shown: Parameters<Chooser['learn']>[0]): void {
    this.#options.chooser.learn(shown);
  }

  /** Takes what an answer of the hub makes likely. */
  suspect(habits: Parameters<Chooser['suspect']>[0]): void {
    this.#options.chooser.suspect(habits);
  }

  /**
   * Asks the hub to subscribe (STU3, Subscription Request).
   *
   * @throws HubError when the hub cannot be reached or refuses
   */
  async subscribe(request: SubscriptionRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { subscriberName, secret } = request;
    const fields = this.dialect.subscribeFields(request);
    const more = this.dialect.namesSubscriberTwice
      ? {
          'hub.subscriber': subscriberName,
          'subscriber.name': subscriberName,
          'hub.callback': '',
          'hub.secret': secret,
        }
      : {};
    return this.#form('subscribe', { ...fields, ...more }, request, signal);
  }

  /**
   * Asks the hub to end a subscription (STU3, Unsubscribe Request). The request outlives the page that sends it.
   *
   * @throws HubError when the hub cannot be reached or refuses
   */
  async unsubscribe(request: SubscriptionRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const ask = (events: string | undefined, endpoint: string | undefined) => {
      const fields = this.dialect.unsubscribeFields(request);
      return this.#form(
        'unsubscribe',
        { ...fields, 'hub.events': fields['hub.events'] ?? events, endpoint },
        request,
        signal,
      );
    };
    const events = request.events.join(',');
    const { unsubscribesByEvents, unsubscribesByEndpoint } = this.dialect;
    try {
      return await ask(
        unsubscribesByEvents ? events : undefined,
        unsubscribesByEndpoint ? request.endpoint : undefined,
      );
    } catch (error) {
      // Medplum wants the events, which STU2 and STU3 do not ask for. It denies all subscriptions where `endpoint` is missing.
      if (unsubscribesByEvents || !(error instanceof HubError) || error.status !== BAD_REQUEST) throw error;
      const answer = await ask(events, request.endpoint);
      this.learn(medplumHabits);
      return answer;
    }
  }

  /**
   * Asks for the current context (STU3, Get Current Context).
   *
   * @returns `null` when there is none
   * @throws HubError when the hub cannot be reached, refuses, or answers something else
   */
  async currentContext(signal: AbortSignal | undefined): Promise<CurrentContext | null> {
    return (await this.askContext(signal)).context;
  }

  /**
   * Asks for the current context, and tells how much the answer is worth: `certain` in the form of the hub's version, `likely`
   * in another, and `unlikely` where it may be of another session, or come from a hub that knows no such request.
   *
   * @throws HubError, NotificationError as {@link HubApi.currentContext}
   */
  async askContext(signal: AbortSignal | undefined): Promise<ContextAnswer> {
    const { hubUrl, topic } = this.#options;
    const { dialect } = this;
    const answer = await this.#send('current-context', dialect.sessionUrl(hubUrl, topic), {
      method: 'GET',
      headers: { Accept: 'application/json, application/fhir+json' },
      signal: signal ?? null,
    });
    if (answer.status === 404 && dialect.notFoundIsNoContext) return { context: null, worth: 'unlikely' };
    if (!answer.ok) throw hubError(answer, UNSUPPORTED.includes(answer.status) ? 'context-unsupported' : undefined);
    const context = parseCurrentContext(answer.text, (theirs) => dialect.isOurTopic(topic, theirs), dialect);
    const form = contextFormOf(answer.text);
    // The session's name is part of the draft's form. The sandbox hub of 2018 leaves it out, and has one context for all.
    const isOfOne = dialect.keepsContext && (!context || dialect.contextForm !== 'envelope' || form === 'envelope');
    const isSaid = form === 'object' || form === (context ? dialect.contextForm : 'envelope');
    const worth = !isOfOne ? 'unlikely' : isSaid ? 'certain' : 'likely';
    const said: ContextAnswer = { context, worth, length: answer.text.length };
    this.#options.told?.(said);
    return said;
  }

  /**
   * Sends an event to the hub (STU3, Request Context Change). Where it is not known at which URL the hub takes events, one that
   * does not know the first is asked at the other, once, with the same event; what worked is used from then on.
   *
   * @returns the hub's answer, whatever its status
   * @throws HubError when the hub cannot be reached
   */
  async publish(event: OutgoingEvent, signal: AbortSignal | undefined): Promise<HttpAnswer> {
    const [first = 'hub', other] = this.#options.chooser.publishTo;
    const answer = await this.#publishTo(first, event, signal);
    if (!other) return answer;
    if (answer.ok) this.learn({ publishTo: first });
    if (!NOT_TAKEN_HERE.includes(answer.status)) return answer;
    const second = await this.#publishTo(other, event, signal);
    if (second.ok) this.learn({ publishTo: other });
    // Where neither took it, the one that read it says more than the one that does not know the URL.
    return answer.status === BAD_REQUEST && NOT_TAKEN_HERE.includes(second.status) ? answer : second;
  }

  async #publishTo(
    place: Dialect['publishTo'],
    event: OutgoingEvent,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer> {
    const { hubUrl, topic } = this.#options;
    const { dialect } = this;
    const url = place === 'hub' ? hubUrl : dialect.sessionUrl(hubUrl, topic);
    const post = (contentType: EventMediaType) =>
      this.#send(
        'context-change',
        url,
        {
          method: 'POST',
          headers: { 'Content-Type': contentType },
          body: JSON.stringify(event.body),
          signal: signal ?? null,
        },
        event.name,
        event.body.id,
      );
    const answer = await post(dialect.contentType);
    if (answer.status !== UNSUPPORTED_MEDIA_TYPE) return answer;
    // Nothing was done with it: the hub wants the other type, now and later.
    const contentType = dialect.contentType === 'application/json' ? 'application/fhir+json' : 'application/json';
    const other = await post(contentType);
    if (other.ok) this.learn({ contentType });
    return other;
  }

  async #form(
    mode: 'subscribe' | 'unsubscribe',
    fields: Fields,
    request: SubscriptionRequest,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const { hubUrl, topic } = this.#options;
    const { dialect } = this;
    // Nothing is sent empty but the callback that some hubs want on a websocket too.
    const sent = Object.entries({ 'hub.mode': mode, ...fields }).filter(
      ([name, value]) => value || (value === '' && name === 'hub.callback'),
    );
    const values = Object.fromEntries(sent) as Record<string, string>;
    if (request.channel === 'webhook' && !dialect.namesWebhooks) delete values['hub.channel.type'];
    const isForm = dialect.subscribesBy === 'form';
    const answer = await this.#send(
      mode,
      isForm ? hubUrl : dialect.sessionUrl(hubUrl, topic),
      {
        method: 'POST',
        headers: { 'Content-Type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' },
        body: isForm ? new URLSearchParams(values).toString() : JSON.stringify(values),
        signal,
        keepalive: mode === 'unsubscribe',
      },
      request.events.join(','),
    );
    if (!answer.ok) throw hubError(answer);
    return answer;
  }

  async #send(
    kind: ProtocolKind,
    url: string,
    init: RequestInit,
    event?: string,
    eventId?: string,
  ): Promise<HttpAnswer> {
    const { hubUrl, record } = this.#options;
    // The platform's own error about one that is no URL would quote the session.
    if (url !== hubUrl && !isBelow(url, hubUrl)) throw new HubError('session-foreign');
    const token = await this.#token(undefined, init.signal);
    const started = Date.now();
    const about = { kind, via: 'http', ...(event ? { event } : {}), eventId } as const;
    const exchange = async (bearer: string | undefined): Promise<HttpAnswer> => {
      record({ ...about, direction: 'out' });
      const headers = { ...init.headers, ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}) };
      const answer = await send(url, { ...init, headers }, this.#options);
      record({ ...about, direction: 'in', status: answer.status, tookMs: Date.now() - started });
      return answer;
    };
    const answer = await exchange(token);
    if (answer.status !== 401 || !token) return answer;
    // The token may have ended: one renewal for all requests that wait for it, and one more try.
    this.#renewal ??= this.#token(token).finally(() => {
      this.#renewal = undefined;
    });
    const renewed = await inTime(this.#renewal, Number.POSITIVE_INFINITY, aborted, init.signal, aborted);
    return renewed && renewed !== token ? exchange(renewed) : answer;
  }

  /** The app's function may fail, and may never settle. */
  async #token(refused?: string, signal?: AbortSignal | null): Promise<string | undefined> {
    const { accessToken, timeoutMs } = this.#options;
    const unavailable = (cause?: unknown) => new HubError('token-unavailable', { cause, retryable: true });
    let token: string | undefined;
    try {
      const given = Promise.resolve(accessToken(refused));
      token = (await inTime(given, timeoutMs, unavailable, signal, aborted))?.trim();
    } catch (cause) {
      throw cause instanceof FhircastError ? cause : unavailable(cause);
    }
    // The platform's own error about such a header quotes it.
    if (token && !VSCHAR.test(token)) throw optionInvalid('accessToken', 'a text of printable ASCII characters');
    return token;
  }
}
