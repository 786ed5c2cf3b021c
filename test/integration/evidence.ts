import { expect } from 'vitest';
import { type HubMessage, TEST_PATIENTS } from '../../src/testing/index.ts';
import { printed } from '../printed.ts';

/** What must not be read anywhere outside of the app, and everything that was said outside of it. */
export class Evidence {
  readonly #secrets = new Map<string, string>();
  readonly #said: { readonly where: string; readonly text: string }[] = [];

  constructor() {
    for (const { id, name, identifier } of TEST_PATIENTS) {
      this.keep('the id of a patient', id);
      this.keep('the name of a patient', name?.[0]?.family);
      this.keep('an identifier of a patient', identifier?.[0]?.value);
    }
  }

  /** What was said, for tests that want to know whether anything was. */
  get places(): ReadonlySet<string> {
    return new Set(this.#said.map(({ where }) => where));
  }

  /** The kinds of secrets that are looked for. */
  get kinds(): ReadonlySet<string> {
    return new Set(this.#secrets.values());
  }

  /** From now on, and for what was said before, this is a secret. */
  keep(what: string, value: string | undefined): void {
    if (value) this.#secrets.set(value, what);
  }

  /** Keeps every secret that goes through the hub. */
  keepSecretsOf({ fields = {}, body = '' }: HubMessage): void {
    this.keep('the secret', fields['hub.secret']);
    this.keep('the topic', fields['hub.topic']);
    this.#keepUrl('the callback URL', fields['hub.callback']);
    this.#keepUrl('the websocket URL', /"hub\.channel\.endpoint":"([^"]+)"/.exec(body)?.[1]);
  }

  /** A line of a log. */
  line(text: string): void {
    this.#said.push({ where: 'log', text });
  }

  /** A value in every form in which somebody may print it. */
  value(where: string, value: unknown): void {
    this.#said.push({ where, text: printed(value) });
  }

  /** Fails when a secret was said. The failure names what and where, and not the secret. */
  expectNoLeak(): void {
    const leaks = this.#said.flatMap(({ where, text }) =>
      [...this.#secrets].filter(([secret]) => text.includes(secret)).map(([, what]) => `${what} in ${where}`),
    );
    expect(leaks).toEqual([]);
  }

  #keepUrl(what: string, url: string | undefined): void {
    this.keep(what, url);
    this.keep(what, url?.split('/').at(-1));
  }
}
