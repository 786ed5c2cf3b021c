import type { Patient } from 'fhir/r4';
import type { FhircastClient, FhircastEvent, Resending, SyncStatus } from 'fhircast-client';
import { type EventLine, type EventOutcome, NOTHING_YET, type PaneState } from './pane-state.ts';
import { summarize } from './patient.ts';

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
  #state = NOTHING_YET;
  #lines = 0;
  #followed = 0;
  /** What this app refused last, it has shown since, for it has asked the hub. */
  #hasCaughtUp = false;
  /** The change of this app that is sent again. */
  #resending: Resending | undefined;

  constructor(client: FhircastClient, options: FollowerOptions) {
    this.client = client;
    this.#options = options;

    client.on('patient-open-chart', (event) => this.#follow(event, summarize(event.patient).name));
    client.on('patient-close-chart', (event) =>
      this.#follow(event, event.patient ? summarize(event.patient).name : 'the open chart'),
    );
    client.subscribe(() => this.#show());
    // `sync` counts who objects. The hub sends objections only to those who listen.
    client.on('syncerror', ({ hubEvent, syncError: { subscriber = 'An application' } }) => {
      this.#note({ name: hubEvent, detail: `${subscriber} is out of step`, outcome: 'sync error' });
    });

    client.on('sync', (sync) => this.#update({ sync: this.#hasCaughtUp ? withoutUs(sync) : sync }));
    client.on('resend', (resending) => this.#showResending(resending));
    client.on('state', ({ state }) => this.#update({ connection: state }));
    client.on('subscribed', ({ channel }) => this.#update({ channel }));
    client.on('error', (error) => this.#note({ name: error.code, detail: error.message, outcome: 'problem' }));
  }

  /** What the pane shows. */
  get state(): PaneState {
    return this.#state;
  }

  /**
   * Opens or closes a chart for everybody. When somebody does not follow, the SDK sends it again: the pane says so.
   *
   * @returns why the hub refused it; `undefined` when it did not
   */
  async change(name: 'Patient-open' | 'Patient-close', patient: Patient): Promise<string | undefined> {
    const change = await this.client.requestContextChange(name, { patient });
    if (!change.accepted) return change.reason;
    void change.outcome.then((outcome) => {
      if (outcome.kind === 'sync-error' && outcome.resending) this.#showResending(outcome.resending);
    });
    return undefined;
  }

  /** Sends the change that somebody does not follow no more. */
  stopAsking(): void {
    this.#resending?.stop();
  }

  /** Asks the hub for the current context, and shows it: for an app that has not followed for a while. */
  async catchUp(): Promise<void> {
    const followed = this.#followed;
    const context = await this.client.getCurrentContext();
    // An event that came before the answer is newer than it, and a chart that is held again stays.
    if (this.#followed !== followed || this.#options.refusal?.()) return;
    const patient = context?.patient ? summarize(context.patient) : null;
    this.#hasCaughtUp = true;
    this.#update({ patient, sync: withoutUs(this.client.syncStatus) });
    this.#note({ name: 'current context', detail: patient?.name ?? 'no chart is open', outcome: 'caught up' });
  }

  /** Shows what the SDK says that this app shows: never a chart that it refused, unless it has caught up since. */
  #show(): void {
    const { shown, context } = this.client;
    const patient = (this.#hasCaughtUp ? context.current : shown)?.patient;
    if (patient?.id !== this.#state.patient?.id) this.#update({ patient: patient ? summarize(patient) : null });
  }

  #follow(event: FhircastEvent, detail: string): void {
    const refusal = this.#options.refusal?.();
    const line = { name: event.hubEvent, detail };
    if (refusal) {
      event.refuse(refusal);
      this.#hasCaughtUp = false;
      this.#note({ ...line, outcome: 'refused' });
      return;
    }
    this.#followed += 1;
    this.#note({ ...line, outcome: outcomeOf(event) });
  }

  #showResending(resending: Resending): void {
    this.#resending = resending;
    this.#update({ sentAgain: resending.attempts });
    void resending.outcome.then(() => {
      if (this.#resending !== resending) return;
      this.#resending = undefined;
      this.#update({ sentAgain: null });
    });
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

/** The others hear that this app follows after all when the change is sent again. Its own user need not wait for that. */
function withoutUs(sync: SyncStatus): SyncStatus {
  if (sync.state !== 'refused') return sync;
  const by = sync.by.filter(({ isSelf }) => !isSelf);
  return by.length > 0 ? { ...sync, by } : { state: 'in-sync', since: Date.now(), objections: sync.objections };
}

/** An app that joins late is told of the chart that is open: by the hub, or because the SDK has asked. */
function outcomeOf({ isEcho, source }: FhircastEvent): EventOutcome {
  if (isEcho) return 'own change';
  return source === 'resync' ? 'caught up' : 'followed';
}
