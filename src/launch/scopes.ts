import { canonicalName } from '../events/names.ts';

/** What an app may do with an event: be told of it, bring it about, or both. */
export type ScopeAccess = 'read' | 'write' | '*';

/**
 * The scopes to ask for at launch (STU3, FHIRcast Scopes). `fhircast` is in it for hubs of the January 2019 draft, which know
 * no other.
 *
 * @param names the events, in any published spelling; `*` for all
 * @param access what the app does: `read` to follow, `write` to change the context, `*` for both
 */
export function fhircastScopes(names: readonly string[], access: ScopeAccess): string {
  return ['fhircast', ...new Set(names.map((name) => `fhircast/${canonicalName(name)}.${access}`))].join(' ');
}

/**
 * The events that a granted scope does not cover.
 *
 * @param scope the granted scopes, separated by spaces
 * @param names canonical names
 * @param access what the app does with them
 */
export function uncovered(scope: string, names: readonly string[], access: 'read' | 'write'): readonly string[] {
  const grants = scope.split(/\s+/).map((item) => /^fhircast(?:\/(.+)\.(read|write|\*))?$/i.exec(item));
  const namesEvents = grants.some((grant) => grant?.[1] !== undefined);
  return names.filter(
    (name) =>
      !grants.some((grant) => {
        if (!grant) return false;
        const [, event, granted] = grant;
        // The bare scope is the draft's: it covers everything, unless a hub that knows events granted some of them.
        if (event === undefined) return !namesEvents;
        return (
          (event === '*' || canonicalName(event) === name) && (granted === '*' || granted?.toLowerCase() === access)
        );
      }),
  );
}
