/** What a page without a bundler gets: the client, and launches by a link. */
export * from '../index.ts';
export { clientFromUrl } from '../launch/client-from-url.ts';
export { hubOfFhirServer } from '../launch/hub-of-fhir-server.ts';
