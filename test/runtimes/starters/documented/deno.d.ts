import type { HttpCallbackEndpoint } from 'fhircast-client/callback';

export const callback: HttpCallbackEndpoint;
/** What `Deno.serve()` returns. */
export const server: { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
