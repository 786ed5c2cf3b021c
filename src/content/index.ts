/**
 * `fhircast-client/content`: content that apps share beside the contexts of a session (STU3, content sharing).
 *
 * @packageDocumentation
 */
export type { ContentChange, ResourceChanges, ResourceKey } from './content-change.ts';
export { ContentError, type ContentErrorDetails } from './content-error.ts';
export type { ContentSnapshot, ContentStatus, SnapshotFacts } from './content-snapshot.ts';
export type {
  ContentDecision,
  ContentDelete,
  ContentPut,
  ContentSelectResult,
  ContentUpdate,
  ContentUpdateResult,
} from './operation.ts';
export type {
  NamedResource,
  NamingReference,
  OtherResource,
  OtherType,
  ResourceName,
  SharedResource,
} from './resource-names.ts';
export {
  type ContentListener,
  type ContentSendOptions,
  type ContentUpdateOptions,
  type ShareContentOptions,
  type SharedContent,
  shareContent,
} from './share-content.ts';
