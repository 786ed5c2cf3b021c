import type { DeliveryAnswer } from '../ground/delivery.ts';
import type { HubEvent } from '../ground/hub-event.ts';
import type { HubTraits } from '../ground/traits.ts';
import type { Subscription } from '../subscriptions/hub-subscription.ts';
import type { HubShared, Member } from './hub-state.ts';

/** What became of an event. */
export interface Distribution {
  readonly answers: readonly DeliveryAnswer[];
  /** What the hub stumbled over, so that those after it were told nothing. */
  readonly broken?: string;
}

/** Who is told of an event, in a hub that looks before it tells anybody. */
export function audienceOf(event: HubEvent, own: readonly Member[], { isolation }: HubTraits): Member[] {
  return own.filter(
    ({ subscription }) =>
      subscription.active &&
      subscription.spellingOf(event.name) !== undefined &&
      (isolation !== 'by-topic-text' || subscription.topic === event.topic),
  );
}

/** Tells all of them, at once or one after the other; whoever cannot be reached ends the latter. */
export async function tell(event: HubEvent, audience: readonly Member[], inOrder: boolean): Promise<Distribution> {
  if (!inOrder) return { answers: await Promise.all(audience.map((member) => member.deliver(event))) };
  const answers: DeliveryAnswer[] = [];
  for (const member of audience) {
    const answer = await member.deliver(event);
    answers.push(answer);
    if (answer.status === undefined) return { answers, broken: 'a subscriber out of reach' };
  }
  return { answers };
}

/**
 * Goes through the subscriptions of all sessions as the JavaScript sandbox hubs do: one that should never have been accepted
 * stops everything.
 */
export async function stumble(
  event: HubEvent,
  { everybody, conferences }: HubShared,
  traits: HubTraits,
): Promise<Distribution> {
  const members = everybody();
  const told: Promise<DeliveryAnswer>[] = [];
  let broken = goThrough(members, event, traits, told);
  if (broken === undefined) {
    const attending = conferences.attending(
      event,
      members.map(({ subscription }) => subscription),
    );
    for (const subscription of attending) {
      if (!subscription.wasConnected) {
        broken = 'a subscription without a socket';
        break;
      }
      const member = members.find((candidate) => candidate.subscription === subscription);
      if (subscription.connected && member !== undefined) told.push(member.deliver(event));
    }
  }
  const answers = await Promise.all(told);
  return broken === undefined ? { answers } : { answers, broken };
}

function goThrough(
  members: readonly Member[],
  event: HubEvent,
  traits: HubTraits,
  told: Promise<DeliveryAnswer>[],
): string | undefined {
  for (const { subscription, deliver } of members) {
    if (subscription.lacks === 'events') return 'a subscription without events';
    if (!concerns(subscription, event, traits)) continue;
    if (subscription.lacks === 'secret') return 'a subscription without a secret';
    if (subscription.delivery.channel === 'websocket') {
      if (!subscription.wasConnected) return 'a subscription without a socket';
      if (!subscription.connected) {
        if (traits.dropsUnconnected) subscription.remove();
        continue;
      }
    }
    told.push(deliver(event));
  }
  return undefined;
}

function concerns(subscription: Subscription, event: HubEvent, { isolation }: HubTraits): boolean {
  return (
    subscription.spellingOf(event.name) !== undefined && (isolation === 'none' || subscription.topic === event.topic)
  );
}
