import type { DiagnosticReport, FhirResource } from 'fhir/r4.js';
import type { ResourceOf } from '../events/context.ts';
import type { CurrentContext } from '../events/current-context.ts';
import { type DeepReadonly, deepFreeze } from '../events/read-only.ts';
import type { ResourceMap } from './resource-map.ts';
import { keyFor, keyOf, type ResourceName, type SharedResource } from './resource-names.ts';

/**
 * Whether the content is known.
 *
 * - `known`: it is the hub's, in the version that is told.
 * - `fetching`: it may not be; the hub is being asked.
 * - `unknown`: it may not be, and the hub cannot be asked: it tells the content of the current context alone. What was known last is shown.
 * - `unsupported`: the hub does not share the content of this anchor.
 */
export type ContentStatus = 'known' | 'fetching' | 'unknown' | 'unsupported';

/** What a snapshot is made of. */
export interface SnapshotFacts {
  /** The anchor, such as `DiagnosticReport/r1`. */
  readonly anchor: string;
  /** The context as it was opened; `undefined` where its open was missed. */
  readonly context: CurrentContext | undefined;
  /** Whether it is the current context. */
  readonly isCurrent: boolean;
  /** Whether the content is known. */
  readonly status: ContentStatus;
  /** The version on which an update builds; `undefined` where the hub tells none. */
  readonly versionId: string | undefined;
  /** What is selected, as `Observation/o1`. Of known content, what is there. */
  readonly selected: readonly string[];
  /** What was selected before the anchor was opened again or the connection was lost, to be offered to the user. */
  readonly offered: readonly string[];
  /** Whether there was content when the anchor was opened last; `undefined` where nobody can know. */
  readonly isResumed: boolean | undefined;
}

/** The shared content of one anchor at one moment. It is frozen, and stays as it is. */
export class ContentSnapshot implements SnapshotFacts {
  /** The anchor, such as `DiagnosticReport/r1`. */
  declare readonly anchor: string;
  /** The context as it was opened; `undefined` where its open was missed. */
  declare readonly context: CurrentContext | undefined;
  /** Whether it is the current context. */
  declare readonly isCurrent: boolean;
  /** Whether the content is known. */
  declare readonly status: ContentStatus;
  /** The version on which an update builds; `undefined` where the hub tells none. */
  declare readonly versionId: string | undefined;
  /** What is selected, as `Observation/o1`. Of known content, what is there. */
  declare readonly selected: readonly string[];
  /**
   * What was selected before the anchor was opened again or the connection was lost. Ask the user, and pass it to `select()`: it is never
   * sent by itself.
   */
  declare readonly offered: readonly string[];
  /** Whether there was content when the anchor was opened last; `undefined` where nobody can know. */
  declare readonly isResumed: boolean | undefined;
  readonly #resources: ResourceMap;
  readonly #byType = new Map<string, readonly SharedResource[]>();

  /** @internal */
  constructor(facts: SnapshotFacts, resources: ResourceMap) {
    Object.assign(this, facts);
    this.#resources = resources;
    Object.freeze(this);
  }

  /** The report as it is now: as it was changed, or else as it was opened; `undefined` where its anchor is none, or its open was missed. */
  get report(): DeepReadonly<DiagnosticReport> | undefined {
    const { anchor, context } = this;
    const changed = this.get(anchor) as DeepReadonly<DiagnosticReport> | undefined;
    return context?.report && (changed ?? context.report);
  }

  /** How many resources there are. */
  get size(): number {
    return this.#resources.size;
  }

  /**
   * The resources of a type, by their first arrival. What was changed of the context itself, such as the report, is among them.
   *
   * @param type such as `Observation`
   */
  resources<T extends FhirResource['resourceType']>(type: T): readonly ResourceOf<T>[];
  /**
   * The resources of a type of another version of FHIR, such as R5's ImagingSelection; without a type, all of them.
   *
   * @param type such as `ImagingSelection`
   */
  resources(type?: string): readonly SharedResource[];
  resources(type = ''): readonly SharedResource[] {
    const wanted = type.toLowerCase();
    let found = this.#byType.get(wanted);
    if (!found) {
      const all = this.#resources.values().map(({ resource }) => resource);
      found = Object.freeze(
        all
          .filter(({ resourceType }) => type === '' || resourceType.toLowerCase() === wanted)
          .map((resource) => deepFreeze(resource)),
      );
      this.#byType.set(wanted, found);
    }
    return found;
  }

  /**
   * One resource.
   *
   * @param type such as `Observation`
   * @param id its id
   */
  get<T extends FhirResource['resourceType']>(type: T, id: string): ResourceOf<T> | undefined;
  /**
   * One resource by its name.
   *
   * @param name such as `Observation/o1`, or a reference
   */
  get(name: ResourceName): SharedResource | undefined;
  get(name: ResourceName, id?: string): SharedResource | undefined {
    const key = id === undefined ? keyOf(name) : keyFor(name, id);
    return deepFreeze(key === undefined ? undefined : this.#resources.get(key)?.resource);
  }

  /**
   * Whether a resource is selected.
   *
   * @param name such as `Observation/o1`, a reference, or the resource
   */
  isSelected(name: ResourceName): boolean {
    const key = keyOf(name);
    return key !== undefined && this.selected.some((one) => keyOf(one) === key);
  }
}
