import { ContentError, type ContentSnapshot, type ContentUpdate, type SharedContent } from 'fhircast-client/content';
import { type Ends, type Length, lengthOf, newObservation, withEnds, withLabel } from './length.ts';
import { statusOf } from './report-status.ts';

/** What became of a change, for the user. */
export type Outcome =
  | { readonly kind: 'done' }
  /** It was done, and there is something to tell. */
  | { readonly kind: 'told'; readonly text: string }
  /** Somebody was first: the user decides. */
  | { readonly kind: 'asked'; readonly now: Length };

const DONE: Outcome = { kind: 'done' };
const GONE: Outcome = { kind: 'told', text: 'Somebody else has removed this length.' };
const FINAL: Outcome = { kind: 'told', text: 'The report has become final meanwhile. Nothing was changed.' };

/** What is sent, if anything is, and what the user is told of it: that it is done, unless it is said. */
interface Decision {
  readonly send?: ContentUpdate;
  readonly outcome?: Outcome;
}

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
    return this.#decide(() => ({ send: { put } }));
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
    return this.#decideOn(seen.id, (now) =>
      now.label === seen.label
        ? { send: { put: withLabel(now.resource, label) } }
        : { outcome: { kind: 'asked', now } },
    );
  }

  /**
   * Removes a length.
   *
   * @param seen what the user saw when it was removed
   */
  async remove(seen: Length): Promise<Outcome> {
    const outcome = await this.#decideOn(seen.id, (now) =>
      now.label === seen.label && now.value === seen.value
        ? { send: { delete: now.resource } }
        : { outcome: { kind: 'asked', now } },
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

  /** The label is theirs, the ends are ours. */
  #moveAfterOthers(seen: Length, ends: Ends): Promise<Outcome> {
    return this.#decideOn(seen.id, (now) => {
      const text = `Somebody else has moved this length too, to ${now.value}. Yours replaces it.`;
      const send = { put: withEnds(now.resource, ends) };
      return now.value === seen.value ? { send } : { send, outcome: { kind: 'told', text } };
    });
  }

  #decideOn(id: string, decide: (now: Length) => Decision): Promise<Outcome> {
    return this.#decide((current) => {
      const now = lengthIn(current, id);
      return now ? decide(now) : { outcome: GONE };
    });
  }

  /** A function is asked again when somebody else was first. What it said last counts. */
  async #decide(decide: (current: ContentSnapshot) => Decision): Promise<Outcome> {
    let told: Outcome = DONE;
    await this.#content.update((current) => {
      const { send, outcome = DONE } = statusOf(current) === 'final' ? { outcome: FINAL } : decide(current);
      told = outcome;
      return send;
    });
    return told;
  }
}

/** One length of a snapshot. */
function lengthIn(content: ContentSnapshot, id: string): Length | undefined {
  const found = content.get('Observation', id);
  return found && lengthOf(found);
}
