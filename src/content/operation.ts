import { MOST_ENTRIES, uuid } from './bundles.ts';
import { ContentError } from './content-error.ts';
import type { ContentSnapshot } from './content-snapshot.ts';
import type { Held } from './resource-map.ts';
import { keyOf, nameOf, type ResourceName, type SharedResource } from './resource-names.ts';
import type { SharedAnchor } from './shared-anchor.ts';

/** What an update changes. */
export interface ContentUpdate {
  /** Resources that are new, or that replace what is there as a whole. One without an id gets a UUID. */
  readonly put?: SharedResource | readonly SharedResource[] | undefined;
  /** What is deleted: the resources, references to them, or their names such as `Observation/o1`. */
  readonly delete?: ResourceName | readonly ResourceName[] | undefined;
}

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
  const edits: PlannedEdits = new Map();
  const add = (key: string | undefined, edit: Held | string, at: string) => {
    if (key === undefined) throw invalid(`${at} without a type or an id`);
    if (edits.has(key)) throw invalid(`${at} names a resource twice`);
    edits.set(key, edit);
  };
  for (const one of listOf(update.put)) {
    const copy = copyOf(one);
    const resource = copy?.id === undefined ? { ...copy, id: uuid() } : copy;
    const key = keyOf(resource);
    // Who opens an anchor again finds the same fullUrl.
    add(key, { resource, fullUrl: key && anchor.state.content.get(key)?.fullUrl }, 'put');
  }
  for (const one of listOf(update.delete)) {
    const key = keyOf(one);
    if (key && anchor.isOpened(key)) throw invalid('delete of what the open brought');
    add(key, nameOf((key && anchor.state.content.get(key)?.resource) || one), 'delete');
  }
  if (edits.size === 0) throw invalid('nothing to change');
  if (edits.size > MOST_ENTRIES) throw invalid(`more than ${MOST_ENTRIES} resources`);
  return edits;
}
