import type { Patient } from 'fhir/r4.js';
import type { DeepReadonly } from '../events/read-only.ts';
import type { CheckedName, EventName } from '../events/types.ts';
import { useSource } from './provider.ts';
import { useShown } from './use-shown-context.ts';

const PATIENT_EVENTS = ['Patient-open', 'Patient-close'] as const;

/**
 * The patient that this app shows.
 *
 * @param events what to ask the hub for: `Patient-open` and `Patient-close` by default. See `useShownContext()`.
 * @returns `null` where none is shown; `undefined` while that is not known
 * @throws Error where there is no provider
 * @example
 * ```tsx
 * const patient = usePatient();
 * return <h1>{patient?.name?.[0]?.text ?? 'No chart open'}</h1>;
 * ```
 */
export function usePatient<const N extends EventName = never>(
  events?: readonly (N & CheckedName<N>)[],
): DeepReadonly<Patient> | null | undefined {
  const shown = useShown(useSource('usePatient()'), events ?? PATIENT_EVENTS);
  return shown === undefined ? undefined : (shown?.patient ?? null);
}
