import { ContextChangeError, type NotificationError } from '../errors/errors.ts';
import { checkContext } from '../events/check.ts';
import type { ContextEntry } from '../events/context.ts';
import { canonicalKey, contextDefinition, eventParts } from '../events/definitions.ts';
import { identityOf, isNamed } from '../events/identity.ts';
import { parseContext } from '../events/notification.ts';

const NO_REPORT = 'report is missing';

/**
 * Refuses a context that does not fit the definition of its event.
 *
 * @param name the canonical name
 * @param context what is to be sent
 * @param isByStudy whether apps of this hub know a report by its study alone
 * @returns what it lacks all the same, and its hub bears
 * @throws ContextChangeError `change-invalid`
 */
export function checkChange(name: string, context: readonly ContextEntry[], isByStudy: boolean): readonly string[] {
  try {
    parseContext(context, 'context');
  } catch (error) {
    throw new ContextChangeError('change-invalid', { at: (error as NotificationError).at ?? 'context' });
  }
  try {
    JSON.stringify(context);
  } catch (cause) {
    throw new ContextChangeError('change-invalid', { at: 'context is no JSON', cause });
  }
  const { deviations, missing, contradiction } = checkContext(name, context, { anonymousOpen: isByStudy });
  const namesStudy = context.some((entry) => canonicalKey(entry.key) === 'study' && isNamed(identityOf(entry)));
  const borne = namesStudy && deviations.includes(NO_REPORT) ? [NO_REPORT, 'patient is missing'] : [];
  const fault = contradiction
    ? `${contradiction} contradicts the event`
    : missing
      ? `${missing} is missing`
      : deviations.find((one) => !borne.includes(one));
  if (fault) throw new ContextChangeError('change-invalid', { at: fault });
  return deviations;
}

/**
 * What an open does not say of its anchor or its patient, though others need it: the id, or the identifier by which a system with
 * ids of its own knows the resource (STU3, profiles of the contexts of the events).
 *
 * @param name the canonical name
 * @param context what is to be sent, which fits its definition
 * @returns the key and what is missing, such as `patient.identifier`; nothing for other events
 */
export function missingIn(name: string, context: readonly ContextEntry[]): readonly string[] {
  if (eventParts(name)?.verb !== 'open') return [];
  const decisive = [contextDefinition(name)?.[0]?.key, 'patient'];
  const missing = context.flatMap((entry) => {
    const key = canonicalKey(entry.key);
    if (!entry.resource || !decisive.includes(key)) return [];
    const { id, identifiers } = identityOf(entry);
    // The number of the order that a report is based on is as good as one of its own.
    const isNameless = identifiers.length === 0 && !('basedOn' in entry.resource);
    return [...(id === undefined ? [`${key}.id`] : []), ...(isNameless ? [`${key}.identifier`] : [])];
  });
  return [...new Set(missing)];
}

/**
 * Makes a context array of what an app passes: an object from key to resource (or to several), or a context array.
 *
 * @param name the canonical name
 * @param resources what the app passed
 */
export function toContext(name: string, resources: unknown): readonly ContextEntry[] {
  if (Array.isArray(resources)) return resources;
  const many = contextDefinition(name)?.flatMap(({ key, many }) => (many ? [key] : [])) ?? [];
  return Object.entries((resources ?? {}) as Record<string, unknown>).flatMap(([key, value]) => {
    if (value === undefined || value === null) return [];
    const entries = Array.isArray(value) && many.includes(key) ? value : [value];
    return entries.map((entry) => ({ key, [isReference(entry) ? 'reference' : 'resource']: entry }) as ContextEntry);
  });
}

const isReference = (value: unknown): boolean => {
  const { resourceType, reference } = value as { resourceType?: unknown; reference?: unknown };
  return resourceType === undefined && reference !== undefined;
};
