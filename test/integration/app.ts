import type {
  Denial,
  FhircastClient,
  FhircastError,
  FhircastEvent,
  ProtocolRecord,
  StateChange,
  Subscribed,
  SyncStatus,
} from '../../src/index.ts';
import type { Evidence } from './evidence.ts';

/** A client and everything that it said, in order. */
export class App {
  readonly name: string;
  readonly client: FhircastClient;
  readonly errors: FhircastError[] = [];
  readonly warnings: FhircastError[] = [];
  readonly states: StateChange[] = [];
  readonly denials: Denial[] = [];
  readonly subscribed: Subscribed[] = [];
  readonly records: ProtocolRecord[] = [];
  readonly syncs: SyncStatus[] = [];
  readonly #watchers = new Set<() => void>();

  constructor(name: string, client: FhircastClient, evidence: Evidence) {
    this.name = name;
    this.client = client;
    const keep =
      <T>(list: T[], where?: string) =>
      (item: T) => {
        list.push(item);
        if (where) evidence.value(where, item);
        this.#look();
        // What a message came to is known a moment after it was recorded, and that of an HTTP answer when it has been read.
        queueMicrotask(() => this.#look());
        setImmediate(() => this.#look());
      };
    client.on('error', keep(this.errors, 'error'));
    client.on('warning', keep(this.warnings, 'warning'));
    client.on('state', keep(this.states, 'state'));
    client.on('sync', keep(this.syncs, 'sync'));
    client.on('protocol', keep(this.records, 'protocol'));
    client.on('denied', keep(this.denials));
    client.on('subscribed', keep(this.subscribed, 'subscribed'));
  }

  get errorCodes(): string[] {
    return this.errors.map(({ code }) => code);
  }

  get warningCodes(): string[] {
    return this.warnings.map(({ code }) => code);
  }

  /** How many notifications have arrived, delivered or not. */
  get arrived(): number {
    return this.records.filter(({ kind }) => kind === 'notification').length;
  }

  /** Keeps the events of a name that arrive from now on. */
  collect(name: string): FhircastEvent[] {
    const events: FhircastEvent[] = [];
    this.client.on(name, (event) => {
      events.push(event as FhircastEvent);
      this.#look();
    });
    return events;
  }

  #look(): void {
    for (const watch of [...this.#watchers]) watch();
  }

  /** Resolves when something holds that follows from what the client says. The test's own time limit is the only one. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const watch = () => {
        if (!holds()) return;
        this.#watchers.delete(watch);
        resolve();
      };
      this.#watchers.add(watch);
    });
  }
}
