import { NotificationError } from '../errors/errors.ts';
import type { CurrentContext } from './current-context.ts';
import { anchorKey, canonicalKey } from './definitions.ts';
import { identityOf } from './identity.ts';
import { text } from './notification.ts';

/** The types of contexts, the most specific one first. */
export const MOST_SPECIFIC: readonly string[] = ['DiagnosticReport', 'ImagingStudy', 'Encounter', 'Patient'];

const rankOf = ({ type }: CurrentContext): number => {
  const rank = MOST_SPECIFIC.indexOf(type);
  return rank < 0 ? MOST_SPECIFIC.length : rank;
};

/** What a context is about, and what else it holds, each by its key and its id. */
const namesIn = ({ context }: CurrentContext): ReadonlySet<string> =>
  new Set(
    context.flatMap((entry) => {
      const { id } = identityOf(entry);
      return id === undefined ? [] : [`${canonicalKey(entry.key)} ${id}`];
    }),
  );

/**
 * Which of several contexts that a hub lists is the current one. The drafts of content sharing of 2020 and 2021, which PowerCast
 * speaks, list "one or more" and do not say it. A context that holds what all the others are about was opened from them, as a
 * report is from its study: it is the current one, wherever it stands. Of others nobody can tell.
 *
 * @param contexts what the hub listed
 * @returns `null` when there is none
 * @throws NotificationError `anchor-contradiction` at `contexts` when nobody can tell
 */
export function currentOf(contexts: readonly CurrentContext[]): CurrentContext | null {
  const anchors = contexts.map(({ type, anchor }) => `${anchorKey(type)} ${text(anchor?.id)}`);
  const holdsAll = (context: CurrentContext): boolean => {
    const names = namesIn(context);
    return anchors.every((anchor) => names.has(anchor));
  };
  const [current] = (contexts.length > 1 ? contexts.filter(holdsAll) : [...contexts]).sort(
    (one, other) => rankOf(one) - rankOf(other),
  );
  if (!current && contexts.length > 0) throw new NotificationError('anchor-contradiction', { at: 'contexts' });
  return current ?? null;
}
