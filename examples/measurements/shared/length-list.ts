import type { ContentSnapshot } from 'fhircast-client/content';
import { find, make } from '../../web-app/shared/dom.ts';
import type { LengthChanges, Outcome } from './changes.ts';
import { type Length, LONGEST_LABEL, lengthOf } from './length.ts';
import { allow, say, sayFailure } from './words.ts';

/** The lines of the lengths, which can be selected, labelled and removed: the same in the viewer and in the report. */
export class LengthList {
  readonly #changes: LengthChanges;
  readonly #rows = new Map<string, LengthRow>();
  readonly #again = find('#select-again', HTMLButtonElement);
  /** What was selected before the connection was lost. */
  #offered: readonly string[] = [];

  constructor(changes: LengthChanges) {
    this.#changes = changes;
    this.#again.onclick = () => void changes.select(this.#offered).then(() => say(''), sayFailure);
  }

  /**
   * Shows what is there. A line in which somebody writes keeps what is written.
   *
   * @param why why nothing can be changed; `undefined` where it can
   */
  show(content: ContentSnapshot | null, why: string | undefined): void {
    const lengths = content?.resources('Observation').map(lengthOf) ?? [];
    const there = new Set(lengths.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (there.has(id)) continue;
      if (row.isWritten) say('A length on which you were writing has been removed.');
      row.element.remove();
      this.#rows.delete(id);
    }
    const list = find('#lengths');
    for (const length of lengths) {
      let row = this.#rows.get(length.id);
      if (!row) {
        row = new LengthRow(this.#changes, length);
        this.#rows.set(length.id, row);
        list.append(row.element);
      }
      row.show(length, content?.isSelected(length.resource) ?? false, why);
    }
    find('#no-lengths').hidden = lengths.length > 0;
    this.#offered = content?.offered ?? [];
    this.#again.hidden = this.#offered.length === 0;
    allow(this.#again, why);
  }
}

/** One line. */
class LengthRow {
  readonly element: HTMLLIElement;
  readonly #changes: LengthChanges;
  readonly #pick = make('button', { type: 'button', className: 'pick' });
  readonly #label = make('input', { type: 'text', maxLength: LONGEST_LABEL, placeholder: 'No label' });
  readonly #save = make('button', { type: 'submit', className: 'quiet', textContent: 'Save', hidden: true });
  readonly #remove = make('button', { type: 'button', className: 'quiet', textContent: 'Remove' });
  readonly #question = make('p', {});
  readonly #yes = make('button', { type: 'button', className: 'quiet' });
  readonly #no = make('button', { type: 'button', className: 'quiet' });
  readonly #asked: HTMLDivElement;
  #length: Length;
  /** What was there when the user began to write; `undefined` where nobody writes. */
  #seen: Length | undefined;
  #isSelected = false;

  constructor(changes: LengthChanges, length: Length) {
    this.#changes = changes;
    this.#length = length;
    const form = make('form', {}, this.#label, this.#save);
    this.#asked = make('div', { className: 'asked', hidden: true }, this.#question, this.#yes, this.#no);
    this.#asked.setAttribute('role', 'alert');
    this.element = make('li', {}, this.#pick, form, this.#remove, this.#asked);
    this.element.dataset['length'] = length.id;
    this.#pick.onclick = () => this.#do(this.#changes.select(this.#isSelected ? [] : [`Observation/${length.id}`]));
    this.#label.oninput = () => this.#wrote();
    this.#label.onkeydown = ({ key }) => {
      if (key === 'Escape') this.#settle();
    };
    form.onsubmit = (event) => {
      event.preventDefault();
      if (this.#seen && !this.#save.disabled) this.#relabel(this.#seen, this.#label.value.trim());
    };
    this.#remove.onclick = () => this.#takeAway(this.#length);
  }

  /** Whether somebody has written a label that is not saved. */
  get isWritten(): boolean {
    return this.#seen !== undefined;
  }

  show(length: Length, isSelected: boolean, why: string | undefined): void {
    this.#length = length;
    this.#isSelected = isSelected;
    this.#pick.textContent = length.value;
    this.#pick.ariaPressed = String(isSelected);
    this.element.dataset['selected'] = String(isSelected);
    this.#label.ariaLabel = `Label of ${length.value}`;
    this.#remove.ariaLabel = `Remove ${length.value}`;
    if (!this.#seen) this.#label.value = length.label;
    this.#label.readOnly = why !== undefined;
    this.#label.title = why ?? '';
    for (const button of [this.#pick, this.#save, this.#remove, this.#yes]) allow(button, why);
  }

  #wrote(): void {
    this.#seen ??= this.#length;
    this.#save.hidden = false;
  }

  #relabel(seen: Length, label: string): void {
    const ask = (now: Length): void => {
      const theirs = now.label === '' ? 'has taken the label away' : `has written “${now.label}” here`;
      this.#ask(`Somebody else ${theirs} meanwhile.`, 'Keep mine', 'Keep theirs', () => this.#relabel(now, label));
    };
    this.#do(this.#changes.relabel(seen, label), ask);
  }

  #takeAway(seen: Length): void {
    const ask = (now: Length): void => {
      const text = `Somebody else has just changed this to ${now.value} ${now.label && `“${now.label}”`}. Remove it all the same?`;
      this.#ask(text, 'Remove it', 'Keep it', () => this.#takeAway(now));
    };
    this.#do(this.#changes.remove(seen), ask);
  }

  #do(change: Promise<Outcome>, ask?: (now: Length) => void): void {
    change.then((outcome) => {
      if (outcome.kind === 'asked') return ask?.(outcome.now);
      // A selection says nothing of what is being written.
      if (ask) this.#settle();
      say(outcome.kind === 'told' ? outcome.text : '');
    }, sayFailure);
  }

  #ask(text: string, yes: string, no: string, agreed: () => void): void {
    this.#question.textContent = text;
    this.#yes.textContent = yes;
    this.#no.textContent = no;
    this.#yes.onclick = agreed;
    this.#no.onclick = () => this.#settle();
    this.#asked.hidden = false;
  }

  /** What is shared is shown again. */
  #settle(): void {
    this.#seen = undefined;
    this.#label.value = this.#length.label;
    this.#save.hidden = true;
    this.#asked.hidden = true;
  }
}
