import type { Parameters } from 'fhir/r4.js';
import { NotificationError } from '../errors/errors.ts';
import type { ContextEntry } from './context.ts';
import { isObject, type JsonObject, text, writtenUnder } from './json.ts';
import { type EventKind, kindOf } from './kind.ts';
import { canonicalName } from './names.ts';
import { parameterDeviations, SESSION_ENDS } from './session-end.ts';
import { parseTimestamp } from './timestamp.ts';

export { isObject, type JsonObject, parseJson, text } from './json.ts';

/** A notification of the hub, read and typed, not yet judged. */
export interface Notification {
  /** The event's identifier, by which a repeated delivery is known. Of one that is a number, each digit. */
  readonly id: string;
  /** Whether the hub wrote the identifier as a number, and so gets it back. */
  readonly isNumericId?: boolean;
  /** When the event happened, as the hub wrote it; empty when it wrote nothing. */
  readonly timestamp: string;
  /** When the event happened, in milliseconds since 1970; `undefined` when that cannot be read or relied on. */
  readonly time: number | undefined;
  /** The session. */
  readonly topic: string;
  /** The event's name as the hub spelt it. */
  readonly hubEvent: string;
  /** The event's one name. */
  readonly name: string;
  /** What it does to the context. */
  readonly kind: EventKind;
  /** The context as the hub sent it. */
  readonly context: readonly ContextEntry[];
  /** The version of the context after this event (STU3). */
  readonly versionId: string | undefined;
  /** The version of the context before this event (STU3). */
  readonly priorVersionId: string | undefined;
  /** Where the message deviates from its form in a way that leaves no doubt about what it says. Never content. */
  readonly deviations?: readonly string[];
  /** How long its text was, in characters, where it came as a text. */
  readonly length?: number | undefined;
  /** The message as it was parsed. */
  readonly raw: unknown;
}

const malformed = (at: string) => new NotificationError('notification-malformed', { at });

/** A name may hold what event names hold, so that it can be shown in a log. */
const NAME = /^[\w.:-]{1,128}$/;

/**
 * Clocks differ a little. An event from further ahead must not order anything: every event after it would be older, and the app
 * would stay on its patient. What comes from such a clock is taken in the order of its arrival. In milliseconds.
 */
const LONGEST_LEAD_MS = 2 * 60 * 1000;

/**
 * The time by which an event is put in order.
 *
 * @param timestamp the time as the hub wrote it
 * @returns milliseconds since 1970, or `undefined` when the time cannot be read or relied on
 */
export function orderingTime(timestamp: string): number | undefined {
  const time = parseTimestamp(timestamp);
  return time !== undefined && time > Date.now() + LONGEST_LEAD_MS ? undefined : time;
}

const PARTS = ['resource', 'reference'] as const;

/** Whether a part of an entry is what it should be. */
const isPart = (part: (typeof PARTS)[number], value: unknown): boolean =>
  value === undefined || (isObject(value) && (part === 'reference' || typeof value.resourceType === 'string'));

/** What an array of one holds, and `undefined` for what hubs write where there is nothing. */
const only = (value: unknown): unknown => {
  const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return one === null || one === '' ? undefined : one;
};

/** How many entries a context may have: more than any app shows at once, and few enough to go through in no time. */
const MOST_ENTRIES = 10_000;
/** How many deviations of one message are told of: each is a warning of its own. */
const MOST_DEVIATIONS = 16;

/**
 * Takes note of a deviation, unless the message has too many already.
 *
 * @param deviations what is known of the message
 * @param at where it deviates
 */
const deviate = (deviations: string[], at: string): void => {
  if (deviations.length < MOST_DEVIATIONS) deviations.push(at);
};

/**
 * Reads a context array. `null` in place of a resource or a reference is its absence.
 *
 * @param value what stood under `context`, 10,000 entries at most; absent means empty
 * @param at where it stood, for the error
 * @param deviations takes the places that deviate without doubt about what is meant; without it, these are refused too
 * @throws NotificationError `notification-malformed`
 */
