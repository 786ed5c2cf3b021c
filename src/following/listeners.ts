import { EventEmitter } from 'eventemitter3';
import { NotificationError } from '../errors/errors.ts';
import type { FhircastEvent } from '../events/event.ts';
import { canonicalName } from '../events/names.ts';
import { isSessionEvent, type SessionEventName, type SessionEvents } from './session-events.ts';

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
  /** The canonical name. */
  readonly key: string;
  readonly listener: AnyListener;
  readonly call: (call: Call) => void;
}

/** What hubs send and what the client emits have the same names sometimes, and never the same listeners. */
interface Room {
  readonly emitter: EventEmitter<Record<string, [Call]>>;
  wrapped: readonly Wrapped[];
}

const makeRoom = (): Room => ({ emitter: new EventEmitter(), wrapped: [] });

const EVERYTHING = '*';

/**
 * Who listens to what, by canonical names. Events of the session and the client's own have listeners of their own: whatever a
 * hub calls an event, it does not reach those of `error`. One listener that throws does not keep an event from the others, and does not
 * reach the socket that brought it.
 */
export class Listeners {
  readonly #session = makeRoom();
  /** Few sessions are watched by anybody. */
  #own: Room | undefined;
  readonly #changed: () => void;
  #hasWarned = '';

  /** @param changed called when the set of names that have listeners may have changed */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** The hub's events that have listeners, by canonical name. */
  get names(): string[] {
    return this.#session.emitter.eventNames().filter((name) => name !== EVERYTHING);
  }

  add(name: string, listener: AnyListener, once: boolean): void {
    const key = canonicalName(name);
    const room = this.#roomOf(key);
    const call = ({ argument, failures, promises }: Call) => {
      // The same function may listen for good beside it.
      if (once) this.#removeWhere(key, (known) => known.call === call);
      try {
        const result = listener(argument as never);
        if (isPromise(result)) promises.push(result);
      } catch (error) {
        failures.push(error);
      }
    };
    room.wrapped = room.wrapped.concat({ key, listener, call });
    room.emitter.on(key, call);
    this.#changed();
  }

  remove(name: string, listener?: AnyListener): void {
    this.#removeWhere(canonicalName(name), (wrapped) => !listener || wrapped.listener === listener);
  }

  /** Whether somebody listens to one of the client's own events. */
  has(name: SessionEventName): boolean {
    return (this.#own?.emitter.listenerCount(name) ?? 0) > 0;
  }

  /**
   * Gives an event of the session to those who listen to its name, and to those who listen to everything. One that a hub gave a
   * name of the client's own is told to the latter alone.
   */
  dispatch(event: FhircastEvent): Reaction {
    const call: Call = { argument: event, failures: [], promises: [] };
    const { emitter } = this.#session;
    const isReserved = isSessionEvent(event.name);
    if (isReserved) this.emit('warning', new NotificationError('event-name-reserved', { at: event.name }));
    else if (event.name !== EVERYTHING) emitter.emit(event.name, call);
    emitter.emit(EVERYTHING, call);
    return call;
  }

  /** Emits one of the client's own events. What its listeners throw is thrown where nothing depends on it. */
  emit<N extends SessionEventName>(name: N, argument: SessionEvents[N]): void {
    if (!this.has(name)) {
      const { code } = argument as { readonly code?: unknown };
      if (name === 'error' || code === 'event-unknown')
        this.#nobodyHears(name as 'error', argument as SessionEvents['error']);
      return;
    }
    const call: Call = { argument, failures: [], promises: [] };
    this.#own?.emitter.emit(name, call);
    for (const failure of call.failures) {
      queueMicrotask(() => {
        throw failure;
      });
    }
  }

  /** The first error, and the first name that is mistyped, are written where developers look. Nothing confidential is in the sentence. */
  #nobodyHears(name: 'error' | 'warning', { message }: SessionEvents['error']): void {
    if (this.#hasWarned.includes(name)) return;
    this.#hasWarned += name;
    console.warn(`fhircast-client: ${message} To hear of it, listen to "${name}".`);
  }

  clear(): void {
    for (const room of [this.#session, this.#own]) {
      if (!room) continue;
      room.emitter.removeAllListeners();
      room.wrapped = [];
    }
  }

  #roomOf(key: string): Room {
    if (!isSessionEvent(key)) return this.#session;
    this.#own ??= makeRoom();
    return this.#own;
  }

  #removeWhere(key: string, isMeant: (wrapped: Wrapped) => boolean): void {
    const room = this.#roomOf(key);
    // Names come and go, and nothing of them stays.
    room.wrapped = room.wrapped.filter((known) => {
      const isKept = known.key !== key || !isMeant(known);
      if (!isKept) room.emitter.off(key, known.call);
      return isKept;
    });
    this.#changed();
  }
}
