import { FhircastError, NotificationError } from '../errors/errors.ts';
import { currentOfList } from '../events/context-answer.ts';
import { shortened } from '../events/fingerprint.ts';
import type { Notification } from '../events/notification.ts';
import type { ContextStore } from '../following/context-store.ts';
import type { Answer, Inbox } from '../following/inbox.ts';
import type { Listeners } from '../following/listeners.ts';
import type { SyncTracker } from '../following/sync-status.ts';
import type { ContextAnswer, HubApi } from '../hub/api.ts';
import { statusMeansUnsupported } from '../hub/failures.ts';
import { type Backoff, backoffMs } from '../subscription/backoff.ts';
import { pause } from '../web/timers.ts';
import { type ConnectionFacts, canDecide, hasBegun, newConnection } from './connection-facts.ts';
import { LateEvents } from './late-events.ts';

/** The hub that is asked, what its answers are compared with, and who hears what they show. */
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
  /** Whether the hub has no context after any close, whatever was closed. */
  closeClears(): boolean;
  /** Who hears of an answer of the hub that cannot be used. */
  readonly listeners: Pick<Listeners, 'emit'>;
  /** The hub has a context of which no event came, or cannot be reached. */
  missed(error: 'event-missed' | 'channel-silent'): void;
}

/** How often the hub is asked again because an event came meanwhile, or because its answer was older than its events. */
const ASK_AGAIN = 5;

/** How often the hub is asked because of a hint: its event may be ahead of what it tells. */
const LOOKS = 2;

/**
 * How an answer of the hub stands to what is known here: it agrees; it tells something new; it tells what its own events have
 * left; nobody can say; or it tells what another event has displaced here, which the hub may have taken in another order.
 */
type Finding = 'agrees' | 'news' | 'left' | 'unclear' | 'displaced';

/** Whether a hub that answered so may tell the next time. */
const mayTellLater = (error: FhircastError): boolean =>
  error instanceof NotificationError || error.code === 'hub-answer-invalid';

/** What an answer says, in a text that is short. */
const textOf = ({ context }: ContextAnswer): string =>
  context ? shortened(`${context.type} ${context.versionId ?? ''} ${JSON.stringify(context.context)}`) : '';

