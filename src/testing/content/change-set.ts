import type { ContentTrait } from '../ground/content-traits.ts';
import type { HubEvent } from '../ground/hub-event.ts';
import { isResource, type SharedResource, typeAndIdOf } from '../ground/resource-key.ts';
import { ContentRefusal } from './content-refusal.ts';

/** One change of the content: a resource takes the place of what has its type and id, or that goes. */
export type Change =
  | { readonly put: SharedResource; readonly fullUrl: string | undefined }
  | { readonly remove: string };

/** Elements that no entry may have (profile FHIRcast Content Update Bundle). */
const FORBIDDEN = ['search', 'response', 'link'] as const;

/**
 * Reads the Bundle of an update.
 *
 * @param keyOfUrl what the content has under a fullUrl that says no type and id
 * @returns what is to change, in the Bundle's order; no resource is in it twice
 * @throws a refusal when the Bundle is not as its profile says, or too large
 */
export function readChanges(
  event: HubEvent,
  trait: ContentTrait,
  keyOfUrl: (fullUrl: string) => string | undefined,
): readonly Change[] {
  const bundle = theBundle(event, trait);
  if (bundle['type'] !== 'transaction') throw invalid('The Bundle of an update is a transaction.');
  if (bundle['link'] !== undefined) throw invalid('The Bundle of an update has no link.');
  const { entry: entries = [] } = bundle;
  if (!Array.isArray(entries)) throw invalid('Bundle.entry must be an array.');
  if (entries.length > trait.maxEntries)
    throw new ContentRefusal('tooLong', `An update may have ${trait.maxEntries} entries.`);
  if (trait.maxBytes !== Number.POSITIVE_INFINITY && Buffer.byteLength(JSON.stringify(bundle)) > trait.maxBytes)
    throw new ContentRefusal('tooLong', `The Bundle of an update may have ${trait.maxBytes} bytes.`);
  const changes = entries.map((entry: unknown, index) => readEntry(entry, `entry[${index}]`, trait, keyOfUrl));
  if (new Set(changes.map(keyOf)).size < changes.length) throw invalid('The Bundle has a resource twice.');
  return changes;
}

/** The type and id of what changes, as in `Observation/1`. */
export const keyOf = (change: Change): string =>
  'put' in change ? `${change.put.resourceType}/${change.put.id}` : change.remove;

function theBundle({ context }: HubEvent, { bundleKeys }: ContentTrait): Record<string, unknown> {
  const [bundle, another] = context
    .filter(({ key }) => bundleKeys.includes(key.toLowerCase()))
    .map(({ resource }) => resource)
    .filter((resource) => isObject(resource) && resource['resourceType'] === 'Bundle') as Record<string, unknown>[];
  if (bundle === undefined || another !== undefined) throw invalid('An update has one Bundle, under the key updates.');
  return bundle;
}

function readEntry(
  entry: unknown,
  place: string,
  { putMethods }: ContentTrait,
  keyOfUrl: (fullUrl: string) => string | undefined,
): Change {
  const request = isObject(entry) ? entry['request'] : undefined;
  if (!isObject(entry) || !isObject(request)) throw invalid(`${place} needs a request.`);
  const forbidden = FORBIDDEN.find((element) => entry[element] !== undefined);
  if (forbidden !== undefined) throw invalid(`${place} may not have ${forbidden}.`);
  const { resource, fullUrl } = entry;
  const { method, url } = request;
  if (method === 'DELETE') {
    if (resource !== undefined) throw invalid(`${place} deletes, and may not have a resource.`);
    if (typeof fullUrl !== 'string') throw invalid(`${place} deletes, and needs a fullUrl.`);
    const named = typeAndIdOf(fullUrl)?.join('/') ?? keyOfUrl(fullUrl) ?? typeAndIdOf(url)?.join('/');
    return { remove: named ?? fullUrl };
  }
  if (typeof method !== 'string' || !putMethods.includes(method))
    throw invalid(`${place}.request.method must be ${[...putMethods, 'DELETE'].join(' or ')}.`);
  if (!isResource(resource)) throw invalid(`${place} needs a resource that has an id.`);
  return { put: resource, fullUrl: typeof fullUrl === 'string' ? fullUrl : undefined };
}

const invalid = (text: string) => new ContentRefusal('invalid', text);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
