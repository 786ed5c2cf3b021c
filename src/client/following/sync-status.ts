import type { FhircastEvent } from '../../events/event.ts';
import { unref } from '../../timers.ts';
import type { ClientState } from '../connection/state.ts';

/** An app that does not show the current context. */
export interface Refusal {
  /** Its `subscriber.name`, where it is known. */
  readonly subscriber: string | undefined;
  /** Whether it is this very app. */
  readonly isSelf: boolean;
  /** Its reason, for people to read. */
  readonly diagnostics: string | undefined;
}

/** Whether the session is in step, as far as this app can know. */
export type SyncStatus = {
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
} & (
  | {
      /** `client.context` is the hub's, and nobody objected to it. */
      readonly state: 'in-sync';
    }
  | {
      /** `client.context` may be older than the hub's: what was missed is being asked for. */
      readonly state: 'behind';
    }
  | {
      /** `client.context` is the hub's, and somebody shows another one. */
      readonly state: 'refused';
      /** Who does not follow; the first is the one that was heard first. */
      readonly by: readonly Refusal[];
    }
  | {
      /** Nothing is known of what goes on: the connection was lost, or there is no subscription. */
      readonly state: 'disconnected';
    }
);

/** A subscriber has 10 seconds to object (STU3, Event Notification Response), and its objection has to travel. */
export const OBJECTION_WITHIN_MS = 12_000;

/** Keeps {@link SyncStatus} up to date, and tells of its changes. */
export class SyncTracker {
  readonly #changed: (status: SyncStatus) => void;
  readonly #subscriberName: string;
  #status: SyncStatus = { state: 'disconnected', since: Date.now() };
  #connection: 'up' | 'down' = 'down';
  #catchingUp = true;
  #refusals: readonly Refusal[] = [];
  /** The event that made the context to which refusals refer, under every id that it was sent with. */
  #eventIds: readonly string[] = [];
  #silence: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param subscriberName this app's own
   * @param changed called after every change
   */
  constructor(subscriberName: string, changed: (status: SyncStatus) => void) {
    this.#subscriberName = subscriberName;
    this.#changed = changed;
  }

  get status(): SyncStatus {
    return this.#status;
  }

  /** The client went into a state. */
  entered(state: ClientState): void {
    this.#connection = state === 'active' ? 'up' : 'down';
    if (state !== 'active') this.#catchingUp = true;
    this.#update();
  }

  /** It is not known whether something was missed. */
  behind(): void {
    this.#catchingUp = true;
    this.#update();
  }

  /** Nothing was missed. */
  caughtUp(): void {
    this.#catchingUp = false;
    this.#update();
  }

  /** The context changed: whoever refused the one before is asked anew. */
  contextChanged(event: FhircastEvent): void {
    clearTimeout(this.#silence);
    this.#eventIds = [event.id];
    this.#refusals = [];
    this.#update();
  }

  /** Somebody did not follow, or several. */
  objected({ syncErrors }: FhircastEvent): void {
    for (const { eventId, subscriber, diagnostics } of syncErrors) {
      // What is said of an earlier context is over with it.
      const isOver = eventId !== undefined && this.#eventIds.length > 0 && !this.#eventIds.includes(eventId);
      if (!isOver) this.#refuse({ subscriber, isSelf: subscriber === this.#subscriberName, diagnostics });
    }
  }

  /** This app did not follow an event. */
  refusedByUs(event: FhircastEvent, diagnostics: string | undefined): void {
    if (!this.#eventIds.includes(event.id)) return;
    this.#refuse({ subscriber: this.#subscriberName, isSelf: true, diagnostics });
  }

  /** The same context was sent again because somebody did not follow. Who is silent now, follows. */
  sentAgain(eventId: string): void {
    if (!this.#eventIds.includes(eventId)) this.#eventIds = [...this.#eventIds, eventId];
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#refusals = [];
      this.#update();
    }, OBJECTION_WITHIN_MS);
    unref(this.#silence);
  }

  /** Nothing is told any more. */
  close(): void {
    clearTimeout(this.#silence);
  }

  #refuse(refusal: Refusal): void {
    clearTimeout(this.#silence);
    const others = this.#refusals.filter(({ subscriber }) => subscriber !== refusal.subscriber);
    const known = this.#refusals.find(({ subscriber }) => subscriber === refusal.subscriber);
    // The app's own words say more than the hub's about them.
    const diagnostics = known?.diagnostics && known.isSelf ? known.diagnostics : refusal.diagnostics;
    this.#refusals = [...others, { ...refusal, diagnostics }];
    this.#update(true);
  }

  #update(isNews = false): void {
    const state =
      this.#connection === 'down'
        ? 'disconnected'
        : this.#catchingUp
          ? 'behind'
          : this.#refusals.length > 0
            ? 'refused'
            : 'in-sync';
    if (state === this.#status.state && !(isNews && state === 'refused')) return;
    const since = state === this.#status.state ? this.#status.since : Date.now();
    this.#status = state === 'refused' ? { state, since, by: this.#refusals } : { state, since };
    this.#changed(this.#status);
  }
}
