import type { FhircastEvent } from '../../src/index.ts';
import type { Invariant } from './invariants.ts';
import type { Ledger } from './ledger.ts';
import { anchorOf } from './subjects.ts';

/** What an observer needs. */
export interface ObserverOptions {
  readonly ledger: Ledger;
  /** The topics of the session. */
  readonly topics: readonly string[];
  /** Called with every breach. */
  breached(invariant: Invariant, what: string): void;
}

/** One listener of an app: holds what it sees against what it saw before. */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #seen = new Set<string>();
  /** When what a listener saw last of an anchor happened. */
  readonly #latest = new Map<string, number>();
  /** When what is shown was opened, where that is known. */
  #shown: number | undefined;
  #left = false;
  #count = 0;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** How many events it saw that open or close something. */
  get count(): number {
    return this.#count;
  }

  /** The app has left: nothing may be seen any more. */
  leave(): void {
    this.#left = true;
  }

  /** The listener was given an event. */
  see(event: FhircastEvent): void {
    const { ledger, topics, breached } = this.#options;
    const known = ledger.find(event);
    const title = titleOf(event);
    if (this.#left) breached('leaks', `${title} after the app had left`);
    if (!topics.includes(event.topic)) breached('topic', `${title} of another session`);
    const id = known?.id ?? event.id;
    if (this.#seen.has(id)) breached('once', `${title} again`);
    this.#seen.add(id);

    const anchor = anchorOf(event.name, event.context);
    const isOpen = event.name.endsWith('-open');
    if (anchor === undefined && !isOpen) return;
    this.#count++;
    const time = event.time ?? known?.time;
    if (anchor !== undefined && time !== undefined) {
      const latest = this.#latest.get(anchor);
      if (latest !== undefined && time < latest) breached('order', `${title} is older than what was seen of ${anchor}`);
      this.#latest.set(anchor, Math.max(time, latest ?? time));
    }
    if (!isOpen) return;
    if (time !== undefined && this.#shown !== undefined && time < this.#shown)
      breached('order', `${title} is ${this.#shown - time} ms older than what was shown`);
    this.#shown = time;
  }
}

/** An event in words: `Patient-open ada-quill #1f2e (resync)`. */
export function titleOf(event: FhircastEvent): string {
  const anchor = anchorOf(event.name, event.context)?.split('/')[1] ?? '';
  const source = event.source === 'resync' ? ' (resync)' : '';
  return `${event.name} ${anchor} #${event.id.slice(0, 8)}${source}`.replace('  ', ' ');
}