export function parseContext(value: unknown, at: string, deviations?: string[]): readonly ContextEntry[] {
  if (value === undefined || value === null || value === '') return [];
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (entries !== value) {
    if (!deviations || !isObject(value)) throw malformed(`${at} is not an array`);
    deviate(deviations, `${at} is not an array`);
  }
  if (entries.length > MOST_ENTRIES) throw malformed(`${at} has more than ${MOST_ENTRIES} entries`);
  let mended: unknown[] | undefined;
  for (let i = 0; i < entries.length; i++) {
    let entry = entries[i];
    if (deviations && isObject(entry) && entry.key === undefined && Array.isArray(entry.select)) {
      // So STU3's ballot of 2022 writes what is selected.
      deviate(deviations, `${at}[${i}] has no key`);
      entry = { ...entry, key: 'select' };
      mended ??= [...entries];
      mended[i] = entry;
    }
    if (!isObject(entry) || typeof entry.key !== 'string') throw malformed(`${at}[${i}] has no key`);
    if (isPart('resource', entry.resource) && isPart('reference', entry.reference)) continue;
    const copy: Record<string, unknown> = { ...entry };
    for (const part of PARTS) {
      const sent = entry[part];
      if (isPart(part, sent)) continue;
      if (deviations && Array.isArray(sent) && /^select$/i.test(entry.key)) {
        // A list of what is selected in one entry: STU3's ballot of 2024 and IRA.
        copy.select = sent;
        delete copy[part];
        continue;
      }
      const said = only(sent);
      const what = `${at}[${i}].${part} is no ${part}`;
      if (!isPart(part, said) || (sent !== null && !deviations)) throw malformed(what);
      if (sent !== null && deviations) deviate(deviations, what);
      if (said === undefined) delete copy[part];
      else copy[part] = said;
    }
    mended ??= [...entries];
    mended[i] = copy;
  }
  return (mended ?? entries) as readonly ContextEntry[];
}

/**
 * The version of a context, wherever it stands: the text of STU3 writes `context.versionId`, its tables `versionId`, and the drafts
 * of content sharing of 2021 have an entry `version`.
 *
 * @param object the event, or the answer to a request for the current context
 * @param context the context that it has
 */
export const versionIn = (object: JsonObject, context: readonly ContextEntry[]): string | undefined =>
  text(object['context.versionId']) ??
  text(object.versionId) ??
  text(context.find(({ key }) => key === 'version')?.versionId);

/** Far more than a UUID; what is remembered of an event must not fill the memory. In characters. */
const LONGEST_ID = 1_024;

/**
 * The identifier of a message, if it has one.
 *
 * @param message a parsed message
 * @param body its exact text: an id that is a number is taken from there, digit by digit
 */
export function messageId(message: unknown, body?: string): string | undefined {
  if (!isObject(message)) return undefined;
  const { id } = message;
  return (typeof id === 'number' && body !== undefined ? writtenUnder(body, 'id') : undefined) ?? text(id);
}

/**
 * The identifier in the text of a message that cannot be read: what is refused is answered where it can be.
 *
 * @param body the text
 * @returns the id, and whether it is a number
 */
export function idInText(body: string): { readonly id: string | undefined; readonly isNumeric: boolean } {
  const written = writtenUnder(body, 'id');
  if (!written?.startsWith('"')) return { id: written, isNumeric: written !== undefined };
  try {
    return { id: text(JSON.parse(written)), isNumeric: false };
  } catch {
    return { id: undefined, isNumeric: false };
  }
}

/**
 * Reads a notification (STU3, Event Notification).
 *
 * @param message the parsed message
 * @param body its exact text, from which an id is read that is a number: `JSON.parse` rounds those of more than fifteen digits
 * @throws NotificationError `notification-malformed`, and nothing else, whatever the message is
 */
export function parseNotification(message: unknown, body?: string): Notification {
  if (!isObject(message)) throw malformed('not an object');
  const { event } = message;
  if (!isObject(event)) throw malformed('event is not an object');
  const id = messageId(message, body);
  if (id === undefined) throw malformed('id is missing');
  if (id.length > LONGEST_ID) throw malformed('id is too long');
  const topic = text(event['hub.topic']);
  if (topic === undefined) throw malformed('event.hub.topic is missing');
  if ((text(message['hub.topic']) ?? topic) !== topic) throw malformed('hub.topic differs');
  const sent = event['hub.event'];
  const hubEvent = typeof sent === 'string' ? sent.trim() : '';
  if (!NAME.test(hubEvent)) throw malformed('event.hub.event is no name');
  const deviations = hubEvent === sent ? [] : ['event.hub.event'];
  const timestamp = text(message.timestamp) ?? '';
  const name = canonicalName(hubEvent);
  const kind = kindOf(name);
  // What apps tell each other over a Cast hub has a context of their own.
  const isOwn = kind === 'other' && isObject(event.context) && event.context.key === undefined;
  if (isOwn) deviate(deviations, 'event.context is not an array');
  const context = isOwn ? [] : parseContext(event.context, 'event.context', deviations);
  if (SESSION_ENDS.test(name)) {
    const parameters = context.find(({ resource }) => resource?.resourceType === 'Parameters')?.resource;
    for (const at of parameters ? parameterDeviations(parameters as Parameters) : []) deviate(deviations, at);
  }
  return {
    id,
    isNumericId: typeof message.id === 'number',
    timestamp,
    time: orderingTime(timestamp),
    topic,
    hubEvent,
    name,
    kind,
    context,
    versionId: versionIn(event, context),
    priorVersionId: text(event['context.priorVersionId']) ?? text(event.priorVersionId),
    deviations,
    length: body?.length,
    raw: message,
  };
}
