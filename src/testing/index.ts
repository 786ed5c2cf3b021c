/**
 * Servers to test an app against: a FHIRcast hub and a SMART EHR, on real HTTP and websockets of this machine.
 *
 * @packageDocumentation
 */
export type { OpenContext } from './current-context.ts';
export type { Disturbance } from './disturbance.ts';
export { startTestEhr, type TestEhr, type TestEhrLaunchOptions, type TestEhrOptions } from './ehr.ts';
export type { TestEhrClient } from './ehr-state.ts';
export { formatMessage } from './format-message.ts';
export type { HeartbeatTrait } from './heartbeat.ts';
export { startTestHub, type TestHub, type TestHubOptions } from './hub.ts';
export type { ContextEntry, HubEvent } from './hub-event.ts';
export type { Refusal } from './hub-requests.ts';
export type { LaunchForm, TokenResponse } from './launch-parameters.ts';
export type { HubMessage, HubMessageKind, SubscriberChannel, WaitOptions } from './log.ts';
export { startTestNetwork, type TestNetwork } from './network.ts';
export { TEST_PATIENTS } from './patients.ts';
export { HUB_PERSONALITIES, type HubPersonality } from './personalities/index.ts';
export type { DerivedEventsTrait } from './publishing/derived-events.ts';
export type { EhrHabits } from './publishing/ehr-habits.ts';
export type { DeliveryAnswer, PublishResult, TestSession } from './session.ts';
export { sign } from './signature.ts';
export type { KeepaliveForm, KeepaliveTrait } from './sockets/keepalive.ts';
export type { SubscriptionInfo } from './subscription.ts';
export type {
  AddressTraits,
  ContextTraits,
  EventTraits,
  HubTraits,
  PublishAnswerTrait,
  SocketTraits,
  SubscribingTraits,
} from './traits.ts';
export type { Vocabulary } from './vocabulary.ts';
export type { SignatureChoice } from './webhook-delivery.ts';
