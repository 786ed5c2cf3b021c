import { useCallback, useMemo, useRef, useState } from 'react';
import type { FhircastClient } from '../client.ts';
import type { CurrentContext } from '../events/current-context.ts';
import type { CheckedName, EventName, ResourcesOf } from '../events/types.ts';
import type { ContextChangeOutcome, ContextChangeResult } from '../following/outcome.ts';
import type { ChangeOptions } from '../session/options.ts';
import { useSource, useSourceState } from './provider.ts';

/** How the latest change of a component went. */
export interface ContextChangeState {
  /** Whether the hub has not answered yet. */
  readonly isPending: boolean;
  /** What the hub said: `accepted`, or a `reason`. */
  readonly result: ContextChangeResult | undefined;
  /** What became of an accepted change among the other apps; it is known within 12 seconds. */
  readonly outcome: ContextChangeOutcome | undefined;
  /** Why nothing was sent, or no answer came: a `FhircastError`. */
  readonly error: Error | undefined;
}

/** What {@link useContextChange} returns. */
export interface ContextChanger extends ContextChangeState {
  /**
   * Changes the context for everybody: `client.requestContextChange()`. It never rejects, so an `onClick` can call it as it is. While
   * the launch goes on it waits for its end.
   *
   * @param name the event, in any published spelling
   * @param resources the event's resources by key, or a whole context array
   * @param options an `id`, and a `signal` that gives it up
   * @returns what the hub said; `undefined` where there is an `error`
   */
  readonly change: <N extends EventName>(
    name: N & CheckedName<N>,
    resources: ResourcesOf<N> | CurrentContext['context'],
    options?: ChangeOptions,
  ) => Promise<ContextChangeResult | undefined>;
  /** Forgets how the latest change went. */
  readonly reset: () => void;
}

/** A state, and of which client it is. */
interface Held extends ContextChangeState {
  readonly of: FhircastClient | undefined;
}

const IDLE: ContextChangeState = { isPending: false, result: undefined, outcome: undefined, error: undefined };

/**
 * Changes the context, and knows how the latest change of this component went.
 *
 * @throws Error where there is no provider
 * @example
 * ```tsx
 * const { change, isPending, error } = useContextChange();
 * return <button disabled={isPending} onClick={() => change('Patient-open', { patient })}>Open</button>;
 * ```
 */
export function useContextChange(): ContextChanger {
  const source = useSource('useContextChange()');
  const { client: current } = useSourceState(source);
  const [held, setHeld] = useState<Held>({ ...IDLE, of: undefined });
  const turns = useRef(0);
  const change = useCallback<ContextChanger['change']>(
    async (name, resources, options) => {
      const turn = ++turns.current;
      let of = source.state.client;
      const set = (state: Partial<ContextChangeState>) => {
        if (turn === turns.current) setHeld({ ...IDLE, ...state, of });
      };
      set({ isPending: true });
      try {
        of ??= await source.client();
        set({ isPending: true });
        const result = await of.requestContextChange<string>(name, resources as CurrentContext['context'], options);
        set({ result });
        if (result.accepted) void result.outcome.then((outcome) => set({ result, outcome }));
        return result;
      } catch (error) {
        set({ error: error as Error });
        return undefined;
      }
    },
    [source],
  );
  const reset = useCallback(() => {
    turns.current++;
    setHeld({ ...IDLE, of: undefined });
  }, []);
  return useMemo(() => {
    // Of a client before, nothing is told.
    const { isPending, result, outcome, error } = held.of === current ? held : IDLE;
    return { change, reset, isPending, result, outcome, error };
  }, [held, current, change, reset]);
}
