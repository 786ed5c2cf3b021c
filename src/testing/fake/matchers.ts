import { canonicalName } from '../../events/names.ts';
import type { FakeClient } from './fake-client.ts';

/** What a matcher of vitest and of jest returns. */
export interface MatcherResult {
  /** Whether it is so. */
  readonly pass: boolean;
  /** What is told where it is not as the test expects. */
  message(): string;
}

/** The matchers, as a test calls them: `interface Assertion<T> extends FhircastMatchers<T> {}` in `declare module 'vitest'`. */
export interface FhircastMatchers<R = unknown> {
  /** Whether a fake client has answered an event with a status. */
  toHaveAnswered(event: string, status?: number): R;
  /** Whether a fake client has asked the hub for these events. */
  toHaveSubscribedTo(...events: string[]): R;
}

const list = (all: readonly string[]): string => all.join(', ') || 'nothing';

/**
 * For `expect.extend()` of vitest and of jest. Names may be in any published spelling.
 *
 * @example
 * ```ts
 * expect.extend(fhircastMatchers);
 * expect(client).toHaveAnswered('Patient-open', 409);
 * ```
 */
export const fhircastMatchers = {
  /** Whether a fake client has answered an event with a status. Default 200. */
  toHaveAnswered(client: Pick<FakeClient, 'answers'>, event: string, status = 200): MatcherResult {
    const name = canonicalName(event);
    const given = client.answers.filter((answer) => answer.event === name).map((answer) => String(answer.status));
    const pass = given.includes(String(status));
    return {
      pass,
      message: () => `${name} was ${pass ? '' : 'not '}answered ${status}. It was answered: ${list(given)}`,
    };
  },
  /** Whether a fake client has asked the hub for these events. */
  toHaveSubscribedTo(client: Pick<FakeClient, 'subscribedTo'>, ...events: string[]): MatcherResult {
    const asked = client.subscribedTo.map((name) => canonicalName(name));
    const missing = events.map((name) => canonicalName(name)).filter((name) => !asked.includes(name));
    const pass = missing.length === 0;
    return {
      pass,
      message: () => `The hub was asked for ${list(asked)}${pass ? '' : `, and not for ${list(missing)}`}.`,
    };
  },
};
