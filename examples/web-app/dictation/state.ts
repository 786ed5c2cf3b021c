import type { Patient } from 'fhir/r4';
import type { PaneState } from '../shared/pane-state.ts';

/** What the dictation's page shows. */
export interface DictationState extends PaneState {
  /** While somebody dictates, the app follows nobody to another chart. */
  readonly dictating: boolean;
}

/** What the dictation's page asks its server for. */
export type DictationCommand =
  | { readonly do: 'open'; readonly patient: Patient }
  | { readonly do: 'dictate'; readonly on: boolean }
  | { readonly do: 'stop' }
  | { readonly do: 'leave' };
