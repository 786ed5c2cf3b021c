import { after, type Timer, unref } from '../web/timers.ts';

/** How long a connection may be silent, and how it is asked for a sign of life. */
export interface LivenessOptions {
  /** After how long a silence the other side is asked for a sign of life, in milliseconds. */
  readonly silenceMs: number;
  /** Asks for a sign of life; `false` where that cannot be done. */
  ping(): boolean;
  /**
   * Asks the hub what is open, which finds out what was missed. Never rejects.
   *
   * @param isProven whether the connection has shown that it lives
   * @returns whether the hub tells what is open
   */
  audit(isProven: boolean): Promise<boolean>;
  /** Nothing came though it should have. */
  dead(): void;
}

/** How many heartbeats may be missed. */
const MISSED_HEARTBEATS = 3;
/** No heartbeat is believed to come less often, in milliseconds: a connection would be watched by nobody. */
const LONGEST_PERIOD_MS = 60_000;
/** A connection that has shown that it lives is audited this much more rarely. */
const AUDIT_EVERY = 5;
/** In a silence, the connection is looked at again after this part of the time that makes one. */
const LOOK_AGAIN = 1 / 4;

/**
 * Watches a connection that may have died without a word.
 *
 * Where the platform can ping, a silence is answered within as long again, or the connection is dead. Otherwise the hub is asked
 * for the current context after every silence, which tells what was missed. A connection that has shown that it lives is audited
 * too, five times as rarely: a hub may lose an event, or hold a connection whose subscription it has forgotten.
 *
 * When a hub has missed three heartbeats, it is waited for less. But whoever publishes can send a heartbeat that promises more of
 * them. So none makes a connection dead before a whole silence, nor while the other side answers.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #timer: Timer;
  #isWatching = false;
  #heardAt = 0;
  #auditedAt = 0;
  #heartbeatAt = 0;
  /** How often the hub sends heartbeats, in milliseconds. */
  #periodMs: number | undefined;
  /** When the other side was asked for a sign of life that has not come. */
  #askedAt: number | undefined;

  constructor(options: LivenessOptions) {
    this.#options = options;
  }

  /** Begins to watch a connection. */
  start(): void {
    this.close();
    this.#isWatching = true;
    this.#heardAt = this.#auditedAt = Date.now();
    this.#heartbeatAt = 0;
    this.#periodMs = undefined;
    this.#arm(this.#options.silenceMs);
  }

  /** Ends the watch. */
  close(): void {
    clearTimeout(this.#timer);
    this.#askedAt = undefined;
    this.#isWatching = false;
  }

  /** Something arrived. */
  heard(): void {
    this.#heardAt = Date.now();
    this.#askedAt = undefined;
  }

  /**
   * A heartbeat arrived.
   *
   * @param periodMs how often they come, where the hub says so, in milliseconds. Otherwise it is learnt from two of them.
   */
  heartbeat(periodMs: number | undefined): void {
    const now = Date.now();
    const period = periodMs ?? (this.#heartbeatAt ? now - this.#heartbeatAt : undefined);
    this.#heartbeatAt = now;
    if (period === undefined) return;
    const learnt = Math.min(LONGEST_PERIOD_MS, period);
    // Two that came close together, after a delay, say little.
    this.#periodMs = periodMs === undefined ? Math.max(learnt, this.#periodMs ?? 0) : learnt;
  }

  /** An event arrived: nothing older can have been missed. */
  event(): void {
    this.#auditedAt = Date.now();
  }

  /**
   * Looks at once: the machine or the page has just come back.
   *
   * @returns settles when the hub has said what is open. Never rejects
   */
  check(): Promise<unknown> | undefined {
    if (!this.#isWatching) return undefined;
    this.#ask();
    // Who was asked just now has shown nothing yet, and whoever waits for this look must not be told what is old.
    return this.#options.audit(false);
  }

  #arm(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = after(delay, () => this.#look());
    // The connection itself keeps a process alive, or nothing does.
    unref(this.#timer);
  }

  #look(): void {
    const { silenceMs } = this.#options;
    const now = Date.now();
    const heardAt = this.#heardAt;
    const silence = now - heardAt;
    const isSilent = silence >= silenceMs;
    const isBroken = isSilent && this.#periodMs !== undefined && silence >= this.#periodMs * MISSED_HEARTBEATS;
    const answerMs = isBroken ? silenceMs * LOOK_AGAIN : silenceMs;
    if (this.#askedAt !== undefined && now - this.#askedAt >= answerMs) return this.#options.dead();
    if (isSilent) this.#ask();
    // Whoever was asked shows that it lives.
    const isProven = this.#askedAt !== undefined || !isSilent;
    const isDoubted = isBroken && !isProven;
    if (isDoubted || now - this.#auditedAt >= silenceMs * (isProven ? AUDIT_EVERY : 1)) {
      this.#auditedAt = now;
      // The promise is not counted on any more. A hub that tells what is open is asked again after every silence.
      if (isDoubted) this.#periodMs = undefined;
      void this.#options.audit(isProven).then((tells) => {
        if (isDoubted && !tells && this.#isWatching && this.#heardAt === heardAt) this.#options.dead();
      });
    }
    // Soon after what was heard last would be a silence, so that the bound holds, and never at once again.
    this.#arm(Math.max(silenceMs * LOOK_AGAIN, Math.min(silenceMs, heardAt + silenceMs - now)));
  }

  #ask(): void {
    if (this.#askedAt === undefined && this.#options.ping()) this.#askedAt = Date.now();
  }
}
