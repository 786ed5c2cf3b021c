import { FhircastError } from '../../errors.ts';
import type { Notification } from '../../events/notification.ts';
import { statusMeansUnsupported } from '../../failures.ts';
import type { ContextAnswer, HubApi } from '../../hub/api.ts';
import { pause } from '../../timers.ts';
import { type Backoff, backoffMs } from '../connection/backoff.ts';
import { type ContextStore, isSameContext } from './context-store.ts';
import { InFlight } from './in-flight.ts';
import type { Answer, Inbox } from './inbox.ts';
import type { SyncTracker } from './sync-status.ts';

/** What catching up needs. */
export interface CatchUpOptions {
  readonly api: HubApi;
  readonly backoff: Backoff;
  readonly inbox: Inbox;
  readonly contexts: ContextStore;
  readonly sync: SyncTracker;
  /** How long an event may be behind the hub's answer before it counts as lost, in milliseconds. */
  readonly graceMs: number;
  /** Whether the hub sends the open contexts by itself after a confirmation. */
  replays(): boolean;
  /** What the hub answered cannot be used. */
  failed(error: FhircastError): void;
  /** The hub has a context of which no event came, or cannot be reached. */
  missed(error: 'event-missed' | 'channel-silent'): void;
}

/** How often the hub is asked again because an event came meanwhile. */
const ASK_AGAIN = 5;

