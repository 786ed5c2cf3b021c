import { isObject } from '../events/json.ts';
import { MOST_ENTRIES, uuid } from './bundles.ts';
import { ContentError } from './content-error.ts';
import type { ContentSnapshot } from './content-snapshot.ts';
import type { Held } from './resource-map.ts';
import { keyOf, nameOf, type ResourceName, type SharedResource } from './resource-names.ts';
import type { SharedAnchor } from './shared-anchor.ts';

/** What an update puts. */
export interface ContentPut {
  /** Resources that are new, or that replace what is there as a whole. One without an id gets a UUID. */
  readonly put: SharedResource | readonly SharedResource[];
}

/** What an update deletes. */
export interface ContentDelete {
  /** What is deleted: the resources, references to them, or their names such as `Observation/o1`. */
  readonly delete: ResourceName | readonly ResourceName[];
}

/** What an update changes: `put`, `delete`, or both. */
export type ContentUpdate = (ContentPut & Partial<ContentDelete>) | (ContentDelete & Partial<ContentPut>);

/** What an app wants to change: data, or a function that decides by what is there. It is called again after a conflict. */
export type ContentDecision = ContentUpdate | ((current: ContentSnapshot) => ContentUpdate | undefined);

/** What is to be sent, by key: a resource that is put, or the name of one that is deleted. */
export type PlannedEdits = Map<string, Held | string>;

/** What became of an update. */
export interface ContentUpdateResult {
  /** The id of the event; `undefined` where nothing had to be sent. */
  readonly id: string | undefined;
  /** What was put, by names such as `Observation/o1`, in the order of the call. */
  readonly put: readonly string[];
  /** The content with it. */
  readonly content: ContentSnapshot;
}

/** What became of a selection. */
export interface ContentSelectResult {
  /** The id of the event. */
  readonly id: string | undefined;
  /** The HTTP status; 206 where the hub does not know all of it. */
  readonly status: number | undefined;
  /** What was ignored, because nobody knows it. */
  readonly ignored: readonly string[];
  /** The content with it. */
  readonly content: ContentSnapshot;
}

/** What became of an event that the hub has taken. */
export interface Delivered {
  readonly id?: string;
  readonly status?: number | undefined;
  readonly ignored?: readonly string[];
}

/** One call of an app that waits to be sent. */
export interface Operation {
  /** What is to be selected; absent for an update. */
  readonly selection?: readonly string[];
  /** Whether the app decides by what is there, so that no conflict is left. */
  readonly decides: boolean;
  readonly signal: AbortSignal | undefined;
  /** What the app had seen when it decided. */
  since?: number | undefined;
  /** How often it has met with a conflict. */
  conflicts: number;
  /** Whether it is sent without others. */
  isAlone?: boolean;
  /**
   * What an update is to change.
   *
   * @throws ContentError `content-invalid`; what the app's function throws
   */
  plan?(current: ContentSnapshot): PlannedEdits;
  resolve(delivered: Delivered): void;
  reject(error: unknown): void;
}

const invalid = (at: string, cause?: unknown) => new ContentError('content-invalid', { at, cause });

const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as T];

/** A copy, which the app cannot change any more. */
const copyOf = (resource: SharedResource): SharedResource => {
  try {
    return JSON.parse(JSON.stringify(resource)) as SharedResource;
  } catch (cause) {
    throw invalid('put is no JSON', cause);
  }
};

/**
 * Makes what is sent of what an app wants.
 *
 * @param anchor the anchor
 * @param update what the app wants
 * @throws ContentError `content-invalid`
 */
export function planUpdate(anchor: SharedAnchor, update: ContentUpdate): PlannedEdits {
  if (!isObject(update)) throw invalid('the change is no object');
  if ('then' in update) throw invalid('the function returned a promise');
  const unknown = Object.keys(update).find((name) => name !== 'put' && name !== 'delete');
  if (unknown !== undefined) throw invalid(`${unknown} is neither put nor delete`);
  const edits: PlannedEdits = new Map();
  const add = (key: string | undefined, edit: Held | string, at: string, without: string) => {
    if (key === undefined) throw invalid(`${at} without ${without}`);
    if (edits.has(key)) throw invalid(`${at} names a resource twice`);
    edits.set(key, edit);
  };
  for (const one of listOf(update.put)) {
    const copy = copyOf(one);
    const resource = copy?.id === undefined ? { ...copy, id: uuid() } : copy;
    const key = keyOf(resource);
    // Who opens an anchor again finds the same fullUrl.
    const fullUrl = key && anchor.state.content.get(key)?.fullUrl;
    add(key, { resource, fullUrl }, 'put', 'a resourceType, or with an id that is none');
  }
  for (const one of listOf(update.delete)) {
    const key = keyOf(one);
    if (key && anchor.isOpened(key)) throw invalid('delete of what the open brought');
    add(key, nameOf((key && anchor.state.content.get(key)?.resource) || one), 'delete', 'a type and an id');
  }
  if (edits.size === 0) throw invalid('nothing to change');
  if (edits.size > MOST_ENTRIES) throw invalid(`more than ${MOST_ENTRIES} resources`);
  return edits;
}
