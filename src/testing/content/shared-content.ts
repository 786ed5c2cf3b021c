import { randomUUID } from 'node:crypto';
import type { ContentTrait } from '../ground/content-traits.ts';
import { anchorAndAction, type ContextEntry, type HubEvent } from '../ground/hub-event.ts';
import { anchorIdIn, isResource, type SharedResource } from '../ground/resource-key.ts';
import { type Change, keyOf, readChanges } from './change-set.ts';
import { ContentRefusal } from './content-refusal.ts';
import { keepsIdentity } from './keeps-identity.ts';
import { readSelection, withoutUnknown } from './selection.ts';

/** What a hub holds for an open anchor. Plain data, and a copy. */
export interface HeldContent {
  /** The anchor, such as `DiagnosticReport/1`. */
  readonly anchor: string;
  /** Its version now. */
  readonly versionId: string;
  /**
   * Every resource of the content, by its first arrival: what was added, and what was changed of that with which the anchor was
   * opened.
   */
  readonly resources: readonly SharedResource[];
  /** The fullUrl of each, by type and id as in `Observation/1`, as far as its sender gave one. */
  readonly fullUrls: Readonly<Record<string, string>>;
  /** What is selected, as in `Observation/1`: known to the hub, and not deleted since. */
  readonly selected: readonly string[];
}

/** What became of an update or a select that the hub took. */
export interface TakenContent {
  /** As it is to be sent; absent when it was taken before. */
  readonly event?: HubEvent;
  /** Whether it named what the hub does not know and says so. */
  readonly isPartial: boolean;
}

interface AnchorContent {
  /** Such as `DiagnosticReport/1`. */
  readonly anchor: string;
  isOpen: boolean;
  versionId: string;
  /** The context with which it was opened. */
  opened: readonly ContextEntry[];
  readonly bundleId: string;
  /** By type and id. */
  readonly entries: Map<string, { readonly resource: SharedResource; readonly fullUrl: string | undefined }>;
  selected: readonly string[];
}

/** How many ids of updates and selects are known again. */
const REMEMBERED_IDS = 10_000;

/** What the applications of a session share: for each anchor its version, its content, and what is selected (STU3, 2.10). */
export class SharedContent {
  readonly #trait: ContentTrait;
  /** By the anchor's type in lower case, and its id. */
  readonly #anchors = new Map<string, AnchorContent>();
  /** Whether what was taken was partial, by the event's name and id. */
  readonly #taken = new Map<string, boolean>();

  constructor(trait: ContentTrait) {
    this.#trait = trait;
  }

  /** The version that an open is to give to its anchor. */
  versionFor(event: HubEvent): string {
    const before = this.#find(event);
    return before !== undefined && this.#trait.reopenedVersion === 'same' ? before.versionId : randomUUID();
  }

