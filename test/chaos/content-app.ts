import { type ContentChange, type ContentSnapshot, type SharedContent, shareContent } from '../../src/content/index.ts';
import type { FhircastClient } from '../../src/index.ts';
import { canonical, nameOf } from './content-ledger.ts';
import { ContentOperations } from './content-operations.ts';
import type { Invariant } from './invariants.ts';
import type { ContentAction } from './schedule.ts';
import type { ChaosWorld } from './world.ts';

/** The part of shared content that a run uses. */
export type ChaosContent = Pick<SharedContent, 'all' | 'current' | 'of' | 'on' | 'subscribe' | 'update' | 'select'>;

/** Shares the content of a client. */
export type ContentMaker = (client: unknown) => ChaosContent;

/** How long an app waits for its update to come back, in milliseconds. */
const ECHO_WITHIN_MS = 200;

/** Shares content as an app does. */
export const realContent: ContentMaker = (client) =>
  shareContent(client as FhircastClient, { echoWithinMs: ECHO_WITHIN_MS });

/** What was shown of an anchor last: each resource as text, by its name. */
type Shown = ReadonlyMap<string, string>;

const NOTHING: Shown = new Map();

/** What one app shares, and what it is shown: held against the hub's versions, and each change against what was shown before. */
export class ContentApp {
  readonly #world: ChaosWorld;
  readonly #content: ChaosContent;
  readonly #breached: (invariant: Invariant, what: string) => void;
  readonly #operations: ContentOperations;
  readonly #shown = new Map<string, Shown>();

  constructor(
    world: ChaosWorld,
    content: ChaosContent,
    { name, breached }: { name: string; breached: (invariant: Invariant, what: string) => void },
  ) {
    this.#world = world;
    this.#content = content;
    this.#breached = breached;
    this.#operations = new ContentOperations(world, content, { name, breached });
    content.on('change', (change) => {
      this.#changed(change);
      world.saw({ name }, `content ${wordsFor(change)}`);
      world.changed();
    });
    content.subscribe(() => {
      this.#look();
      world.changed();
    });
  }

  /** Does what a step says. */
  act(action: Extract<ContentAction, { app: number }>): void {
    this.#operations.act(action);
  }

  /** What became of what it did, held against what the hub did. */
  settle(): void {
    this.#operations.settle();
  }

  /** How it stands to the content of the hub's current report, in words; `undefined` where it has it. */
  get lack(): string | undefined {
    const held = this.#world.session.content();
    if (!held?.anchor.startsWith('DiagnosticReport/')) return undefined;
    const shown = this.#content.of(held.anchor);
    if (!shown) return 'nothing';
    if (shown.status !== 'known' || shown.versionId !== held.versionId)
      return `${shown.status} ${short(shown.versionId)}`;
    return canonical(shown.resources()) === canonical(held.resources) ? undefined : 'something else';
  }

  /** Whether it says that it knows the content of the current report, and it is another one than the hub's. */
  get isWrong(): boolean {
    const held = this.#world.session.content();
    const shown = held && this.#content.of(held.anchor);
    return shown?.status === 'known' && this.lack !== undefined;
  }

  /** Whether it shows what the hub holds for selected. */
  get hasSelection(): boolean {
    const held = this.#world.session.content();
    const shown = held && this.#content.of(held.anchor);
    return !shown || [...shown.selected].sort().join() === [...held.selected].sort().join();
  }

  #look(): void {
    for (const snapshot of this.#content.all) {
      this.#check(snapshot);
      const shown = this.#shown.get(snapshot.anchor) ?? NOTHING;
      const now = resourcesOf(snapshot);
      if (!isSame(shown, now)) this.#breached('changes', `${snapshot.anchor} is otherwise, and no change told it`);
      this.#shown.set(snapshot.anchor, now);
    }
  }

  #changed(change: ContentChange): void {
    const { content, isClosed } = change;
    const { anchor } = content;
    this.#check(content);
    const before = this.#shown.get(anchor) ?? NOTHING;
    const now = isClosed ? NOTHING : resourcesOf(content);
    const expected = {
      added: [...now.keys()].filter((name) => !before.has(name)),
      changed: [...now].flatMap(([name, text]) => (before.has(name) && before.get(name) !== text ? name : [])),
      removed: [...before.keys()].filter((name) => !now.has(name)),
    };
    for (const kind of ['added', 'changed', 'removed'] as const) {
      const told = change[kind].map(nameOf).sort().join();
      const is = expected[kind].sort().join();
      if (told !== is)
        this.#breached('changes', `${anchor}: ${kind} ${told || 'nothing'}, and it is ${is || 'nothing'}`);
    }
    if (isClosed) this.#shown.delete(anchor);
    else this.#shown.set(anchor, now);
  }

  /** What is known is what the hub had in that version. */
  #check(snapshot: ContentSnapshot): void {
    if (snapshot.status !== 'known') return;
    const { anchor, versionId } = snapshot;
    const version = this.#world.contents.version(versionId);
    if (!version) return this.#breached('content', `${anchor} is known in ${short(versionId)}, which there never was`);
    if (version.anchor !== anchor || version.held !== canonical(snapshot.resources()))
      this.#breached('content', `${anchor} is not what the hub had in ${short(versionId)}`);
  }
}

const short = (versionId: string | undefined): string => `version ${versionId?.slice(0, 8)}`;

const resourcesOf = (snapshot: ContentSnapshot): Shown =>
  new Map(snapshot.resources().map((one) => [nameOf(one), canonical([one])]));

const isSame = (one: Shown, other: Shown): boolean =>
  one.size === other.size && [...one].every(([name, text]) => other.get(name) === text);

function wordsFor({ content, added, changed, removed, isSelection, isClosed }: ContentChange): string {
  const names = [
    ...added.map(nameOf).map((one) => `+${one}`),
    ...changed.map(nameOf),
    ...removed.map((one) => `-${nameOf(one)}`),
  ];
  const ends = [...(isSelection ? ['selection'] : []), ...(isClosed ? ['closed'] : [])];
  return [short(content.versionId), content.status, ...names, ...ends].join(' ');
}
