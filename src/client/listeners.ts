import { EventEmitter } from 'eventemitter3';
import type { FhircastEvent } from '../events/event.ts';
import { canonicalName } from '../events/names.ts';
import { isSessionEvent, type SessionEventName, type SessionEvents } from './events.ts';

/** A listener whose type has been settled by the public surface. */
export type AnyListener = (argument: never) => unknown;

/** What came of giving an event to its listeners. */
export interface Reaction {
  /** What listeners threw. */
  readonly failures: readonly unknown[];
  /** What listeners returned that is still to settle. */
  readonly promises: readonly PromiseLike<unknown>[];
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';

interface Call {
  readonly argument: unknown;
  readonly failures: unknown[];
  readonly promises: PromiseLike<unknown>[];
}

/** A listener as the emitter knows it. */
interface Wrapped {
  readonly listener: AnyListener;
  readonly call: (call: Call) => void;
}

/**
 * Who listens to what, by canonical names. One listener that throws does not keep an event from the others, and does not
 * reach the socket that brought it.
 */
export class Listeners {
  readonly #emitter = new EventEmitter<Record<string, [Call]>>();
  readonly #wrapped = new Map<string, Wrapped[]>();
  readonly #changed: () => void;

  /** @param changed called when the set of names that have listeners may have changed */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** The hub's events that have listeners, by canonical name. */
  get names(): string[] {
    return this.#emitter.eventNames().filter((name) => name !== '*' && !isSessionEvent(name));
  }

  add(name: string, listener: AnyListener, once: boolean): void {
    const key = canonicalName(name);
    const call = ({ argument, failures, promises }: Call) => {
      // The same function may listen for good beside it.
      if (once) this.#removeWhere(key, (wrapped) => wrapped.call === call);
      try {
        const result = listener(argument as never);
        if (isPromise(result)) promises.push(result);
      } catch (error) {
        failures.push(error);
      }
    };
    this.#wrapped.set(key, [...(this.#wrapped.get(key) ?? []), { listener, call }]);
    this.#emitter.on(key, call);
    this.#changed();
  }

  remove(name: string, listener?: AnyListener): void {
    this.#removeWhere(canonicalName(name), (wrapped) => !listener || wrapped.listener === listener);
  }

  has(name: string): boolean {
    return this.#emitter.listenerCount(name) > 0;
  }

  /** Gives an event of the session to those who listen to its name, and to those who listen to everything. */
  dispatch(event: FhircastEvent): Reaction {
    const call: Call = { argument: event, failures: [], promises: [] };
    this.#emitter.emit(event.name, call);
    this.#emitter.emit('*', call);
    return call;
  }

  /** Emits one of the client's own events. What its listeners throw is thrown where nothing depends on it. */
  emit<N extends SessionEventName>(name: N, argument: SessionEvents[N]): void {
    if (!this.has(name)) return;
    const call: Call = { argument, failures: [], promises: [] };
    this.#emitter.emit(name, call);
    for (const failure of call.failures) {
      queueMicrotask(() => {
        throw failure;
      });
    }
  }

  clear(): void {
    this.#emitter.removeAllListeners();
    this.#wrapped.clear();
  }

  #removeWhere(key: string, isMeant: (wrapped: Wrapped) => boolean): void {
    const kept = [];
    for (const wrapped of this.#wrapped.get(key) ?? []) {
      if (isMeant(wrapped)) this.#emitter.off(key, wrapped.call);
      else kept.push(wrapped);
    }
    this.#wrapped.set(key, kept);
    this.#changed();
  }
}
