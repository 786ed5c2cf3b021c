import type { FhirResource, Identifier } from 'fhir/r4';
import type { ContextEntry } from './context.ts';
import { canonicalKey, contextDefinition, eventParts } from './definitions.ts';
import { text } from './notification.ts';

/** How a context fits the definition of its event. Every text names places, never content. */
export interface ContextCheck {
  /** Where the context deviates in a way that leaves no doubt about what was opened or closed. */
  readonly deviations: readonly string[];
  /** Set when the anchor is missing, or a patient who has no id and no identifier: the key at fault. */
  readonly missing: string | undefined;
  /** Set when the context contradicts itself about the anchor or the patient: the key at fault. */
  readonly contradiction: string | undefined;
}

const FITS: ContextCheck = { deviations: [], missing: undefined, contradiction: undefined };

/** What a resource says of itself and of others, as far as it can be relied on. */
interface Claims {
  readonly id?: unknown;
  readonly identifier?: Partial<Identifier> | readonly (Partial<Identifier> | null)[] | null;
  readonly subject?: { readonly reference?: unknown };
  readonly patient?: { readonly reference?: unknown };
}

/** The type and the id that a reference leads to; it may be a URL and name a version. */
const TARGET = /(?:^|\/)([a-z]+)\/([^/?#|]+)(?:\/_history\/[^/]+)?$/i;

const targetOf = (reference: unknown): { readonly type?: string | undefined; readonly id?: string | undefined } => {
  const [, type, id] = TARGET.exec(text(reference) ?? '') ?? [];
  return { type: type?.toLowerCase(), id };
};

/** The id that an entry tells. */
const idOf = ({ resource, reference }: ContextEntry): string | undefined =>
  text((resource as Claims | undefined)?.id) ?? targetOf(reference?.reference).id;

/** What tells one entry from another under the same key; `undefined` when it does not say who or what it is. */
const nameOf = (entry: ContextEntry): string | undefined => {
  const id = idOf(entry);
  if (id !== undefined) return id;
  const identifiers = [(entry.resource as Claims | undefined)?.identifier].flat().filter((one) => one?.value);
  return identifiers.length > 0 ? JSON.stringify(identifiers) : text(entry.reference?.reference);
};

/**
 * The id of the patient that a study, an encounter or a report says it is about.
 *
 * @param expected who that is in all likelihood, which is told without taking the reference apart
 */
const subjectId = (resource: FhirResource, expected: string | undefined): string | undefined => {
  const { subject, patient } = resource as Claims;
  const reference = subject?.reference ?? patient?.reference;
  if (reference === undefined || reference === `Patient/${expected}`) return reference && expected;
  const { type, id } = targetOf(reference);
  return type === 'patient' ? id : undefined;
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
  const anchor = parts && definition[0]?.key;
  const deviations: string[] = [];
  let missing: string | undefined;
  let contradiction: string | undefined;

  // Every event comes through here, and contexts are short: going over one again costs less than sorting it into a map.
  const keys = context.map((entry) => canonicalKey(entry.key));
  for (const { key, type, required, many } of definition) {
    const isAnchor = key === anchor;
    const decisive = isAnchor ? parts?.resource : key === 'patient' ? key : undefined;
    let first: ContextEntry | undefined;
    for (let i = 0; i < context.length; i++) {
      const entry = context[i];
      if (keys[i] !== key || !entry) continue;
      const { resource, reference } = entry;
      if (!first) {
        first = entry;
      } else if (!many) {
        if (nameOf(first) === nameOf(entry)) deviations.push(`${key} is repeated`);
        else contradiction = key;
      }
      const target = reference && targetOf(reference.reference);
      // Another resource where the patient or the anchor should be, or one resource beside a reference to another.
      const isOther = resource && resource.resourceType !== type && resource.resourceType.toLowerCase() !== decisive;
      if (decisive && (isOther || (target?.id && target.type !== decisive))) contradiction = key;
      if (target?.id && idOf(entry) !== target.id) contradiction = key;

      if (type === 'reference') {
        if (reference) continue;
        if (isAnchor && !resource) missing = key;
        else deviations.push(`${key} is no reference`);
      } else if (decisive && resource ? nameOf(entry) === undefined : isAnchor) {
        missing = key;
      } else if (!resource || (resource.resourceType !== type && type !== key)) {
        deviations.push(`${key} is no ${type}`);
      }
    }
    if (!first && required && !(anchorOptional && parts?.verb === 'close')) {
      if (isAnchor) missing = key;
      else deviations.push(`${key} is missing`);
    }
  }

  // A study of one patient beside another patient, or two of different patients: nobody can tell which of them was meant.
  const owner = context[keys.indexOf('patient')];
  let patientId = owner && idOf(owner);
  for (const { key, resource } of context) {
    const subject = resource && subjectId(resource, patientId);
    if (subject === undefined) continue;
    patientId ??= subject;
    // A key of the hub's own is not repeated to anyone: it may be anything.
    if (subject !== patientId)
      contradiction = definition.find((known) => known.key === canonicalKey(key))?.key ?? 'patient';
  }
  return { deviations, missing, contradiction };
}
