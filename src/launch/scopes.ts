import { FhircastError } from '../errors/errors.ts';
import { isKnownName } from '../events/known-names.ts';
import { canonicalName } from '../events/names.ts';
import type { DialectName } from '../hub/dialect.ts';
import { dialectOf } from '../hub/versions.ts';

/** An app has fewer events. */
const MOST_WARNED = 256;

/** What an app may do with an event: be told of it, bring it about, or both. */
export type ScopeAccess = 'read' | 'write' | '*';

const warned = /* @__PURE__ */ new Set<string>();

/** There is no client yet that could tell, so it is written where developers look, once for each name. */
const warnOfUnknown = (name: string): void => {
  if (isKnownName(name) || warned.has(name) || warned.size > MOST_WARNED) return;
  warned.add(name);
  console.warn(`fhircast-client: ${new FhircastError('event-unknown', { at: name.slice(0, 128) }).message}`);
};

/**
 * The scopes to ask for at launch (STU3, FHIRcast Scopes).
 *
 * @param names the events, in any published spelling; `*` for all
 * @param access what the app does: `read` to follow, `write` to change the context, `*` for both
 * @param version which FHIRcast the EHR speaks. The draft and the ballot know the bare scope `fhircast` alone, which others may
 *   refuse; names are spelt as the version does
 * @throws FhircastError `option-invalid` when there is no such version
 */
export function fhircastScopes(names: readonly string[], access: ScopeAccess, version: DialectName = 'stu3'): string {
  const dialect = dialectOf(version);
  if (version === 'draft' || version === 'ballot') return 'fhircast';
  for (const name of names) warnOfUnknown(canonicalName(name));
  const spelt = names.flatMap((name) => dialect.spell(canonicalName(name)).slice(0, 1));
  return [...new Set(spelt.map((name) => `fhircast/${name}.${access}`))].join(' ');
}

/** More than any server grants. In characters. */
const SCOPE_LIMIT = 64 * 1024;

/** Whether a name is of a pattern, in which `*` stands for anything. One pass: what is granted may be made to be hard to read. */
const isOf = (pattern: string, name: string): boolean => {
  const [start = '', ...rest] = pattern.split('*');
  const end = rest.pop();
  if (end === undefined) return pattern === name;
  if (!name.startsWith(start) || name.length < start.length + end.length || !name.endsWith(end)) return false;
  const middle = name.slice(start.length, name.length - end.length);
  let at = 0;
  return rest.every((part) => {
    const found = middle.indexOf(part, at);
    at = found + part.length;
    return found >= 0;
  });
};

/** An event and what may be done with it; no event for the bare scope. */
interface ScopeGrant {
  readonly event: string | undefined;
  readonly access: string;
}

const grantOf = (item: string): readonly ScopeGrant[] => {
  const scope = item.toLowerCase();
  if (scope === 'fhircast') return [{ event: undefined, access: '*' }];
  const dot = scope.lastIndexOf('.');
  if (!scope.startsWith('fhircast/') || dot < 0) return [];
  const [event, access] = [scope.slice('fhircast/'.length, dot), scope.slice(dot + 1)];
  return event !== '' && ['read', 'write', '*'].includes(access) ? [{ event, access }] : [];
};

/**
 * The events that a granted scope does not cover. A grant may have wildcards: `fhircast/*.read`, and in STU1 and STU2 for a part of
 * a name (`fhircast/patient-*.*`).
 *
 * @param scope the granted scopes, separated by spaces
 * @param names canonical names
 * @param access what the app does with them
 */
export function uncovered(scope: string, names: readonly string[], access: 'read' | 'write'): readonly string[] {
  const grants = [...new Set(scope.slice(0, SCOPE_LIMIT).split(/\s+/))].flatMap(grantOf);
  const namesEvents = grants.some(({ event }) => event !== undefined);
  const covers = (name: string) => (grant: ScopeGrant) => {
    const { event } = grant;
    // The bare scope is the draft's: it covers everything, unless a hub that knows events granted some of them.
    if (event === undefined) return !namesEvents;
    if (grant.access !== '*' && grant.access !== access) return false;
    return canonicalName(event) === name || isOf(event, name.toLowerCase());
  };
  return names.filter((name) => !grants.some(covers(name)));
}
