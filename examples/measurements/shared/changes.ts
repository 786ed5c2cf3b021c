import { ContentError, type ContentSnapshot, type ContentUpdate, type SharedContent } from 'fhircast-client/content';
import { type Ends, type Length, lengthOf, newObservation, withEnds, withLabel } from './length.ts';

/** What became of a change, for the user. */
export type Outcome =
  | { readonly kind: 'done' }
  /** It was done, and there is something to tell. */
  | { readonly kind: 'told'; readonly text: string }
  /** Somebody was first: the user decides. */
  | { readonly kind: 'asked'; readonly now: Length };

const DONE: Outcome = { kind: 'done' };
const GONE: Outcome = { kind: 'told', text: 'Somebody else has removed this length.' };

/** Changes the lengths of the report that is open, and decides what happens when two people change the same one. */
export class LengthChanges {
  readonly #content: SharedContent;
  /** Where the hand has taken what is dragged. */
  readonly #dragged = new Map<string, Ends>();

  constructor(content: SharedContent) {
    this.#content = content;
  }

  /** Adds a length. */
  async add(ends: Ends): Promise<Outcome> {
    const { current } = this.#content;
    const { patient, study } = current?.context ?? {};
    const put = newObservation(ends, `Patient/${patient?.id}`, study?.id && `ImagingStudy/${study.id}`);
    await this.#content.update({ put });
    return DONE;
  }

  /** Moves the ends of a length while it is dragged: one update is sent when the hand rests. */
  async move(id: string, ends: Ends): Promise<Outcome> {
    // Not what was there when the hand took it: somebody may have labelled or removed it since.
    const { current } = this.#content;
    const seen = current && lengthIn(current, id);
    if (!seen) return GONE;
    this.#dragged.set(id, ends);
    try {
      await this.#content.update({ put: withEnds(seen.resource, ends) }, { throttle: true });
      return DONE;
    } catch (error) {
      if (!(error instanceof ContentError) || error.code !== 'content-conflict') throw error;
      // Of all calls of one drag, the last one goes on.
      return this.#dragged.get(id) === ends ? await this.#moveAfterOthers(seen, ends) : DONE;
    } finally {
      if (this.#dragged.get(id) === ends) this.#dragged.delete(id);
    }
  }

  /** The ends of a length while they are dragged, which nobody else knows yet. */
  dragged(id: string): Ends | undefined {
    return this.#dragged.get(id);
  }

  /**
   * Writes a label.
   *
   * @param seen what the user saw when the label was written
   */
  relabel(seen: Length, label: string): Promise<Outcome> {
    return this.#decide(seen, (now) => (now.label === seen.label ? { put: withLabel(now.resource, label) } : 'ask'));
  }

  /**
   * Removes a length.
   *
   * @param seen what the user saw when it was removed
   */
  async remove(seen: Length): Promise<Outcome> {
    const outcome = await this.#decide(seen, (now) =>
      now.label === seen.label && now.value === seen.value ? { delete: now.resource } : 'ask',
    );
    // Two who remove the same agree.
    return outcome === GONE ? DONE : outcome;
  }

  /**
   * Selects lengths for everybody.
   *
   * @param names such as `Observation/o1`
   */
  async select(names: readonly string[]): Promise<Outcome> {
    const { ignored } = await this.#content.select(names);
    return ignored.length === 0 ? DONE : { kind: 'told', text: 'Some of these lengths have been removed meanwhile.' };
  }

  /** The function is asked again when somebody else was first. What it said last counts. */
  async #decide(seen: Length, decide: (now: Length) => ContentUpdate | 'ask'): Promise<Outcome> {
    let outcome: Outcome = DONE;
    await this.#content.update((current) => {
      const now = lengthIn(current, seen.id);
      const decision = now && decide(now);
      outcome = now === undefined ? GONE : decision === 'ask' ? { kind: 'asked', now } : DONE;
      return decision === 'ask' ? undefined : decision;
    });
    return outcome;
  }

  /** The label is theirs, the ends are ours. */
  async #moveAfterOthers(seen: Length, ends: Ends): Promise<Outcome> {
    let outcome: Outcome = DONE;
    await this.#content.update((current) => {
      const now = lengthIn(current, seen.id);
      if (!now) {
        outcome = GONE;
        return undefined;
      }
      const text = `Somebody else has moved this length too, to ${now.value}. Yours replaces it.`;
      outcome = now.value === seen.value ? DONE : { kind: 'told', text };
      return { put: withEnds(now.resource, ends) };
    });
    return outcome;
  }
}

/** One length of a snapshot. */
function lengthIn(content: ContentSnapshot, id: string): Length | undefined {
  const found = content.get('Observation', id);
  return found && lengthOf(found);
}
