import type { Bundle, Reference } from 'fhir/r4.js';
import { ContextResources } from './context.ts';
import { eventParts } from './definitions.ts';
import type { Notification } from './notification.ts';
import { type DeepReadonly, deepFreeze } from './read-only.ts';
import { selectedIn } from './selected.ts';
import { hubHibernatesBy, type ReasonCode, reasonCodeOf, SESSION_ENDS } from './session-end.ts';
import { firstSyncError, readSyncErrors, type SyncErrorDetails } from './sync-error.ts';

/** What a listener's decision does to the answer that the hub gets. */
export interface EventDecision {
  /** Holds the answer back until the promise settles. */
  waitUntil(promise: PromiseLike<unknown>): void;
  /** Makes the answer a refusal. */
  refuse(reason: string): void;
}

/** Where an event came from. */
export interface EventOrigin {
  /** `hub` for an event that the hub sent; `resync` for one that was found by asking for the current context. */
  readonly source: 'hub' | 'resync';
  /** Whether the event is our own change coming back. */
  readonly isEcho: boolean;
  /** Whether the event is about the current context. */
  readonly isCurrent: boolean;
}

/**
 * An event of the session. A listener decides what the hub is told: returning answers 200, {@link FhircastEvent.waitUntil}
 * answers when its promise settles, {@link FhircastEvent.refuse} answers 409, and a throw answers 500.
 */
export class FhircastEvent extends ContextResources {
  /** The event's one name: STU3's spelling for the catalogue, lower case for all others (`medication-open`). */
  readonly name: string;
  /** The name as the hub spelt it. */
  readonly hubEvent: string;
  /** The event's identifier; a repeated delivery has the same. */
  readonly id: string;
  /** When the event happened, as the hub wrote it. */
  readonly timestamp: string;
  /** When the event happened, in milliseconds since 1970; `undefined` when the hub's text cannot be read. */
  readonly time: number | undefined;
  /** The session, as the hub wrote it. */
  readonly topic: string;
  /** The version of the context after this event (STU3, content sharing). */
  readonly versionId: string | undefined;
  /** The version of the context before this event (STU3, content sharing). */
  readonly priorVersionId: string | undefined;
  /** Whether the event is our own change coming back. */
  readonly isEcho: boolean;
  /**
   * Whether the event is about the current context: the one that it opened or closed, or whose content it changes or selects. Content
   * of a context may be changed that is open and not current. `false` for an event that is about no resource.
   */
  readonly isCurrent: boolean;
  /** Where the event came from. */
  readonly source: 'hub' | 'resync';
  readonly #raw: unknown;
  readonly #decision: EventDecision;
  #syncErrors: readonly SyncErrorDetails[] | undefined;

  constructor(notification: Notification, origin: EventOrigin, decision: EventDecision) {
    super(notification.context);
    this.name = notification.name;
    this.hubEvent = notification.hubEvent;
    this.id = notification.id;
    this.timestamp = notification.timestamp;
    this.time = notification.time;
    this.topic = notification.topic;
    this.versionId = notification.versionId;
    this.priorVersionId = notification.priorVersionId;
    this.#raw = notification.raw;
    this.isEcho = origin.isEcho;
    this.isCurrent = origin.isCurrent;
    this.source = origin.source;
    this.#decision = decision;
    // What one listener does to it, another one must not see.
    Object.freeze(this);
  }

  /** The message as it was parsed. It is frozen. */
  get raw(): unknown {
    return deepFreeze(this.#raw);
  }

  protected override get anchorType(): string | undefined {
    return eventParts(this.name)?.resource;
  }

  /**
   * What an update changes (STU3, content sharing), under whichever key its sender writes it: a Bundle with what is put and what is
   * deleted. `undefined` for every other event.
   */
  get updates(): DeepReadonly<Bundle> | undefined {
    if (eventParts(this.name)?.verb !== 'update') return undefined;
    return this.resources('updates', 'Bundle')[0] ?? this.content;
  }

  /** What a select event selects, in one form whichever text its sender follows. Empty where nothing is, and for every other event. */
  get selected(): readonly DeepReadonly<Reference>[] {
    return eventParts(this.name)?.verb === 'select' ? selectedIn(this.context) : [];
  }

  /**
   * Answers the hub when the promise settles: 200 when it is fulfilled, 500 when it is rejected. After 8 seconds the hub is
   * told 202, and a later rejection becomes a SyncError. A listener that returns a promise does the same.
   *
   * @param promise what the app still has to do to follow
   */
  waitUntil(promise: PromiseLike<unknown>): void {
    this.#decision.waitUntil(promise);
  }

  /**
   * Tells the hub that this app does not follow: 409, or a SyncError when the hub has already been answered.
   *
   * @param reason text for the users of the other apps. Only a SyncError carries it: a 409 has no place for it. It must not
   *   hold protected health information
   */
  refuse(reason: string): void {
    this.#decision.refuse(reason);
  }

  /** What a SyncError says first; `undefined` for every other event. */
  get syncError(): SyncErrorDetails | undefined {
    return this.name === 'SyncError' ? firstSyncError(this.syncErrors) : undefined;
  }

  /** All that a SyncError says, one for each subscriber that did not follow, 256 at most; empty for every other event. */
  get syncErrors(): readonly SyncErrorDetails[] {
    this.#syncErrors ??= this.name === 'SyncError' ? readSyncErrors(this.operationOutcome) : [];
    return this.#syncErrors;
  }

  /**
   * Why the user's session ended or sleeps, in a UserLogout or a UserHibernate; `undefined` where it does not say, as before
   * STU3, and for every other event.
   */
  get reasonCode(): ReasonCode | undefined {
    return SESSION_ENDS.test(this.name) ? reasonCodeOf(this.parameters) : undefined;
  }

  /** Whether the system that hosts the hub hibernates, in a UserHibernate; `false` where it does not say, and otherwise. */
  get hubHibernates(): boolean {
    return this.name === 'UserHibernate' && hubHibernatesBy(this.parameters);
  }
}
