import type { WebhookDelivery } from '../delivery/webhook-delivery.ts';
import type { DeliveryLabel } from '../ground/delivery.ts';
import type { HubTraits } from '../ground/traits.ts';
import { unguessable } from '../ground/unguessable.ts';

/** What a callback is asked about. */
export interface VerificationFields {
  'hub.mode': string;
  'hub.topic': string;
  'hub.events': string;
  'hub.lease_seconds': number;
}

/** What verifications leave behind in a hub. */
export interface VerificationMemory {
  /** The last answer to a verification that was a success. */
  lastVerification: { status: number; body: string } | undefined;
  /** Ends the hub as a process ends that dies. Does nothing the second time. */
  crash(by: string): void;
}

/**
 * Asks a callback whether it wants this: a GET with a challenge, which must come back as it is.
 *
 * @returns whether the hub takes the answer for a yes
 */
export async function verify(
  delivery: WebhookDelivery,
  fields: VerificationFields,
  label: DeliveryLabel,
  { traits, shared }: { traits: HubTraits; shared: VerificationMemory },
): Promise<boolean> {
  const challenge = traits.challenge === 'secret' ? delivery.secret : unguessable();
  const answer = await delivery.ask(challengeFields(fields, challenge, traits), label);
  const success = answer !== undefined && answer.status >= 200 && answer.status < 300;
  if (traits.verifiedBy === '2xx') return success && answer.body === challenge;
  // The sandbox hubs keep the last success in a variable that nobody clears, and read it whatever the answer was.
  if (success) shared.lastVerification = answer;
  const { lastVerification: judged } = shared;
  if (judged === undefined) shared.crash('a callback that could not be verified');
  return judged?.status === 200 && judged.body === challenge;
}

function challengeFields(
  fields: VerificationFields,
  challenge: string | undefined,
  { verificationFields, challengesUnsubscription }: HubTraits,
): Record<string, string> {
  const challenged = challengesUnsubscription || fields['hub.mode'] !== 'unsubscribe';
  const sent = challenge !== undefined && challenged ? { 'hub.challenge': challenge } : {};
  const texts = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
  return verificationFields === 'all' ? { ...texts, ...sent } : { ...sent, 'hub.topic': fields['hub.topic'] };
}
