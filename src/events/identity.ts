import { canonicalKey } from './definitions.ts';
import { isObject, text } from './json.ts';

/** By what a resource is known: the one answer of the whole package to the question what a resource is called. */
export interface Identity {
  /** Its id, or that of a reference to it. An empty one and `null` are none; a number is its text. */
  readonly id: string | undefined;
  /** Its identifiers, as `system|value`. The UID of a study is one of them, in whatever version of FHIR it is written. */
  readonly identifiers: readonly string[];
}

/** The part of an entry of a context that says which resource it is of. */
export interface Identifiable {
  readonly resource?: unknown;
  readonly reference?: unknown;
}

/** More than any resource has. Of a hostile one, no more are compared. */
const MOST_IDENTIFIERS = 64;
/** More than any reference is long. In characters. */
const LONGEST_REFERENCE = 2_048;

/** The type and the id that a reference leads to; it may be a URL and name a version. */
const TARGET = /(?:^|\/)([a-z]+)\/([^/?#|]+)(?:\/_history\/[^/]+)?$/i;

/**
 * What a reference leads to.
 *
 * @param reference a FHIR reference's text: relative, or a URL
 * @returns the resource type in lower case, and the id
 */
export const targetOf = (
  reference: unknown,
): { readonly type?: string | undefined; readonly id?: string | undefined } => {
  const target = text(reference);
  if (target === undefined || target.length > LONGEST_REFERENCE) return {};
  const [, type, id] = TARGET.exec(target) ?? [];
  return { type: type?.toLowerCase(), id };
};

/** DICOM's own system of UIDs, in which R4 writes the UID of a study as an identifier. */
const DICOM_UID = 'urn:dicom:uid';

const NOBODY: Identity = { id: undefined, identifiers: [] };

const identifierOf = (identifier: unknown): string | undefined => {
  if (!isObject(identifier)) return undefined;
  const value = text(identifier.value)?.trim();
  if (!value) return undefined;
  const system = text(identifier.system) ?? '';
  return `${system}|${system === DICOM_UID ? value.replace(/^urn:oid:/i, '') : value}`;
};

const identifiersIn = (value: unknown): readonly string[] => {
  if (value === undefined || value === null) return [];
  const all: readonly unknown[] = Array.isArray(value) ? value.slice(0, MOST_IDENTIFIERS) : [value];
  return all.map(identifierOf).filter((one) => one !== undefined);
};

/**
 * By what the resource of an entry is known.
 *
 * @param entry an entry of a context, or what one would hold
 */
export function identityOf({ resource, reference }: Identifiable): Identity {
  const known = isObject(resource) ? resource : undefined;
  const link = isObject(reference) ? reference : undefined;
  if (!known && !link) return NOBODY;
  const id = text(known?.id) ?? (link && (targetOf(link.reference).id ?? text(link.reference)));
  const identifiers = identifiersIn(known?.identifier ?? link?.identifier);
  // DSTU2 and STU3 write the UID and the accession number of a study beside its identifiers.
  const uid = known?.uid === undefined ? undefined : identifierOf({ system: DICOM_UID, value: known.uid });
  const accession = known?.accession === undefined ? [] : identifiersIn(known.accession);
  if (uid === undefined && accession.length === 0) return { id, identifiers };
  return { id, identifiers: [...identifiers, ...accession, ...(uid === undefined ? [] : [uid])] };
}

/** Whether an identity says anything. */
export const isNamed = ({ id, identifiers }: Identity): boolean => id !== undefined || identifiers.length > 0;

const systemOf = (identifier: string): string => identifier.slice(0, identifier.indexOf('|'));

/** @param withSystem whether identifiers without a system, which may be anything, do not count */
const shares = (one: Identity, other: Identity, withSystem = false): boolean => {
  if (one.identifiers.length === 0 || other.identifiers.length === 0) return false;
  const theirs = new Set(other.identifiers);
  return one.identifiers.some((mine) => theirs.has(mine) && !(withSystem && systemOf(mine) === ''));
};

/** Whether one system calls the two by different names, and by none that is the same. */
const contradicts = (one: Identity, other: Identity): boolean => {
  if (one.identifiers.length === 0 || other.identifiers.length === 0) return false;
  const theirs = new Set(other.identifiers);
  const theirSystems = new Set(other.identifiers.map(systemOf));
  const agreed = new Set(one.identifiers.filter((mine) => theirs.has(mine)).map(systemOf));
  return one.identifiers.some((mine) => {
    const system = systemOf(mine);
    return system !== '' && theirSystems.has(system) && !agreed.has(system);
  });
};

/**
 * Whether two resources are certainly one: their ids agree where both have one, their identifiers where not, and no system
 * calls them differently. Whoever has to be sure that the right patient is shown asks this.
 */
export function isSameResource(one: Identity, other: Identity): boolean {
  const isAlike = one.id !== undefined && other.id !== undefined ? one.id === other.id : shares(one, other);
  return isAlike && !contradicts(one, other);
}

/**
 * Whether one resource is named by what is known of another: by its id, or, where another system has another id for it, by an
 * identifier. What is to be closed is found so.
 */
export function isNamedBy(one: Identity, other: Identity): boolean {
  if (one.id !== undefined && one.id === other.id) return true;
  const haveIds = one.id !== undefined && other.id !== undefined;
  return shares(one, other, haveIds) && !contradicts(one, other);
}

/**
 * Whether two resources are certainly two: different ids of one server say so, and so does a system that calls them
 * differently where there are no two ids.
 */
export function isOtherResource(one: Identity, other: Identity): boolean {
  if (one.id !== undefined && other.id !== undefined) return one.id !== other.id;
  return contradicts(one, other);
}

/** Content that is shared is no part of what a context is of. */
const CONTENT = 'content';

/** Of more resources under one key, only such with ids are compared: everything else would be compared with everything. */
const MOST_COMPARED = 32;

const byKey = (context: readonly (Identifiable & { readonly key: string })[]): Map<string, Identity[]> => {
  const found = new Map<string, Identity[]>();
  for (const entry of context) {
    const key = canonicalKey(entry.key);
    if (key === CONTENT) continue;
    const known = found.get(key);
    if (known) known.push(identityOf(entry));
    else found.set(key, [identityOf(entry)]);
  }
  return found;
};

const areSame = (one: readonly Identity[], other: readonly Identity[]): boolean => {
  if (one.length !== other.length) return false;
  const [first, their] = [one[0], other[0]];
  if (one.length === 1) return first !== undefined && their !== undefined && isSameResource(first, their);
  const byId = new Map(other.map((identity) => [identity.id, identity]));
  return one.every((identity) => {
    const found = identity.id === undefined ? undefined : byId.get(identity.id);
    if (found) return isSameResource(identity, found);
    return one.length <= MOST_COMPARED && other.some((candidate) => isSameResource(identity, candidate));
  });
};

/**
 * Whether two contexts are of the same resources, whatever is said about them. The version of a context is no part of that: it
 * changes with each update of the content.
 *
 * @param one a context array
 * @param other a context array
 */
export function isSameContext(
  one: readonly (Identifiable & { readonly key: string })[],
  other: readonly (Identifiable & { readonly key: string })[],
): boolean {
  const [ours, theirs] = [byKey(one), byKey(other)];
  if (ours.size !== theirs.size) return false;
  for (const [key, identities] of ours) {
    const match = theirs.get(key);
    if (!match || !areSame(identities, match)) return false;
  }
  return true;
}
