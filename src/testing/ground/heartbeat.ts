import { randomUUID } from 'node:crypto';

/** How a hub's heartbeat is made. */
export interface HeartbeatTrait {
  /** How often, in seconds. */
  readonly seconds: number;
  /** The `id`; a new one for each when absent. */
  readonly id?: string;
  /** Whether it comes only to those that subscribed to `heartbeat`. Default `false`. */
  readonly onlyIfSubscribed?: boolean;
  /** Whether it says how often it comes. */
  readonly tellsPeriod: boolean;
}

/** A heartbeat as it is sent. */
export function heartbeatFrame({ seconds, id = randomUUID(), tellsPeriod }: HeartbeatTrait, topic: string): string {
  return JSON.stringify({
    timestamp: new Date().toISOString(),
    id,
    event: {
      'hub.topic': topic,
      'hub.event': 'heartbeat',
      ...(tellsPeriod ? { context: [{ key: 'period', decimal: String(seconds) }] } : {}),
    },
  });
}
