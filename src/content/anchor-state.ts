import { type Change, MOST_RESOURCES } from './bundles.ts';
import { type Edits, type Held, ResourceMap } from './resource-map.ts';
import { isSameJson } from './same-json.ts';

/** An update, or a select with a version, as one link of the chain of versions. */
export interface Link {
  /** The id of its event. */
  readonly id: string;
  readonly versionId: string | undefined;
  readonly priorVersionId: string | undefined;
  /** What it changes; `undefined` where it cannot be applied. A select changes nothing. */
  readonly changes: readonly Change[] | undefined;
  /** How long they are, as text, in characters. */
  readonly length?: number | undefined;
}

/** What is known of the content of one anchor. Nothing of it is ever changed. */
export interface AnchorState {
  /** The newest version that anything told. */
  readonly versionId: string | undefined;
  /** What is known of the content: all of it, as the hub has it in version `at`. */
  readonly content: ResourceMap;
  readonly at: string | undefined;
  /** `known`: nothing came since that version. `unsupported`: the hub told the context without content. */
  readonly standing: 'known' | 'unknown' | 'unsupported';
  /** The version in which the anchor was opened last, until it is known whether there was content then. */
  readonly opened: string | undefined;
  /** Whether there was content when the anchor was opened last; `undefined` while nobody knows. */
  readonly isResumed: boolean | undefined;
  /** What came while the content was unknown, in the order of its arrival. */
  readonly waiting: readonly Link[];
  /** The latest versions, and the ids of events, so that nothing is taken twice. */
  readonly seen: readonly string[];
  /** Whether somebody has sent an update. */
  readonly isShared: boolean;
  /** How many answers have told of another version than the newest one since then. */
  readonly doubts: number;
}

/** What happens to an anchor. */
export type AnchorMessage =
  | { readonly kind: 'link'; readonly link: Link }
  | { readonly kind: 'open'; readonly versionId: string | undefined }
  /** The hub told. `content` is absent where it has no such key. */
  | {
      readonly kind: 'answer';
      readonly versionId: string | undefined;
      readonly content?: Map<string, Held> | undefined;
    }
  /** Events may have been missed. */
  | { readonly kind: 'gap' }
  /** The hub has been asked often enough. */
  | { readonly kind: 'given-up' };

/** What comes of a message. */
export interface Outcome {
  readonly state: AnchorState;
  /** What is otherwise than before. */
  readonly edits: Edits;
  /** Whether the hub has to be asked, for the first time or again. */
  readonly isToAsk: boolean;
  /** Whether an update was taken in the order of its arrival, because it has no prior version. */
  readonly isUnchained?: boolean;
}

/** How many versions and ids are kept. */
const REMEMBERED = 128;
/** How many links wait. */
const MOST_WAITING = 64;
/** What was asked for before the newest version was told of may be answered later. An answer that stays the same is no such one. */
const DOUBTS_OF_OLDER = 4;
const DOUBTS_AFTER_OPEN = 1;

const NOTHING: Edits = new Map();

/** An anchor of which nothing is known yet. */
export const newAnchor = (versionId?: string): AnchorState => ({
  versionId,
  content: new ResourceMap(),
  at: undefined,
  standing: 'unknown',
  opened: versionId,
  isResumed: undefined,
  waiting: [],
  seen: [],
  isShared: false,
  doubts: 0,
});

/** A version, which is never an id. */
const versionName = (versionId: string | undefined): string => `v ${versionId}`;
const idName = (id: string): string => `i ${id}`;

const withSeen = ({ seen }: AnchorState, ...names: readonly string[]): readonly string[] =>
  [...seen, ...names].slice(-REMEMBERED);

/** Whether a version is or was held. */
const isKnown = ({ at, seen }: AnchorState, versionId: string | undefined): boolean =>
  versionId !== undefined && (versionId === at || seen.includes(versionName(versionId)));

const same = (state: AnchorState): Outcome => ({ state, edits: NOTHING, isToAsk: false });

/**
 * Takes what happens to an anchor (STU3, content sharing): the chain of versions decides, nothing is applied twice, in part or out of
 * order, and what cannot be known is unknown. It changes nothing and does nothing: what is to be done stands in its outcome.
 */
export function apply(state: AnchorState, message: AnchorMessage): Outcome {
  switch (message.kind) {
    case 'link':
      return takeLink(state, message.link);
    case 'open':
      return takeOpen(state, message.versionId);
    case 'answer':
      return takeAnswer(state, message.versionId, message.content);
    case 'gap':
      // The next link, or the hub, says whether anything was missed.
      return same({ ...state, standing: state.standing === 'known' ? 'unknown' : state.standing, waiting: [] });
    case 'given-up':
      return same({ ...state, waiting: [] });
  }
}

/** Whether a link leads from what is known to something else. */
const follows = ({ versionId, priorVersionId }: Link, at: string | undefined): boolean =>
  priorVersionId !== undefined && priorVersionId === at && versionId !== at;

/** Whether a link tells nothing but that there is a version: a select that has no prior one, which may come before what made it. */
const isBare = ({ versionId, priorVersionId, changes }: Link): boolean =>
  versionId !== undefined && priorVersionId === undefined && changes?.length === 0;

