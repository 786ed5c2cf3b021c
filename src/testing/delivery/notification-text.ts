import { javaDate, usDate } from '../ground/http-date.ts';
import type { ContextEntry, HubEvent } from '../ground/hub-event.ts';
import type { HubTraits } from '../ground/traits.ts';

/** What a notification says beside the event. */
export interface NotificationFacts {
  /** The event's name. */
  readonly spelling: string;
  /** The subscriber's own topic. */
  readonly topic: string;
  /** A topic that it is to say in place of the right one. */
  readonly elsewhere: string | undefined;
  /** Whether it tells `context.versionId`. */
  readonly versioned: boolean;
}

/** An event as a subscriber is told of it. */
export function notificationText(event: HubEvent, facts: NotificationFacts, { message }: HubTraits): string {
  switch (message) {
    case 'own':
      return JSON.stringify(ownMessage(event, facts));
    case 'nulls':
      return JSON.stringify(nullMessage(event, facts));
    case 'original':
      return JSON.stringify(originalMessage(event, facts));
    case 'net':
      return JSON.stringify(netMessage(event, facts), undefined, 2);
    case 'java':
      return JSON.stringify({ ...ownMessage(event, facts), timestamp: javaDate(event.timestamp) });
  }
}

function ownMessage(
  { timestamp, id, context, contextObject, versionId, priorVersionId }: HubEvent,
  facts: NotificationFacts,
) {
  const { spelling, topic, elsewhere, versioned } = facts;
  return {
    timestamp,
    id,
    event: {
      'hub.topic': elsewhere ?? topic,
      'hub.event': spelling,
      context: contextObject ?? context,
      ...(versioned && versionId !== undefined ? { 'context.versionId': versionId } : {}),
      ...(versioned && priorVersionId !== undefined ? { 'context.priorVersionId': priorVersionId } : {}),
    },
  };
}

/** Nothing is left out that there could be: it is `null` (PowerCast). */
function nullMessage(event: HubEvent, facts: NotificationFacts) {
  const message = ownMessage(event, facts);
  const context = event.context.map((entry) => ({
    reference: null,
    ...entry,
    key: entry.key === 'operationoutcome' ? 'OperationOutcome' : entry.key,
  }));
  const versions = { 'context.versionId': null, 'context.priorVersionId': null };
  return { ...message, event: { ...versions, ...message.event, context } };
}

/** What the sender wrote, written once more. */
function originalMessage(event: HubEvent, facts: NotificationFacts): Record<string, unknown> {
  const { original = ownMessage(event, facts) } = event;
  if (facts.elsewhere === undefined) return { ...original };
  const inner = original['event'];
  const fields = typeof inner === 'object' ? inner : {};
  return { ...original, id: event.id, event: { ...fields, 'hub.topic': facts.elsewhere } };
}

function netMessage(event: HubEvent, facts: NotificationFacts) {
  return {
    timestamp: usDate(event.timestamp),
    id: event.id,
    event: {
      'hub.topic': facts.elsewhere ?? event.topic ?? facts.topic,
      'hub.event': facts.spelling,
      context: netContext(event.context),
    },
  };
}

/** A context as the EHR of the .NET sandbox writes it: every key is the type of its resource, in lower case. */
export function netKeys(context: readonly ContextEntry[]): ContextEntry[] {
  return context.map((entry) => {
    const { resource } = entry;
    const type = typeof resource === 'object' && resource !== null && 'resourceType' in resource;
    return type ? { ...entry, key: String(resource.resourceType).toLowerCase() } : entry;
  });
}

/** The resources that the .NET sandbox knows, by their key. */
const NET_TYPES: Readonly<Record<string, string>> = { patient: 'Patient', imagingstudy: 'ImagingStudy' };

/** What the .NET sandbox leaves of a context: the types and ids of patients and imaging studies, and nothing else. */
export function netContext(context: readonly ContextEntry[]): ContextEntry[] {
  return context.flatMap(({ key, resource }) => {
    const resourceType = NET_TYPES[key];
    const id = typeof resource === 'object' && resource !== null && 'id' in resource ? resource.id : undefined;
    return resourceType === undefined ? [] : [{ key, resource: { resourceType, id } }];
  });
}
