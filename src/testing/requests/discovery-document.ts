import { CATALOGUE_NAMES } from '../../events/names.ts';
import type { ContentTrait } from '../ground/content-traits.ts';
import type { HubTraits } from '../ground/traits.ts';
import { speak } from '../ground/vocabulary.ts';

/** What a test hub tells of itself at `.well-known/fhircast-configuration`; `undefined` for one that has no such document. */
export function discoveryDocument(traits: HubTraits): Record<string, unknown> | undefined {
  const { discovery, vocabulary, channels, content } = traits;
  if (discovery === undefined) return undefined;
  const currentContext = traits.contextForm !== 'none';
  const document = {
    eventsSupported: supported(content).map((name) => (vocabulary === undefined ? name : speak(vocabulary, name))),
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
    capabilities: {
      supportsGetCurrentContext: currentContext,
      supportsNonCurrentContextUpdates: content?.nonCurrentUpdates === true,
    },
  };
}

const CONTENT_NAME = /-(?:update|select)$/;

/** The anchors of the catalogue. */
const ANCHORS: readonly string[] = CATALOGUE_NAMES.filter((name) => name.endsWith('-close')).map((name) =>
  name.replace(/-close$/, ''),
);

/** The events of the catalogue, and those by which the hub shares content. */
function supported(content: ContentTrait | undefined): readonly string[] {
  const names = CATALOGUE_NAMES.filter((name) => !CONTENT_NAME.test(name));
  const anchors = content === undefined ? [] : content.anchors === 'any' ? ANCHORS : content.anchors;
  return [...names, ...anchors.flatMap((anchor) => [`${anchor}-update`, `${anchor}-select`])];
}
