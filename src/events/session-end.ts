import type { Parameters } from 'fhir/r4.js';
import type { DeepReadonly } from './read-only.ts';

/**
 * Why a user's session ended, or sleeps: the codes of STU3, to which apps may add. The code alone counts: the code systems that
 * the specification's examples name do not exist.
 */
export type ReasonCode = 'user-initiated' | 'system-timeout' | 'system-initiated' | (string & {});

/** The names of the events that have a reason. */
export const SESSION_ENDS = /^User(?:Logout|Hibernate)$/;

/** What a parameter may hold. Nothing of it can be relied on. */
interface Said {
  readonly name?: unknown;
  readonly valueCoding?: { readonly code?: unknown } | null;
  readonly valueCode?: unknown;
  readonly valueBoolean?: unknown;
}

/** How many parameters are looked at. The profiles have two. */
const MOST_PARAMETERS = 64;
/** In characters. What is longer is no code. */
const LONGEST_CODE = 128;

const parameterOf = (parameters: DeepReadonly<Parameters> | undefined, name: string): Said | undefined => {
  const all: unknown = parameters?.parameter;
  const read: readonly (Said | null)[] = Array.isArray(all) ? all.slice(0, MOST_PARAMETERS) : [];
  return read.find((one) => one?.name === name) ?? undefined;
};

/**
 * Reads the reason of a UserLogout or a UserHibernate.
 *
 * @param parameters the resource under `parameters`
 * @returns `undefined` where it says none
 */
export function reasonCodeOf(parameters: DeepReadonly<Parameters> | undefined): ReasonCode | undefined {
  const said = parameterOf(parameters, 'code');
  const code = said?.valueCoding?.code ?? said?.valueCode;
  return typeof code === 'string' && code !== '' && code.length <= LONGEST_CODE ? code : undefined;
}

/**
 * Whether the system that hosts the hub hibernates with the user.
 *
 * @param parameters the resource under `parameters`
 */
export const hubHibernatesBy = (parameters: DeepReadonly<Parameters> | undefined): boolean =>
  parameterOf(parameters, 'hub')?.valueBoolean === true;

/**
 * Where parameters deviate from the profiles of STU3 (UserLogout, UserHibernate).
 *
 * @param parameters the resource under `parameters`
 */
export function parameterDeviations(parameters: DeepReadonly<Parameters>): readonly string[] {
  const isCoding = parameterOf(parameters, 'code')?.valueCoding && reasonCodeOf(parameters) !== undefined;
  const hub = parameterOf(parameters, 'hub');
  return [
    ...(isCoding ? [] : ['parameters: code is no coding']),
    ...(hub && typeof hub.valueBoolean !== 'boolean' ? ['parameters: hub is no boolean'] : []),
  ];
}