/**
 * Brings what is known to what the hub has: after a gap, after an event that was dropped or refused, and from time to time
 * (STU3, Get Current Context). What the hub answers has often no time. It counts only when no event came while it was asked, and
 * afterwards events that may have been under way are followed only when the hub, asked again, agrees.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #late: LateEvents;
  /** Ends what the hub is being asked. */
  #life = new AbortController();
  /** The hub is being asked what is open, until it has told. */
  #isAsking = false;
  /** How often the hub is still to be asked whether it agrees, because of a hint: beside that question, or after it. */
  #looks = 0;
  #connection = newConnection(false);
  /** The hub has told a context at least once. */
  #hasTold = false;
  /** The hub has told that there is no context after Home-open: it does not keep what that has left. */
  #clearsAtHome = false;
  /** An answer that cannot be relied on, and for which the subscription was made anew. It is made anew once for each such answer. */
  #hint: string | undefined;
  /** By how much an event that was not sent again has been older than its arrival, at the most. In milliseconds. */
  #lagMs = 0;

  constructor(options: CatchUpOptions) {
    this.#options = options;
    this.#late = new LateEvents(options);
  }

  /**
   * The hub told what is open in its answer to the subscription. It counts as its answer to a question, unless an event has said
   * meanwhile what is current: that is newer.
   *
   * @param contexts a list of contexts in the hub's own form; `undefined` when it told none
   */
  told(contexts: unknown): void {
    const { api, inbox } = this.#options;
    if (contexts === undefined || contexts === null || this.#connection.isEstablished) return;
    try {
      const context = currentOfList(contexts, (theirs) => api.dialect.isOurTopic(api.topic, theirs));
      const finding = context && this.#finding({ context, worth: 'likely' });
      if (!context || (finding !== 'news' && finding !== 'agrees')) return;
      this.#connection.isEstablished = true;
      if (finding === 'news') inbox.adoptOpen(context);
    } catch (error) {
      if (!(error instanceof FhircastError)) throw error;
      // The hub is asked in any case.
      this.#options.listeners.emit('warning', error);
    }
  }

  /** A connection began: asks what is open, until the hub answers. */
  begin(): void {
    // Events may have come in the same packet as the confirmation: what waits goes on waiting.
    this.#abort();
    this.#connection.beganAt = Date.now();
    this.#late.renew();
    void this.#ask();
  }

  /** The connection is lost. What waits for an answer of the hub is not followed. */
  lost(): void {
    this.#abort();
    this.#connection = newConnection(this.#connection.isAfterGap || hasBegun(this.#connection));
    this.#late.lost();
  }

  #abort(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#isAsking = false;
    this.#looks = 0;
  }

  /**
   * Takes a change of the context that may be older than what was adopted, and decides later.
   *
   * @returns whether it was taken
   */
  takes(notification: Notification, answer: Answer): boolean {
    if (!this.#late.takes(notification, answer)) return false;
    if (!this.#isAsking && this.#late.isHolding) void this.#ask();
    return true;
  }

  /**
   * Holds an event that is older by its time than what the app has, and asks the hub: the clocks of two publishers differ.
   *
   * @returns whether it is held. It is not where no answer of the hub can decide
   */
  takesStale(notification: Notification, answer: Answer): boolean {
    if (!canDecide(this.#connection) || !this.#late.hold(notification, answer)) return false;
    if (!this.#isAsking) void this.#ask();
    return true;
  }

  /** An event was missed, to all appearances: asks what is open. */
  doubt(): void {
    if (!this.#isAsking && this.#connection.answers !== 'none') void this.#ask();
  }

  /**
   * What was dropped as a repetition may have been done once more: a user opened a patient again, and the very same message was
   * sent. What seemed derived by the hub may have been opened by itself. The hub is asked, and nobody is alarmed where it agrees
   * with what is known. Where no hub can be asked, it stays a doubt.
   */
  async hint(): Promise<void> {
    const isLooking = this.#looks > 0;
    this.#looks = LOOKS;
    if (isLooking) return;
    const { graceMs, sync } = this.#options;
    const { signal } = this.#life;
    while (!signal.aborted && this.#looks > 0) {
      // What is being asked may have been answered before.
      const isAgreed = this.#isAsking || (await this.#agrees(signal));
      if (signal.aborted) return;
      if (!isAgreed) {
        this.#looks = 0;
        sync.doubted('stale-dropped');
        return this.doubt();
      }
      if (!this.#isAsking) this.#looks--;
      if (this.#looks > 0) await pause(graceMs, signal);
    }
  }

  /** Whether the hub, asked once, is known to have what is current here. */
  async #agrees(signal: AbortSignal): Promise<boolean> {
    if (!canDecide(this.#connection)) return false;
    try {
      const answer = await this.#options.api.askContext(signal);
      return answer.worth !== 'unlikely' && this.#finding(answer) === 'agrees';
    } catch {
      // Asked again, it is known why.
      return false;
    }
  }

  /** Whether the hub may be sending again what was open before the connection: it has not said yet what is current. */
  get mayReplay(): boolean {
    const { isAfterGap, hasAnswered } = this.#connection;
    return isAfterGap && !hasAnswered && (this.#isAsking || !hasBegun(this.#connection));
  }

  /**
   * The hub sent again what had been open before this connection.
   *
   * @returns whether it replays. What comes when it has answered is no replay
   */
  replayed(): boolean {
    if (this.#connection.hasAnswered) return false;
    this.#connection.hasReplayed = true;
    return true;
  }

  /**
   * An event was followed: where the hub could not tell what is current, it has now.
   *
   * @param establishes whether the event says what is current. Content, a selection or an objection does not
   * @param time when it happened, in milliseconds since 1970
   */
  followed(establishes: boolean, time?: number): void {
    if (!establishes) return;
    const { isAfterGap, hasAnswered, beganAt } = this.#connection;
    if (time !== undefined && hasAnswered) this.#lagMs = Math.max(this.#lagMs, Date.now() - time);
    // What happened before the connection, and comes before the hub has answered a question, is sent again: unless events are
    // known to come so late, or the sender's clock to be so slow.
    if (isAfterGap && !hasAnswered && time !== undefined && time < beganAt - this.#lagMs) this.replayed();
    this.#connection.isEstablished = true;
    if (!this.#isAsking) this.#options.sync.established();
  }

  /**
   * Compares what is known with what the hub has.
   *
   * @param isProven whether the connection has shown that it lives
   * @returns whether the hub tells what is open, as far as is known
   */
  async audit(isProven: boolean): Promise<boolean> {
    const connection = this.#connection;
    if (!this.#isAsking && connection.answers !== 'none') await this.#audit(connection, isProven);
    return connection.answers !== 'none';
  }

  async #audit(connection: ConnectionFacts, isProven: boolean): Promise<void> {
    const { api, contexts, graceMs, sync } = this.#options;
    const { signal } = this.#life;
    const before = contexts.changes;
    try {
      const answer = await api.askContext(signal);
      // One that keeps no context may answer so, and one that has forgotten the session.
      const isForgotten = answer.context === null && answer.worth === 'likely' && !this.#options.closeClears();
      // What Home-open has left may have been opened again.
      const isDoubtful = (finding: Finding) => finding === 'unclear' && !this.#options.closeClears();
      const isNews = () => {
        const finding = this.#finding(answer);
        const isNew = finding === 'news' || finding === 'displaced' || isDoubtful(finding);
        return !signal.aborted && contexts.changes === before && (isNew || (finding === 'left' && isForgotten));
      };
      // What was in doubt is so no more.
      const isAgreed = contexts.changes === before && answer.worth !== 'unlikely' && this.#finding(answer) === 'agrees';
      if (isAgreed && !signal.aborted && !this.#isAsking) sync.established();
      if (!isNews()) return;
      // Its event may be behind the answer.
      await pause(graceMs, signal);
      if (!isNews()) return;
      const finding = this.#finding(answer);
      if (finding === 'displaced') return this.doubt();
      const isUnclear = isDoubtful(finding);
      if (isUnclear) sync.behind();
      // A hub that sends again what is open settles it.
      if (isUnclear && !this.#options.replays()) return;
      if (isUnclear || answer.worth === 'unlikely' || isForgotten) {
        // It may be another session's, or the connection may be deaf: it is made anew, and that once.
        const hint = textOf(answer);
        sync.doubted('catching-up');
        if (this.#hint === hint) return;
        this.#hint = hint;
      }
      this.#options.missed('event-missed');
    } catch (error) {
      if (signal.aborted || !(error instanceof FhircastError)) return;
      if (error.retryable && error.status === undefined && !isProven) this.#options.missed('channel-silent');
      // What cannot be used this time may be used the next time.
      if (error.retryable || mayTellLater(error)) return;
      connection.answers = 'none';
      if (error.status !== 401) return;
      // Nothing can find out any more that the connection has died.
      if (!isProven) sync.behind();
      this.#options.listeners.emit('error', error);
    }
  }

  async #ask(): Promise<void> {
    const { api, contexts, sync, backoff, graceMs } = this.#options;
    const { signal } = this.#life;
    this.#isAsking = true;
    sync.behind();
    for (let failures = 0, again = 0; !signal.aborted; ) {
      const before = contexts.changes;
      const { held, dropped } = this.#late;
      try {
        const answer = await api.askContext(signal);
        if (signal.aborted) return;
        const isOvertaken = contexts.changes !== before;
        if (isOvertaken && answer.worth !== 'unlikely') this.#late.disprove(answer.context, held);
        if (isOvertaken && ++again < ASK_AGAIN) continue;
        const finding = isOvertaken ? this.#finding(answer) : this.#adopt(answer, held, again + 1 >= ASK_AGAIN);
        // Whoever was told of it may have left at once.
        if (signal.aborted) return;
        if (this.#late.isHolding && !isOvertaken) continue;
        // Which of them is newer, a later answer tells.
        const isUnsettled = isOvertaken && (finding === 'news' || this.#late.isHolding);
        // What it does not tell of may have happened since: its events may be ahead of what it tells.
        const mayChange = finding === 'unclear' || finding === 'displaced' || this.#late.dropped !== dropped;
        if (!isUnsettled && !(mayChange && answer.worth !== 'unlikely' && ++again < ASK_AGAIN)) {
          this.#isAsking = false;
          return this.#conclude(answer, finding);
        }
        // A publisher who does not stop must not make a flood of questions.
        await pause(graceMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof FhircastError) || !error.retryable) {
          this.#isAsking = false;
          return this.#cannotTell(error as FhircastError);
        }
        this.#late.lost();
        // An event may have ended the doubt for which the hub was asked. Whoever cannot reach the hub does not know what comes next.
        sync.behind();
        await pause(backoffMs(backoff, ++failures, error.retryAfterMs), signal);
      }
    }
  }

  /** Says what an answer, and what was done with it, leaves in doubt. */
  #conclude({ context, worth }: ContextAnswer, finding: Finding): void {
    const { contexts, sync } = this.#options;
    if (finding === 'unclear' || finding === 'displaced') return;
    // What cannot be relied on, or is what the hub's own events have left, says nothing of an event that was not followed. After
    // a gap it says something only where it is what the app has: a hub that knows no context may answer that there is none.
    const isAgreed = context !== null && contexts.isCurrent(context.context);
    if (worth !== 'unlikely' && finding !== 'left') sync.established();
    else if (worth !== 'unlikely' || isAgreed || !this.#mayHaveMissed) sync.caughtUp();
  }

  /** Whether what is known may be out of date. */
  get #mayHaveMissed(): boolean {
    const { isAfterGap, isEstablished } = this.#connection;
    return isAfterGap && !isEstablished && this.#options.contexts.latest !== undefined;
  }

  #cannotTell(error: FhircastError): void {
    const { sync } = this.#options;
    if (!mayTellLater(error)) this.#connection.answers = 'none';
    const isUnsupported =
      error.code === 'context-unsupported' || (error.status !== undefined && statusMeansUnsupported(error.status));
    if (!isUnsupported) {
      sync.behind();
      this.#options.listeners.emit('error', error);
    }
    // Its events are what there is.
    this.#late.release();
    // After a gap nobody knows what was missed, until the next event tells where the session is.
    if (isUnsupported && !this.#mayHaveMissed) sync.caughtUp();
  }

  #finding({ context, worth }: ContextAnswer): Finding {
    const { contexts } = this.#options;
    if (context) {
      // It may be another session's.
      if (worth !== 'unlikely') this.#hasTold = true;
      const standing = contexts.standing(context, this.#options.closeClears());
      if (standing === 'current') return 'agrees';
      if (standing !== 'left' && standing !== 'unclear') return standing;
      // Who sends again what is open does not keep what Home-open has left: that was sent again, too.
      if (this.#clearsAtHome || (standing === 'left' && this.#connection.hasReplayed)) return 'news';
      // Clocks differ: what was left by its time may have been opened after Home-open.
      return this.#options.closeClears() ? standing : 'unclear';
    }
    if (contexts.current === null) {
      this.#clearsAtHome ||= contexts.isAtHome && worth !== 'unlikely' && (this.#hasTold || worth === 'certain');
      return 'agrees';
    }
    if (contexts.othersClosed && this.#options.closeClears()) return 'left';
    // Some hubs keep no context and answer all the same. One that has just told of it by an event has not lost it since.
    const isSaid = this.#hasTold || worth === 'certain' || (worth === 'likely' && !contexts.isCurrentTold);
    return isSaid ? 'news' : 'left';
  }

  /** @param insists whether the hub has been asked often enough for its order of events to count */
  #adopt(answer: ContextAnswer, held: number, insists: boolean): Finding {
    const { contexts, inbox } = this.#options;
    const { context, worth } = answer;
    const connection = this.#connection;
    connection.answers = worth === 'unlikely' ? 'unreliable' : 'reliable';
    // What cannot be relied on decides nothing.
    if (worth === 'unlikely') this.#late.release();
    else if (!this.#late.settle(context, held)) return 'agrees';
    const found = this.#finding(answer);
    const finding = found === 'displaced' && insists && worth !== 'unlikely' ? 'news' : found;
    const isNews = finding === 'news' && (context === null || worth !== 'unlikely');
    const { current } = contexts;
    const isTold = context !== null || isNews || worth === 'certain';
    // What a hub does not replay, it has closed: if it does replay.
    const mayClose = isTold && !connection.hasAnswered && connection.hasReplayed && this.#options.replays();
    const closed = new Set(mayClose ? contexts.untold(context) : []);
    connection.hasAnswered = true;
    if (isNews && !context && current) closed.add(current);
    for (const open of closed) inbox.adoptClose(open);
    if (isNews && context) inbox.adoptOpen(context, answer.length);
    // Where events are trusted more than answers, they need not wait for another one.
    if ((worth === 'certain' || context?.time !== undefined) && (isNews || closed.size > 0))
      this.#late.begin(isNews && context ? context : contexts.current, [...closed]);
    return finding;
  }
}