function takeLink(before: AnchorState, link: Link): Outcome {
  const { versionId, id } = link;
  // Where a newer version was told of, what comes late leads nowhere.
  const isNext = before.waiting.length === 0 && before.versionId === before.at && follows(link, before.at);
  // Some publishers have one id for all: a version that follows outweighs it.
  if (!isNext && (isKnown(before, versionId) || before.seen.includes(idName(id)))) return same(before);
  const state: AnchorState = {
    ...before,
    versionId: versionId ?? before.versionId,
    seen: withSeen(before, idName(id), versionName(versionId)),
    isShared: true,
  };
  const isUnchained = before.standing === 'known' && link.priorVersionId === undefined && !isBare(link);
  const isTooMuch = before.content.size + (link.changes?.length ?? 0) > MOST_RESOURCES;
  if (link.changes && !isTooMuch && (isNext || isUnchained))
    return { ...advance(state, link, link.changes), isToAsk: false, isUnchained };
  // What waits is in order; what does not fit in is found by asking.
  const waiting = [...state.waiting, link].slice(-MOST_WAITING);
  return { state: { ...state, standing: 'unknown', waiting }, edits: NOTHING, isToAsk: true };
}

/** Applies one link as a whole. */
function advance(state: AnchorState, { versionId }: Link, changes: readonly Change[]) {
  const edits = new Map<string, Held | undefined>();
  const { content } = state;
  for (const { key: named, fullUrl, held } of changes) {
    const key = named ?? content.keyOfUrl(fullUrl);
    if (key === undefined) continue;
    const known = content.get(key);
    if (held ? !isSameJson(known, held) : known) edits.set(key, held);
  }
  const at = versionId ?? state.at;
  return { edits: edits as Edits, state: { ...state, standing: 'known' as const, at, content: content.with(edits) } };
}

function takeOpen(before: AnchorState, versionId: string | undefined): Outcome {
  // Of this version is what is known, as far as it is.
  if (versionId !== undefined && versionId === before.at && before.standing !== 'unknown')
    return same({ ...before, isResumed: before.content.size > 0 });
  const state: AnchorState = {
    ...before,
    // One that was told of before is replayed, and no news.
    versionId: versionId === undefined || isKnown(before, versionId) ? before.versionId : versionId,
    doubts: 0,
    // A version that came before says nothing of what comes after.
    at: versionId === before.at ? versionId : undefined,
    seen: withSeen(before, versionName(versionId)),
    standing: 'unknown',
    opened: versionId,
    isResumed: undefined,
    // What came before the open is part of what the hub tells now.
    waiting: [],
  };
  return { state, edits: NOTHING, isToAsk: true };
}

function takeAnswer(
  before: AnchorState,
  versionId: string | undefined,
  content: Map<string, Held> | undefined,
): Outcome {
  if (before.standing !== 'unknown' && (isKnown(before, versionId) || versionId === undefined)) return same(before);
  if (!content) {
    // Who has sent an update shares content, and does not tell it.
    const { isShared } = before;
    const at = versionId ?? before.versionId;
    return same(isShared ? before : { ...before, at, versionId: at, standing: 'unsupported' });
  }
  if (isDoubtful(before, versionId))
    return { state: { ...before, doubts: before.doubts + 1 }, edits: NOTHING, isToAsk: true };
  const rest = linksAfter(before.waiting, versionId);
  if (!rest) return { state: before, edits: NOTHING, isToAsk: true };
  const base = {
    ...before,
    standing: 'known' as const,
    at: versionId ?? before.versionId,
    versionId: versionId ?? before.versionId,
    seen: withSeen(before, versionName(versionId)),
    waiting: [],
    doubts: 0,
  };
  let told: AnchorState = { ...base, content: new ResourceMap(new Map(content)) };
  for (const link of rest) {
    if (versionId !== undefined && isBare(link)) {
      // What was held or told of before it is older.
      if (isKnown(before, versionId)) return { state: before, edits: NOTHING, isToAsk: true };
      continue;
    }
    const isNext = follows(link, told.at) || link.priorVersionId === undefined;
    if (!link.changes || !isNext) return { state: before, edits: NOTHING, isToAsk: true };
    told = { ...advance(told, link, link.changes).state, versionId: link.versionId ?? told.versionId };
  }
  const edits = differences(before.content, told.content);
  const isAsOpened = versionId === undefined ? undefined : versionId === before.opened;
  const isResumed = before.isResumed ?? (isAsOpened ? content.size > 0 : undefined);
  return { state: { ...told, content: before.content.with(edits), isResumed }, edits, isToAsk: false };
}

/** Whether an answer may be older than what was told of meanwhile, so that the hub has to say it again. */
function isDoubtful(before: AnchorState, versionId: string | undefined): boolean {
  const { at, doubts, waiting, versionId: newest } = before;
  if (versionId === undefined || newest === undefined || versionId === newest || waiting.length > 0) return false;
  return doubts < (isKnown(before, versionId) ? DOUBTS_OF_OLDER : at === undefined ? DOUBTS_AFTER_OPEN : 0);
}

/** What of that which waits comes after an answer; `undefined` where nobody can say. */
function linksAfter(waiting: readonly Link[], versionId: string | undefined): readonly Link[] | undefined {
  for (let at = waiting.length - 1; at >= 0; at--)
    if (versionId !== undefined && waiting[at]?.versionId === versionId) return waiting.slice(at + 1);
  const [first] = waiting;
  // Without versions, the latest of each resource counts, whether the answer has it already or not.
  if (!first || first.priorVersionId === undefined) return waiting;
  return first.priorVersionId === versionId ? waiting : undefined;
}

function differences(before: ResourceMap, now: ResourceMap): Edits {
  const edits = new Map<string, Held | undefined>();
  for (const [key] of before.entries()) if (!now.get(key)) edits.set(key, undefined);
  for (const [key, held] of now.entries()) if (!isSameJson(before.get(key), held)) edits.set(key, held);
  return edits;
}
