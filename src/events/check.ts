import type { FhirResource } from 'fhir/r4.js';
import type { ContextEntry } from './context.ts';
import { canonicalKey, contextDefinition, type EventParts, eventParts } from './definitions.ts';
import { type Identity, identityOf, isNamed, isOtherResource, isSameResource, targetOf } from './identity.ts';
import { isObject } from './json.ts';
import type { DeepReadonly } from './read-only.ts';

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

/** What a study, an encounter or a report says about whom it is. */
interface Claims {
  readonly subject?: unknown;
  readonly patient?: unknown;
}

/** What a context may leave out, because its hub does. */
export interface Leniency {
  /** Whether a close need not say what was closed, so that this is no deviation. */
  readonly anonymousClose?: boolean;
  /** Whether a report may come without its anchor: opened and closed by its study, and updated as the current one. */
  readonly anonymousOpen?: boolean;
}

/** More deviations of one event tell nobody more. */
const MOST_DEVIATIONS = 16;

/** Whether two entries under one key are of the same resource. */
const areOne = (one: ContextEntry, other: ContextEntry): boolean => {
  const [ours, theirs] = [identityOf(one), identityOf(other)];
  return isNamed(ours) ? isSameResource(ours, theirs) : !isNamed(theirs);
};

/**
 * Who the patient is that a resource says it is about.
 *
 * @param expectedId who that is in all likelihood, which is told without taking the reference apart
 * @returns `undefined` when it does not say, or is about somebody else than a patient
 */
const subjectOf = (resource: DeepReadonly<FhirResource>, expectedId: string | undefined): Identity | undefined => {
  const { subject, patient } = resource as Claims;
  const link = subject ?? patient;
  if (!isObject(link)) return undefined;
  if (expectedId !== undefined && link.reference === `Patient/${expectedId}` && link.identifier === undefined)
    return undefined;
  const { type, id } = targetOf(link.reference);
  if (id !== undefined && type !== 'patient') return undefined;
  const { identifiers } = identityOf({ reference: link });
  return id === undefined && identifiers.length === 0 ? undefined : { id, identifiers };
};

/** Whether an event about a report says without its anchor which one is meant: by its study, or as the one that is current. */
const isKnownByStudy = ({ resource, verb }: EventParts, context: readonly ContextEntry[]): boolean =>
  resource === 'diagnosticreport' &&
  (verb === 'update' ||
    verb === 'select' ||
    context.some((entry) => canonicalKey(entry.key) === 'study' && isNamed(identityOf(entry))));

/**
 * Compares a context with the definition of its event (STU3, event catalogue).
 *
 * @param name the canonical name
 * @param context the context
 * @param leniency what the hub may leave out
 */
export function checkContext(name: string, context: readonly ContextEntry[], leniency: Leniency = {}): ContextCheck {
  const definition = contextDefinition(name);
  if (!definition) return FITS;
  const parts = eventParts(name);
  const anchor = parts && definition[0]?.key;
  const deviations: string[] = [];
  const deviates = (how: string) => {
    if (deviations.length < MOST_DEVIATIONS) deviations.push(how);
  };
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
        if (areOne(first, entry)) deviates(`${key} is repeated`);
        else contradiction = key;
      }
      const target = reference && targetOf(reference.reference);
      // Another resource where the patient or the anchor should be, or one resource beside a reference to another.
      const isOther = resource && resource.resourceType !== type && resource.resourceType.toLowerCase() !== decisive;
      if (decisive && (isOther || (target?.id && target.type !== decisive))) contradiction = key;
      if (target?.id && identityOf(entry).id !== target.id) contradiction = key;

      if (type === 'reference') {
        if (reference) continue;
        if (isAnchor && !resource) missing = key;
        // Without one, nothing is selected any more.
        else if (resource || key !== 'select') deviates(`${key} is no reference`);
      } else if (decisive && resource ? !isNamed(identityOf(entry)) : isAnchor) {
        missing = key;
      } else if (!resource || (resource.resourceType !== type && type !== key)) {
        deviates(`${key} is no ${type}`);
      }
    }
    if (first || !required) continue;
    // A close that says nothing means what is current. One that tells of something else may mean anything.
    const isAnonymous = parts?.verb === 'close' && (leniency.anonymousClose || context.length === 0);
    const isKnown = isAnchor && leniency.anonymousOpen && parts && isKnownByStudy(parts, context);
    if (isAnchor && !isAnonymous && !isKnown) missing = key;
    else if (!(isAnonymous && leniency.anonymousClose)) deviates(`${key} is missing`);
  }

  // A study of one patient beside another patient, or two of different patients: nobody can tell which of them was meant.
  const owner = context[keys.indexOf('patient')];
  let patient = owner && identityOf(owner);
  for (const { key, resource } of context) {
    const subject = resource && subjectOf(resource, patient?.id);
    if (!subject) continue;
    patient ??= subject;
    // A key of the hub's own is not repeated to anyone: it may be anything.
    if (isOtherResource(patient, subject))
      contradiction = definition.find((known) => known.key === canonicalKey(key))?.key ?? 'patient';
  }
  return { deviations, missing, contradiction };
}
