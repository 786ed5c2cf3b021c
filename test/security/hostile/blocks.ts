/** For how long the loop was blocked, and by what. */
export class Blocks {
  readonly #longest = new Map<string, number>();
  readonly #timer: ReturnType<typeof setInterval>;
  #what = 'the start';
  #last = performance.now();
  #spent = process.cpuUsage();

  constructor() {
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  /** From now on, this is what blocks. */
  begin(what: string): void {
    this.#look();
    this.#what = what;
  }

  /** What was done since the last look does not count. */
  skip(): void {
    this.#last = performance.now();
    this.#spent = process.cpuUsage();
  }

  /** The longest block of each, in milliseconds, the longest first. */
  get longest(): readonly (readonly [what: string, milliseconds: number])[] {
    return [...this.#longest].sort(([, a], [, b]) => b - a);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const waited = performance.now() - this.#last;
    const { user, system } = process.cpuUsage(this.#spent);
    // A machine that is busy with something else keeps the loop waiting, too, and that is nobody's fault here.
    const blocked = Math.min(waited, (user + system) / 1_000);
    this.#longest.set(this.#what, Math.max(blocked, this.#longest.get(this.#what) ?? 0));
    this.skip();
  }
}

const EVERY_MS = 5;
