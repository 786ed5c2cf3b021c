import type { FhircastError } from '../errors/errors.ts';
import type { ChannelType } from '../hub/dialect.ts';
import type { Denial } from './callback.ts';

/** What the hub granted when it confirmed a subscription. */
export interface Grant {
  /** Whether events may have been missed before it, though the connection was never lost. */
  readonly mayHaveMissed?: boolean;
  /** The events that the hub will send, as it spelt them; absent when the hub did not say. */
  readonly events: readonly string[] | undefined;
  /** How long the subscription lasts, in seconds; absent when the hub did not say. */
  readonly leaseSeconds: number | undefined;
  /** What the hub's answer to the subscription told of what is open, in the hub's own form (PowerCast: `contexts`). */
  readonly contexts?: unknown;
}

/**
 * How a connection was lost: its other side does not answer any more, it brings nothing though it should, or the hub has ended
 * the subscription.
 */
export type Loss = 'silent' | 'deaf' | 'ended';

/** Hides how events arrive: both channels hand over a raw notification and a way to answer it with a status. */
export interface Channel {
  /** How events arrive. */
  readonly type: ChannelType;
  /**
   * Asks the hub for these events and waits until the hub has confirmed. Called again with other events, it replaces the
   * subscription where it is.
   *
   * @param events names in the hub's spelling
   * @param signal ends the attempt
   */
  subscribe(events: readonly string[], signal: AbortSignal): Promise<Grant>;
  /**
   * Asks the hub for a sign of life, which {@link ChannelSink.alive} reports.
   *
   * @returns whether it was asked: not every channel and platform can
   */
  ping(): boolean;
  /**
   * The connection is lost, as the client has found out. The next {@link Channel.subscribe} makes a new subscription: the one
   * before may be what brings nothing.
   *
   * @param how how it was lost
   */
  lost(how: Loss): void;
  /**
   * Tells the hub that the subscription is over, and closes everything.
   *
   * @param signal ends the attempt to tell
   */
  unsubscribe(signal: AbortSignal): Promise<void>;
  /** Closes everything without telling the hub. Idempotent; nothing is called back afterwards. */
  close(): void;
}

/** What a channel reports of what arrives, whichever subscription it is for. */
export interface Arrivals {
  /**
   * A notification arrived.
   *
   * @param text the exact text of the message
   * @param answer tells the hub a status; the first call counts, and later ones are ignored. An id that was a number is written
   *   as one
   * @param via how it arrived
   */
  notification(
    text: string,
    answer: (status: number, id?: string, isNumericId?: boolean) => void,
    via: ChannelType,
  ): void;
  /** Something arrived, be it what it may. */
  alive(): void;
  /** Something arrived that is neither an event nor about the subscription: a sign of life, and no more. */
  keepalive(): void;
  /** Something arrived that was refused before it could be a notification. */
  rejected(error: FhircastError): void;
  /** Something deviates, or was refused, and nothing needs to be done. */
  warned(warning: FhircastError): void;
}

/** What a channel reports of its subscription. */
export interface Standing {
  /** The hub ended the subscription. */
  denied(denial: Denial): void;
  /** The hub, asked again, confirmed again. */
  granted(grant: Grant): void;
  /** The connection is gone without our doing. */
  lost(error: FhircastError): void;
}

/** All that a channel reports to its client. */
export type ChannelSink = Arrivals & Standing;
