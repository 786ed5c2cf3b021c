import type { HttpCallbackEndpoint } from 'fhircast-client/callback';

/** What the configuration binds. */
export interface Env {
  readonly CONDUCTOR: string;
  readonly DESKS: { idFromName(name: string): unknown; get(id: unknown): { play(): Promise<void> } };
}

export class Desk {
  readonly env: Env;
  readonly callback: HttpCallbackEndpoint;
  fetch(request: Request): Promise<Response>;
}

declare const worker: { fetch(request: Request, env: Env): Promise<Response> | Response };
export default worker;
