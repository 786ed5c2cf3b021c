/** What limits how long a lease is believed to last. */
export interface LeaseLimits {
  /** The lease that the app asks for, in seconds. */
  readonly asked: number | undefined;
  /** How long the access token of the moment lasts, in seconds; `undefined` when nobody said so. */
  tokenSecondsLeft(): number | undefined;
}

/** A longer lease is one that nobody grants, unless it was asked for. In seconds. */
const LONGEST_S = 24 * 60 * 60;
/** Near the end of a token no subscription is renewed more often. In seconds. */
const SHORTEST_S = 60;
/** By webhook nothing shows that a hub has restarted and forgotten a subscription: one without a lease is renewed all the same. */
const ASSUMED_S = 30 * 60;

/**
 * How long a lease is believed to last. One that is renewed sooner than it need be does no harm, and one that has ended
 * unnoticed is a client that hears nothing.
 *
 * @param granted what the hub said, in seconds
 * @param limits what limits it
 * @returns seconds
 */
export function believedLease(granted: number, { asked, tokenSecondsLeft }: LeaseLimits): number {
  const longest = Math.max(LONGEST_S, asked ?? 0);
  // Some hubs write milliseconds.
  const seconds = granted > longest ? Math.min(longest, granted / 1000) : granted;
  const left = tokenSecondsLeft();
  // A hub that confirms with a token that has ended does not mind its end.
  return left === undefined || !(left > 0) ? seconds : Math.min(seconds, Math.max(left, SHORTEST_S));
}

/** The lease of a webhook subscription whose hub names none, in seconds. */
export const assumedLease = ({ asked }: LeaseLimits): number => asked ?? ASSUMED_S;