  /** An anchor was opened, or opened again. */
  opened(event: HubEvent): void {
    const { anchor: type } = anchorAndAction(event.name);
    const key = keyFor(event);
    if (!this.#shares(type) || key === undefined || event.versionId === undefined) return;
    const before = this.#anchors.get(key);
    this.#anchors.set(key, {
      bundleId: randomUUID(),
      entries: new Map(),
      ...before,
      anchor: `${type}/${anchorIdIn(event.context, type) ?? ''}`,
      isOpen: true,
      versionId: event.versionId,
      opened: event.context,
      // Whoever opens what was closed selects anew.
      selected: before?.isOpen ? before.selected : [],
    });
  }

  /**
   * An anchor was closed.
   *
   * @param event the event that had opened it
   * @returns the versions that the close tells, in a hub that gives it one
   */
  closed(event: HubEvent): Pick<HubEvent, 'versionId' | 'priorVersionId'> {
    const held = this.#find(event);
    if (held === undefined) return {};
    const { versionId: priorVersionId } = held;
    held.isOpen = false;
    const key = keyFor(event);
    if (this.#trait.afterClose === 'disposed' && key !== undefined) this.#anchors.delete(key);
    return this.#trait.closeVersions === 'new' ? { versionId: randomUUID(), priorVersionId } : {};
  }

  /** Is it about content that this hub shares? */
  concerns(event: HubEvent): boolean {
    const { anchor, action } = anchorAndAction(event.name);
    return (action === 'update' || action === 'select') && this.#shares(anchor);
  }

  /**
   * Applies an update or a select as a whole.
   *
   * @param current the event that opened the current context
   * @throws a refusal, and then nothing has changed
   */
  take(event: HubEvent, current: HubEvent | undefined): TakenContent {
    const wasPartial = this.#taken.get(nameAndId(event));
    if (wasPartial !== undefined && this.#trait.repeatedIds === 'answered') return { isPartial: wasPartial };
    const { action } = anchorAndAction(event.name);
    const held = this.#find(event);
    if (!held?.isOpen) throw new ContentRefusal('notOpen', 'The anchor of this event is not open.');
    const isCurrent = current !== undefined && this.#find(current) === held;
    if (!isCurrent && (action === 'select' || !this.#trait.nonCurrentUpdates))
      throw new ContentRefusal('notCurrent', 'The anchor of this event is not the current context.');
    const result = action === 'update' ? this.#update(held, event) : this.#select(held, event);
    this.#remember(event, result.isPartial);
    return result;
  }

  /** What is held for an anchor that is open. */
  held(event: HubEvent): HeldContent | undefined {
    const held = this.#find(event);
    if (!held?.isOpen) return undefined;
    const entries = [...held.entries];
    return structuredClone({
      anchor: held.anchor,
      versionId: held.versionId,
      resources: entries.map(([, { resource }]) => resource),
      fullUrls: Object.fromEntries(
        entries.flatMap(([key, { fullUrl }]) => (fullUrl === undefined ? [] : [[key, fullUrl]])),
      ),
      selected: [...held.selected],
    });
  }

  /** The version on which an update or a select that is made now has to build; `undefined` for any other event. */
  baseOf(event: HubEvent): string | undefined {
    return this.concerns(event) ? this.#find(event)?.versionId : undefined;
  }

  /** The version of an anchor now. */
  versionOf(event: HubEvent): string | undefined {
    return this.#find(event)?.versionId;
  }

  /** The entry by which the current context tells the content (STU3, 2.9). */
  entryFor(event: HubEvent): ContextEntry | undefined {
    const held = this.#find(event);
    if (held === undefined) return undefined;
    const entry = [...held.entries.values()].map(({ resource, fullUrl }) => ({
      ...(fullUrl === undefined || this.#trait.fullUrls === 'lost' ? {} : { fullUrl }),
      resource,
    }));
    const bundle = { resourceType: 'Bundle', id: held.bundleId, type: 'collection' };
    // FHIR knows no empty arrays.
    return { key: 'content', resource: entry.length === 0 ? bundle : { ...bundle, entry } };
  }

  #update(held: AnchorContent, event: HubEvent): TakenContent {
    const { deletesOfUnknown, deletesOfOpened, identityEdits } = this.#trait;
    const changes = readChanges(event, this.#trait, (fullUrl) => keyOfUrl(held, fullUrl));
    if (event.versionId !== held.versionId) throw wrongVersion();
    for (const change of changes) {
      const key = keyOf(change);
      const opened = openedAs(held, key);
      if ('put' in change) {
        if (identityEdits === 'refused' && opened !== undefined && !keepsIdentity(opened, change.put))
          throw new ContentRefusal('invalid', 'An update may not change who the patient or which the study is.');
      } else if (opened !== undefined && deletesOfOpened === 'refused') {
        throw new ContentRefusal('invalid', 'What was opened cannot be deleted.');
      } else if (!held.entries.has(key) && deletesOfUnknown === 'refused') {
        throw new ContentRefusal('invalid', 'What is not in the content cannot be deleted.');
      }
    }
    for (const change of changes) apply(held, change);
    held.selected = held.selected.filter((name) => isKnown(held, name));
    return { event: renew(held, event), isPartial: false };
  }

  #select(held: AnchorContent, event: HubEvent): TakenContent {
    const { selectVersions, unknownSelected, selectWithoutKey } = this.#trait;
    const named = readSelection(event.context);
    if (named === undefined && selectWithoutKey === 'refused')
      throw new ContentRefusal('invalid', 'A select needs the key select.');
    if (selectVersions === 'new' && event.versionId !== held.versionId) throw wrongVersion();
    const known = [...new Set(named)].filter((name) => isKnown(held, name));
    const isPartial = unknownSelected === 'partial-content' && (named ?? []).some((name) => !isKnown(held, name));
    held.selected = known;
    const { versionId: _version, priorVersionId: _prior, ...bare } = event;
    const context = isPartial ? [...withoutUnknown(event.context, (name) => isKnown(held, name))] : event.context;
    const telling = { ...bare, context };
    if (selectVersions === 'new') return { event: renew(held, telling), isPartial };
    return { event: selectVersions === 'told' ? { ...telling, versionId: held.versionId } : telling, isPartial };
  }

  #remember(event: HubEvent, isPartial: boolean): void {
    this.#taken.set(nameAndId(event), isPartial);
    const [oldest] = this.#taken.keys();
    if (this.#taken.size > REMEMBERED_IDS && oldest !== undefined) this.#taken.delete(oldest);
  }

  #find(event: HubEvent): AnchorContent | undefined {
    const key = keyFor(event);
    return key === undefined ? undefined : this.#anchors.get(key);
  }

  #shares(type: string): boolean {
    const { anchors } = this.#trait;
    return anchors === 'any' || anchors.some((one) => one.toLowerCase() === type.toLowerCase());
  }
}

/** Gives a new version to an anchor. */
function renew(held: AnchorContent, event: HubEvent): HubEvent {
  const priorVersionId = held.versionId;
  held.versionId = randomUUID();
  return { ...event, versionId: held.versionId, priorVersionId };
}

function apply(held: AnchorContent, change: Change): void {
  const key = keyOf(change);
  if ('put' in change) held.entries.set(key, { resource: change.put, fullUrl: change.fullUrl });
  else held.entries.delete(key);
}

const wrongVersion = () => new ContentRefusal('version', 'context.versionId is not the version of the content.');

const nameAndId = ({ name, id }: HubEvent): string => `${name.toLowerCase()} ${id}`;

/** What an anchor was opened with, by type and id. */
function openedAs({ opened }: AnchorContent, key: string): ContextEntry | undefined {
  return opened.find(({ resource }) => isResource(resource) && `${resource.resourceType}/${resource.id}` === key);
}

function isKnown(held: AnchorContent, name: string): boolean {
  return held.entries.has(name) || openedAs(held, name) !== undefined;
}

function keyOfUrl({ entries }: AnchorContent, wanted: string): string | undefined {
  for (const [key, { fullUrl }] of entries) if (fullUrl === wanted) return key;
  return undefined;
}

/** The anchor of an event; `undefined` for Home, which is none. */
function keyFor({ name, context }: HubEvent): string | undefined {
  const { anchor } = anchorAndAction(name);
  const type = anchor.toLowerCase();
  return type === 'home' ? undefined : `${type}/${anchorIdIn(context, anchor) ?? ''}`;
}
