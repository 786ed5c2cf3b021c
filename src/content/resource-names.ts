import type { FhirResource } from 'fhir/r4.js';
import type { CurrentContext } from '../events/current-context.ts';
import { identityOf, targetOf } from '../events/identity.ts';
import { isObject, text } from '../events/json.ts';
import type { DeepReadonly } from '../events/read-only.ts';

/** The types that R5 has and R4 has not. */
export type OtherType =
  | 'ActorDefinition'
  | 'ArtifactAssessment'
  | 'BiologicallyDerivedProductDispense'
  | 'Citation'
  | 'ClinicalUseDefinition'
  | 'ConditionDefinition'
  | 'DeviceAssociation'
  | 'DeviceDispense'
  | 'DeviceUsage'
  | 'EncounterHistory'
  | 'FormularyItem'
  | 'GenomicStudy'
  | 'ImagingSelection'
  | 'InventoryItem'
  | 'InventoryReport'
  | 'NutritionIntake'
  | 'NutritionProduct'
  | 'Permission'
  | 'RequestOrchestration'
  | 'Requirements'
  | 'SubscriptionStatus'
  | 'SubscriptionTopic'
  | 'TestPlan'
  | 'Transport';

/** A resource of R5 of which no more is known than its type, such as an ImagingSelection. */
export interface OtherResource {
  /** Its type. */
  readonly resourceType: OtherType;
  /** Its id. */
  readonly id?: string | undefined;
  /** What else it says. */
  readonly [element: string]: unknown;
}

/** A resource that is shared: of R4, or of a type of R5 that R4 has not. */
export type SharedResource = DeepReadonly<FhirResource> | OtherResource;

/** A FHIR reference, as far as it names a resource. */
export interface NamingReference {
  /** Such as `Observation/o1`. */
  readonly reference: string;
}

/** A resource, as far as its name goes. */
export interface NamedResource {
  /** Its type. */
  readonly resourceType: string;
  /** Its id. */
  readonly id?: string | undefined;
}

/** What names a resource: `Observation/o1`, a FHIR reference, or the resource itself or no more of it than its type and id. */
export type ResourceName = string | NamingReference | NamedResource;

/** What a type of resource is called: nothing else can become a name of an event or a part of a URL. */
const TYPE = /^[a-z]{1,64}$/i;
/** What ends an id in a reference cannot be in it, and 256 characters are far more than FHIR allows. */
const ID = /^[^/?#|]{1,256}$/;

/**
 * By which key a resource is kept. Types are compared without case, as names of events are.
 *
 * @param type its type
 * @param id its id
 * @returns `undefined` for what is no type or no id
 */
export const keyFor = (type: unknown, id: unknown): string | undefined => {
  const [known, its] = [text(id), text(type)];
  if (!known || !its || !ID.test(known) || !TYPE.test(its)) return undefined;
  return `${its.toLowerCase()}/${known}`;
};

/**
 * The key of a resource by whatever names it.
 *
 * @param name a reference in any published form: `Type/id`, `urn:Type/id`, a URL; a FHIR reference, or a resource
 * @returns `undefined` for one that names no type and id, such as `urn:uuid:…`
 */
export const keyOf = (name: unknown): string | undefined => {
  if (isObject(name) && name.resourceType !== undefined) return keyFor(name.resourceType, name.id);
  const reference = text(isObject(name) ? name.reference : name);
  const { type, id } = targetOf(reference?.replace(/^urn:(?=[a-z]+\/)/i, ''));
  return keyFor(type, id);
};

/** The name of a resource as it is written: `Observation/o1`; of a reference, its last two parts. */
export const nameOf = (name: ResourceName | { readonly reference?: string | undefined }): string => {
  if (typeof name === 'object' && 'resourceType' in name) return `${name.resourceType}/${name.id}`;
  const reference = typeof name === 'string' ? name : name.reference;
  return `${reference}`
    .replace(/^urn:(?=[a-z]+\/)/i, '')
    .split('/')
    .slice(-2)
    .join('/');
};

/**
 * By what the anchor of an open context is known.
 *
 * @returns its key, or one of an identifier where it has no id
 */
export const anchorKeyOf = ({ type, anchor: resource, anchorReference: reference }: CurrentContext): string => {
  const { id, identifiers } = identityOf({ resource, reference });
  return keyFor(type, id) ?? `${type.toLowerCase()} ${identifiers[0]}`;
};
