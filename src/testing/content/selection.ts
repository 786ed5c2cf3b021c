import type { ContextEntry } from '../ground/hub-event.ts';
import { isResource, typeAndIdOf } from '../ground/resource-key.ts';

/** Where a version of FHIRcast puts what is selected: one reference or resource, or several. */
const PLACES = ['reference', 'resource', 'resources', 'select'] as const;

/** Does this entry tell what is selected? */
const isSelect = ({ key }: ContextEntry): boolean => key.toLowerCase() === 'select';

/**
 * What a select names, whatever its form: `Observation/1`, or a reference as it was sent that has no type and id.
 *
 * @returns `undefined` when it has no key `select`
 */
export function readSelection(context: readonly ContextEntry[]): readonly string[] | undefined {
  const entries = context.filter(isSelect);
  return entries.length === 0
    ? undefined
    : entries.flatMap((entry) => PLACES.flatMap((place) => namesIn(entry[place])));
}

/** The same context without the references that are not known. */
export function withoutUnknown(
  context: readonly ContextEntry[],
  isKnown: (name: string) => boolean,
): readonly ContextEntry[] {
  return context.flatMap((entry) => {
    if (!isSelect(entry)) return [entry];
    const place = PLACES.find((candidate) => entry[candidate] !== undefined);
    const selected = place === undefined ? undefined : entry[place];
    if (place === undefined) return [entry];
    if (!Array.isArray(selected)) return namesIn(selected).every(isKnown) ? [entry] : [];
    return [{ ...entry, [place]: selected.filter((one: unknown) => namesIn(one).every(isKnown)) }];
  });
}

function namesIn(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (isResource(value)) return [`${value.resourceType}/${value.id}`];
  const text = typeof value === 'object' && 'reference' in value ? value.reference : value;
  const known = typeAndIdOf(text)?.join('/');
  return known === undefined ? (typeof text === 'string' ? [text] : []) : [known];
}
