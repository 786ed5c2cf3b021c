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
 * Why a connection is let go: its other side does not answer any more, it brings nothing though it should, or the hub has ended
 * the subscription.
 */
export type Interruption = 'silent' | 'deaf' | 'ended';

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
   * Lets go of the connection. The next {@link Channel.subscribe} makes a new subscription: the one before may be what is deaf.
   *
   * @param why why it is let go
   */
  interrupt(why: Interruption): void;
  /**
   * Tells the hub that the subscription is over, and lets go of everything.
   *
   * @param signal ends the attempt to tell
   */
  unsubscribe(signal: AbortSignal): Promise<void>;
  /** Lets go of everything without telling the hub. Idempotent; nothing is called back afterwards. */
  close(): void;
}

/** What a channel reports to its client. */
export interface ChannelSink {
  /**
   * A notification arrived.
   *
   * @param text the exact text of the message
   * @param answer tells the hub a status; the first call counts, and later ones are ignored. An id that was a number is written
   *   as one
   */
  notification(text: string, answer: (status: number, id?: string, isNumericId?: boolean) => void): void;
  /** Something arrived, be it what it may. */
  alive(): void;
  /** Something arrived that is neither an event nor about the subscription: a sign of life, and no more. */
  keepalive(): void;
  /** The hub ended the subscription. */
  denied(denial: Denial): void;
  /** The hub, asked again, confirmed again. */
  granted(grant: Grant): void;
  /** The connection is gone without our doing. */
  lost(error: FhircastError): void;
  /** Something arrived that was refused before it could be a notification. */
  rejected(error: FhircastError): void;
  /** Something deviates, or was refused, and nothing needs to be done. */
  warned(warning: FhircastError): void;
}
