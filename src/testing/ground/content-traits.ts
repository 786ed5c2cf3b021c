/** How a hub shares content (STU3, 2.10). The option `content` of a test hub changes it point by point. */
export interface ContentTrait {
  /** The types of the anchors whose content is shared; `any` for all that are opened. */
  readonly anchors: 'any' | readonly string[];
  /** Whether what is open and not current may be updated; the discovery document says so. */
  readonly nonCurrentUpdates: boolean;
  /** Whether an update or a select is refused by the answer to it, or by a 202 and a SyncError to its sender. */
  readonly refusals: 'status' | 'sync-error';
  /** The HTTP status of each reason to refuse. A Bundle that is too large is a 413. */
  readonly statuses: ContentStatuses;
  /** The most entries that an update may have, in a hub that says so. */
  readonly maxEntries: number;
  /** The largest Bundle of an update, as JSON, in bytes. */
  readonly maxBytes: number;
  /** What becomes of an id that was applied before: it is answered as if it were new and changes nothing, or it is judged anew. */
  readonly repeatedIds: 'answered' | 'judged';
  /** The methods that add or replace a resource. */
  readonly putMethods: readonly string[];
  /** The keys under which the Bundle of an update may stand. */
  readonly bundleKeys: readonly string[];
  /** What becomes of an update that deletes what is not in the content. */
  readonly deletesOfUnknown: 'ignored' | 'refused';
  /** What a DELETE of a resource does that was opened: it is refused, or takes back what was changed of it. */
  readonly deletesOfOpened: 'refused' | 'take-change-back';
  /** Whether an update may change who the patient or which the study is: the identifiers of what was opened under these keys. */
  readonly identityEdits: 'taken' | 'refused';
  /** Whether the content that is told has the fullUrl of each resource, as far as its sender gave one. */
  readonly fullUrls: 'kept' | 'lost';
  /** What becomes of content when its anchor is closed. Kept, it is there again when the anchor is opened again. */
  readonly afterClose: 'disposed' | 'kept';
  /** The version of an anchor that is opened again, be it open still or have its content been kept: a new one, or the same. */
  readonly reopenedVersion: 'new' | 'same';
  /** The version in an open that is replayed to a late subscriber: that of the moment, or that of the open. */
  readonly replayedVersion: 'current' | 'opened';
  /**
   * The version of a select: none is told; the anchor's is told; a new one, by which a select is checked as an update is (IHE IRA).
   */
  readonly selectVersions: 'untold' | 'told' | 'new';
  /** How the hub answers a select that refers to resources it does not know: as any select, or with 206 (Partial Content). */
  readonly unknownSelected: 'ignored' | 'partial-content';
  /** What a select without the key `select` does. */
  readonly selectWithoutKey: 'clears' | 'refused';
  /** Whether a close of what is not open is refused, as an update of it is. */
  readonly closesOfUnopened: 'taken' | 'refused';
  /** Whether a close has a new version too, and tells the one before it (the examples of IHE IRA). */
  readonly closeVersions: 'untold' | 'new';
  /** The keys that a `DiagnosticReport-open` must have. */
  readonly reportKeys: readonly string[];
  /** Whether the version stands in the `meta.versionId` of the anchor too, in opens and where the context is told. */
  readonly versionInAnchor: boolean;
}

/** By which HTTP status a hub refuses an update or a select. */
export interface ContentStatuses {
  /** It builds on another version than the hub's. */
  readonly version: number;
  /** Its anchor is not open. */
  readonly notOpen: number;
  /** Its anchor is open and not current. */
  readonly notCurrent: number;
  /** Anything else is wrong with it. */
  readonly invalid: number;
}
