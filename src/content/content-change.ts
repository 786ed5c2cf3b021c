import { deepFreeze } from '../events/read-only.ts';
import type { ContentSnapshot } from './content-snapshot.ts';
import type { Edits } from './resource-map.ts';
import type { SharedResource } from './resource-names.ts';

/** A resource by its type and id. */
export interface ResourceKey {
  /** Its type, such as `Observation`. */
  readonly resourceType: string;
  /** Its id. */
  readonly id: string;
}

/** What changed, by type and id. */
export interface ResourceChanges {
  /** What is there now and was not before. */
  readonly added: readonly ResourceKey[];
  /** What was there, and says something else now. */
  readonly changed: readonly ResourceKey[];
  /** What is gone. */
  readonly removed: readonly ResourceKey[];
}

/** What the event `change` carries. */
export interface ContentChange extends ResourceChanges {
  /** The content as it is now; the last of it where the anchor was closed. */
  readonly content: ContentSnapshot;
  /** Whether it was this app's own update. */
  readonly isEcho: boolean;
  /** Whether something else is selected now. */
  readonly isSelection: boolean;
  /** Whether the anchor was closed, so that nothing of it is shared any more. */
  readonly isClosed: boolean;
}

/**
 * Says what edits come to.
 *
 * @param before what a resource was before them, by its key
 */
export function changesIn(before: (key: string) => SharedResource | undefined, edits: Edits): ResourceChanges {
  const changes = { added: [] as ResourceKey[], changed: [] as ResourceKey[], removed: [] as ResourceKey[] };
  for (const [key, held] of edits) {
    const known = before(key);
    const { resourceType = '', id = '' } = held?.resource ?? known ?? {};
    changes[!held ? 'removed' : known ? 'changed' : 'added'].push({ resourceType, id });
  }
  return deepFreeze(changes);
}
