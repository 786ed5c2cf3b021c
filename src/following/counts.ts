/** How many messages came to what end. */
export interface MessageCounts {
  /** Events that reached the app's listeners or the context. */
  delivered: number;
  /** Events that had been delivered before. */
  duplicate: number;
  /** Events older than the current context. */
  stale: number;
  /** Messages of another session. */
  wrongTopic: number;
  /** Messages that could not be read. */
  malformed: number;
  /** Events that did not say, or contradicted themselves about, what was opened or closed. */
  refused: number;
  /** Messages that were stopped before they were read: their signature or their size. */
  rejected: number;
  /** Heartbeats. */
  heartbeat: number;
  /** Frames that were no event, and nothing about the subscription: signs of life. */
  keepalive: number;
}

/** All zero. */
export const noCounts = (): MessageCounts => ({
  delivered: 0,
  duplicate: 0,
  stale: 0,
  wrongTopic: 0,
  malformed: 0,
  refused: 0,
  rejected: 0,
  heartbeat: 0,
  keepalive: 0,
});
