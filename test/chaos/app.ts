import {
  FhircastClient,
  type FhircastEvent,
  type SmartLaunchOptions,
  type StateChange,
  type SyncStatus,
} from '../../src/index.ts';
import type { HubTraits } from '../../src/testing/ground/traits.ts';
import type { TokenResponse } from '../../src/testing/index.ts';
import { chosenFor } from '../integration/world.ts';
import type { WorldKind } from '../integration/worlds.ts';
import { ContentApp, type ContentMaker } from './content-app.ts';
import type { Invariant } from './invariants.ts';
import { Observer, titleOf } from './observer.ts';
import { optionsFor } from './quirks.ts';
import type { Behaviour } from './schedule.ts';
import { SocketTap } from './socket-tap.ts';
import { CONTEXT_EVENTS, contextName, impliedBy } from './subjects.ts';
import type { ChaosWorld, Makers } from './world.ts';

/** Waits short enough for a run of less than a second, in milliseconds. */
const SHORT = {
  reconnect: { firstMs: 5, longestMs: 40 },
  silenceMs: 150,
  requestTimeoutMs: 400,
  confirmationTimeoutMs: 400,
  acknowledgeWithinMs: 40,
};

/** How long a slow listener takes: longer than the hub is let wait. In milliseconds. */
const SLOW_MS = 60;

/** The part of a client that a run uses. */
export type ChaosClient = Pick<
  FhircastClient,
  'on' | 'off' | 'ready' | 'requestContextChange' | 'unsubscribe' | 'state' | 'syncStatus' | 'context'
>;

/** Makes the client of an app. */
export type ClientMaker = (launch: TokenResponse, options: SmartLaunchOptions) => Promise<ChaosClient>;

/** Makes a client as an app does. */
export const realClient: ClientMaker = (launch, options) => FhircastClient.fromSmartLaunch(launch, options);

/** How often something happened to an app. */
export interface AppCounts {
  readonly events: number;
  /** Those of them, and of what was found by asking, that open something. */
  readonly opens: number;
  readonly resyncs: number;
  readonly reconnects: number;
}

/** One app of a run: a client, and what its listeners do and see. */
export class ChaosApp {
  readonly name: string;
  readonly kind: WorldKind;
  behaviour: Behaviour = 'follow';
  /** What it shares, if it does. */
  readonly content: ContentApp | undefined;
  readonly #world: ChaosWorld;
  readonly #client: ChaosClient;
  readonly #tap: SocketTap;
  /** What listens to everything, and what listens to each name. */
  readonly #observers: readonly [Observer, Observer];
  readonly #others = new Map<string, () => void>();
  readonly #slow = new Set<Promise<void>>();
  readonly #counts = { events: 0, opens: 0, resyncs: 0, reconnects: 0 };
  #isAsking = false;
  #toldTheHub = false;
  #isOver = false;
  #left: Promise<void> | undefined;

