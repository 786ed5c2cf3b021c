import type { ContextEntry, FetchLike } from '../../src/index.ts';
import {
  formatMessage,
  startTestHub,
  type TestHub,
  type TestNetwork,
  type TestSession,
  type TokenResponse,
} from '../../src/testing/index.ts';
import { Evidence } from '../integration/evidence.ts';
import { WORLDS, type WorldKind } from '../integration/worlds.ts';
import { ChaosApp, type ClientMaker } from './app.ts';
import { type CallbackServer, startCallbackServer } from './callback-server.ts';
import { Clock } from './clock.ts';
import type { ContentMaker } from './content-app.ts';
import { ContentLedger } from './content-ledger.ts';
import type { Breach, Invariant } from './invariants.ts';
import { Ledger } from './ledger.ts';
import { type Character, characterOf } from './quirks.ts';
import type { Schedule } from './schedule.ts';
import { ALL_SUBJECTS, contextName } from './subjects.ts';

/** How long the hub waits for an answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 400;

/** For so long a step waits for answers, in milliseconds. */
const ANSWERED_WITHIN_MS = 600;

/** What makes the parts of an app. */
export interface Makers {
  readonly make: ClientMaker;
  readonly share: ContentMaker;
}

/** A hub, a session, networks, and the apps of one run. */
export class ChaosWorld {
  readonly clock = new Clock();
  readonly ledger: Ledger;
  /** What the hub does with the content of the session. */
  readonly contents = new ContentLedger();
  readonly evidence = new Evidence();
  readonly breaches: Breach[] = [];
  /** What each app saw at each step, in words. */
  readonly sights: { readonly step: number; readonly app: string; readonly what: string }[] = [];
  /** In what the hub and its EHR depart from the text. */
  readonly character: Character;
  readonly hub: TestHub;
  readonly session: TestSession;
  /** Somebody else's session on the same hub. */
  readonly foreign: TestSession;
  readonly callback: CallbackServer;
  /** The apps by their place in the schedule; an app that left may come again as another one. */
  readonly apps = new Map<number, ChaosApp>();
  /** Every app that there was. */
  readonly everybody: ChaosApp[] = [];
  /** The step that is performed, counted from 1. */
  step = 0;
  readonly #schedule: Schedule;
  readonly #make: ClientMaker;
  readonly #share: ContentMaker;
  #marks = 0;
  readonly #tokens = new Map<string, string>();
  /** What is under way, in words. */
  readonly #pending = new Map<Promise<unknown>, string>();
  readonly #watchers = new Set<() => void>();
  readonly #relaunched = new Set<ChaosApp>();

  private constructor(
    schedule: Schedule,
    { make, share }: Makers,
    { hub, callback }: { hub: TestHub; callback: CallbackServer },
  ) {
    this.#schedule = schedule;
    this.#make = make;
    this.#share = share;
    this.character = characterOf(schedule.hub.quirks);
    const { hidesOrder, clockMs } = this.character;
    this.ledger = new Ledger({
      hidesOrder,
      isInSeconds: hub.traits.timestamps === 'seconds',
      derived: hub.traits.derivedEvents,
    });
    if (typeof clockMs === 'number') this.clock.ehrOffMs = clockMs;
    this.hub = hub;
    this.callback = callback;
    this.session = hub.openSession();
    this.foreign = hub.openSession();
    for (const session of [this.session, this.foreign]) {
      this.evidence.keep('the topic', session.id);
      this.evidence.keep('the token', session.accessToken);
    }
    if (this.sharesContent) this.contents.watch(this.session);
    for (const { type, id } of ALL_SUBJECTS) this.evidence.keep(`the id of a ${type}`, id);
  }

  /** Starts everything but the apps. */
  static async start(schedule: Schedule, makers: Makers): Promise<ChaosWorld> {
    const callback = await startCallbackServer(() => world?.changed());
    const { quirks, ...plan } = schedule.hub;
    const character = characterOf(quirks);
    const hub = await startTestHub({
      ...plan,
      ...character.hub,
      ...(schedule.content === undefined ? {} : { content: schedule.content }),
      leaseSeconds: Math.min(plan.leaseSeconds, character.leaseSeconds ?? Number.POSITIVE_INFINITY),
      network: true,
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
      onMessage: (message) => {
        if (!world) return;
        world.evidence.keepSecretsOf(message);
        world.evidence.line(formatMessage(message));
        world.ledger.read(message);
        world.ledger.readOpen(world.session);
        if (world.sharesContent) world.contents.readOpen(world.session);
        world.changed();
      },
    });
    let world: ChaosWorld | undefined;
    world = new ChaosWorld(schedule, makers, { hub, callback });
    return world;
  }

  /** The EHR sends an event. */
  publish(name: string, context: readonly ContextEntry[]): void {
    const { ids } = this.character;
    const timestamp = this.clock.stamp('EHR');
    const id = ids === 'one' ? '1' : ids === 'by-name' ? name : undefined;
    this.ledger.take({ name, context, timestamp });
    this.expect(
      name,
      this.session.publish(
        name,
        context.map((entry) => ({ ...entry })),
        id === undefined ? { timestamp } : { id, timestamp },
      ),
    );
  }

  /**
   * Whether an event may overtake another one on its way to an app, and nobody can tell by their times: requests to a callback
   * have no order, and a hub may hold an event back.
   */
  mayBeOvertaken({ channel }: WorldKind): boolean {
    const isHeldBack = this.#schedule.steps.some((step) => step.kind === 'disturb' && step.how === 'reorder');
    return this.character.hidesOrder && (channel === 'webhook' || isHeldBack);
  }

