import { useCallback, useSyncExternalStore } from 'react';
import type { SyncStatus } from '../following/sync-facts.ts';
import { after } from '../web/timers.ts';
import { useSource } from './provider.ts';

/** Options of {@link useSyncStatus}. */
export interface SyncStatusOptions {
  /**
   * How long the network may be away, and the app at work on a new context, before it is told, in milliseconds. `true` is 2000. What
   * does not pass by itself is told at once: that somebody does not follow, that the hub denies.
   *
   * @default false
   */
  readonly smooth?: boolean | number | undefined;
}

const SMOOTH_MS = 2_000;

const notKnown = (): undefined => undefined;

/**
 * Whether this app is in step with the others: `client.syncStatus`.
 *
 * @param options whether a short blink of the network is told
 * @returns `undefined` while there is no client; with `smooth` also as long as a first connection may take without a word
 * @throws Error where there is no provider
 */
export function useSyncStatus({ smooth = false }: SyncStatusOptions = {}): SyncStatus | undefined {
  const source = useSource('useSyncStatus()');
  const ms = smooth === true ? SMOOTH_MS : Number(smooth);
  const subscribe = useCallback(
    (listener: () => void) => {
      let timer: ReturnType<typeof after> | undefined;
      const arm = () => {
        clearTimeout(timer);
        const wait = source.msUntilTold(ms);
        if (wait > 0) timer = after(wait, look);
      };
      const look = () => {
        arm();
        listener();
      };
      const end = source.subscribe(look);
      arm();
      return () => {
        clearTimeout(timer);
        end();
      };
    },
    [source, ms],
  );
  return useSyncExternalStore(subscribe, () => (ms > 0 ? source.smoothed(ms) : source.syncStatus), notKnown);
}
