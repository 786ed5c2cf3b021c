import type { ChannelType, ClientState, SyncStatus } from 'fhircast-client';
import type { PatientSummary } from './patient.ts';

/** What became of an event here. */
export type EventOutcome = 'followed' | 'refused' | 'own change' | 'caught up' | 'sync error' | 'problem';

/** One line of a pane's list of events. */
export interface EventLine {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The event's name as it was spelt on the wire, or the code of an error. */
  readonly name: string;
  readonly detail: string;
  readonly outcome: EventOutcome;
}

/** What a pane shows. Plain data: it goes from a server to its page as JSON. */
export interface PaneState {
  readonly connection: ClientState;
  readonly channel: ChannelType | undefined;
  readonly sync: SyncStatus;
  readonly patient: PatientSummary | null;
  /** How often a change of this app has been sent again that somebody does not follow; `null` when it is not. */
  readonly sentAgain: number | null;
  /** The newest first. */
  readonly events: readonly EventLine[];
}

/** Before anything has happened. */
export const NOTHING_YET: PaneState = {
  connection: 'idle',
  channel: undefined,
  sync: { state: 'disconnected', reason: 'not-subscribed', since: 0, objections: 'unheard' },
  patient: null,
  sentAgain: null,
  events: [],
};
