import { isDeepStrictEqual } from 'node:util';
import type { ContentSnapshot } from '../../src/content/index.ts';
import type { ChaosContent } from './content-app.ts';
import type { Applied } from './content-ledger.ts';
import type { Invariant } from './invariants.ts';
import type { ContentAction } from './schedule.ts';
import type { ChaosWorld } from './world.ts';

/** One update that an app asked for. */
interface Asked {
  readonly what: string;
  readonly how: 'put' | 'delete' | 'decide';
  /** What tells it from all others. */
  readonly mark: string;
  readonly anchor: string | undefined;
  /** What became of it; `unknown` where the client does not say that it was not taken. */
  outcome?:
    | { readonly kind: 'done'; readonly id: string | undefined }
    | { readonly kind: 'refused' | 'unknown'; readonly code: string };
}

/** These say that nothing was changed. Others leave open what became of an update. */
const REFUSALS = ['hub-refused', 'content-conflict', 'content-invalid', 'content-too-large', 'content-unsupported'];

/** A resource of the steps. `before` is the mark of what was there when it was decided. */
export const observation = (id: string, mark: string, before?: string) => ({
  resourceType: 'Observation' as const,
  id,
  status: 'preliminary' as const,
  code: { text: 'length' },
  valueString: mark,
  ...(before === undefined ? {} : { note: [{ text: before }] }),
});

/** What an app did to the content, and what was said of it. */
export class ContentOperations {
  readonly #world: ChaosWorld;
  readonly #content: ChaosContent;
  readonly #name: string;
  readonly #breached: (invariant: Invariant, what: string) => void;
  readonly #asked: Asked[] = [];

  constructor(
    world: ChaosWorld,
    content: ChaosContent,
    { name, breached }: { name: string; breached: (invariant: Invariant, what: string) => void },
  ) {
    this.#world = world;
    this.#content = content;
    this.#name = name;
    this.#breached = breached;
  }

  /** Does what a step says, and waits for nothing. */
  act(action: Extract<ContentAction, { app: number }>): void {
    if (action.kind === 'select') {
      const references = action.what.map((one) => `Observation/o${one}`);
      this.#world.expect(
        `a select of ${this.#name}`,
        this.#content.select(references).catch((error) => this.#failed(error)),
      );
      return;
    }
    const asked: Asked = {
      what: `Observation/o${action.what}`,
      how: action.how,
      mark: this.#world.nextMark(),
      anchor: this.#content.current?.anchor,
    };
    this.#asked.push(asked);
    this.#world.expect(`the update ${asked.mark} of ${this.#name}`, this.#update(asked));
  }

  async #update(asked: Asked): Promise<void> {
    const { what, how, mark } = asked;
    const id = what.slice('Observation/'.length);
    try {
      const result = await this.#content.update(
        how === 'delete'
          ? { delete: what }
          : how === 'put'
            ? { put: observation(id, mark) }
            : (current: ContentSnapshot) => ({
                put: observation(id, mark, current.get('Observation', id)?.valueString ?? ''),
              }),
      );
      asked.outcome = { kind: 'done', id: result.id };
      this.#world.saw({ name: this.#name }, `${mark} is done`);
    } catch (error) {
      const code = this.#failed(error);
      asked.outcome = { kind: REFUSALS.includes(code) ? 'refused' : 'unknown', code };
      this.#world.saw({ name: this.#name }, `${mark} failed: ${code}`);
    }
  }

  #failed(error: unknown): string {
    this.#world.evidence.value('content', error);
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) this.#breached('delivery', `failed with ${String(error)}`);
    return code ?? 'unknown';
  }

  /** Holds what was said against what the hub did. */
  settle(): void {
    const { applied } = this.#world.contents;
    for (const asked of this.#asked) {
      const { mark, what, how, outcome } = asked;
      if (how === 'delete') this.#settleDelete(asked, applied);
      else {
        const times = applied.filter(({ edits }) => edits.get(what)?.valueString === mark);
        if (times.length > 1) this.#breached('delivery', `${mark} was applied ${times.length} times`);
        if (times.length > 0 && outcome?.kind === 'refused')
          this.#breached('delivery', `${mark} was applied, and failed with ${outcome.code}`);
        if (times.length === 0 && outcome?.kind === 'done' && !this.#isOverwritten(asked, applied))
          this.#breached('delivery', `${mark} is done, and was never applied`);
        for (const one of times) this.#hasLost(asked, one);
      }
      if (!outcome) this.#breached('delivery', `nobody ever said what became of ${mark}`);
    }
    const ids = applied.map(({ id }) => id);
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice !== undefined) this.#breached('delivery', `the event ${twice.slice(0, 8)} was applied twice`);
  }

  /** What a function decided, it decided by what was there. */
  #hasLost({ how, mark, what }: Asked, { edits, before }: Applied): void {
    if (how !== 'decide') return;
    const decidedBy = edits.get(what)?.note ?? [];
    if (!isDeepStrictEqual(decidedBy, [{ text: before.get(what) ?? '' }]))
      this.#breached('delivery', `${mark} was decided by ${decidedBy[0]?.text}, and put over ${before.get(what)}`);
  }

  /** Whether it went together with a later one of the same app, which counts. */
  #isOverwritten({ outcome, what, mark }: Asked, applied: readonly Applied[]): boolean {
    if (outcome?.kind !== 'done') return false;
    // There was nothing to send.
    if (outcome.id === undefined) return this.#asked.some((one) => one.what === what && one.how === 'delete');
    const later = this.#asked.slice(this.#asked.findIndex((one) => one.mark === mark) + 1);
    const sameEvent = later.filter(
      (one) => one.what === what && one.outcome?.kind === 'done' && one.outcome.id === outcome.id,
    );
    return sameEvent.some(
      (one) => one.how === 'delete' || applied.some(({ edits }) => edits.get(what)?.valueString === one.mark),
    );
  }

  #settleDelete({ mark, what, outcome }: Asked, applied: readonly Applied[]): void {
    if (outcome?.kind !== 'done' || outcome.id === undefined) return;
    const { id } = outcome;
    const event = applied.find((one) => one.id === id);
    // What was put and deleted at once was never sent.
    if (event?.before.has(what) && !event.edits.has(what))
      this.#breached('delivery', `${mark} is done, and its event did something else`);
    // Seen in the content: it never was there, or somebody else has deleted it.
    if (!event && !applied.some(({ edits, before }) => !before.has(what) || (edits.has(what) && !edits.get(what))))
      this.#breached('delivery', `${mark} is done, and nothing was deleted`);
  }
}
