import { aborted, ChannelError, FhircastError, SubscriptionDeniedError } from '../errors/errors.ts';
import type { HubApi } from '../hub/api.ts';
import type { SubscriptionRequest } from '../hub/dialect.ts';
import type { Recorder } from '../hub/protocol-records.ts';
import { after, inTime } from '../web/timers.ts';
import type {
  CallbackEndpoint,
  CallbackOwner,
  CallbackRegistration,
  Denial,
  Verification,
  WebhookChannelFactory,
} from './callback.ts';
import type { Channel, ChannelSink, Grant, Loss } from './channel.ts';
import { statusFor } from './websocket/acknowledgement.ts';

/** The hub and the callback endpoint of a webhook channel, and who hears of what arrives. */
export interface WebhookChannelOptions {
  /** The calls to the hub. */
  readonly api: HubApi;
  /** Who takes what arrives. */
  readonly sink: ChannelSink;
  /** Takes a record of every message. */
  readonly record: Recorder;
  /** Where the hub's messages arrive. */
  readonly callback: Pick<CallbackEndpoint, 'open'>;
  /** How long the hub may take to verify, in milliseconds. */
  readonly confirmationTimeoutMs: number;
  /** The lease to ask for, in seconds. */
  readonly leaseSeconds?: number | undefined;
  /** A name by which others know this app. */
  readonly subscriberName?: string | undefined;
}

/** How long the hub may take to verify the end of a subscription, in milliseconds. */
const UNSUBSCRIBE_WITHIN_MS = 3_000;

/**
 * The habits of the JavaScript sandbox hubs, which verify without a mode. A POST on the bare hub crashes them. Cast hubs verify
 * without a mode too, but take events at the bare hub alone.
 */
const SANDBOX = { publishTo: 'session', keepsContext: false } as const;
/**
 * The sandbox hub of 2018 speaks the draft. It has one current context for all sessions, and an unsubscription ends all webhooks
 * of the session there; at the hub of 2024 it ends none.
 */
const SANDBOX_2018 = { ...SANDBOX, unsubscribeEnds: 'everyone' } as const;

/** What the hub is expected to verify. */
interface Pending {
  readonly mode: 'subscribe' | 'unsubscribe';
  resolve(grant: Grant): void;
  reject(error: FhircastError): void;
}

/** More fields than a verification has. */
const MOST_TOLD = 16;

const closeQuietly = async (registration: CallbackRegistration): Promise<void> => {
  try {
    await registration.close();
  } catch {
    // Nobody is left to be told.
  }
};

/** Events over webhooks (January 2019 draft to STU2). */
export class WebhookChannel implements Channel {
  readonly type = 'webhook';
  readonly #options: WebhookChannelOptions;
  #registration: CallbackRegistration | undefined;
  #pending: Pending | undefined;
  #active = false;
  #closed = false;
  /** Whether the way from the hub to here was lost, and the hub has not confirmed since. */
  #isLost = false;
  #events: readonly string[] = [];
  /** The fields of refused verifications that the app has been told of. */
  #told: Set<string> | undefined;
  /** What the hub confirmed last, and until when it may confirm it again, in milliseconds since 1970. */
  #confirmed: { readonly grant: Grant; readonly until: number } | undefined;

  constructor(options: WebhookChannelOptions) {
    this.#options = options;
  }

