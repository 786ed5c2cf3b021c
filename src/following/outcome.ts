import type { FhircastEvent } from '../events/event.ts';

/** What the silence of others is worth. */
interface Hearing {
  /**
   * Whether an objection would have been heard. `unheard` where the hub has no `SyncError`, did not grant it or was not asked for
   * it, or where the connection was lost meanwhile: then nobody knows whether the others follow.
   */
  readonly objections: 'heard' | 'unheard';
}

/** The change came back from the hub, and no objection was heard in time. */
export interface ChangeFollowed extends Hearing {
  /** What became of the change. */
  readonly kind: 'followed';
  /** The change as it came back. */
  readonly event: FhircastEvent;
}

/** An app did not follow, or the hub took its acceptance back. */
export interface ChangeNotFollowed {
  /** What became of the change. */
  readonly kind: 'sync-error';
  /** Who did not follow, by its `subscriber.name`. */
  readonly subscriber: string | undefined;
  /** Text for humans. */
  readonly diagnostics: string | undefined;
  /** The SyncError. */
  readonly event: FhircastEvent;
  /** The change is sent again; `undefined` where it is not, because the app does not want it or it has been tried enough. */
  readonly resending: Resending | undefined;
}

/** A newer context came before anything was heard of the change. */
export interface ChangeOvertaken {
  /** What became of the change. */
  readonly kind: 'overtaken';
  /** The event that made the newer context. */
  readonly event: FhircastEvent;
}

/** Nothing was heard of the change in time, or this client is not subscribed to its event. */
export interface ChangeUnknown extends Hearing {
  /** What became of the change. */
  readonly kind: 'unknown';
}

/** What became of a context change that the hub had accepted. */
export type ContextChangeOutcome = ChangeFollowed | ChangeNotFollowed | ChangeOvertaken | ChangeUnknown;

/** A change that is sent again because somebody did not follow it (STU3, Request Context Change). */
export interface Resending {
  /** The event's canonical name. */
  readonly name: string;
  /** Who did not follow last, by its `subscriber.name`. */
  readonly subscriber: string | undefined;
  /** How often the change has been sent again. */
  readonly attempts: number;
  /** What became of it in the end. Never rejects. */
  readonly outcome: Promise<ContextChangeOutcome>;
  /** Sends it no more. */
  stop(): void;
}

/** The hub took the change, which does not yet mean that anybody follows. */
export interface ChangeAccepted {
  /** Whether the hub took the change. */
  readonly accepted: true;
  /** The event's identifier. */
  readonly id: string;
  /** The HTTP status. */
  readonly status: number;
  /** What became of it among the other apps. Settles within 12 seconds, and never rejects. */
  readonly outcome: Promise<ContextChangeOutcome>;
}

/** The hub refused the change. */
export interface ChangeRefused {
  /** Whether the hub took the change. */
  readonly accepted: false;
  /** The event's identifier. */
  readonly id: string;
  /** The HTTP status. */
  readonly status: number;
  /** The hub's text, meant for the developer. */
  readonly reason: string;
}

/** What the hub said to a context change. */
export type ContextChangeResult = ChangeAccepted | ChangeRefused;
