const KEY = 'report-statuses';

/** The last known status of each report, of closed ones too: kept for this window, as a worklist's own database would. */
export class Statuses {
  readonly #known: Map<string, string>;

  constructor() {
    this.#known = new Map(JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as [string, string][]);
  }

  /** A status; `unknown` where none was told. */
  get(id: string | undefined): string {
    return this.#known.get(id ?? '') ?? 'unknown';
  }

  /** Keeps a status. */
  set(id: string | undefined, status: string): void {
    if (!id || this.#known.get(id) === status) return;
    this.#known.set(id, status);
    sessionStorage.setItem(KEY, JSON.stringify([...this.#known]));
  }
}
