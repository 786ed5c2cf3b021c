import type { Denial } from '../channels/callback.ts';
import type { FhircastError } from '../errors/errors.ts';
import type { FhircastEvent } from '../events/event.ts';
import type { CheckedName, EventOf } from '../events/types.ts';
import type { ChannelType } from '../hub/dialect.ts';
import type { ProtocolRecord } from '../hub/protocol-records.ts';
import type { ContextChange } from './context-change.ts';
import type { Resending } from './outcome.ts';
import type { StateChange } from './state.ts';
import type { SyncStatus } from './sync-facts.ts';

/** What the event `subscribed` carries. */
export interface Subscribed {
  /** How events arrive. */
  readonly channel: ChannelType;
  /** The events that were asked for, by their canonical names. */
  readonly requested: readonly string[];
  /** The events that the hub granted, by their canonical names; as asked when the hub did not say. */
  readonly granted: readonly string[];
  /**
   * How long the subscription lasts by the hub's word, in seconds; `undefined` when it did not say. The client may renew it sooner.
   */
  readonly leaseSeconds: number | undefined;
}

/** What a client emits beside the events of the session. */
export interface SessionEvents {
  /** The state changed. */
  state: StateChange;
  /** The contexts of the session changed. The listeners of the event that did it have been called. */
  context: ContextChange;
  /** Whether the session is in step changed. */
  sync: SyncStatus;
  /** A change of this app that somebody did not follow is about to be sent again. */
  resend: Resending;
  /** The hub confirmed a subscription. */
  subscribed: Subscribed;
  /** The hub denied the subscription or ended it. */
  denied: Denial;
  /** Something went wrong, or something was refused. */
  error: FhircastError;
  /** Something deviates or was dropped, and nothing needs to be done. */
  warning: FhircastError;
  /** A message of the protocol went in or out. */
  protocol: ProtocolRecord;
}

/** The names of {@link SessionEvents}. */
export type SessionEventName = keyof SessionEvents;

/** A {@link CheckedName} that may also be of one of the client's own events. */
export type CheckedListenerName<N extends string> = N extends string
  ? Lowercase<N> extends SessionEventName
    ? N
    : CheckedName<N>
  : never;

/** What a listener gets, by the name that it listens to. */
export type ListenerArgument<N extends string> =
  Lowercase<N> extends SessionEventName ? SessionEvents[Lowercase<N>] : N extends '*' ? FhircastEvent : EventOf<N>;

/**
 * A listener. What it does with an event of the session decides what the hub is told: it returns (200), returns a promise
 * (which is {@link FhircastEvent.waitUntil}), refuses (409) or throws (500).
 */
export type Listener<N extends string> = (argument: ListenerArgument<N>) => unknown;

const SESSION_EVENTS: ReadonlySet<string> = /* @__PURE__ */ new Set<SessionEventName>([
  'state',
  'context',
  'sync',
  'resend',
  'subscribed',
  'denied',
  'error',
  'warning',
  'protocol',
]);

/**
 * Whether a name is the client's own and not the hub's.
 *
 * @param name a name in lower case
 */
export const isSessionEvent = (name: string): name is SessionEventName => SESSION_EVENTS.has(name);
