import type { FhircastEvent } from '../events/event.ts';
import { isObject, text } from '../events/json.ts';
import { randomHex } from '../web/random.ts';
import type { Held } from './resource-map.ts';
import { keyFor, keyOf, nameOf, type SharedResource } from './resource-names.ts';
import { isSameResourceJson } from './same-json.ts';

/** One change of an update. Where it does not name a type and an id, it is of what has this fullUrl, or this id. */
export interface Change {
  readonly key: string | undefined;
  readonly fullUrl: string | undefined;
  /** What is there from now on; `undefined` where it is deleted. */
  readonly held: Held | undefined;
}

/** The profile speaks of dozens of entries. What has more is not applied: the hub is asked. */
export const MOST_ENTRIES = 1_000;
/** More than anybody shares: what has more is unknown. */
export const MOST_RESOURCES = 20_000;
/** How much is kept of all anchors together, and how much may wait to be sent, as text, in characters. What has more is unknown. */
export const MOST_TEXT = 32 * 1024 * 1024;

const UUID = /^urn:(?:uuid:|oid:)?/i;

const entriesOf = (bundle: unknown, most: number): readonly unknown[] | undefined => {
  if (!isObject(bundle)) return undefined;
  const { entry = [] } = bundle;
  const entries: unknown[] = Array.isArray(entry) ? entry : [entry];
  return entries.length > most ? undefined : entries;
};

/** A resource as it is kept. One that was posted may have its id as its fullUrl. */
const heldIn = (entry: Record<string, unknown>): Held | undefined => {
  const fullUrl = text(entry.fullUrl);
  const { resource } = entry;
  if (!isObject(resource)) return undefined;
  const id = text(resource.id) ?? fullUrl?.replace(UUID, '');
  if (keyFor(resource.resourceType, id) === undefined) return undefined;
  const known = (resource.id === id ? resource : { ...resource, id }) as unknown as SharedResource;
  return { resource: known, fullUrl };
};

function readChange(entry: unknown): Change | undefined {
  if (!isObject(entry)) return undefined;
  const { method, url } = isObject(entry.request) ? entry.request : {};
  const fullUrl = text(entry.fullUrl);
  switch ((text(method) ?? (entry.resource ? 'PUT' : '')).toUpperCase()) {
    case 'PUT':
    // The drafts of 2021 and the ballot of 2022 post what is new and what is changed.
    case 'POST': {
      const held = heldIn({ ...entry });
      return held && { key: keyOf(held.resource), fullUrl, held };
    }
    case 'DELETE': {
      const key = keyOf(fullUrl) ?? (fullUrl === undefined ? keyOf(url) : undefined);
      return key === undefined && fullUrl === undefined ? undefined : { key, fullUrl, held: undefined };
    }
    default:
      return undefined;
  }
}

/** Members by which a resource is named, and which say nothing of it. */
const NAMING = ['resourceType', 'id', 'meta', 'identifier'];

/**
 * Reads what an update changes (STU3, content sharing).
 *
 * @param event the update
 * @param knownAs what is known of a resource by its key: STU3's ballots send the report, the patient and the studies beside the Bundle,
 *   and what differs there is a change of content, too
 * @returns `undefined` for what cannot be applied: a PATCH, a resource that is there twice, or too much
 */
export function readUpdate(
  event: FhircastEvent,
  knownAs: (key: string) => object | undefined,
): readonly Change[] | undefined {
  const changes: Change[] = [];
  const keys = new Set<string | undefined>();
  for (const entry of entriesOf(event.updates, MOST_ENTRIES) ?? [null]) {
    const change = readChange(entry);
    const name = change?.key ?? change?.fullUrl;
    if (!change || keys.has(name)) return undefined;
    keys.add(name);
    changes.push(change);
  }
  for (const { key: of, resource } of event.context) {
    const key = resource && !/^(?:updates|bundle|content)$/i.test(of) ? keyOf(resource) : undefined;
    const known = key === undefined || keys.has(key) ? undefined : knownAs(key);
    if (!resource || !known || Object.keys(resource).every((member) => NAMING.includes(member))) continue;
    if (!isSameResourceJson(known, resource))
      changes.push({ key, fullUrl: undefined, held: { resource, fullUrl: undefined } });
  }
  return changes;
}

/**
 * Reads the content that the hub tells with the current context.
 *
 * @param bundle under the key `content`
 * @returns `undefined` for what cannot be read
 */
export function readContent(bundle: unknown): Map<string, Held> | undefined {
  const entries = entriesOf(bundle, MOST_RESOURCES);
  const all = new Map<string, Held>();
  for (const entry of entries ?? []) {
    const held = isObject(entry) ? heldIn({ ...entry }) : undefined;
    const key = held && keyOf(held.resource);
    if (!key) return undefined;
    all.set(key, held);
  }
  return entries && all;
}

/** A UUID (RFC 9562, version 4). `crypto.randomUUID()` is not there on a page without encryption. */
export const uuid = (): string => randomHex(16).replace(/(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-4$3-a$4-');

/**
 * Makes the Bundle of an update as the profile wants it (STU3, Content Update Bundle).
 *
 * @param id its id, by which the hub's echo is known, too
 * @param edits what is put by its key, and the name of what is deleted
 */
export const makeBundle = (id: string, edits: ReadonlyMap<string, Held | string>): object => ({
  resourceType: 'Bundle',
  id,
  type: 'transaction',
  entry: [...edits.values()].map((edit) => {
    if (typeof edit === 'string') return { fullUrl: edit, request: { method: 'DELETE', url: edit } };
    const { resource, fullUrl } = edit;
    return { ...(fullUrl ? { fullUrl } : {}), request: { method: 'PUT', url: nameOf(resource) }, resource };
  }),
});
