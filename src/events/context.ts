import type {
  Bundle,
  DiagnosticReport,
  Encounter,
  FhirResource,
  ImagingStudy,
  OperationOutcome,
  Parameters,
  Patient,
  Reference,
} from 'fhir/r4.js';
import { anchorKey, canonicalKey } from './definitions.ts';
import { type DeepReadonly, deepFreeze } from './read-only.ts';

/** One entry of a context array: a resource, a reference, or another datatype under its lower-case name. */
export interface ContextEntry {
  /** What the entry is of the context: `patient`, `study`, `report` … */
  readonly key: string;
  /** The resource, where the entry holds one. */
  readonly resource?: DeepReadonly<FhirResource>;
  /** The reference, where the entry holds one. */
  readonly reference?: DeepReadonly<Reference>;
  /** Another datatype under its lower-case name, or an extension's data. */
  readonly [datatype: string]: unknown;
}

/** Something with a resource type. */
interface Typed<T> {
  /** The resource type. */
  resourceType: T;
}

/** The FHIR type of a resource type's name, as events have it: nothing of it can be changed. */
export type ResourceOf<T extends FhirResource['resourceType']> = Extract<DeepReadonly<FhirResource>, Typed<T>>;

/**
 * Typed access to the resources of a context array. Several listeners have the same resources, and so has the context of the session:
 * nobody can change them. They are frozen when they are looked at, because most of an event is not.
 */
export class ContextResources {
  readonly #context: readonly ContextEntry[];
  /** The entries by key, sorted when one is looked for. */
  #byKey: Map<string, ContextEntry[]> | undefined;

  constructor(context: readonly ContextEntry[]) {
    this.#context = context;
  }

  /** The context as it was sent. It is frozen. */
  get context(): readonly ContextEntry[] {
    return deepFreeze(this.#context);
  }

  /** The type of the resource that this is about, in any case; `undefined` when it is about none. */
  protected get anchorType(): string | undefined {
    return undefined;
  }

  /**
   * Every resource under a key.
   *
   * @param key the catalogue's key or one of its aliases, in any case
   * @param resourceType leaves out resources of any other type; a hub may write it in any case
   */
  resources<T extends FhirResource['resourceType']>(key: string, resourceType: T): ResourceOf<T>[] {
    const found: ResourceOf<T>[] = [];
    for (const { resource } of this.#under(key)) {
      if (resource?.resourceType.toLowerCase() !== resourceType.toLowerCase()) continue;
      const named: unknown = resource.resourceType === resourceType ? resource : { ...resource, resourceType };
      found.push(deepFreeze(named) as ResourceOf<T>);
    }
    return found;
  }

  #under(key: string): readonly ContextEntry[] {
    if (!this.#byKey) {
      this.#byKey = new Map();
      for (const entry of this.#context) {
        const name = canonicalKey(entry.key);
        const same = this.#byKey.get(name);
        if (same) same.push(entry);
        else this.#byKey.set(name, [entry]);
      }
    }
    return this.#byKey.get(canonicalKey(key)) ?? [];
  }

  #anchor<Part extends 'resource' | 'reference'>(part: Part): ContextEntry[Part] | undefined {
    const type = this.anchorType;
    return type ? deepFreeze(this.#under(anchorKey(type)).find((entry) => entry[part])?.[part]) : undefined;
  }

  /**
   * The resource that this is about: the patient of a Patient-open, the medication of a Medication-open. `undefined` when it
   * is about none (Home-open), or names it by a reference alone.
   */
  get anchor(): DeepReadonly<FhirResource> | undefined {
    return this.#anchor('resource');
  }

  /** The reference to what this is about, as an update and a select have it; `undefined` when there is none. */
  get anchorReference(): DeepReadonly<Reference> | undefined {
    return this.#anchor('reference');
  }

  /** The patient, where the context holds one. */
  get patient(): DeepReadonly<Patient> | undefined {
    return this.resources('patient', 'Patient')[0];
  }

  /** The encounter, where the context holds one. */
  get encounter(): DeepReadonly<Encounter> | undefined {
    return this.resources('encounter', 'Encounter')[0];
  }

  /** The first imaging study, where the context holds one. */
  get study(): DeepReadonly<ImagingStudy> | undefined {
    return this.studies[0];
  }

  /** Every imaging study. */
  get studies(): readonly DeepReadonly<ImagingStudy>[] {
    return this.resources('study', 'ImagingStudy');
  }

  /** The diagnostic report, where the context holds one. */
  get report(): DeepReadonly<DiagnosticReport> | undefined {
    return this.resources('report', 'DiagnosticReport')[0];
  }

  /** The shared content (STU3, content sharing), where the context holds it. */
  get content(): DeepReadonly<Bundle> | undefined {
    return this.resources('content', 'Bundle')[0];
  }

  /** What went wrong, in a SyncError. */
  get operationOutcome(): DeepReadonly<OperationOutcome> | undefined {
    return this.resources('operationoutcome', 'OperationOutcome')[0];
  }

  /** The parameters of a UserLogout or a UserHibernate (STU3), where the context holds them. */
  get parameters(): DeepReadonly<Parameters> | undefined {
    return this.resources('parameters', 'Parameters')[0];
  }
}
