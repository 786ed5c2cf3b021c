import { CATALOGUE_NAMES } from '../events/names.ts';

/**
 * What a test hub tells of itself at `.well-known/fhircast-configuration`.
 *
 * @param facts `currentContext`: can the current context be asked for?
 */
export function discoveryDocument({ currentContext }: { currentContext: boolean }): Record<string, unknown> {
  return {
    eventsSupported: [...CATALOGUE_NAMES],
    websocketSupport: true,
    webhookSupport: true,
    fhircastVersion: 'STU3',
    fhirVersion: 'R4',
    getCurrentSupport: currentContext,
    capabilities: { supportsGetCurrentContext: currentContext, supportsNonCurrentContextUpdates: false },
  };
}
