import type { PaneState } from '../shared/pane-state.ts';
import type { PatientSummary } from '../shared/patient.ts';

/** An application in the session. */
export interface Application {
  readonly name: string;
  readonly channel: string;
}

/** What the EHR's page shows. */
export interface EhrState extends PaneState {
  readonly patients: readonly PatientSummary[];
  readonly applications: readonly Application[];
}

/**
 * What the EHR's page asks for: to open a chart or to close the one that is open, to send no more what somebody does not follow,
 * or to make the hub lose its websockets for a while.
 */
export type EhrCommand = { readonly open: string } | { readonly close: string } | { readonly do: 'stop' | 'cut' };
