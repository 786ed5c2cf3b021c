import { after, LONGEST_TIMER_MS, type Timer } from '../web/timers.ts';
import { assumedLease, believedLease, type LeaseLimits } from './lease-term.ts';

/** No hub is asked to renew more often than this, whatever lease it grants. In milliseconds. */
const SHORTEST_RENEWAL_MS = 500;

/** From this part of a lease on, a renewal that fails is no longer waited for. */
const NEARLY_OVER = 0.9;
/** Clocks run apart a little, and the hub's lease began before ours. */
const OVER = 0.95;

/** What follows from the time of a lease. */
export interface LeaseEvents {
  /** It is time to renew: at a random point between 70% and 85%, so that clients that came together do not come again so. */
  renew(): void;
  /** It has ended. */
  over(): void;
}

/** How long the hub keeps a subscription, and when it has to be renewed (STU3, Subscription Request). */
export class Lease {
  readonly #limits: LeaseLimits;
  #timer: Timer;
  /** How long the hub said that it lasts, in seconds. */
  #named: number | undefined;
  /** How long it is believed to last, in seconds. */
  #seconds: number | undefined;
  #began = 0;

  constructor(limits: LeaseLimits) {
    this.#limits = limits;
  }

  /**
   * Begins a lease, at its first grant and at every renewal.
   *
   * @param named how long it lasts, in seconds; `undefined` when the hub did not say, and means the lease before
   * @param isAssumed whether one is assumed where the hub has never named any
   * @param events who is told
   * @returns how long the hub said that it lasts, in seconds
   */
  begin(named: number | undefined, isAssumed: boolean, { renew, over }: LeaseEvents): number | undefined {
    clearTimeout(this.#timer);
    this.#named = named ?? this.#named;
    const term = this.#named ?? (isAssumed ? assumedLease(this.#limits) : undefined);
    this.#seconds = term === undefined ? undefined : believedLease(term, this.#limits);
    this.#began = Date.now();
    if (this.#seconds === undefined) return undefined;
    const delay = Math.max(SHORTEST_RENEWAL_MS, this.#seconds * 1000 * (0.7 + Math.random() * 0.15));
    // A lease that no timer can hold outlives the session.
    if (delay <= LONGEST_TIMER_MS)
      this.#timer = after(delay, () => {
        this.#timer = after(this.#at(1) - Date.now(), over);
        renew();
      });
    return this.#named;
  }

  /** Whether the hub may have ended the subscription by itself. */
  get isOver(): boolean {
    return Date.now() >= this.#at(OVER);
  }

  /** Whether a new subscription is needed before this one ends. */
  get isNearlyOver(): boolean {
    return Date.now() >= this.#at(NEARLY_OVER);
  }

  /** How long until it is nearly over, in milliseconds. */
  get leftMs(): number {
    return Math.max(0, this.#at(NEARLY_OVER) - Date.now());
  }

  /** There is no lease any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#named = this.#seconds = undefined;
  }

  #at(part: number): number {
    return this.#seconds === undefined ? Number.POSITIVE_INFINITY : this.#began + this.#seconds * 1000 * part;
  }
}
