import { printed } from '../../printed.ts';

/**
 * Everything that must be seen nowhere outside of an app, and where it was seen. What was said is looked through at once and not
 * kept: a run may last for hours.
 */
export class Secrets {
  readonly #secrets = new Set<string>();
  readonly #leaks = new Set<string>();

  /** Where a secret was said. */
  get leaks(): readonly string[] {
    return [...this.#leaks];
  }

  /** From now on this is a secret. */
  keep(secret: string): void {
    this.#secrets.add(secret);
  }

  /** A value in every form in which somebody may print it. */
  look(where: string, value: unknown): void {
    const text = printed(value);
    for (const secret of this.#secrets) if (text.includes(secret)) this.#leaks.add(where);
  }
}
