import type { Reference } from 'fhir/r4.js';
import type { ContextEntry } from './context.ts';
import { isObject, text } from './json.ts';
import { type DeepReadonly, deepFreeze } from './read-only.ts';

/** Under these members the texts write what is selected, as one or as a list: 3.0.0, IRA, the ballots of 2024 and of 2022. */
const FORMS = ['reference', 'resource', 'resources', 'select'];

/**
 * What a select event selects (STU3, content sharing), in one form whichever text its sender follows.
 *
 * @param context the event's context. Without any selection in it nothing is selected any more
 * @returns a reference for each; a resource is named by its type and id
 */
export const selectedIn = (context: readonly ContextEntry[]): readonly DeepReadonly<Reference>[] =>
  deepFreeze(
    context
      .filter(({ key }) => /^select$/i.test(key))
      .flatMap((entry) => FORMS.flatMap((form) => entry[form] ?? []))
      .flatMap((one): Reference | Reference[] => {
        if (!isObject(one)) return [];
        const id = text(one.id);
        if (one.resourceType === undefined) return one.reference || one.identifier ? (one as Reference) : [];
        return id ? { reference: `${one.resourceType}/${id}` } : [];
      }),
  );