  /** Whether the hub sends an event before it knows it by itself, so that its answers are older than its events. */
  get answersLate(): boolean {
    return this.#schedule.hub.echoFirst;
  }

  /** Whether apps share content. */
  get sharesContent(): boolean {
    return this.#schedule.content !== undefined;
  }

  /** The apps that share content and have not left. */
  get sharing(): readonly ChaosApp[] {
    return this.present.filter(({ content }) => content !== undefined);
  }

  /** A mark that nothing else has. */
  nextMark(): string {
    const mark = `mark-${++this.#marks}-of-the-content`;
    this.evidence.keep('what is shared', mark);
    return mark;
  }

  /** Every form of the session's topic. */
  get topics(): readonly string[] {
    return [this.session.id, this.session.url];
  }

  /** What is current in the hub. */
  get current(): string {
    const { current } = this.session;
    return contextName(current && { type: current.type, context: current.event.context });
  }

  /** The apps that have not left. */
  get present(): readonly ChaosApp[] {
    return [...this.apps.values()].filter(({ hasLeft }) => !hasLeft);
  }

  /** Whether events are on their way. */
  get isBusy(): boolean {
    return this.#pending.size > 0;
  }

  /** The network at a place. */
  network(place: 'hub' | 'callback'): TestNetwork {
    const { network } = place === 'hub' ? this.hub : this.callback;
    if (!network) throw new Error('The hub has no network.');
    return network;
  }

  /** Launches an app at its place in the schedule, unless there is one. */
  async join(index: number): Promise<void> {
    const plan = this.#schedule.apps[index];
    const kind = WORLDS.find(({ title }) => title === plan?.world);
    if (!kind || this.apps.get(index)?.hasLeft === false) return;
    const name = `app ${index + 1}${this.apps.has(index) ? ` again (${this.everybody.length})` : ''}`;
    const app = await ChaosApp.launch(name, kind, this, { make: this.#make, share: this.#share });
    this.apps.set(index, app);
    this.everybody.push(app);
  }

  /** Launches the apps again whose sessions are over. */
  relaunch(): void {
    for (const [index, app] of this.apps) {
      if (!app.isOver || app.hasLeft || this.#relaunched.has(app)) continue;
      // Before it leaves, which makes the next look at everybody.
      this.#relaunched.add(app);
      this.expect(`leaving of ${app.name}`, app.leave());
      this.expect(`joining in the place of ${app.name}`, this.join(index));
    }
  }

  /** What the EHR's token endpoint gives to an app. */
  launch(kind: WorldKind, name: string): TokenResponse {
    const scope = scopeOf(kind);
    return { ...this.session.launch(kind.form, { scope }), access_token: this.token(kind, name, undefined) };
  }

  /** The token of an app; another one when the hub refuses the one of the moment. */
  token(kind: WorldKind, name: string, refused: string | undefined): string {
    const current = this.#tokens.get(name);
    if (current !== undefined && current !== refused) return current;
    const token = this.session.issueToken(scopeOf(kind), 3600, name);
    this.evidence.keep('the token', token);
    this.#tokens.set(name, token);
    return token;
  }

  /** Makes the hub refuse an app's token of the moment. */
  revoke(name: string): void {
    const token = this.#tokens.get(name);
    if (token !== undefined) this.session.revokeToken(token);
  }

  /** The `fetch` of an app: what would be stamped like the event of another one does not get through. */
  readonly fetch = (app: string, ...[url, init]: Parameters<FetchLike>): ReturnType<FetchLike> => {
    const timestamp = typeof init.body === 'string' ? /^\{"timestamp":"([^"]+)"/.exec(init.body)?.[1] : undefined;
    // Content has an order of its own.
    const isOfContent = typeof init.body === 'string' && /"hub\.event":"\w+-(?:update|select)"/i.test(init.body);
    if (timestamp !== undefined && !isOfContent && !this.clock.claim(timestamp, app))
      return Promise.reject(new TypeError('No luck.'));
    return fetch(url, init);
  };

  /** What is under way, in words. */
  get underWay(): readonly string[] {
    return [...this.#pending.values()];
  }

  /** Keeps something that is under way, until it is over. */
  expect(what: string, promise: Promise<unknown>): void {
    const settled = promise
      .catch(() => undefined)
      .finally(() => {
        this.#pending.delete(settled);
        this.changed();
      });
    this.#pending.set(settled, what);
  }

  /** Resolves when everything that was under way is over, or has taken longer than the hub and the apps wait. */
  async answered(): Promise<void> {
    await this.until(() => !this.isBusy, ANSWERED_WITHIN_MS);
  }

  /** Something may have changed. */
  changed(): void {
    for (const watch of [...this.#watchers]) watch();
  }

  /**
   * Resolves when something holds, or when the time is up.
   *
   * @returns whether it holds
   */
  until(holds: () => boolean, boundMs: number): Promise<boolean> {
    if (holds()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (held: boolean) => {
        clearTimeout(timer);
        this.#watchers.delete(watch);
        resolve(held);
      };
      const watch = () => {
        if (holds()) end(true);
      };
      const timer = setTimeout(() => end(holds()), boundMs);
      this.#watchers.add(watch);
    });
  }

  /** Notes what an app saw. */
  saw(app: { readonly name: string }, what: string): void {
    this.sights.push({ step: this.step, app: app.name, what });
  }

  /** Notes a breach. */
  breached(invariant: Invariant, what: string): void {
    this.breaches.push({ invariant, what, step: this.step });
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.hub.close();
    await this.callback.close();
  }
}

function scopeOf({ form }: WorldKind): string {
  return form === 'stu' ? 'fhircast/*.*' : 'fhircast';
}