/**
 * Brings what is known to what the hub has: after a gap, and from time to time (STU3, Get Current Context). What the hub
 * answers has often no time. It counts only when no event came while it was asked, and afterwards events that may have
 * been under way are followed only when the hub, asked again, agrees.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #inFlight: InFlight;
  #life = new AbortController();
  #isAsking = false;
  /** The hub does not tell, or not this app. */
  #isUnsupported = false;
  /** The hub has not answered on this connection. What it did not send by itself before it did, it does not have. */
  #isFirst = true;
  /** Events may have been missed before this connection, and none has come since. */
  #isGap = false;
  #hasBegun = false;
  /** The hub has told a context at least once. */
  #hasTold = false;

  constructor(options: CatchUpOptions) {
    this.#options = options;
    this.#inFlight = new InFlight(options);
  }

  /** A connection began: asks what is open, until the hub answers. */
  begin(): void {
    // Events may have come in the same packet as the confirmation: what waits goes on waiting.
    this.#abort();
    this.#isUnsupported = false;
    this.#isFirst = true;
    this.#isGap = this.#hasBegun;
    this.#hasBegun = true;
    this.#inFlight.renew();
    void this.#ask();
  }

  /** The connection ended. What waits for an answer of the hub is not followed. */
  end(): void {
    this.#abort();
    this.#inFlight.end();
  }

  #abort(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#isAsking = false;
  }

  /**
   * Takes a change of the context that may be older than what was adopted, and decides later.
   *
   * @returns whether it was taken
   */
  takes(notification: Notification, answer: Answer): boolean {
    if (!this.#inFlight.takes(notification, answer)) return false;
    if (!this.#isAsking && this.#inFlight.isHolding) void this.#ask();
    return true;
  }

  /** An event was missed, to all appearances: asks what is open. */
  doubt(): void {
    if (!this.#isAsking && !this.#isUnsupported) void this.#ask();
  }

  /** An event was followed: where the hub could not tell, it has now. */
  followed(): void {
    this.#isGap = false;
    if (!this.#isAsking) this.#options.sync.caughtUp();
  }

  /**
   * Compares what is known with what the hub has.
   *
   * @param isProven whether the connection has shown that it lives
   */
  async audit(isProven: boolean): Promise<void> {
    if (this.#isAsking || this.#isUnsupported) return;
    const { api, contexts, graceMs } = this.#options;
    const { signal } = this.#life;
    const before = contexts.changes;
    try {
      const answer = await api.askContext(signal);
      const isNews = () => !signal.aborted && contexts.changes === before && this.#differs(answer);
      if (!isNews()) return;
      // Its event may be behind the answer.
      await pause(graceMs, signal);
      if (isNews()) this.#options.missed('event-missed');
    } catch (error) {
      if (signal.aborted || !(error instanceof FhircastError)) return;
      if (error.retryable && error.status === undefined && !isProven) this.#options.missed('channel-silent');
      if (error.retryable) return;
      this.#isUnsupported = true;
      if (error.status !== 401) return;
      // Nothing can find out any more that the connection has died.
      if (!isProven) this.#options.sync.behind();
      this.#options.failed(error);
    }
  }

  async #ask(): Promise<void> {
    const { api, contexts, sync, backoff } = this.#options;
    const { signal } = this.#life;
    this.#isAsking = true;
    sync.behind();
    for (let failures = 0, again = 0; ; ) {
      const before = contexts.changes;
      const held = this.#inFlight.held;
      try {
        const answer = await api.askContext(signal);
        if (signal.aborted) return;
        if (contexts.changes !== before && ++again < ASK_AGAIN) continue;
        if (contexts.changes === before) this.#adopt(answer, held);
        // Whoever was told of it may have left at once.
        if (signal.aborted) return;
        if (this.#inFlight.isHolding) continue;
        this.#isAsking = false;
        const isEmpty = answer.context === null && contexts.current === null;
        if (answer.worth !== 'unlikely' || isEmpty || !this.#mayHaveMissed) sync.caughtUp();
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof FhircastError) || !error.retryable) {
          this.#isAsking = false;
          return this.#cannotTell(error as FhircastError);
        }
        this.#inFlight.end();
        await pause(backoffMs(backoff, ++failures, error.retryAfterMs), signal);
        if (signal.aborted) return;
      }
    }
  }

  /** Whether what is known may be out of date. */
  get #mayHaveMissed(): boolean {
    return this.#isGap && this.#options.contexts.latest !== undefined;
  }

  #cannotTell(error: FhircastError): void {
    const { sync, failed } = this.#options;
    this.#isUnsupported = true;
    const isUnsupported =
      error.code === 'context-unsupported' || (error.status !== undefined && statusMeansUnsupported(error.status));
    if (!isUnsupported) {
      sync.behind();
      failed(error);
    }
    // Its events are what there is.
    this.#inFlight.release();
    // After a gap nobody knows what was missed, until the next event tells where the session is.
    if (isUnsupported && !this.#mayHaveMissed) sync.caughtUp();
  }

  /** Whether an answer says something else than what is known, and can be believed. */
  #differs({ context, worth }: ContextAnswer): boolean {
    const { contexts, inbox } = this.#options;
    const { current } = contexts;
    if (context) {
      // It may be another session's.
      if (worth === 'unlikely') return false;
      this.#hasTold = true;
      return !(current && isSameContext(current, context)) && !inbox.isKnownOrOlder(context, worth === 'certain');
    }
    // Some hubs keep no context and answer all the same. One that has just told of it by an event has not lost it since.
    return (
      current !== null && (this.#hasTold || worth === 'certain' || (worth === 'likely' && !contexts.isCurrentTold))
    );
  }

  #adopt(answer: ContextAnswer, held: number): void {
    const { contexts, inbox } = this.#options;
    const { context } = answer;
    if (!this.#inFlight.settle(context, held)) return;
    const isNews = this.#differs(answer);
    const { current } = contexts;
    const isTold = context !== null || isNews || answer.worth === 'certain';
    const closed = new Set(isTold && this.#isFirst && this.#options.replays() ? contexts.untold(context) : []);
    this.#isFirst = false;
    if (isNews && !context && current) closed.add(current);
    for (const open of closed) inbox.adoptClose(open);
    if (isNews && context) inbox.adoptOpen(context);
    // Where events are trusted more than answers, they need not wait for another one.
    if ((answer.worth === 'certain' || context?.time !== undefined) && (isNews || closed.size > 0))
      this.#inFlight.begin(isNews && context ? context : contexts.current, [...closed]);
  }
}
