import type { HubMessageEntry } from './log.ts';

/** How a message that bypasses the hub's logic is signed: properly, not at all, or by this very header. */
export type SignatureChoice = 'valid' | 'missing' | (string & {});

/** Who and what a delivery is about, for the log. */
export type DeliveryLabel = Pick<HubMessageEntry, 'session' | 'subscriber'> &
  Pick<HubMessageEntry, 'event' | 'eventId'>;

/** How one subscriber answered an event. */
export interface DeliveryAnswer {
  /** The subscriber's name. */
  readonly subscriber: string;
  /** The HTTP status, or `undefined` when no answer came in time. */
  readonly status: number | undefined;
}
