import { canonicalName } from '../events/names.ts';
import type { HubTraits } from './traits.ts';
import { sameInVocabulary } from './vocabulary.ts';

/**
 * How a subscriber is told of an event.
 *
 * @param events what it subscribed to, in its own spelling
 * @param name the event, as the sender spelt it
 * @returns the event's name in the notification, or `undefined` when it is not told
 */
export function nameFor(events: readonly string[], name: string, traits: HubTraits): string | undefined {
  const found = events.find((event) => matches(event, name, traits));
  if (traits.matching === 'every-event') return name;
  return traits.spelledAs === 'published' && found !== undefined ? name : found;
}

function matches(subscribed: string, name: string, { matching, vocabulary }: HubTraits): boolean {
  switch (matching) {
    case 'one-event':
      return vocabulary === undefined
        ? canonicalName(subscribed) === canonicalName(name)
        : sameInVocabulary(vocabulary, subscribed, name);
    case 'every-event':
      return true;
  }
}
