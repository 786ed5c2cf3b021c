/** Random numbers that are the same for the same seed (mulberry32). */
export class Random {
  #state: number;

  /** @param seed any integer */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A number from 0 (included) to 1 (excluded). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer of a range, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** `true` so often, from 0 to 1. */
  chance(often: number): boolean {
    return this.next() < often;
  }

  /**
   * One of a list.
   *
   * @throws RangeError when the list is empty
   */
  pick<T>(list: readonly T[]): T {
    const index = this.between(0, list.length - 1);
    if (index >= list.length) throw new RangeError('There is nothing to pick from.');
    return list[index] as T;
  }

  /** One of a list, each as often as its weight says. */
  weighted<T>(list: readonly (readonly [weight: number, item: T])[]): T {
    let left = this.next() * list.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, item] of list) {
      left -= weight;
      if (left < 0) return item;
    }
    return this.pick(list)[1];
  }
}
