import type { FhircastError } from '../errors/errors.ts';

interface Waiter {
  resolve(): void;
  reject(error: FhircastError): void;
}

/** Those who wait for one thing, and are told together. */
export class Waiters {
  #all: Waiter[] = [];

  /** Waits for the next {@link resolve} or {@link reject}. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => this.#all.push({ resolve, reject }));
  }

  resolve(): void {
    for (const { resolve } of this.#all.splice(0)) resolve();
  }

  reject(error: FhircastError): void {
    for (const { reject } of this.#all.splice(0)) reject(error);
  }
}
