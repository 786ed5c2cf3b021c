import type { CurrentContext } from '../events/current-context.ts';
import { identityOf, isSameResource } from '../events/identity.ts';
import type { SessionContext } from './context-store.ts';

/** What the event `context` carries: how the contexts of the session changed. */
export interface ContextChange {
  /** The context that is current now; `null` when there is none. */
  readonly current: CurrentContext | null;
  /** The context that was current before; `null` when there was none. */
  readonly previous: CurrentContext | null;
  /** What was opened, or opened again. */
  readonly opened: readonly CurrentContext[];
  /** What is not open any more. */
  readonly closed: readonly CurrentContext[];
}

const identity = ({ anchor: resource, anchorReference: reference }: CurrentContext) =>
  identityOf({ resource, reference });

const areOfOne = (one: CurrentContext, other: CurrentContext): boolean =>
  one.type === other.type && isSameResource(identity(one), identity(other));

/**
 * Compares the contexts of a session.
 *
 * @param before what they were
 * @param now what they are
 */
export const contextChange = (before: SessionContext, now: SessionContext): ContextChange => {
  const opened = now.open.filter((context) => !before.open.includes(context));
  const gone = before.open.filter((context) => !now.open.includes(context));
  return Object.freeze({
    current: now.current,
    previous: before.current,
    opened: Object.freeze(opened),
    // What is still there need not be compared: an event changes one, and each may have many long identifiers.
    closed: Object.freeze(gone.filter((context) => !opened.some((open) => areOfOne(open, context)))),
  });
};
