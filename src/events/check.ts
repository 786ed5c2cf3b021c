import type { FhirResource } from 'fhir/r4';
import type { ContextEntry } from './context.ts';
import { anchorKey, canonicalKey, contextDefinition, eventParts } from './definitions.ts';

/** How a context fits the definition of its event. Every text names places, never content. */
export interface ContextCheck {
  /** Where the context deviates in a way that leaves no doubt about what was opened or closed. */
  readonly deviations: readonly string[];
  /** Set when the anchor is missing: the key at fault. */
  readonly missing: string | undefined;
  /** Set when the context contradicts itself about the anchor or the patient: the key at fault. */
  readonly contradiction: string | undefined;
}

const FITS: ContextCheck = { deviations: [], missing: undefined, contradiction: undefined };

/** Whether a resource says who or what it is. */
const isIdentified = (resource: FhirResource): boolean => {
  const { id, identifier } = resource as { id?: unknown; identifier?: unknown };
  return (typeof id === 'string' && id !== '') || (Array.isArray(identifier) ? identifier.length > 0 : !!identifier);
};

/** What tells one entry from another under the same key. */
const identity = ({ resource, reference }: ContextEntry): unknown => {
  const { id, identifier } = (resource ?? {}) as { id?: unknown; identifier?: unknown };
  return id ?? JSON.stringify(identifier ?? reference?.reference);
};

/** The id of the patient that a study, an encounter or a report says it is about. */
const subjectId = (resource: FhirResource): string | undefined => {
  const { subject, patient } = resource as { subject?: { reference?: unknown }; patient?: { reference?: unknown } };
  const reference = subject?.reference ?? patient?.reference;
  return typeof reference === 'string'
    ? /(?:^|\/)Patient\/([^/?#|]+)(?:\/_history\/[^/]+)?$/.exec(reference)?.[1]
    : undefined;
};

/**
 * Compares a context with the definition of its event (STU3, event catalogue).
 *
 * @param name the canonical name
 * @param context the context
 * @param anchorOptional whether a close may come without its anchor, as the draft's does
 */
export function checkContext(name: string, context: readonly ContextEntry[], anchorOptional = false): ContextCheck {
  const definition = contextDefinition(name);
  if (!definition) return FITS;
  const parts = eventParts(name);
  const anchor = parts && anchorKey(parts.resource);
  const deviations: string[] = [];
  let missing: string | undefined;
  let contradiction: string | undefined;

  // Every event comes through here, and contexts are short: going over one again costs less than sorting it into a map.
  const keys = context.map((entry) => canonicalKey(entry.key));
  for (const { key, type, required, many } of definition) {
    const isAnchor = key === anchor;
    let first: ContextEntry | undefined;
    for (let i = 0; i < context.length; i++) {
      const entry = context[i];
      if (keys[i] !== key || !entry) continue;
      const { resource, reference } = entry;
      if (!first) {
        first = entry;
      } else if (!many) {
        if (identity(first) === identity(entry)) deviations.push(`${key} is repeated`);
        else contradiction = key;
      }
      if (type === 'reference') {
        if (reference) continue;
        if (isAnchor && !resource) missing = key;
        else deviations.push(`${key} is no reference`);
      } else if (resource && resource.resourceType.toLowerCase() !== type.toLowerCase()) {
        // Another resource where the patient or the anchor should be: nobody can tell what was meant.
        if (isAnchor || key === 'patient') contradiction = key;
        else deviations.push(`${key} is no ${type}`);
      } else if (isAnchor && !(resource && isIdentified(resource))) {
        missing = key;
      } else if (!resource) {
        deviations.push(`${key} is no ${type}`);
      }
    }
    if (!first && required && !(anchorOptional && parts?.verb === 'close')) {
      if (isAnchor) missing = key;
      else deviations.push(`${key} is missing`);
    }
  }

  // A study of one patient beside another patient: nobody can tell which of the two was meant.
  const patientId = context[keys.indexOf('patient')]?.resource?.id;
  for (const { key, resource } of context) {
    const subject = resource && subjectId(resource);
    if (subject === undefined || patientId === undefined || subject === patientId) continue;
    // A key of the hub's own is not repeated to anyone: it may be anything.
    contradiction = definition.find((known) => known.key === canonicalKey(key))?.key ?? 'patient';
  }
  return { deviations, missing, contradiction };
}
