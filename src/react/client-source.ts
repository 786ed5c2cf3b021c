import type { FhircastClient } from '../client.ts';
import { FhircastError } from '../errors/errors.ts';
import type { CurrentContext } from '../events/current-context.ts';
import type { SyncStatus } from '../following/sync-facts.ts';
import { after } from '../web/timers.ts';

/** How far the client of a provider is: what {@link useFhircast} returns. It is the same object until it changes. */
export type FhircastState =
  | {
      /** The launch has not come to an end. This is also what a server renders. */
      readonly status: 'launching';
      /** Not there yet. */
      readonly client: undefined;
      /** Nothing has gone wrong. */
      readonly error: undefined;
    }
  | {
      /** The client is there. Whether it is connected is told by {@link useSyncStatus}. */
      readonly status: 'ready';
      /** The client. */
      readonly client: FhircastClient;
      /** Nothing has gone wrong. */
      readonly error: undefined;
    }
  | {
      /** The launch failed. */
      readonly status: 'failed';
      /** There is none. */
      readonly client: undefined;
      /** What the launch failed with: a `LaunchError`, if it was a SMART launch. */
      readonly error: Error;
    };

/** What a server renders, and a page until it knows better. */
export const LAUNCHING: FhircastState = Object.freeze({ status: 'launching', client: undefined, error: undefined });

/** A developer who has asked for no event is told after so long. In milliseconds. */
const HINT_MS = 3_000;

/** What a client is got by. */
export type Launch = () => FhircastClient | Promise<FhircastClient>;

/** One time that a client was launched. */
interface Life {
  isOver: boolean;
  client?: FhircastClient;
}

/** What promises came to, so that a provider that is mounted again knows it at once. */
const settled = new WeakMap<Promise<FhircastClient>, FhircastState>();

const isPromise = (client: FhircastClient | Promise<FhircastClient>): client is Promise<FhircastClient> =>
  typeof (client as Partial<Promise<FhircastClient>>).then === 'function';

/** What brings the network back within moments, or the app's own work: it may be hidden for a short while. */
const isBlink = (status: SyncStatus): boolean =>
  status.state === 'disconnected'
    ? status.reason === 'connection-lost' || status.reason === 'not-subscribed'
    : status.state === 'behind' && (status.reason === 'catching-up' || status.reason === 'undecided');

/** Whether it is known what is open, also where that is nothing. */
const isKnown = (status: SyncStatus): boolean =>
  status.state === 'in-sync' ||
  status.state === 'refused' ||
  (status.state === 'behind' && status.reason === 'undecided');

/**
 * What the hooks below one provider read. It is a store as `useSyncExternalStore` wants it: whatever it returns is the same until it
 * changes. It says nothing of a client that has left its session, and nothing of an earlier one.
 */
export class ClientSource {
  #state: FhircastState = LAUNCHING;
  #life: Life | undefined;
  /** How many effects want the launched client. React's StrictMode and hot reloading end them and run them again at once. */
  #launches = 0;
  #mounts = 0;
  readonly #listeners = new Set<() => void>();
  #endOfClient: (() => void) | undefined;
  /** What the hooks asked for, in lower case. It stays until the provider goes, or a change of page would end the subscription. */
  readonly #names = new Set<string>();
  readonly #heard = new Set<string>();
  readonly #hear = () => {};
  /** Whether it has been known what is open. */
  #isKnown = false;
  /** The latest status that was not of a short blink, and since when there has been nothing but blinks. */
  #steady: SyncStatus | undefined;
  #troubledSince: number | undefined;

  /** @param given a client, or a promise of one; nothing where it is launched, or comes later */
  constructor(given?: FhircastClient | Promise<FhircastClient>) {
    if (!given) return;
    if (!isPromise(given)) this.#state = ready(given);
    else this.#state = settled.get(given) ?? this.#wait(given, { isOver: false });
  }

  /** How far the client is. */
  get state(): FhircastState {
    return this.#state;
  }

