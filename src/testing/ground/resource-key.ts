import type { ContextEntry } from './hub-event.ts';

/** A FHIR resource, as far as a hub looks at it. */
export interface SharedResource {
  /** Its type. */
  readonly resourceType: string;
  /** Its id. */
  readonly id: string;
  readonly [element: string]: unknown;
}

/** Is this a resource that has a type and an id? */
export function isResource(value: unknown): value is SharedResource {
  return (
    typeof value === 'object' &&
    value !== null &&
    'resourceType' in value &&
    typeof value.resourceType === 'string' &&
    'id' in value &&
    typeof value.id === 'string'
  );
}

/** The type and the id at the end of a reference or a URL, whatever it begins with. */
export function typeAndIdOf(reference: unknown): readonly [type: string, id: string] | undefined {
  const text = isReference(reference) ? reference.reference : reference;
  const [, type, id] = (typeof text === 'string' && /([A-Za-z]+)\/([^/]+)$/.exec(text)) || [];
  return type === undefined || id === undefined ? undefined : [type, id];
}

/** The type and the id of what stands in an entry of a context, as a resource or as a reference to one. */
function typeAndIdIn({ resource, reference }: ContextEntry): readonly [type: string, id: string] | undefined {
  return isResource(resource) ? [resource.resourceType, resource.id] : typeAndIdOf(reference);
}

/** The id of the resource that an event is about. */
export function anchorIdIn(context: readonly ContextEntry[], anchor: string): string | undefined {
  for (const entry of context) {
    const [type, id] = typeAndIdIn(entry) ?? [];
    if (type?.toLowerCase() === anchor.toLowerCase()) return id;
  }
  return undefined;
}

function isReference(value: unknown): value is { reference: unknown } {
  return typeof value === 'object' && value !== null && 'reference' in value;
}
