/**
 * What the hub holds of a subscription, as far as this app knows.
 *
 * | before | what happens | after |
 * | --- | --- | --- |
 * | any | the hub confirms ({@link confirmed}) | `confirmed` |
 * | `confirmed` | its lease is nearly over ({@link due}) | `due` |
 * | `confirmed`, `due` | the connection is lost ({@link lost}) | `unknown` |
 * | `nothing` | a request has no answer ({@link unanswered}) | `unknown` |
 * | any | the hub denies, or is told that the subscription is over | `nothing` |
 */
export interface Held {
  readonly kind: 'nothing' | 'unknown' | 'confirmed' | 'due';
  /** The canonical names that the hub was last asked for and confirmed. */
  readonly names: readonly string[];
  /** The same in its spelling, joined by commas. */
  readonly spelt: string;
  /** When it confirmed the connection, in milliseconds since 1970; infinite while it has not. */
  readonly since: number;
}

/** The hub holds nothing. */
export const HOLDS_NOTHING: Held = {
  kind: 'nothing',
  names: [],
  spelt: '',
  since: Number.POSITIVE_INFINITY,
};

/** The hub confirmed, for the first time or once more. */
export const confirmed = (held: Held, names: readonly string[], spelt: string): Held => ({
  ...held,
  kind: 'confirmed',
  names,
  spelt,
  since: Math.min(held.since, Date.now()),
});

/** It is time to ask for what was confirmed once more. */
export const due = (held: Held): Held => ({ ...held, kind: 'due' });

/** The connection is lost: the hub may hold the subscription all the same. */
export const lost = ({ kind, names }: Held): Held => ({
  ...HOLDS_NOTHING,
  names,
  kind: kind === 'nothing' ? kind : 'unknown',
});

/** The hub did not answer a request, and may have heard it. */
export const unanswered = (held: Held): Held => (held.kind === 'nothing' ? { ...held, kind: 'unknown' } : held);
