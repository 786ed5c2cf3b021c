import { after, type Timer, unref } from '../../timers.ts';

/** What the watch over a connection needs. */
export interface LivenessOptions {
  /** After how long a silence the other side is asked for a sign of life, in milliseconds. */
  readonly silenceMs: number;
  /** Asks for a sign of life; `false` where that cannot be done. */
  ping(): boolean;
  /**
   * Asks the hub what is open, which finds out what was missed. Never rejects.
   *
   * @param isProven whether the connection has shown that it lives
   */
  audit(isProven: boolean): Promise<void>;
  /** Nothing came though it should have. */
  dead(): void;
}

/** How many heartbeats may be missed. */
const MISSED_HEARTBEATS = 3;
/** No heartbeat is believed to come less often, in milliseconds: a connection would be watched by nobody. */
const LONGEST_PERIOD_MS = 60_000;
/** Timers are late and packets too. No sign of life is expected sooner, in milliseconds. */
const SHORTEST_PERIOD_MS = 50;
/** A connection that has shown that it lives is audited this much more rarely. */
const AUDIT_EVERY = 5;

/**
 * Watches a connection that may have died without a word.
 *
 * A hub that sends heartbeats is dead when it has missed three. Where the platform can ping, a silence is answered within
 * as long again, or the connection is dead. Otherwise the hub is asked for the current context after every silence, which
 * tells what was missed. A connection that has shown that it lives is audited too, five times as rarely: a hub may lose an
 * event, or hold a connection whose subscription it has forgotten.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #timer: Timer;
  #isWatching = false;
  #looksAt = 0;
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
    this.stop();
    this.#isWatching = true;
    this.#heardAt = this.#auditedAt = Date.now();
    this.#heartbeatAt = 0;
    this.#periodMs = undefined;
    this.#arm(this.#options.silenceMs);
  }

  /** Ends the watch. */
  stop(): void {
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
    const learnt = Math.min(LONGEST_PERIOD_MS, Math.max(SHORTEST_PERIOD_MS, period));
    // Two that came close together, after a delay, say little.
    this.#periodMs = periodMs === undefined ? Math.max(learnt, this.#periodMs ?? 0) : learnt;
    const look = now + this.#periodMs * MISSED_HEARTBEATS;
    // Each heartbeat would put the next look off, and it would never come.
    if (this.#isWatching && look < this.#looksAt) this.#arm(look - now);
  }

  /** An event arrived: nothing older can have been missed. */
  event(): void {
    this.#auditedAt = Date.now();
  }

  /** Looks at once: the machine or the page has just come back. */
  check(): void {
    if (!this.#isWatching) return;
    this.#ask();
    void this.#options.audit(this.#askedAt !== undefined);
  }

  #arm(delay: number): void {
    clearTimeout(this.#timer);
    this.#looksAt = Date.now() + delay;
    this.#timer = after(delay, () => this.#look());
    // The connection itself keeps a process alive, or nothing does.
    unref(this.#timer);
  }

  #look(): void {
    const { silenceMs, dead, audit } = this.#options;
    const now = Date.now();
    const silence = now - this.#heardAt;
    if (this.#periodMs !== undefined && silence >= this.#periodMs * MISSED_HEARTBEATS) return dead();
    if (this.#askedAt !== undefined && now - this.#askedAt >= silenceMs) return dead();
    if (silence >= silenceMs && this.#askedAt === undefined) this.#ask();
    // Whoever was asked, or sends heartbeats, shows that it lives.
    const isProven = this.#periodMs !== undefined || this.#askedAt !== undefined || silence < silenceMs;
    if (now - this.#auditedAt >= silenceMs * (isProven ? AUDIT_EVERY : 1)) {
      this.#auditedAt = now;
      void audit(isProven);
    }
    const bound = this.#periodMs === undefined ? silenceMs : Math.min(silenceMs, this.#periodMs * MISSED_HEARTBEATS);
    // Soon after what was heard last would be a silence, so that the bound holds, and never at once again.
    this.#arm(Math.max(bound / 4, Math.min(bound, this.#heardAt + bound - now)));
  }

  #ask(): void {
    if (this.#askedAt === undefined && this.#options.ping()) this.#askedAt = Date.now();
  }
}
