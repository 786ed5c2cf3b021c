import { HubError, NotificationError } from '../errors.ts';
import { checkContext } from './check.ts';
import { type ContextEntry, ContextResources } from './context.ts';
import { anchorKey, canonicalKey } from './definitions.ts';
import { isObject, orderingTime, parseContext } from './notification.ts';

/** The context of a session, in one shape whatever the hub's version answers. */
export class CurrentContext extends ContextResources {
  /** The type of the anchor: `Patient`, `ImagingStudy`, `DiagnosticReport` … */
  readonly type: string;
  /** The id of the event that made it, where the hub says so. */
  readonly id: string | undefined;
  /** When it was made, as the hub wrote it; `undefined` when the hub does not say. */
  readonly timestamp: string | undefined;
  /** When it was made, in milliseconds since 1970; `undefined` when that cannot be read or relied on. */
  readonly time: number | undefined;
  /** The version of the context (STU3, content sharing). */
  readonly versionId: string | undefined;

  constructor(
    type: string,
    context: readonly ContextEntry[],
    made: Partial<Pick<CurrentContext, 'id' | 'timestamp' | 'time' | 'versionId'>> = {},
  ) {
    super(context);
    this.type = type;
    this.id = made.id;
    this.timestamp = made.timestamp;
    this.time = made.time;
    this.versionId = made.versionId;
  }

  protected override get anchorType(): string {
    return this.type;
  }
}

// A draft's answer and a bare array do not name their anchor. What is listed is the more specific the earlier.
const MOST_SPECIFIC = ['DiagnosticReport', 'ImagingStudy', 'Encounter', 'Patient'];

const inferType = (context: readonly ContextEntry[]): string => {
  const keys = context.map((entry) => canonicalKey(entry.key));
  const known = MOST_SPECIFIC.find((type) => keys.includes(anchorKey(type)));
  return known ?? context.find((entry) => entry.resource)?.resource?.resourceType ?? '';
};

const string = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/**
 * Reads the answer to a request for the current context: the draft's envelope, a bare array, or STU3's object.
 *
 * @param body the exact text of the answer; empty means that there is no context
 * @param isOurTopic tells whether a topic is this session's
 * @returns `null` when there is no context
 * @throws HubError `hub-answer-invalid` when the answer is none of these
 * @throws NotificationError when the answer is of another session, or contradicts itself about the anchor
 */
export function parseCurrentContext(body: string, isOurTopic: (topic: string) => boolean): CurrentContext | null {
  if (body.trim() === '') return null;
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new HubError('hub-answer-invalid', { at: 'the current context is not JSON' });
  }
  if (answer === null) return null;
  const envelope = isObject(answer) ? answer : { context: answer };
  const inner = isObject(envelope.event) ? envelope.event : envelope;
  const topic = inner['hub.topic'];
  if (typeof topic === 'string' && !isOurTopic(topic)) throw new NotificationError('notification-wrong-topic');
  let context: readonly ContextEntry[];
  try {
    context = parseContext(inner.context, 'context');
  } catch (error) {
    throw new HubError('hub-answer-invalid', { at: 'the current context', cause: error });
  }
  const named = string(inner['context.type']);
  if (context.length === 0) return null;
  const type = named ?? inferType(context);
  if (type === '') throw new NotificationError('anchor-missing', { at: 'context.type' });
  const { missing, contradiction } = checkContext(`${type}-open`, context);
  if (missing) throw new NotificationError('anchor-missing', { at: missing });
  if (contradiction) throw new NotificationError('anchor-contradiction', { at: contradiction });
  const timestamp = string(envelope.timestamp);
  return new CurrentContext(type, context, {
    id: string(envelope.id),
    timestamp,
    time: timestamp === undefined ? undefined : orderingTime(timestamp),
    versionId: string(inner['context.versionId'] ?? inner.versionId),
  });
}
