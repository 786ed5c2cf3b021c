/**
 * `fhircast-client/launch`: launches by a link, and the hub of a FHIR server.
 *
 * @packageDocumentation
 */
export type { FhircastClient } from '../client.ts';
export { FhircastError, HubError, LaunchError } from '../errors/errors.ts';
export type { Abortable, DiscoverOptions, FollowOptions } from '../session/options.ts';
export type { ClientCredentials } from './client-credentials.ts';
export { type ConnectorOptions, clientFromConnector } from './client-from-connector.ts';
export { clientFromUrl, type UrlClientOptions } from './client-from-url.ts';
export { hubOfFhirServer } from './hub-of-fhir-server.ts';
export type { UrlLaunchOptions } from './launch-url.ts';
