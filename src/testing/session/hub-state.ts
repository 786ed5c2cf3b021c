import type { DeliveryAnswer } from '../ground/delivery.ts';
import type { HubEvent } from '../ground/hub-event.ts';
import type { HubTraits } from '../ground/traits.ts';
import type { Subscription } from '../subscriptions/hub-subscription.ts';
import type { VerificationMemory } from '../subscriptions/verification.ts';
import { Conferences } from './conferences.ts';
import { LastContexts } from './last-contexts.ts';

/** A subscription, and the way to tell it of an event. */
export interface Member {
  readonly subscription: Subscription;
  deliver(event: HubEvent): Promise<DeliveryAnswer>;
}

/** What all sessions of a hub share. */
export interface HubShared extends VerificationMemory {
  readonly contexts: LastContexts;
  readonly conferences: Conferences;
  /** By what the hub crashed, if it did. */
  readonly crashed: string | undefined;
  /** Every subscription of the hub, the oldest first. */
  everybody(): Member[];
  /** Forgets what a restart forgets. */
  forget(): void;
}

/**
 * What the sessions of one hub share.
 *
 * @param hub `members`: the subscriptions of all sessions; `crashed`: called once, to end everything
 */
export function newHubShared(traits: HubTraits, hub: { members(): Member[]; crashed(by: string): void }): HubShared {
  let crashed: string | undefined;
  return {
    contexts: new LastContexts(traits),
    conferences: new Conferences(),
    lastVerification: undefined,
    get crashed() {
      return crashed;
    },
    everybody: () => hub.members().sort((one, other) => one.subscription.number - other.subscription.number),
    crash(by) {
      if (crashed !== undefined) return;
      crashed = by;
      hub.crashed(by);
    },
    forget() {
      this.contexts.clear();
      this.conferences.clear();
      this.lastVerification = undefined;
    },
  };
}
