import { canonicalName } from '../../src/events/names.ts';
import type { ContextEntry } from '../../src/index.ts';
import type { DerivedEventsTrait } from '../../src/testing/ground/traits.ts';
import type { HubMessage, TestSession } from '../../src/testing/index.ts';
import { withDerived } from '../../src/testing/publishing/derived-events.ts';
import { anchorOf } from './subjects.ts';

/** An event as somebody sent it. */
export interface Sent {
  readonly name: string;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly context: readonly ContextEntry[];
}

/** An event as an app was given it. */
export interface Shown {
  readonly name: string;
  readonly context: readonly ContextEntry[];
  /** ISO 8601; empty where nobody knows. */
  readonly timestamp: string;
  readonly versionId: string | undefined;
}

/** What a ledger needs to know of its hub. */
export interface LedgerOptions {
  /** Whether times do not tell the order of events, so that it is that in which the hub took them. */
  readonly hidesOrder: boolean;
  /** Whether times have no fractions of a second. */
  readonly isInSeconds: boolean;
  /** What the hub derives. */
  readonly derived: DerivedEventsTrait | undefined;
}

/**
 * What the hub knows of its events: their order. Ids may be all the same, so that an event is known by its name, what it is about
 * and its time; and there may be several of these.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  /** The places in the order, the earliest first. */
  readonly #places = new Map<string, number[]>();
  /** How many events there were, by what they do and what they are about. */
  readonly #counts = new Map<string, number>();
  readonly #byVersion = new Map<string, readonly number[]>();
  /** The same by the event that opened something. */
  readonly #byEvent = new WeakMap<object, readonly number[]>();
  #next = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** The hub is about to be sent an event. */
  take({ name, timestamp, context }: Sent): void {
    const event = { id: '', name, timestamp, context: context.map((entry) => ({ ...entry })) };
    for (const one of withDerived(event, this.#options.derived)) this.#write(one);
  }

  /** Learns from a message of the hub's log: of the changes that apps make. */
  read({ kind, body }: HubMessage): void {
    if (body === undefined || kind !== 'publish') return;
    try {
      const { timestamp, event } = JSON.parse(body) as {
        timestamp: string;
        event: { 'hub.event': string; context: readonly ContextEntry[] };
      };
      this.take({ name: event['hub.event'], timestamp, context: event.context });
    } catch {
      // Garbage on purpose.
    }
  }

  /** Learns from what is open in a session. */
  readOpen({ open }: Pick<TestSession, 'open'>): void {
    for (const { event, versionId } of open) {
      const before = this.#byVersion.get(versionId);
      const its = this.#byEvent.get(event);
      // Content gives new versions to what was opened; and what is opened again may have the same.
      if (its) {
        if (!before) this.#byVersion.set(versionId, its);
        continue;
      }
      const known = new Set([...this.#byVersion.values()].filter(({ length }) => length === 1).flat());
      // Of several that are alike, nobody can tell which it is.
      const places = this.#places.get(this.#keyOf(event))?.filter((one) => !known.has(one));
      if (!places) continue;
      this.#byEvent.set(event, places);
      this.#byVersion.set(versionId, [...(before ?? []), ...places]);
    }
  }

  /** Where an event may stand in the order; nothing for a context that was asked for and does not tell. */
  placesOf({ name, context, timestamp, versionId }: Shown): readonly number[] {
    const places = versionId === undefined ? undefined : this.#byVersion.get(versionId);
    if (places !== undefined) return places;
    return timestamp === '' ? [] : (this.#places.get(this.#keyOf({ name, context, timestamp })) ?? []);
  }

  /** How many events did this to this until now. */
  countOf({ name, context }: Pick<Shown, 'name' | 'context'>): number {
    return this.#counts.get(subjectOf(name, context)) ?? 0;
  }

  #write(event: Sent): void {
    const subject = subjectOf(event.name, event.context);
    this.#counts.set(subject, (this.#counts.get(subject) ?? 0) + 1);
    const time = this.#cut(Date.parse(event.timestamp));
    const key = this.#keyOf(event);
    const place = this.#options.hidesOrder ? this.#next++ : time;
    this.#places.set(key, [...(this.#places.get(key) ?? []), place]);
  }

  #keyOf({ name, context, timestamp }: Sent): string {
    return keyOf(name, context, this.#cut(Date.parse(timestamp)));
  }

  #cut(time: number): number {
    return this.#options.isInSeconds ? Math.floor(time / 1000) * 1000 : time;
  }
}

function keyOf(name: string, context: readonly ContextEntry[], time: number): string {
  return `${subjectOf(name, context)} ${time}`;
}

function subjectOf(name: string, context: readonly ContextEntry[]): string {
  const canonical = canonicalName(name);
  return `${canonical} ${anchorOf(canonical, context) ?? ''}`;
}
