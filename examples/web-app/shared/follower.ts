import type { FhircastClient, FhircastEvent } from 'fhircast-client';
import { type EventLine, type EventOutcome, NOTHING_YET, type PaneState } from './pane-state.ts';
import { type PatientSummary, summarize } from './patient.ts';

/** How many events a pane lists. */
const LISTED = 12;

/** What a follower needs beside its client. */
export interface FollowerOptions {
  /** Called after every change of the state. */
  changed(state: PaneState): void;
  /** Why the app does not follow at the moment; `undefined` when it does. */
  refusal?: () => string | undefined;
}

/** Follows a session with a client, in a page or on a server, and keeps what a pane shows of it. */
export class Follower {
  readonly client: FhircastClient;
  readonly #options: FollowerOptions;
  /** Why this app refused, by the id of the event, until everybody is told. */
  readonly #refusals = new Map<string, string>();
  #state = NOTHING_YET;
  #lines = 0;
  #followed = 0;

  constructor(client: FhircastClient, options: FollowerOptions) {
    this.client = client;
    this.#options = options;

    client.on('patient-open-chart', (event) => {
      const patient = summarize(event.patient);
      this.#follow(event, patient, patient.name);
    });
    client.on('patient-close-chart', (event) => {
      const closed = event.patient && summarize(event.patient);
      const isShown = !closed || closed.id === this.#state.patient?.id;
      this.#follow(event, isShown ? null : this.#state.patient, closed?.name ?? 'the open chart');
    });
    client.on('syncerror', (event) => {
      const { eventId = '', subscriber = 'An application', diagnostics = 'It did not follow.' } = event.syncError;
      const refusal = this.#refusals.get(eventId);
      this.#refusals.delete(eventId);
      this.#update({ outOfStep: { subscriber, detail: refusal ?? diagnostics, isSelf: refusal !== undefined } });
      this.#note({ name: event.hubEvent, detail: `${subscriber} is out of step`, outcome: 'sync error' });
    });

    client.on('state', ({ state }) => this.#update({ connection: state }));
    client.on('subscribed', ({ channel }) => this.#update({ channel }));
    client.on('error', (error) => this.#note({ name: error.code, detail: error.message, outcome: 'problem' }));
  }

  /** What the pane shows. */
  get state(): PaneState {
    return this.#state;
  }

  /** Asks the hub for the current context, and shows it: for an app that has not followed for a while. */
  async catchUp(): Promise<void> {
    const followed = this.#followed;
    const context = await this.client.getCurrentContext();
    // An event that came before the answer is newer than it, and a chart that is held again stays.
    if (this.#followed !== followed || this.#options.refusal?.()) return;
    const patient = context?.patient ? summarize(context.patient) : null;
    this.#update({ patient, outOfStep: null });
    this.#note({ name: 'current context', detail: patient?.name ?? 'no chart is open', outcome: 'caught up' });
  }

  #follow(event: FhircastEvent, patient: PatientSummary | null, detail: string): void {
    const refusal = this.#options.refusal?.();
    const line = { name: event.hubEvent, detail };
    if (refusal) {
      event.refuse(refusal);
      this.#refusals.set(event.id, refusal);
      this.#note({ ...line, outcome: 'refused' });
      return;
    }
    this.#followed += 1;
    this.#update({ patient, outOfStep: null });
    this.#note({ ...line, outcome: outcomeOf(event) });
  }

  #note(line: Omit<EventLine, 'key' | 'at'>): void {
    this.#lines += 1;
    const events = [{ key: String(this.#lines), at: Date.now(), ...line }, ...this.#state.events].slice(0, LISTED);
    this.#update({ events });
  }

  #update(change: Partial<PaneState>): void {
    this.#state = { ...this.#state, ...change };
    this.#options.changed(this.#state);
  }
}

/** An app that joins late is told of the chart that is open: by the hub, or because the SDK has asked. */
function outcomeOf({ isEcho, source }: FhircastEvent): EventOutcome {
  if (isEcho) return 'own change';
  return source === 'resync' ? 'caught up' : 'followed';
}
