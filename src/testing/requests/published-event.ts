import { HttpRefusal } from '../ground/http-server.ts';
import { type HubEvent, isEntry, parseEvent } from '../ground/hub-event.ts';
import type { HubTraits } from '../ground/traits.ts';

/**
 * Reads an event that was sent to the hub.
 *
 * @returns the event and its topic; `undefined` when a hub that checks nothing cannot make anything of it
 * @throws a refusal that says what is wrong, by a hub that looks
 */
export function readEvent(
  body: string,
  { invalidEvent, eventContext }: HubTraits,
): { event: HubEvent; topic: string } | undefined {
  if (invalidEvent === 'unnoticed') {
    const event = readOriginal(body);
    return event === undefined ? undefined : { event, topic: event.topic ?? '' };
  }
  try {
    const { event, topic } = parseEvent(body, eventContext);
    return { event: { ...event, topic }, topic };
  } catch (error) {
    if (invalidEvent === 400 || !(error instanceof HttpRefusal)) throw error;
    throw new HttpRefusal(invalidEvent, error.message);
  }
}

/** Reads an event as the JavaScript sandbox hubs do: whatever has an `event` is one. */
export function readOriginal(text: string): HubEvent | undefined {
  const original = parseObject(text);
  const inner = original?.['event'];
  if (original === undefined || typeof inner !== 'object' || inner === null) return undefined;
  const event = inner as Record<string, unknown>;
  const topic = event['hub.topic'];
  const context = event['context'];
  return {
    id: String(original['id']),
    timestamp: String(original['timestamp']),
    name: String(event['hub.event']),
    context: Array.isArray(context) ? context.filter(isEntry) : [],
    ...(typeof topic === 'string' ? { topic } : {}),
    original,
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
