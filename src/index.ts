/**
 * `fhircast-client`: follow and drive a FHIRcast session.
 *
 * @packageDocumentation
 */
export type {
  Bundle,
  DiagnosticReport,
  Encounter,
  FhirResource,
  ImagingStudy,
  Observation,
  OperationOutcome,
  Parameters,
  Patient,
  Reference,
} from 'fhir/r4.js';
export type {
  CallbackEndpoint,
  CallbackOwner,
  CallbackRegistration,
  CallbackSession,
  Denial,
  Verification,
  WebhookChannelFactory,
} from './channels/callback.ts';
export type { WebSocketFactory, WebSocketLike } from './channels/websocket/socket.ts';
export { FhircastClient } from './client.ts';
export type { ContentErrorCode } from './errors/content-advice.ts';
export {
  ChannelError,
  ContextChangeError,
  FhircastError,
  type FhircastErrorCode,
  type FhircastErrorDetails,
  HubError,
  LaunchError,
  NotificationError,
  SignatureError,
  SubscriptionDeniedError,
} from './errors/errors.ts';
export type { ContextEntry, ContextResources, ResourceOf } from './events/context.ts';
export type { CurrentContext } from './events/current-context.ts';
export type { EventDecision, EventOrigin, FhircastEvent } from './events/event.ts';
export type { EventKind } from './events/kind.ts';
export { type Alias, type CatalogueName, canonicalName } from './events/names.ts';
export type { Notification } from './events/notification.ts';
export type { DeepReadonly } from './events/read-only.ts';
export type { ReasonCode } from './events/session-end.ts';
export type { SyncErrorDetails } from './events/sync-error.ts';
export type * from './events/types.ts';
export type { ContextChange } from './following/context-change.ts';
export type { SessionContext } from './following/context-store.ts';
export type { MessageCounts } from './following/counts.ts';
export type {
  ChangeAccepted,
  ChangeFollowed,
  ChangeNotFollowed,
  ChangeOvertaken,
  ChangeRefused,
  ChangeUnknown,
  ContextChangeOutcome,
  ContextChangeResult,
  Resending,
} from './following/outcome.ts';
export type {
  CheckedListenerName,
  Listener,
  ListenerArgument,
  SessionEventName,
  SessionEvents,
  Subscribed,
} from './following/session-events.ts';
export { type ClientState, STATE_REASONS, type StateChange, type StateReason } from './following/state.ts';
export type {
  BehindReason,
  DisconnectedReason,
  Refusal,
  SyncDoubt,
  SyncStanding,
  SyncStatus,
} from './following/sync-facts.ts';
export type { ChosenBy, HubChoice } from './hub/chooser.ts';
export type { ChannelType, DialectName, EventMediaType, Habits } from './hub/dialect.ts';
export type { HubDiscovery } from './hub/discovery.ts';
export type { FetchLike } from './hub/http.ts';
export { profiles } from './hub/profiles/index.ts';
export type { HubProfile } from './hub/profiles/profile.ts';
export type { ProtocolKind, ProtocolRecord } from './hub/protocol-records.ts';
export type { ScopeAccess } from './launch/scopes.ts';
export type { FhirClientLike, FhirClientState, LaunchSource, TokenResponse } from './launch/smart.ts';
export type {
  Abortable,
  ChangeOptions,
  DiscoverOptions,
  FhircastClientOptions,
  FollowOptions,
  ReadyOptions,
  SmartLaunchOptions,
} from './session/options.ts';
export type { ReconnectOptions } from './subscription/backoff.ts';
