import { isObject } from '../events/notification.ts';
import type { Habits } from '../hub/dialects/dialect.ts';
import type { Denial } from './callback.ts';
import type { Grant } from './channel.ts';

/** A frame of the hub that is about the subscription and not an event. */
export type ControlFrame = {
  readonly topic: string | undefined;
  /** Some hubs name the endpoint that they mean. */
  readonly endpoint: string | undefined;
} & (
  | { readonly kind: 'confirmation'; readonly grant: Grant; readonly habits: Partial<Habits> | undefined }
  | { readonly kind: 'denial'; readonly denial: Denial }
);

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
 * What the JavaScript sandbox hubs need, which nobody else confirms like: a POST on the bare hub ends them, and so does any
 * answer that of 2018, which names no mode; that of 2024 reads it as an event. Their answers to a request for the current
 * context are not to be relied on, and an unsubscription ends more than it names.
 */
const sandboxHabits = (mode: unknown): Partial<Habits> => ({
  publishTo: 'session',
  keepsContext: false,
  acknowledgements: 'none',
  unsubscribeEnds: mode === undefined ? 'everyone' : 'namesakes',
});

/**
 * Tells frames about the subscription from events.
 *
 * @param text the text of the frame
 * @returns `undefined` for everything that should be read as an event
 */
export function parseControlFrame(text: string): ControlFrame | undefined {
  // Events are many and control frames few: look before parsing twice, and first for what stands near the beginning.
  if (text.includes('"event":') || (!text.includes('"hub.mode"') && !text.includes('"bound"'))) return undefined;
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(frame) || 'event' in frame) return undefined;
  const topic = string(frame['hub.topic']);
  const events = splitEvents(frame['hub.events']);
  const mode = frame['hub.mode'];
  const endpoint = string(frame['hub.channel.endpoint']);
  const reason = string(frame['hub.reason']);
  if (mode === 'denied') return { kind: 'denial', topic, endpoint, denial: { topic, events, reason } };
  // The sandbox hubs confirm with `bound` and name neither topic nor events.
  const isSandbox = 'bound' in frame;
  if (mode !== 'subscribe' && !isSandbox) return undefined;
  return {
    kind: 'confirmation',
    topic,
    endpoint,
    // The February 2020 ballot prints it with a dash.
    grant: { events, leaseSeconds: leaseSecondsOf(frame['hub.lease_seconds'] ?? frame['hub.lease-seconds']) },
    habits: isSandbox ? sandboxHabits(mode) : undefined,
  };
}