  /** What the app shows; `null` for nothing, `undefined` while that is not known. */
  get shown(): CurrentContext | null | undefined {
    const { client } = this.#state;
    if (!client || client.state === 'closed') return undefined;
    this.#look(client.syncStatus);
    return client.shown ?? (this.#isKnown ? null : undefined);
  }

  /** Whether the app is in step; `undefined` while there is no client. */
  get syncStatus(): SyncStatus | undefined {
    return this.#state.client?.syncStatus;
  }

  /**
   * The status without what passes by itself soon.
   *
   * @param ms how long trouble may last without being told, in milliseconds
   */
  smoothed(ms: number): SyncStatus | undefined {
    return this.msUntilTold(ms) > 0 ? this.#steady : this.syncStatus;
  }

  /**
   * When what is hidden at the moment will be told, in milliseconds from now; 0 where nothing is hidden.
   *
   * @param ms how long trouble may last without being told, in milliseconds
   */
  msUntilTold(ms: number): number {
    const status = this.syncStatus;
    if (status) this.#look(status);
    if (this.#troubledSince === undefined) return 0;
    const age = Date.now() - this.#troubledSince;
    // A clock that was set back says nothing.
    return age < 0 ? 0 : Math.max(0, ms - age);
  }

  /** Calls a listener after every change. It can be passed on as it is. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#connect();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#endOfClient?.();
      this.#endOfClient = undefined;
    };
  };

  /** Waits for the client. Rejects when the launch fails. */
  client(): Promise<FhircastClient> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const { client, error } = this.#state;
        if (client) resolve(client);
        else if (error) reject(error);
        else return;
        end();
      };
      const end = this.subscribe(look);
      look();
    });
  }

  /**
   * Asks for events, whether or not somebody listens to them.
   *
   * @param names any published spelling, in any case
   */
  follow(names: readonly string[]): void {
    for (const name of names) this.#names.add(name.toLowerCase());
    this.#listen();
  }

  /** The provider is there, and knows the client. Returns what tells that it is not any more. */
  mount(): () => void {
    this.#mounts++;
    this.#listen();
    const { client } = this.#state;
    const hint = after(HINT_MS, () => {
      if (client?.state === 'idle') console.warn(`fhircast-client: ${new FhircastError('no-events').message}`);
    });
    return () => {
      clearTimeout(hint);
      this.#mounts--;
      if (this.#mounts > 0) return;
      for (const name of this.#heard) this.#state.client?.off(name, this.#hear);
      this.#heard.clear();
    };
  }

  /**
   * Launches a client, unless it has been. Returns what closes it, if nobody launches in the same breath.
   *
   * @param launch is called once
   */
  launch(launch: Launch): () => void {
    this.#launches++;
    if (!this.#life) {
      const life: Life = { isOver: false };
      this.#life = life;
      void this.#wait(Promise.resolve().then(launch), life);
    }
    return () => {
      this.#launches--;
      queueMicrotask(() => {
        if (this.#launches === 0) this.#close();
      });
    };
  }

  #wait(promise: Promise<FhircastClient>, life: Life): FhircastState {
    promise.then(
      (client) => {
        life.client = client;
        settled.set(promise, ready(client));
        if (life.isOver) void leave(client);
        else this.#settle(ready(client));
      },
      (reason: unknown) => {
        const failed = failedWith(reason);
        settled.set(promise, failed);
        if (!life.isOver) this.#settle(failed);
      },
    );
    return LAUNCHING;
  }

  /** Ends the launched client. */
  #close(): void {
    const life = this.#life;
    if (!life) return;
    life.isOver = true;
    this.#life = undefined;
    this.#settle(LAUNCHING);
    if (life.client) void leave(life.client);
  }

  #settle(state: FhircastState): void {
    this.#endOfClient?.();
    this.#endOfClient = undefined;
    this.#heard.clear();
    this.#isKnown = false;
    this.#steady = undefined;
    this.#troubledSince = undefined;
    this.#state = state;
    this.#connect();
    this.#notify();
  }

  #connect(): void {
    if (this.#listeners.size > 0) this.#endOfClient ??= this.#state.client?.subscribe(() => this.#notify());
  }

  #listen(): void {
    const { client } = this.#state;
    if (this.#mounts === 0 || !client || client.state === 'closed') return;
    for (const name of this.#names) {
      if (this.#heard.has(name)) continue;
      this.#heard.add(name);
      client.on(name, this.#hear);
    }
  }

  #notify(): void {
    const { client } = this.#state;
    if (client) this.#look(client.syncStatus);
    for (const listener of [...this.#listeners]) listener();
  }

  /** Remembers what a later look depends on. Looking twice makes no difference. */
  #look(status: SyncStatus): void {
    if (isKnown(status)) this.#isKnown = true;
    if (isBlink(status)) {
      this.#troubledSince ??= status.since;
    } else {
      this.#steady = status;
      this.#troubledSince = undefined;
    }
  }
}

const ready = (client: FhircastClient): FhircastState =>
  Object.freeze({ status: 'ready', client, error: undefined } as const);

/** Whatever it was, it is told where developers look: most pages that stay blank do so for a launch. */
function failedWith(reason: unknown): FhircastState {
  const error = reason instanceof Error ? reason : new Error('The launch failed.', { cause: reason });
  // Only of our own errors is it known that nothing confidential is in them.
  console.warn(`fhircast-client: ${reason instanceof FhircastError ? reason.message : 'The launch failed.'}`);
  return Object.freeze({ status: 'failed', client: undefined, error } as const);
}

/** Nobody is there any more who could do something about it. */
const leave = (client: FhircastClient): Promise<void> => client.unsubscribe().catch(() => {});
