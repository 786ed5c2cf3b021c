import { randomUUID } from 'node:crypto';

/** In what the events of an EHR differ from those that the text describes. Everything may be changed at any time. */
export interface EhrHabits {
  /** The `id` of every event that the EHR publishes. Default a new one for each. */
  eventId?: string;
  /** How much the EHR's clock is ahead of everybody else's, in milliseconds; negative for one that is slow. Default 0. */
  clockOffsetMs?: number;
}

/** The id and the time of an event that the EHR publishes now. */
export function stamp({ eventId, clockOffsetMs = 0 }: EhrHabits): { id: string; timestamp: string } {
  return { id: eventId ?? randomUUID(), timestamp: new Date(Date.now() + clockOffsetMs).toISOString() };
}
