import type { ContextEntry } from '../../src/index.ts';
import type { HubMessage, TestSession } from '../../src/testing/index.ts';

/** An event as the hub knows it. */
export interface LedgerEntry {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** What the hub knows of its events: their times, also where an app that asks for the context is not told. */
export class Ledger {
  readonly #byId = new Map<string, LedgerEntry>();
  readonly #byVersion = new Map<string, LedgerEntry>();

  /** Learns from a message of the hub's log. */
  read({ kind, body }: HubMessage): void {
    if (body === undefined || (kind !== 'notify' && kind !== 'publish')) return;
    try {
      const { id, timestamp, event } = JSON.parse(body) as {
        id: string;
        timestamp: string;
        event?: { context?: readonly ContextEntry[]; 'context.versionId'?: string };
      };
      this.#write({ id, time: Date.parse(timestamp) }, event?.['context.versionId']);
    } catch {
      // Garbage on purpose.
    }
  }

  /** Learns from what is open in a session. */
  readOpen({ open }: Pick<TestSession, 'open'>): void {
    for (const { event, versionId } of open)
      this.#write({ id: event.id, time: Date.parse(event.timestamp) }, versionId);
  }

  /** The event behind what an app was given: a context that was asked for may tell its version alone. */
  find({ id, versionId }: { id: string; versionId: string | undefined }): LedgerEntry | undefined {
    return this.#byId.get(id) ?? (versionId === undefined ? undefined : this.#byVersion.get(versionId));
  }

  #write(entry: LedgerEntry, versionId: string | undefined): void {
    if (Number.isNaN(entry.time)) return;
    // The first to be written is the event itself; what comes later may be a disturbed copy.
    if (!this.#byId.has(entry.id)) this.#byId.set(entry.id, entry);
    if (versionId !== undefined && !this.#byVersion.has(versionId)) this.#byVersion.set(versionId, entry);
  }
}
