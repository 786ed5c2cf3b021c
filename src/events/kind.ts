import { eventParts } from './definitions.ts';

/**
 * What an event does to the context of the session: it opens one, closes one, or leaves them all (`home`); it changes or selects
 * content of one; it says that somebody did not follow; it shows that the hub lives; or nothing of these.
 */
export type EventKind = 'open' | 'close' | 'home' | 'update' | 'select' | 'sync-error' | 'heartbeat' | 'other';

const OTHERS = /* @__PURE__ */ new Map<string, EventKind>([
  ['Home-open', 'home'],
  ['SyncError', 'sync-error'],
  ['heartbeat', 'heartbeat'],
]);

/**
 * What an event does to the context.
 *
 * @param name the canonical name
 */
export const kindOf = (name: string): EventKind => eventParts(name)?.verb ?? OTHERS.get(name) ?? 'other';

/** Whether an event changes which contexts are open or current, so that its order matters. */
export const changesContext = (kind: EventKind): boolean => kind === 'open' || kind === 'close' || kind === 'home';

/** Whether an event is about the content of a context (STU3, content sharing), whose order its versions tell, and not its time. */
export const isOfContent = (kind: EventKind): boolean => kind === 'update' || kind === 'select';
