import type { FhirResource } from 'fhir/r4.js';
import { FhircastClient } from '../../client.ts';
import type { FollowOptions } from '../../session/options.ts';
import { randomHex } from '../../web/random.ts';
import { entriesOf, keyOf } from './entries.ts';
import { type FakeAnswer, type FakeEntry, MemoryHub } from './memory-hub.ts';

/** How a fake client behaves: as a client does, but for what its hub decides. */
export type FakeClientOptions = Omit<
  FollowOptions,
  'fetch' | 'webSocket' | 'callback' | 'channel' | 'dialect' | 'profile' | 'allowInsecure'
>;

/** A resource of FHIR, as far as it has to be named. */
export interface FakeResource {
  /** Its type. */
  readonly resourceType: string;
  /** Its id. */
  readonly id: string;
}

/** What becomes of shared content. */
export interface FakeContentChange {
  /** What is added, or takes the place of what has its type and id. */
  readonly put?: readonly FakeResource[];
  /** What goes, as in `Observation/1`. */
  readonly delete?: readonly string[];
}

/**
 * A client for the tests of components: a real `FhircastClient`, whose hub is in memory. What its listeners get, what `shown`,
 * `context` and `syncStatus` say, and what the hub is answered is what a real session does. It needs nothing of Node.
 *
 * Made by {@link createFakeClient}.
 */
export class FakeClient extends FhircastClient {
  readonly #hub: MemoryHub;

  /** @internal */
  constructor(hub: MemoryHub, options: FakeClientOptions) {
    super({ ...options, ...hub.session, dialect: 'stu3', fetch: hub.fetch, webSocket: hub.webSocket });
    this.#hub = hub;
  }

  /** What this app has answered, the oldest first. */
  get answers(): readonly FakeAnswer[] {
    return this.#hub.answers;
  }

  /** What the hub was asked for, by the names of STU3. Empty before the hub has been asked. */
  get subscribedTo(): readonly string[] {
    return this.#hub.events;
  }

  /**
   * Another app opens something.
   *
   * @param anchor what is opened, such as a Patient: `Patient-open`
   * @param others the event's other resources, such as the Patient of an ImagingStudy
   * @returns what this app answered, once it has; `undefined` where it is not subscribed to that
   */
  async open(anchor: FhirResource, ...others: FhirResource[]): Promise<FakeAnswer | undefined> {
    const context = entriesOf(anchor, ...others);
    return this.publish(`${anchor.resourceType}-open`, context);
  }

  /**
   * Another app closes something.
   *
   * @param anchor what is closed. Default what is current
   * @param others the event's other resources
   * @returns as {@link FakeClient.open}; `undefined` too where nothing is open
   */
  async close(anchor?: FhirResource, ...others: FhirResource[]): Promise<FakeAnswer | undefined> {
    if (anchor) return this.publish(`${anchor.resourceType}-close`, entriesOf(anchor, ...others));
    const { current } = this.#hub;
    return current && this.publish(current.name.replace(/-open$/, '-close'), current.context);
  }

  /**
   * Another app changes the content of what is current (STU3, content sharing).
   *
   * @returns as {@link FakeClient.open}
   * @throws Error where nothing is open
   */
  async update({ put = [], delete: removed = [] }: FakeContentChange): Promise<FakeAnswer | undefined> {
    const { current } = this.#hub;
    if (!current) throw new Error('Nothing is open whose content could be updated. Call open() before.');
    const type = current.name.replace(/-open$/, '');
    const key = keyOf(type);
    const id = (current.context.find((one) => one.key === key)?.resource as { id?: string } | undefined)?.id;
    const entry = [
      ...put.map((resource) => {
        const url = `${resource.resourceType}/${resource.id}`;
        return { fullUrl: url, request: { method: 'PUT', url }, resource };
      }),
      ...removed.map((url) => ({ fullUrl: url, request: { method: 'DELETE', url } })),
    ];
    return this.publish(`${type}-update`, [
      { key, reference: { reference: `${type}/${id}` } },
      { key: 'updates', resource: { resourceType: 'Bundle', id: randomHex(8), type: 'transaction', entry } },
    ]);
  }

  /**
   * Another app refuses what is current, and the hub tells this one: `syncStatus` says `refused`. As with every hub, an app with the option
   * `events` hears of it only where that names `SyncError`.
   *
   * @param subscriber the other app's name
   * @param diagnostics its reason
   * @returns as {@link FakeClient.open}
   */
  async refuse(subscriber = 'Another app', diagnostics = 'It does not follow.'): Promise<FakeAnswer | undefined> {
    const { current } = this.#hub;
    const system = 'https://fhircast.hl7.org/events/syncerror';
    const coding = [
      ...(current ? [{ system: `${system}/eventid`, code: current.id }] : []),
      ...(current ? [{ system: `${system}/eventname`, code: current.name }] : []),
      { system: `${system}/subscriber`, code: subscriber },
    ];
    const issue = [{ severity: 'warning', code: 'processing', diagnostics, details: { coding } }];
    return this.publish('SyncError', [
      { key: 'operationoutcome', resource: { resourceType: 'OperationOutcome', issue } },
    ]);
  }

  /**
   * The hub refuses the next change or update that this app sends.
   *
   * @param status by which HTTP status
   */
  refuseNext(status = 403): void {
    this.#hub.refusal = status;
  }

  /**
   * Brings the session in or out of step, and resolves when `syncStatus` says so.
   *
   * @param state `disconnected`: the connection is lost, and the hub cannot be reached; `behind`: it was lost, and the hub does not tell
   *   what is current; `in-sync`: everything is well again
   */
  async sync(state: 'in-sync' | 'behind' | 'disconnected'): Promise<void> {
    await this.#confirmed();
    const hub = this.#hub;
    hub.isReachable = state !== 'disconnected';
    hub.tellsContext = state === 'in-sync';
    if (state !== 'in-sync') hub.drop();
    if (state !== 'disconnected') this.wake();
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.syncStatus.state !== state) return;
        stop();
        resolve();
      };
      const stop = this.subscribe(look);
      look();
    });
  }

  /**
   * Sends any event of another app.
   *
   * @param name in any spelling
   * @param context the event's context
   * @returns as {@link FakeClient.open}
   */
  async publish(name: string, context: readonly FakeEntry[] = []): Promise<FakeAnswer | undefined> {
    await this.#confirmed();
    return this.#hub.publish(name, context);
  }

  /** Waits for the hub's confirmation, where the hub is asked for one. */
  async #confirmed(): Promise<void> {
    if (!this.#hub.isReachable || this.state === 'closed') return;
    // An app that listens to nothing asks for nothing.
    await this.ready({ caughtUp: this.#hub.tellsContext }).catch(() => {});
  }
}

/**
 * Makes a client whose hub is in memory.
 *
 * @param options as for a client
 * @example
 * ```ts
 * const client = createFakeClient({ events: ['Patient-open'] });
 * await client.open({ resourceType: 'Patient', id: 'ada' });
 * client.shown?.patient?.id; // ada
 * ```
 */
export function createFakeClient(options: FakeClientOptions = {}): FakeClient {
  return new FakeClient(new MemoryHub(), options);
}
