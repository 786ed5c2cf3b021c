import { HubError, NotificationError } from '../errors.ts';
import { checkContext } from './check.ts';
import { type ContextEntry, ContextResources } from './context.ts';
import { anchorKey, canonicalKey } from './definitions.ts';
import { isObject, type JsonObject, orderingTime, parseContext, parseJson, text } from './notification.ts';

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

// What S24 tells after a SyncError or a UserLogout: for it any event makes the context.
const NO_ANCHOR = /^(?:OperationOutcome|Parameters)$/;

const inferType = (context: readonly ContextEntry[]): string => {
  const keys = context.map((entry) => canonicalKey(entry.key));
  const known = MOST_SPECIFIC.find((type) => keys.includes(anchorKey(type)));
  const type = known ?? context.find((entry) => entry.resource)?.resource?.resourceType ?? '';
  return NO_ANCHOR.test(type) ? '' : type;
};

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
  let envelope: JsonObject;
  let event: JsonObject;
  let context: readonly ContextEntry[];
  try {
    const answer = parseJson(body) ?? [];
    envelope = isObject(answer) ? answer : { context: answer };
    event = isObject(envelope.event) ? envelope.event : envelope;
    context = parseContext(event.context, 'context', []);
  } catch (cause) {
    throw new HubError('hub-answer-invalid', { at: 'the current context', cause });
  }
  for (const topic of [envelope['hub.topic'], event['hub.topic']]) {
    if (typeof topic === 'string' && !isOurTopic(topic)) throw new NotificationError('notification-wrong-topic');
  }
  if (context.length === 0) {
    // Something else that came with a 200, an error in JSON maybe, must not close what is open.
    if (event !== envelope || 'context' in event || Object.keys(event).length === 0) return null;
    throw new HubError('hub-answer-invalid', { at: 'the current context' });
  }
  const type = text(event['context.type']) ?? inferType(context);
  if (type === '') throw new NotificationError('anchor-missing', { at: 'context.type' });
  const { missing, contradiction } = checkContext(`${type}-open`, context);
  if (missing) throw new NotificationError('anchor-missing', { at: missing });
  if (contradiction) throw new NotificationError('anchor-contradiction', { at: contradiction });
  const timestamp = text(envelope.timestamp);
  return new CurrentContext(type, context, {
    id: text(envelope.id),
    timestamp,
    time: orderingTime(timestamp ?? ''),
    versionId: text(event['context.versionId']) ?? text(event.versionId),
  });
}
