/** A body that comes in parts. However small they are, it takes at most twice the memory of what has come. */
export class CollectedBody {
  readonly #limit: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #size = 0;

  /** @param limit the largest body, in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What has come, once all of it is here; `too-large` when it was more than the limit. */
  get body(): Uint8Array | 'too-large' {
    return this.#size > this.#limit ? 'too-large' : this.#bytes.subarray(0, this.#size);
  }

  /**
   * Takes the next part.
   *
   * @returns whether there may be more
   */
  add(part: Uint8Array): boolean {
    const size = this.#size + part.byteLength;
    if (size > this.#limit) {
      this.#size = size;
      this.#bytes = new Uint8Array(0);
      return false;
    }
    // Most bodies come in one part, which is no copy.
    if (this.#size === 0) this.#bytes = part;
    else {
      if (size > this.#bytes.byteLength) this.#grow(size);
      this.#bytes.set(part, this.#size);
    }
    this.#size = size;
    return true;
  }

  #grow(size: number): void {
    const grown = new Uint8Array(Math.min(this.#limit, 2 * size));
    grown.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = grown;
  }
}
