import { type ContextCheck, checkContext } from '../events/check.ts';
import { anchorKey, canonicalKey, eventParts } from '../events/definitions.ts';
import { changesContext, isOfContent } from '../events/kind.ts';
import type { Notification } from '../events/notification.ts';
import type { Dialect } from '../hub/dialect.ts';
import type { ContextStore } from './context-store.ts';
import { type Delivery, type Duplicates, isRefused, REFUSED_FROM } from './duplicates.ts';

/** What a notification is judged by. */
export interface JudgeState {
  /** The session. */
  readonly topic: string;
  readonly dialect: Dialect;
  readonly duplicates: Duplicates;
  readonly contexts: ContextStore;
  /** Whether the hub may be sending again what was open before the connection. It will be asked what is current. */
  readonly mayReplay: boolean;
}

/**
 * What speaks for it that a repetition was done once more: nothing; that something came between, which may as well be a message that
 * was late; or besides that ids tell nothing in this session.
 */
export type RepetitionDoubt = 'none' | 'slight' | 'strong';

/** What becomes of a notification. */
export type Verdict =
  /** It is of another session. */
  | { readonly kind: 'foreign' }
  /** It shows that the hub lives, and no more. */
  | { readonly kind: 'heartbeat' }
  /** It was delivered before, and gets the same answer. `doubt`: whether it was done once more, and would change the context. */
  | {
      readonly kind: 'repeated';
      readonly delivery: Delivery;
      readonly isTwin: boolean;
      readonly doubt: RepetitionDoubt;
    }
  /** It does not say what it is about, or contradicts itself. */
  | { readonly kind: 'refused'; readonly code: 'anchor-missing' | 'anchor-contradiction'; readonly at: string }
  /** It is older than what the app has. `isDoubtful`: it would change the context if it were not, and clocks differ. */
  | { readonly kind: 'stale'; readonly isDoubtful: boolean }
  /** It is followed. */
  | { readonly kind: 'followed'; readonly deviations: readonly string[] };

const NO_DEVIATIONS: readonly string[] = [];

const deviationsOf = ({ deviations = NO_DEVIATIONS }: Notification, check: ContextCheck, isIdReused: boolean) => {
  const all = check.deviations.length > 0 ? [...deviations, ...check.deviations] : deviations;
  return isIdReused ? [...all, 'the id of another event'] : all;
};

/**
 * Decides what becomes of a notification. Nothing is changed by it.
 *
 * @param mayBeSentAgain whether others than the hub can send it a second time. On a websocket they cannot
 */
export function judge(notification: Notification, state: JudgeState, mayBeSentAgain: boolean): Verdict {
  const { topic, dialect, duplicates, contexts, mayReplay } = state;
  const { kind, name, context } = notification;
  if (!dialect.isOurTopic(topic, notification.topic)) return { kind: 'foreign' };
  if (kind === 'heartbeat') return { kind: 'heartbeat' };
  const isChange = changesContext(kind);
  const earlier = duplicates.find(notification, contexts.changes, { sendsTwice: dialect.sendsTwice, mayReplay });
  const isStale = isChange && contexts.isStale(notification);
  const repeated = repetitionIn(notification, earlier, state, isStale, mayBeSentAgain);
  if (repeated) return repeated;
  const check = checkContext(name, context, dialect);
  if (check.contradiction) return { kind: 'refused', code: 'anchor-contradiction', at: check.contradiction };
  if (check.missing) return { kind: 'refused', code: 'anchor-missing', at: check.missing };
  if (dialect.anonymousOpen && isOfAnother(notification, contexts))
    return { kind: 'refused', code: 'anchor-contradiction', at: 'report' };
  // Of content, the chain of versions says what is old.
  if (isStale || (mayBeSentAgain && !isOfContent(kind) && duplicates.mayBeForgotten(notification)))
    return { kind: 'stale', isDoubtful: isChange && wouldChange(notification, contexts) };
  return { kind: 'followed', deviations: deviationsOf(notification, check, earlier.isIdReused) };
}

function repetitionIn(
  notification: Notification,
  { delivery, isTwin, isSameAct }: ReturnType<Duplicates['find']>,
  { duplicates, contexts, mayReplay }: JudgeState,
  isStale: boolean,
  mayBeSentAgain: boolean,
): Verdict | undefined {
  if (!delivery) return undefined;
  const isChange = changesContext(notification.kind);
  const isOvertaken = isChange && delivery.changes !== contexts.changes;
  // Where ids tell nothing, and something came between, it was done once more: unless it tells the very same millisecond.
  const mayBeReopening = duplicates.hasReusedIds && !isSameAct;
  const isReopening = isOvertaken && !isTwin && mayBeReopening;
  if (isReopening && !isStale && !mayBeSentAgain && !mayReplay) return undefined;
  // Of what was found by asking, the hub has not been told yet how the app decided.
  const isAskedAgain = isTwin ? isRefused(delivery) : (delivery.status ?? 0) >= REFUSED_FROM && !delivery.isFound;
  if (isAskedAgain && !isStale && !isOvertaken) return undefined;
  const isDoubtful = isOvertaken && wouldChange(notification, contexts);
  const doubt = isDoubtful ? (mayBeReopening ? 'strong' : 'slight') : 'none';
  return { kind: 'repeated', delivery, isTwin, doubt };
}

/** Whether content that does not name its report, as some hubs have it, cannot be that of the current one. */
function isOfAnother(notification: Notification, contexts: ContextStore): boolean {
  const { kind, name, context } = notification;
  const resource = isOfContent(kind) ? eventParts(name)?.resource : undefined;
  const key = resource && anchorKey(resource);
  const isAnonymous = key && !context.some((entry) => canonicalKey(entry.key) === key);
  return key === 'report' && isAnonymous === true && !contexts.mayBeOfCurrent(notification);
}

/** Whether an event would change what is open or current, if it were followed. */
function wouldChange(notification: Notification, contexts: ContextStore): boolean {
  if (notification.kind === 'home') return contexts.current !== null;
  return notification.kind === 'open' ? !contexts.isCurrent(notification.context) : contexts.wouldClose(notification);
}
