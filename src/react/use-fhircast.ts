import type { FhircastState } from './client-source.ts';
import { useSource, useSourceState } from './provider.ts';

/**
 * The client of the nearest {@link FhircastProvider}, and how far its launch is.
 *
 * @returns `status`, with the `client` when it is `ready` and an `error` when it has `failed`
 * @throws Error where there is no provider
 * @example
 * ```tsx
 * const { status, error } = useFhircast();
 * if (status === 'failed') return <p role="alert">Please open this app from the chart again. {error.message}</p>;
 * ```
 */
export const useFhircast = (): FhircastState => useSourceState(useSource('useFhircast()'));
