const LOOK_EVERY_MS = 10;

/** What keeps a process alive, by its kind. */
const alive = (): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    if (/^TCP|^Timeout|^Pipe|^HTTP/.test(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
};

/** Finds out what a piece of work leaves behind in this process: rejections that nobody handled, sockets and timers. */
export class LeftBehind {
  readonly #before = alive();
  readonly #thrown: string[] = [];
  readonly #note = (error: unknown) => {
    this.#thrown.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  };

  /** Begins to watch. */
  constructor() {
    process.on('unhandledRejection', this.#note);
    process.on('uncaughtException', this.#note);
  }

  /**
   * Waits until everything that the work let go of is gone, and ends watching.
   *
   * @param withinMs for how long at most, in milliseconds. Default 4000
   * @returns what is left, in words
   */
  async end(withinMs = 4_000): Promise<string[]> {
    const until = performance.now() + withinMs;
    // Nothing tells when the last socket of another library is gone.
    while (this.#more().length > 0 && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    process.off('unhandledRejection', this.#note);
    process.off('uncaughtException', this.#note);
    return [...this.#thrown.map((stack) => `nobody handled: ${stack}`), ...this.#more()];
  }

  #more(): string[] {
    return [...alive()]
      .map(([kind, count]) => ({ kind, more: count - (this.#before.get(kind) ?? 0) }))
      .filter(({ more }) => more > 0)
      .map(({ kind, more }) => `${more} ${kind} more than before`);
  }
}
