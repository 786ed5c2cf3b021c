import type { Conferences } from './conferences.ts';
import type { HubEvent } from './hub-event.ts';
import type { LastContexts } from './last-contexts.ts';
import type { DeliveryAnswer } from './session.ts';
import type { Subscription } from './subscription.ts';

/** A subscription, and the way to tell it of an event. */
export interface Member {
  readonly subscription: Subscription;
  deliver(event: HubEvent): Promise<DeliveryAnswer>;
}

/** What all sessions of a hub share. */
export interface HubShared {
  readonly contexts: LastContexts;
  readonly conferences: Conferences;
  /** The last answer to a verification that was a success. */
  lastVerification: { status: number; body: string } | undefined;
  /** By what the hub crashed, if it did. */
  readonly crashed: string | undefined;
  /** Every subscription of the hub, the oldest first. */
  everybody(): Member[];
  /** Ends the hub as a process ends that dies. Does nothing the second time. */
  crash(by: string): void;
}
