import { CATALOGUE_NAMES } from '../../events/names.ts';
import type { HubTraits } from '../ground/traits.ts';
import { speak } from '../ground/vocabulary.ts';

/** What a test hub tells of itself at `.well-known/fhircast-configuration`; `undefined` for one that has no such document. */
export function discoveryDocument(traits: HubTraits): Record<string, unknown> | undefined {
  const { discovery, vocabulary, channels } = traits;
  if (discovery === undefined) return undefined;
  const currentContext = traits.contextForm !== 'none';
  const document = {
    eventsSupported: CATALOGUE_NAMES.map((name) => (vocabulary === undefined ? name : speak(vocabulary, name))),
    websocketSupport: channels.includes('websocket'),
    webhookSupport: channels.includes('webhook'),
    fhircastVersion: discovery,
  };
  // STU2 describes these four members and no more.
  if (discovery === 'STU2') return document;
  return {
    ...document,
    fhirVersion: 'R4',
    getCurrentSupport: currentContext,
    capabilities: { supportsGetCurrentContext: currentContext, supportsNonCurrentContextUpdates: false },
  };
}
