/**
 * `fhircast-client/launch`: launches by a link, and the hub of a FHIR server.
 *
 * @packageDocumentation
 */
export type { FhircastClient } from '../client/client.ts';
export type { Abortable, DiscoverOptions, FollowOptions } from '../client/options.ts';
export { FhircastError, HubError, LaunchError } from '../errors.ts';
export { clientFromUrl, type UrlClientOptions } from './client-from-url.ts';
export { hubOfFhirServer } from './hub-of-fhir-server.ts';
export type { UrlLaunchOptions } from './url.ts';
