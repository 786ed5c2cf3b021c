/**
 * Servers to test an app against: a FHIRcast hub and a SMART EHR, on real HTTP and websockets of this machine.
 *
 * @packageDocumentation
 */
export type { HeldContent } from './content/shared-content.ts';
export type { OpenContext } from './context/open-contexts.ts';
export { sign } from './delivery/sign.ts';
export type { TestEhrClient } from './ehr/ehr-state.ts';
export { TEST_PATIENTS } from './ehr/patients.ts';
export { startTestEhr, type TestEhr, type TestEhrLaunchOptions, type TestEhrOptions } from './ehr/test-ehr.ts';
export type { ContentStatuses, ContentTrait } from './ground/content-traits.ts';
export type { DeliveryAnswer, SignatureChoice } from './ground/delivery.ts';
export { formatMessage } from './ground/format-message.ts';
export type { HeartbeatTrait } from './ground/heartbeat.ts';
export type { RequestTaker } from './ground/http-server.ts';
export type { ContextEntry, HubEvent } from './ground/hub-event.ts';
export type { KeepaliveForm, KeepaliveTrait } from './ground/keepalive.ts';
export type { LaunchForm, TokenResponse } from './ground/launch-parameters.ts';
export type { HubMessage, HubMessageKind, SubscriberChannel, WaitOptions } from './ground/log.ts';
export type { SharedResource } from './ground/resource-key.ts';
export type {
  AddressTraits,
  ContextTraits,
  DerivedEventsTrait,
  EventTraits,
  HubTraits,
  PublishAnswerTrait,
  SocketTraits,
  SubscribingTraits,
} from './ground/traits.ts';
export type { Vocabulary } from './ground/vocabulary.ts';
export { startTestHub, type TestHub } from './hub/test-hub.ts';
export type { ContentOptions, TestHubOptions } from './hub/test-hub-options.ts';
export { startTestNetwork, type TestNetwork } from './network/test-network.ts';
export { HUB_PERSONALITIES, type HubPersonality } from './personalities/index.ts';
export type { ContentChange, ContentEventOptions } from './publishing/content-events.ts';
export type { EhrHabits } from './publishing/ehr-habits.ts';
export type { Refusal } from './requests/hub-requests.ts';
export type { LostAnswer } from './requests/lost-answer.ts';
export type { PublishRefusal, PublishResult, TestSession } from './session/test-session.ts';
export type { Disturbance } from './subscriptions/disturbance.ts';
export type { SubscriptionInfo } from './subscriptions/hub-subscription.ts';
