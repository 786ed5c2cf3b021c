import { useEffect, useInsertionEffect, useRef } from 'react';
import type { EventName } from '../events/types.ts';
import type { AnyListener } from '../following/listeners.ts';
import type { CheckedListenerName, Listener, SessionEventName } from '../following/session-events.ts';
import { useSource, useSourceState } from './provider.ts';

/**
 * Listens to an event of the session, or to one of the client's own, while the component is mounted: `client.on()`. What the handler
 * returns, throws or refuses is the answer of this app. The handler of the latest rendering is called; it may be made anew each time.
 *
 * @param name any published spelling, in any case; `*` for all events of the session
 * @param handler gets the event
 * @throws Error where there is no provider
 * @example
 * ```tsx
 * useFhircastEvent('Patient-open', (event) => {
 *   if (isDictating) event.refuse('Dictation in progress');
 * });
 * ```
 */
export function useFhircastEvent<N extends EventName | SessionEventName | '*'>(
  name: N & CheckedListenerName<N>,
  handler: Listener<N>,
): void {
  const { client } = useSourceState(useSource('useFhircastEvent()'));
  const latest = useRef<AnyListener>(undefined);
  // In the very moment of the change: the effect below may be ended a little later, and whoever is gone decides nothing.
  useInsertionEffect(() => {
    latest.current = handler as AnyListener;
    return () => {
      latest.current = undefined;
    };
  });
  useEffect(() => {
    if (!client || client.state === 'closed') return;
    const listener = (argument: unknown): unknown => latest.current?.(argument as never);
    client.on<string>(name, listener);
    return () => void client.off<string>(name, listener);
  }, [client, name]);
}
