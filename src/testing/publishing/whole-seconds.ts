import type { HubEvent } from '../ground/hub-event.ts';

/** An event as a hub sends it that writes no fractions of a second: its time is cut, and not rounded. */
export function inWholeSeconds(event: HubEvent): HubEvent {
  const timestamp = cut(event.timestamp);
  return {
    ...event,
    timestamp,
    ...(event.original === undefined ? {} : { original: { ...event.original, timestamp } }),
  };
}

const cut = (timestamp: string): string => timestamp.replace(/(:\d\d)[.,]\d+/, '$1');
