import { HubError, NotificationError } from '../errors/errors.ts';
import { checkContext, type Leniency } from './check.ts';
import type { ContextEntry } from './context.ts';
import { currentOf, MOST_SPECIFIC } from './context-list.ts';
import { CurrentContext } from './current-context.ts';
import { anchorKey, canonicalKey, eventParts } from './definitions.ts';
import { isObject, type JsonObject, orderingTime, parseContext, parseJson, text, versionIn } from './notification.ts';

// The JavaScript sandbox of 2024 tells these after a SyncError or a UserLogout: it takes any event for the context.
const NO_ANCHOR = /^(?:OperationOutcome|Parameters)$/;

// A draft's answer and a bare array do not name their anchor.
const inferType = (context: readonly ContextEntry[]): string => {
  const keys = context.map((entry) => canonicalKey(entry.key));
  const known = MOST_SPECIFIC.find((type) => keys.includes(anchorKey(type)));
  const type = known ?? context.find((entry) => entry.resource)?.resource?.resourceType ?? '';
  return NO_ANCHOR.test(type) ? '' : type;
};

const CONTENT = 'content';

/** Nothing, or shared content of which there is none: what hubs tell when nothing is open. */
const isNothing = (context: readonly ContextEntry[]): boolean =>
  context.every(
    ({ key, resource }) =>
      canonicalKey(key) === CONTENT && !(resource as { entry?: unknown[] } | undefined)?.entry?.length,
  );

const unreadable = (cause?: unknown) => new HubError('hub-answer-invalid', { at: 'the current context', cause });

type IsOurTopic = (topic: string) => boolean;

/** What may stand as a text under one of several names. */
const textUnder = (object: JsonObject, ...names: readonly string[]): string | undefined =>
  names.map((name) => text(object[name])).find((found) => found !== undefined);

/** Reads one context: the draft's envelope, STU3's object, or an entry of a list. */
function readContext(
  envelope: JsonObject,
  entries: unknown,
  isOurTopic: IsOurTopic,
  leniency?: Leniency,
): CurrentContext | null {
  const event = isObject(envelope.event) ? envelope.event : envelope;
  for (const topic of [envelope['hub.topic'], event['hub.topic']]) {
    if (typeof topic === 'string' && !isOurTopic(topic)) throw new NotificationError('notification-wrong-topic');
  }
  let context: readonly ContextEntry[];
  try {
    context = parseContext(entries, 'context', []);
  } catch (cause) {
    throw unreadable(cause);
  }
  const named = textUnder(event, 'context.type', 'contextType');
  // A hub that names what is open, and does not tell it, has not said that nothing is.
  if (isNothing(context) && !(named && eventParts(`${named}-open`))) {
    // Something else that came with a 200, an error in JSON maybe, must not close what is open.
    if (event !== envelope || 'context' in event || Object.keys(event).length === 0) return null;
    throw unreadable();
  }
  const type = named ?? inferType(context);
  if (type === '') throw new NotificationError('anchor-missing', { at: 'context.type' });
  const { missing, contradiction } = checkContext(`${type}-open`, context, leniency);
  if (missing) throw new NotificationError('anchor-missing', { at: missing });
  if (contradiction) throw new NotificationError('anchor-contradiction', { at: contradiction });
  const timestamp = text(envelope.timestamp);
  return new CurrentContext(type, context, {
    id: text(envelope.id),
    timestamp,
    time: orderingTime(timestamp ?? ''),
    versionId: versionIn(event, context),
  });
}

/** An entry of a context has a key; a context has entries. */
const isContext = (value: unknown): value is JsonObject =>
  isObject(value) &&
  value.key === undefined &&
  (Array.isArray(value.context) || 'contextType' in value || 'context.type' in value);

/** More than any hub has open. */
const LIST_LIMIT = 64;

/** The drafts of content sharing list shared resources without a key, between the entries of the context. */
const withContent = (entries: unknown): unknown => {
  const isShared = (entry: unknown) =>
    isObject(entry) && entry.key === undefined && typeof entry.resourceType === 'string';
  if (!Array.isArray(entries) || !entries.some(isShared)) return entries;
  const entry = entries.filter(isShared).map((resource) => ({ resource }));
  return [
    ...entries.filter((one) => !isShared(one)),
    { key: CONTENT, resource: { resourceType: 'Bundle', type: 'collection', entry } },
  ];
};

/**
 * Reads a list of contexts, as PowerCast tells it: `[{"contextType", "context.versionId", "context": [...]}]`, in the answer to a
 * request for the current context and as `contexts` in the answer to a subscription (drafts of content sharing of 2020 and 2021).
 * A context that holds what all the others are about is the current one.
 *
 * @param list the list as it was parsed; of one, the hub may leave the brackets out
 * @param isOurTopic tells whether a topic is this session's
 * @param leniency what the hub may leave out
 * @returns the current context; `null` when the list says that there is none
 * @throws HubError `hub-answer-invalid` when it is no such list
 * @throws NotificationError when it is of another session, when a context contradicts itself about its anchor, and
 *   `anchor-contradiction` at `contexts` when nobody can tell which of several is current
 */
export function currentOfList(list: unknown, isOurTopic: IsOurTopic, leniency?: Leniency): CurrentContext | null {
  const contexts: unknown[] = Array.isArray(list) ? list : [list];
  if (contexts.length > LIST_LIMIT || !contexts.every(isContext)) throw unreadable();
  return currentOf(
    contexts.flatMap(
      (one) => readContext({ context: [], ...one }, withContent(one.context), isOurTopic, leniency) ?? [],
    ),
  );
}

/**
 * Reads the answer to a request for the current context: the draft's envelope, a bare array, STU3's object, or a list of contexts.
 *
 * @param body the exact text of the answer; empty means that there is no context
 * @param isOurTopic tells whether a topic is this session's
 * @param leniency what the hub may leave out
 * @returns `null` when there is no context
 * @throws HubError `context-unsupported` when the answer is no JSON, such as a page: the hub does not tell.
 *   `hub-answer-invalid` when it is JSON and none of these
 * @throws NotificationError when the answer is of another session, or contradicts itself about the anchor
 */
export function parseCurrentContext(body: string, isOurTopic: IsOurTopic, leniency?: Leniency): CurrentContext | null {
  if (body.trim() === '') return null;
  let answer: unknown;
  try {
    answer = parseJson(body) ?? [];
  } catch (cause) {
    throw /^\s*[[{"]/.test(body) ? unreadable(cause) : new HubError('context-unsupported');
  }
  if (Array.isArray(answer)) {
    return answer.some(isContext)
      ? currentOfList(answer, isOurTopic, leniency)
      : readContext({ context: answer }, answer, isOurTopic, leniency);
  }
  if (!isObject(answer)) throw unreadable();
  if (Array.isArray(answer.contexts)) return currentOfList(answer.contexts, isOurTopic, leniency);
  return readContext(answer, (isObject(answer.event) ? answer.event : answer).context, isOurTopic, leniency);
}
