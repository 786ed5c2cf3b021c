import type { ContextEntry } from '../events/context.ts';
import { isObject, type JsonObject, text } from '../events/json-object.ts';

/** What has a context array: an event, the current context, or whatever else keeps one. */
export interface WithContext {
  /** The context as it was sent. */
  readonly context: readonly ContextEntry[];
}

/** What has shared content beside the context that it belongs to: a `ContentSnapshot` of `fhircast-client/content`. */
export interface WithContent {
  /** The context as it was opened. */
  readonly context: WithContext | undefined;
  /** What is shared, of a type. */
  resources(type: string): readonly object[];
}

/** What the readers read: an event, a context such as `client.shown`, shared content, or a context array. There may be none. */
export type ContextSource = WithContext | WithContent | readonly ContextEntry[] | null | undefined;

/** More than any context has of anything. Of a hostile one, no more is looked at. */
const MOST = 256;

/**
 * The objects in a value, which hubs write as an array or as one alone.
 *
 * @param value anything
 */
export const objectsIn = (value: unknown): readonly JsonObject[] =>
  (Array.isArray(value) ? value.slice(0, MOST) : [value]).filter(isObject);

/** The texts in a list, each once and the first of them first. */
export const textsIn = (values: readonly unknown[]): string[] =>
  [...new Set(values.map((value) => text(value)?.trim()))].filter((value): value is string => !!value).slice(0, MOST);

const contextOf = (source: unknown): unknown => (isObject(source) ? source.context : source);

/** A snapshot holds the context that holds the array. */
const entriesOf = (source: unknown): readonly JsonObject[] => {
  const entries = contextOf(contextOf(source));
  return Array.isArray(entries) ? objectsIn(entries) : [];
};

/** What a snapshot holds of a type. Events and contexts, whose `context` is an array, are read entry by entry. */
const heldIn = (source: unknown, type: string): readonly JsonObject[] =>
  isObject(source) && !Array.isArray(source.context) && typeof source.resources === 'function'
    ? objectsIn(source.resources(type))
    : [];

/** Keys that hubs use for another: the .NET sandbox, and PowerCast. */
const ALIASES: JsonObject = { imagingstudy: 'study', diagnosticreport: 'report', bundle: 'updates' };

const keyOf = ({ key }: JsonObject): unknown => {
  const lower = text(key)?.toLowerCase() ?? '';
  return ALIASES[lower] ?? lower;
};

/**
 * What a context holds under a key: resources, and references to some.
 *
 * @param source the context
 * @param key the catalogue's key
 */
export const under = (source: ContextSource, key: string): readonly JsonObject[] =>
  entriesOf(source)
    .filter((entry) => keyOf(entry) === key)
    .flatMap(({ resource, reference }) => [...objectsIn(resource), ...objectsIn(reference)]);

/**
 * Whether a resource is of a type. Some hubs write it in another case.
 *
 * @param resource the resource
 * @param type the type in lower case
 */
export const isOf = ({ resourceType }: JsonObject, type: string): boolean => text(resourceType)?.toLowerCase() === type;

/**
 * The resources of a type that a context shares: what an update puts, and the content of a current context. What is deleted is not
 * among them.
 *
 * @param source the context
 * @param type the type in lower case
 */
export const shared = (source: ContextSource, type: string): readonly JsonObject[] => [
  ...heldIn(source, type),
  ...['updates', 'content']
    .flatMap((key) => under(source, key))
    .flatMap(({ entry }) => objectsIn(entry))
    .filter(({ request }) => objectsIn(request)[0]?.method !== 'DELETE')
    .flatMap(({ resource }) => objectsIn(resource))
    .filter((resource) => isOf(resource, type)),
];
