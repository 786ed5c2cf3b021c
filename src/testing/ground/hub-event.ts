import { canonicalName } from '../../events/names.ts';
import { HttpRefusal } from './http-server.ts';
import type { HubTraits } from './traits.ts';

/** An entry of an event's context: a key and one of `resource`, `reference`, or another datatype. */
export interface ContextEntry {
  /** Such as `patient`. */
  key: string;
  [datatype: string]: unknown;
}

/** An event on its way through the hub. */
export interface HubEvent {
  /** The sender's, and the same for every subscriber. */
  id: string;
  /** ISO 8601, as the sender wrote it. */
  timestamp: string;
  /** As the sender spelt it. */
  name: string;
  /** As the sender wrote it. */
  context: ContextEntry[];
  /** What the sender wrote in the place of a context, where that was an object and the hub sends it on. */
  contextObject?: Record<string, unknown>;
  /** `context.versionId`: the hub's for an open event, the sender's for others. */
  versionId?: string;
  /** `context.priorVersionId`, as the sender wrote it. */
  priorVersionId?: string;
  /** The topic that the sender wrote. */
  topic?: string;
  /** The whole message as the sender wrote it, for a hub that sends that on. */
  original?: Record<string, unknown>;
}

/** Is this an entry of a context? */
export function isEntry(value: unknown): value is ContextEntry {
  return typeof value === 'object' && value !== null && 'key' in value && typeof value.key === 'string';
}

/** What an event's name says: `Patient-open` opens (the action) a Patient (the anchor). */
export function anchorAndAction(name: string): { anchor: string; action: string } {
  const canonical = canonicalName(name);
  // Names that the catalogue does not know come back in lower case: the sender's own spelling is nicer to show.
  const [anchor = '', action = ''] = (canonical === name.toLowerCase() ? name : canonical).split('-');
  return { anchor, action: action.toLowerCase() };
}

/**
 * Reads an event that was sent to the hub.
 *
 * @param eventContext what its context may be
 * @returns the event and the topic that it names
 * @throws a refusal with 400 that says what is wrong
 */
export function parseEvent(
  body: string,
  eventContext: HubTraits['eventContext'] = 'array',
): { event: HubEvent; topic: string } {
  const message = asObject(parseJson(body), 'The body');
  const inner = asObject(message['event'], 'event');
  const sent = inner['context'];
  const contextObject = eventContext === 'array-or-object' && isPlainObject(sent) ? sent : undefined;
  const context = contextObject ? [contextObject].filter(isEntry) : sent;
  if (!Array.isArray(context)) throw new HttpRefusal(400, 'event.context must be an array.');
  const event: HubEvent = {
    id: asText(message['id'], 'id'),
    timestamp: asText(message['timestamp'], 'timestamp'),
    name: asText(inner['hub.event'], 'event.hub.event'),
    context: context.map((entry: unknown, index) => {
      const fields = asObject(entry, `event.context[${index}]`);
      return { ...fields, key: asText(fields['key'], `event.context[${index}].key`) };
    }),
  };
  if (contextObject) event.contextObject = contextObject;
  const versionId = inner['context.versionId'];
  if (typeof versionId === 'string') event.versionId = versionId;
  const priorVersionId = inner['context.priorVersionId'];
  if (typeof priorVersionId === 'string') event.priorVersionId = priorVersionId;
  return { event, topic: asText(inner['hub.topic'], 'event.hub.topic') };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new HttpRefusal(400, 'The body is not JSON.');
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asObject(value: unknown, place: string): Record<string, unknown> {
  if (isPlainObject(value)) return value;
  throw new HttpRefusal(400, `${place} must be an object.`);
}

function asText(value: unknown, place: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new HttpRefusal(400, `${place} must be a text.`);
}
