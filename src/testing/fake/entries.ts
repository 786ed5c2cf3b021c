import type { FhirResource } from 'fhir/r4.js';
import type { FakeEntry } from './memory-hub.ts';

/** The keys of anchors that do not have the name of their type. */
const KEYS: Readonly<Record<string, string>> = { DiagnosticReport: 'report', ImagingStudy: 'study' };

/** Under which key an event has a resource of a type. */
export const keyOf = (type: string): string => KEYS[type] ?? type.toLowerCase();

/**
 * The context of an event about these resources.
 *
 * @throws TypeError where one of them is no resource
 */
export function entriesOf(...resources: FhirResource[]): FakeEntry[] {
  return resources.map((resource) => {
    if (typeof resource?.resourceType !== 'string')
      throw new TypeError('Pass resources of FHIR, each with its resourceType.');
    return { key: keyOf(resource.resourceType), resource };
  });
}