  private constructor(
    { name, kind, world, share }: { name: string; kind: WorldKind; world: ChaosWorld; share: ContentMaker },
    client: ChaosClient,
    tap: SocketTap,
  ) {
    this.name = name;
    this.kind = kind;
    this.#world = world;
    this.#client = client;
    this.#tap = tap;
    const { ledger, topics } = world;
    const options = {
      ledger,
      topics,
      mayBeOvertaken: world.mayBeOvertaken(kind),
      twins: twinsOf(world.hub.traits),
      isBehind: () => client.syncStatus.state !== 'in-sync',
      timesTell: !world.character.hidesOrder && !world.answersLate,
      isCurrent: (anchor: string | undefined) => world.current === (anchor ?? contextName(null)),
      breached: (invariant: Invariant, what: string) => this.#breached(invariant, what),
    };
    this.#observers = [new Observer(options), new Observer(options)];
    const isSharing = world.sharesContent && kind.versions;
    this.content = isSharing
      ? new ContentApp(world, share(client), { name, breached: (...what) => this.#breached(...what) })
      : undefined;
  }

  /** Launches an app that listens to everything that a schedule opens and closes. */
  static async launch(name: string, kind: WorldKind, world: ChaosWorld, { make, share }: Makers): Promise<ChaosApp> {
    const tap = new SocketTap(
      (what) => world.breached('answers', `${name}: ${what}`),
      () => world.changed(),
    );
    const client = await make(world.launch(kind, name), {
      ...SHORT,
      accessToken: (refused) => world.token(kind, name, refused),
      ...chosenFor(kind),
      ...optionsFor(kind, world.character),
      callback: world.callback.endpoint,
      subscriberName: name,
      webSocket: tap.open,
      fetch: (url, init) => world.fetch(name, url, init),
    });
    const app = new ChaosApp({ name, kind, world, share }, client, tap);
    app.#listen();
    return app;
  }

  /** Whether it has left, or is about to. */
  get hasLeft(): boolean {
    return this.#left !== undefined;
  }

  /** How often something happened. */
  get counts(): AppCounts {
    return this.#counts;
  }

  /** Whether the client says that it is in the hub's current context. */
  get isInStep(): boolean {
    const { state, syncStatus } = this.#client;
    return state === 'active' && (syncStatus.state === 'in-sync' || syncStatus.state === 'refused');
  }

  /** Whether it says that it is in step, and shows something else than the hub has. */
  get isWrong(): boolean {
    const { current, character } = this.#world;
    if (!this.isInStep || this.context === current) return false;
    // An open of the patient, after one of a study, may be derived from it: nobody but the hub can say what is current then.
    const shown = this.#client.context.current;
    return character.tells !== 'nothing' || !impliedBy(shown?.context ?? []).includes(current);
  }

  /** Whether the hub does not accept its token, so that the user has to launch it again. */
  get isOver(): boolean {
    return this.#isOver && !this.isInStep;
  }

  /** Whether it has left, and the hub has been told. */
  get hasLeftTheHub(): boolean {
    return this.#toldTheHub;
  }

  /** What the client says that it shows. */
  get context(): string {
    return contextName(this.#client.context.current);
  }

  /** Where it is, in words. */
  get standing(): string {
    return `${this.context}, ${this.#client.state}, ${this.#client.syncStatus.state}`;
  }

  /** What arrived on a connection that lives and has not been answered. */
  get unanswered(): readonly string[] {
    return this.kind.form === 'stu' ? this.#tap.unanswered : [];
  }

  /** How many sockets the client has not let go of. */
  get heldSockets(): number {
    return this.#tap.held;
  }

  /** Resolves when no listener is at work any more. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#slow);
  }

  /** Resolves when the subscription is confirmed, or has failed. */
  async ready(): Promise<void> {
    await this.#client.ready().catch((error) => this.#world.evidence.value('ready', error));
  }

  /** Asks for the subscription again where the client waits for that. */
  askAgain(): void {
    if (this.#isAsking || this.#client.state !== 'denied') return;
    this.#isAsking = true;
    void this.ready().finally(() => {
      this.#isAsking = false;
      this.#world.changed();
    });
  }

  /** Changes the context of the session. */
  async change(name: string, resources: Parameters<ChaosClient['requestContextChange']>[1]): Promise<void> {
    try {
      const result = await this.#client.requestContextChange(name, resources);
      this.#world.saw(this, result.accepted ? `changed it (${result.status})` : `was refused (${result.status})`);
    } catch (error) {
      this.#world.evidence.value('change', error);
      this.#world.saw(this, `could not change it: ${codeOf(error)}`);
    }
  }

  /** Starts or stops to listen to an event that is not about a context. */
  listen(name: string, on: boolean): void {
    const listener = this.#others.get(name);
    if (on === (listener !== undefined) || this.hasLeft) return;
    if (listener) {
      this.#client.off(name, listener);
      this.#others.delete(name);
      return;
    }
    const added = () => undefined;
    this.#others.set(name, added);
    this.#client.on(name, added);
  }

  /** Leaves, once. Resolves when the client has let go of everything. */
  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  /** What the two listeners saw must be the same. */
  compareListeners(): void {
    const [everything, named] = this.#observers;
    if (everything.count !== named.count)
      this.#breached('once', `one listener saw ${everything.count} events and another ${named.count}`);
  }

  async #leave(): Promise<void> {
    try {
      await this.#client.unsubscribe();
      this.#toldTheHub = true;
    } catch (error) {
      this.#world.evidence.value('leaving', error);
    }
    for (const observer of this.#observers) observer.leave();
    if (this.#client.state !== 'closed') this.#breached('leaks', `is ${this.#client.state} after it has left`);
  }

  #listen(): void {
    const world = this.#world;
    const [everything, named] = this.#observers;
    this.#client.on('error', (error) => {
      world.evidence.value('error', error);
      if (error.code === 'session-over') this.#isOver = true;
      world.saw(this, `error ${error.code}`);
    });
    this.#client.on('warning', (warning) => {
      world.evidence.value('warning', warning);
      world.saw(this, `warning ${warning.code}`);
    });
    this.#client.on('state', (change) => this.#entered(change));
    this.#client.on('sync', (status) => this.#synced(status));
    this.#client.on('subscribed', (subscribed) => world.evidence.value('subscribed', subscribed));
    this.#client.on('protocol', (record) => world.evidence.value('protocol', record));
    this.#client.on('*', (event) => {
      if (event.source === 'resync') this.#counts.resyncs++;
      else this.#counts.events++;
      if (event.name.endsWith('-open')) this.#counts.opens++;
      everything.see(event, this.#follows);
      world.saw(this, titleOf(event));
      world.changed();
    });
    for (const name of CONTEXT_EVENTS) {
      this.#client.on(name, (event) => {
        named.see(event, this.#follows);
        return this.#react(event);
      });
    }
  }

  #entered(change: StateChange): void {
    if (change.state === 'reconnecting') this.#counts.reconnects++;
    this.#world.evidence.value('state', change);
    this.#world.saw(this, `${change.previous} → ${change.state} (${change.reason})`);
    this.#world.changed();
  }

  #synced(status: SyncStatus): void {
    this.#world.evidence.value('sync', status);
    this.#world.saw(this, status.state);
    this.#world.changed();
  }

  get #follows(): boolean {
    return this.behaviour === 'follow' || this.behaviour === 'slow';
  }

  #react(event: FhircastEvent): unknown {
    switch (this.behaviour) {
      case 'follow':
        return undefined;
      case 'refuse':
        return event.refuse('A report is being dictated.');
      case 'throw':
        throw new Error('The viewer failed.');
      case 'slow':
        return this.#takeTime(() => undefined);
      case 'fail-late':
        return this.#takeTime(() => {
          throw new Error('The viewer failed late.');
        });
    }
  }

  #takeTime(end: () => void): Promise<void> {
    const work = new Promise((resolve) => setTimeout(resolve, SLOW_MS)).then(end);
    this.#slow.add(work);
    work.catch(() => undefined).finally(() => this.#slow.delete(work));
    return work;
  }

  #breached(invariant: Invariant, what: string): void {
    this.#world.breached(invariant, `${this.name} (${this.kind.title}): ${what}`);
  }
}

function twinsOf({ copies, copyIds, timestamps }: HubTraits): 'none' | 'closes' | 'all' {
  if (copies !== 2 || copyIds !== 'own') return 'none';
  return timestamps === 'seconds' ? 'all' : 'closes';
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
}
