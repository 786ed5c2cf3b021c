/**
 * `fhircast-client/scopes`: what a launch page asks for, without the client that the app loads after it.
 *
 * @packageDocumentation
 */
export { fhircastScopes, type ScopeAccess } from '../launch/scopes.ts';