  async subscribe(events: readonly string[], signal: AbortSignal): Promise<Grant> {
    this.#registration ??= await this.#register(signal);
    if (this.#closed) {
      // Left while the URL was being reserved.
      this.close();
      throw aborted();
    }
    this.#events = events;
    // Before the request: some hubs verify while they answer it.
    const wasActive = this.#active;
    const verified = this.#expect('subscribe', this.#options.confirmationTimeoutMs, signal);
    verified.catch(() => {});
    try {
      await this.#options.api.subscribe(this.#request(), signal);
    } catch (error) {
      // By now the end of the subscription may be expected.
      if (this.#pending?.mode === 'subscribe') this.#pending.reject(aborted());
      this.#active = wasActive;
      throw error;
    }
    return verified;
  }

  ping(): boolean {
    return false;
  }

  lost(how: Loss): void {
    this.#pending?.reject(aborted());
    // Otherwise the callback stays registered: what still arrives there is ours.
    if (how === 'ended') this.#closeCallback();
  }

  async unsubscribe(signal: AbortSignal): Promise<void> {
    const { api } = this.#options;
    if (!this.#registration) return;
    // The sandbox of 2018 would end everyone's subscriptions of the session: it is not told. What it still sends gets 410.
    if (api.dialect.unsubscribeEnds === 'everyone') return this.close();
    this.#active = false;
    try {
      // The hub may send its verification into a connection that has died, so it is asked twice. The verification of the
      // .NET sandbox of 2019 never succeeds. It must not keep an app from leaving.
      for (let asked = 0, isOver = false; asked < 2 && !isOver; asked++) {
        const verified = api.dialect.verifiesUnsubscribe
          ? this.#expect('unsubscribe', UNSUBSCRIBE_WITHIN_MS / 2, signal).then(() => true)
          : Promise.resolve(true);
        const settled = verified.catch(() => false);
        await api.unsubscribe(this.#request(), signal);
        isOver = await settled;
      }
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#closed = true;
    this.#pending?.reject(aborted());
    this.#closeCallback();
  }

  /** Closes the callback URL. Whoever knows it could write another denial. */
  #closeCallback(): void {
    this.#active = false;
    this.#confirmed = undefined;
    if (this.#registration) void closeQuietly(this.#registration);
    this.#registration = undefined;
  }

  async #register(signal: AbortSignal): Promise<CallbackRegistration> {
    const { api, record, sink } = this.#options;
    const owner: CallbackOwner = {
      verify: (verification) => this.#verify(verification),
      deny: (denial) => this.#deny(denial),
      notify: (body) => {
        // A hub may deliver before its verification is through, but never after the end of a subscription.
        if (!this.#active && this.#pending?.mode !== 'subscribe') return 404;
        sink.alive();
        let answered: number | undefined;
        let resolve: ((status: number) => void) | undefined;
        sink.notification(
          body,
          (decided, eventId) => {
            const status = statusFor(api.dialect.acknowledgements, decided);
            record({ direction: 'out', via: 'webhook', kind: 'answer', status, eventId });
            answered = status;
            resolve?.(status);
          },
          'webhook',
        );
        // Most events are answered at once, and cost no promise.
        return answered ?? new Promise<number>((settle) => (resolve = settle));
      },
      rejected: (error) => sink.rejected(error),
      refused: (at) => void this.#refuse(at),
      lost: (error) => {
        // Once, until the hub has confirmed anew. What arrives meanwhile is still ours.
        if (!this.#active || this.#isLost) return;
        this.#isLost = true;
        sink.lost(error);
      },
      acceptsUnverified: () => api.dialect.unverifiedSignatures,
    };
    const { callback, confirmationTimeoutMs } = this.#options;
    // It may fail, and may never settle.
    const failed = (cause?: unknown) => new FhircastError('option-failed', { at: 'callback', cause, retryable: true });
    let opening: Promise<CallbackRegistration> | undefined;
    try {
      opening = Promise.resolve(callback.open(owner, { hubUrl: api.hubUrl, topic: api.topic }));
      return await inTime(opening, confirmationTimeoutMs, failed, signal, aborted);
    } catch (cause) {
      // What comes after all is given back.
      opening?.then(closeQuietly, () => {});
      throw cause instanceof FhircastError ? cause : failed(cause);
    }
  }

  #request(): SubscriptionRequest {
    const { api, leaseSeconds, subscriberName } = this.#options;
    const { url: callback, secret } = this.#registration ?? {};
    return {
      channel: 'webhook',
      topic: api.topic,
      events: this.#events,
      callback,
      secret,
      leaseSeconds,
      subscriberName,
    };
  }

  #expect(mode: Pending['mode'], timeoutMs: number, signal?: AbortSignal): Promise<Grant> {
    return new Promise<Grant>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        if (this.#pending === pending) this.#pending = undefined;
      };
      const pending: Pending = {
        mode,
        resolve: (grant) => {
          settle();
          resolve(grant);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const abort = () => pending.reject(aborted());
      const timer = after(timeoutMs, () =>
        pending.reject(new ChannelError('confirmation-timeout', { retryable: true })),
      );
      signal?.addEventListener('abort', abort);
      this.#pending = pending;
      if (signal?.aborted) abort();
    });
  }

  /** A verification has no signature: whoever knows the URL can send one, and it must be able to do little. */
  #verify({ mode, topic, events, leaseSeconds }: Verification): boolean {
    const { api, record } = this.#options;
    record({ direction: 'in', via: 'webhook', kind: 'verification' });
    if (topic !== undefined && !api.dialect.isOurTopic(api.topic, topic)) return this.#refuse('hub.topic');
    const grant = { events, leaseSeconds: this.#bounded(leaseSeconds) };
    const pending = this.#pending;
    if (!pending)
      return (this.#active && mode === 'subscribe' && this.#confirmAgain(grant)) || this.#refuse('nothing is expected');
    // The sandbox hubs do not say what they verify: it is what we asked for last.
    if (mode !== undefined && mode !== pending.mode) return this.#refuse('hub.mode');
    // Later it may be anybody who has the URL out of a log: nothing is learnt for good from what is not signed.
    if (mode === undefined && topic !== undefined && !this.#confirmed)
      api.suspect(api.dialect.id === 'draft' ? SANDBOX_2018 : SANDBOX);
    // From here on the hub delivers, even where it has yet to answer the request that it verified.
    this.#active = pending.mode === 'subscribe';
    this.#isLost = false;
    this.#told?.clear();
    this.#confirmed = { grant, until: Date.now() + this.#options.confirmationTimeoutMs };
    pending.resolve(grant);
    return true;
  }

  /** Tells the app why the hub gets 404: by the field that does not fit, and never by what it says. */
  #refuse(at: string): false {
    // Once for each subscription: whoever knows the URL can send as many as he likes.
    this.#told ??= new Set();
    if (!this.#told.has(at)) this.#options.sink.warned(new ChannelError('verification-refused', { at }));
    if (this.#told.size < MOST_TOLD) this.#told.add(at);
    return false;
  }

  /** A lease that is renewed sooner than it need be does no harm. */
  #bounded(leaseSeconds: number | undefined): number | undefined {
    const { leaseSeconds: asked = Number.POSITIVE_INFINITY } = this.#options;
    return leaseSeconds === undefined ? undefined : Math.min(leaseSeconds, asked);
  }

  /**
   * A hub that did not hear our answer asks again soon. Later it is somebody who has subscribed our URL anew, with a secret of
   * his. Of two leases in this time one may be forged: the shorter one counts.
   */
  #confirmAgain(grant: Grant): boolean {
    const confirmed = this.#confirmed;
    if (!confirmed || Date.now() > confirmed.until) return false;
    const { leaseSeconds = Number.POSITIVE_INFINITY } = confirmed.grant;
    if (grant.leaseSeconds !== undefined && grant.leaseSeconds < leaseSeconds) {
      this.#confirmed = { ...confirmed, grant };
      this.#options.sink.granted(grant);
    }
    return true;
  }

  #deny(denial: Denial): boolean {
    const { api, record, sink } = this.#options;
    if (denial.topic !== undefined && !api.dialect.isOurTopic(api.topic, denial.topic)) return false;
    if (!this.#active && !this.#pending) return false;
    // Whoever has the URL out of a log has not always the session, too.
    if (this.#active && denial.topic === undefined) return false;
    record({ direction: 'in', via: 'webhook', kind: 'denial' });
    const { reason } = denial;
    if (this.#pending?.mode === 'subscribe' && !this.#active) {
      this.#pending.reject(new SubscriptionDeniedError('subscription-denied', { hubText: reason }));
    } else if (this.#active) {
      this.#active = false;
      sink.denied(denial);
    }
    return true;
  }
}

/** Makes the webhook channel of a client: the `openChannel` of a `CallbackEndpoint`. */
export const openWebhookChannel: WebhookChannelFactory = (options: WebhookChannelOptions) =>
  new WebhookChannel(options);
