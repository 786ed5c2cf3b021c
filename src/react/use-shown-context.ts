import { useEffect, useSyncExternalStore } from 'react';
import type { CurrentContext } from '../events/current-context.ts';
import type { CheckedName, EventName } from '../events/types.ts';
import type { ClientSource } from './client-source.ts';
import { useSource } from './provider.ts';

const notKnown = (): undefined => undefined;

/**
 * What a source shows, and what it has to ask the hub for.
 *
 * @param events names in any spelling; none to ask for nothing
 */
export function useShown(source: ClientSource, events: readonly string[] = []): CurrentContext | null | undefined {
  const names = events.join('\n');
  useEffect(() => {
    if (names) source.follow(names.split('\n'));
  }, [source, names]);
  return useSyncExternalStore(source.subscribe, () => source.shown, notKnown);
}

/**
 * What this app shows: `client.shown`. A component with it is drawn again when that changes. However many components have it, they
 * never show two contexts.
 *
 * @param events what to ask the hub for beside what others listen to, such as `['ImagingStudy-open', 'ImagingStudy-close']`. It stays
 *   asked for until the provider is unmounted. The option `events` of the client outweighs it.
 * @returns `null` where nothing is shown; `undefined` while that is not known: on a server, during the launch, until the hub has told,
 *   and after this app has left the session
 * @throws Error where there is no provider
 */
export function useShownContext<const N extends EventName = never>(
  events?: readonly (N & CheckedName<N>)[],
): CurrentContext | null | undefined {
  return useShown(useSource('useShownContext()'), events);
}
