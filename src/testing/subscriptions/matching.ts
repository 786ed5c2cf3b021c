import { canonicalName } from '../../events/names.ts';
import type { HubTraits } from '../ground/traits.ts';
import { sameInVocabulary } from '../ground/vocabulary.ts';

/**
 * How a subscriber is told of an event.
 *
 * @param events what it subscribed to, in its own spelling
 * @param name the event, as the sender spelt it
 * @returns the event's name in the notification, or `undefined` when it is not told
 */
export function nameFor(events: readonly string[], name: string, traits: HubTraits): string | undefined {
  if (traits.matching === 'every-event') return name;
  if (traits.syncErrorsReach === 'every-subscriber' && canonicalName(name) === 'SyncError') return name;
  // The sandbox hubs look for the name anywhere in the text of the list.
  if (traits.matching === 'substring') return events.join(',').includes(name) ? name : undefined;
  if (traits.matching === 'substring-any-case')
    return events.join(',').toLowerCase().includes(name.toLowerCase()) ? name : undefined;
  const found = events.find((event) => matches(event, name, traits));
  return traits.spelledAs === 'published' && found !== undefined ? name : found;
}

function matches(subscribed: string, name: string, { matching, vocabulary }: HubTraits): boolean {
  if (matching === 'exact') return subscribed === name;
  return vocabulary === undefined
    ? canonicalName(subscribed) === canonicalName(name)
    : sameInVocabulary(vocabulary, subscribed, name);
}
