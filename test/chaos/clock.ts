/**
 * The one clock of a run. The times of all events differ, so that their order is not in doubt where the EHR's clock is right and
 * the hub cuts nothing: apps stamp their changes themselves, by this machine's clock.
 */
export class Clock {
  #last = 0;
  readonly #owners = new Map<number, string>();
  /** By how much the EHR's clock is off, in milliseconds. */
  ehrOffMs = 0;

  /** The time of an event of the EHR, as its clock tells it; but for that, it is later than any before it. ISO 8601. */
  stamp(owner: string): string {
    this.#last = Math.max(Date.now(), this.#last + 1);
    this.#owners.set(this.#last, owner);
    return new Date(this.#last + this.ehrOffMs).toISOString();
  }

  /**
   * An app stamped an event itself.
   *
   * @returns `false` when another one has the same time
   */
  claim(timestamp: string, owner: string): boolean {
    const time = Date.parse(timestamp);
    const other = this.#owners.get(time);
    if (other !== undefined && other !== owner) return false;
    this.#owners.set(time, owner);
    this.#last = Math.max(this.#last, time);
    return true;
  }

  /** Resolves when this machine's clock is later than any event. */
  async passed(): Promise<void> {
    while (Date.now() <= this.#last) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
