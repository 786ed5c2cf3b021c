import type { HttpCallbackEndpoint } from 'fhircast-client/callback';

export const callback: HttpCallbackEndpoint;
/** What `Bun.serve()` returns. */
export const server: { readonly port: number; stop(): Promise<void> };
