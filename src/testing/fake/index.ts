/**
 * A client for the tests of components, without a hub, a network and Node; and matchers for vitest and jest.
 *
 * @packageDocumentation
 */
export {
  createFakeClient,
  FakeClient,
  type FakeClientOptions,
  type FakeContentChange,
  type FakeResource,
} from './fake-client.ts';
export { type FhircastMatchers, fhircastMatchers, type MatcherResult } from './matchers.ts';
export type { FakeAnswer, FakeEntry, FakeReference } from './memory-hub.ts';
