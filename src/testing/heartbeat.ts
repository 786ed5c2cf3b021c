import { randomUUID } from 'node:crypto';
import type { HubEvent } from './hub-event.ts';

/** How a hub's heartbeat is made. */
export interface HeartbeatTrait {
  /** How often, in seconds. */
  readonly seconds: number;
  /** The `id`; a new one for each when absent. */
  readonly id?: string;
  /** Whether it says how often it comes. */
  readonly tellsPeriod: boolean;
  /** Whether a subscription that has no open socket at that moment is dropped. */
  readonly dropsUnconnected: boolean;
}

/** A heartbeat as it is before anybody's topic is in it. */
export function heartbeatEvent({ seconds, id = randomUUID(), tellsPeriod }: HeartbeatTrait): HubEvent {
  return {
    id,
    timestamp: new Date().toISOString(),
    name: 'heartbeat',
    context: tellsPeriod ? [{ key: 'period', decimal: String(seconds) }] : [],
  };
}
