import { isObject } from '../../events/notification.ts';
import type { Habits } from '../../hub/dialect.ts';
import { medplumHabits } from '../../hub/habits.ts';
import type { Denial } from '../callback.ts';
import type { Grant } from '../channel.ts';

/** What a frame of the hub is about. */
export type Frame =
  | {
      readonly kind: 'confirmation';
      readonly topic: string | undefined;
      /** Some hubs name the endpoint that they mean. */
      readonly endpoint: string | undefined;
      /** Whether it says that there is a subscription, and not merely a socket. */
      readonly isOfSubscription: boolean;
      readonly grant: Grant;
      readonly habits: Partial<Habits> | undefined;
    }
  | {
      readonly kind: 'denial';
      readonly topic: string | undefined;
      readonly endpoint: string | undefined;
      readonly denial: Denial;
    }
  /** What a .NET prototype begins with, and wants to be answered. */
  | { readonly kind: 'handshake'; readonly topic: string | undefined; readonly grant: Grant }
  /** `{"type": "connection.established"}`: the socket is open. */
  | { readonly kind: 'established' }
  /** A sign of life, of a kind that is known or of another. */
  | { readonly kind: 'life'; readonly isKnown: boolean }
  /** An event, or what should have been one. */
  | { readonly kind: 'event' };

const string = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/**
 * Splits the value of `hub.events`.
 *
 * @param value comma-separated names; hubs send it empty when they mean "as asked"
 */
export function splitEvents(value: unknown): readonly string[] | undefined {
  const names = string(value)
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names?.length ? names : undefined;
}

/**
 * Reads the value of `hub.lease_seconds`, which hubs write as a number or as a string.
 *
 * @param value the value
 * @returns seconds, or `undefined` when it is no positive number
 */
export function leaseSecondsOf(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

/**
 * The habits of the JavaScript sandbox hubs, which are known by how they confirm. A POST on the bare hub crashes them. An answer
 * to an event crashes the hub of 2018, which names no mode; the hub of 2024 takes it for an event. Their current context cannot
 * be relied on, and an unsubscription ends more than it names.
 */
const sandboxHabits = (mode: unknown): Partial<Habits> => ({
  publishTo: 'session',
  keepsContext: false,
  acknowledgements: 'none',
  unsubscribeEnds: mode === undefined ? 'everyone' : 'namesakes',
});

/** No frame about the subscription is longer. In characters. */
const CONTROL_LIMIT = 64 * 1024;
/** What keeps a connection alive, where it says so. */
const KEEPALIVE = /^"?(?:ping|pong|heartbeat|keep-?alive)?"?$/i;
const EVENT_KEY = /^(?:(?:hub\.)?event|context)$/i;

const isEventLike = (value: unknown): boolean =>
  isObject(value) &&
  (Object.keys(value).some((key) => EVENT_KEY.test(key)) ||
    ('id' in value && 'timestamp' in value && !('type' in value)));

const EVENT: Frame = { kind: 'event' };

/**
 * Tells what a frame is about: the subscription, an event, or no more than that the hub lives.
 *
 * @param text the text of the frame
 */
export function readFrame(text: string): Frame {
  // Events are many and other frames few: look before parsing twice.
  if (text.includes('"event":') || text.length > CONTROL_LIMIT) return EVENT;
  const said = text.trim();
  if (KEEPALIVE.test(said)) return { kind: 'life', isKnown: true };
  let frame: unknown;
  try {
    frame = JSON.parse(said);
  } catch {
    // What begins as JSON may have been an event that did not come whole.
    return said.startsWith('{') || said.startsWith('[') ? EVENT : { kind: 'life', isKnown: false };
  }
  if (!isObject(frame)) {
    const isEvent = Array.isArray(frame) && frame.some(isEventLike);
    return isEvent ? EVENT : { kind: 'life', isKnown: false };
  }
  if ('event' in frame) return EVENT;
  const topic = string(frame['hub.topic']);
  const events = splitEvents(frame['hub.events']);
  const mode = frame['hub.mode'];
  const endpoint = string(frame['hub.channel.endpoint']);
  const reason = string(frame['hub.reason']);
  if (mode === 'denied') return { kind: 'denial', topic, endpoint, denial: { topic, events, reason } };
  const isOfSubscription = mode === 'subscribe';
  // The sandbox hubs confirm with `bound` and name neither topic nor events.
  const isBound = 'bound' in frame;
  if (isOfSubscription || isBound) {
    // Medplum confirms with fields that are empty.
    const isMedplum = frame['hub.callback'] === '';
    // Others say yes to anything (`{"bound": true}`), and name no endpoint.
    const habits = typeof frame['bound'] === 'string' ? sandboxHabits(mode) : isMedplum ? medplumHabits : undefined;
    return { kind: 'confirmation', topic, endpoint, isOfSubscription, grant: grantOf(frame), habits };
  }
  if (isObject(frame.headers) && isObject(frame.body)) {
    const { subscription } = frame.body;
    const told = isObject(subscription) ? subscription : {};
    return { kind: 'handshake', topic: string(told['hub.topic'] ?? told.topic), grant: grantOf(told) };
  }
  if (frame.type === 'connection.established') return { kind: 'established' };
  return isEventLike(frame) ? EVENT : { kind: 'life', isKnown: 'type' in frame };
}

const grantOf = (frame: Readonly<Record<string, unknown>>): Grant => ({
  events: splitEvents(frame['hub.events']),
  // The February 2020 ballot prints it with a dash.
  leaseSeconds: leaseSecondsOf(frame['hub.lease_seconds'] ?? frame['hub.lease-seconds']),
});

/** The id of an event, in what comes before the event itself. */
const ID = /"id"\s*:\s*("(?:[^"\\]|\\.){1,256}"|\d{1,32})/;

/**
 * Finds the id of an event without reading the event.
 *
 * @param beginning how its frame begins
 * @returns as it is written, in its quotation marks; `undefined` where it does not come first
 */
export const idAtBeginning = (beginning: string): string | undefined =>
  ID.exec(beginning.split('"event"', 1)[0] ?? '')?.[1];
