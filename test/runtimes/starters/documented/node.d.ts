import type { Server } from 'node:http';
import type { HttpCallbackEndpoint } from 'fhircast-client/callback';

export const callback: HttpCallbackEndpoint;
export const server: Server;
