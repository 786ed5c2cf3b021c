'use client';
/**
 * `fhircast-client/react`: a provider, hooks and a banner for React 18 and 19.
 *
 * @packageDocumentation
 */
export type { FhircastState } from './client-source.ts';
export { FhircastProvider, type FhircastProviderProps } from './provider.ts';
export { SyncBanner, type SyncBannerProps } from './sync-banner.ts';
export { syncWords } from './sync-words.ts';
export { type ContentOptions, type ContentState, useContent } from './use-content.ts';
export {
  type ContextChanger,
  type ContextChangeState,
  useContextChange,
} from './use-context-change.ts';
export { useFhircast } from './use-fhircast.ts';
export { useFhircastEvent } from './use-fhircast-event.ts';
export { usePatient } from './use-patient.ts';
export { useShownContext } from './use-shown-context.ts';
export { type SyncStatusOptions, useSyncStatus } from './use-sync-status.ts';
