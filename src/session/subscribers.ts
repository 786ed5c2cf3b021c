/** Who is told that something changed, and looks for itself at what. */
export class Subscribers {
  #all: readonly { readonly listener: () => void }[] = [];

  /**
   * Adds a listener. The same one may be added several times, and each is ended by itself.
   *
   * @returns ends it
   */
  add(listener: () => void): () => void {
    const added = { listener };
    this.#all = [...this.#all, added];
    return () => {
      this.#all = this.#all.filter((one) => one !== added);
    };
  }

  /** Calls everybody. What a listener throws is thrown where nothing depends on it. */
  notify(): void {
    for (const { listener } of this.#all) {
      try {
        listener();
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#all = [];
  }
}
