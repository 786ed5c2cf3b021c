/**
 * `fhircast-client/testing/msw`: handlers for msw that are a hub with one session, for tests that mock the network.
 *
 * @packageDocumentation
 */
export type { FakeAnswer, FakeEntry, FakeReference } from '../fake/memory-hub.ts';
export { fhircastSession, type MockedHub, type MockedSession } from './session-handlers.ts';
