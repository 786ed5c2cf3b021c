import type { CallbackEndpoint, CallbackOwner, CallbackRegistration, CallbackSession } from '../channels/callback.ts';
import type { NodeRequest, NodeResponse } from './node-http.ts';
import type { CallbackAnswer, CallbackRequest } from './request.ts';
import type { CallbackOutcome } from './subscription-handler.ts';

/** A callback endpoint and its two skins. */
export interface HttpCallbackEndpoint extends CallbackEndpoint {
  /** How many requests to URLs of this endpoint came to what end. */
  readonly counts: Readonly<Partial<Record<CallbackOutcome, number>>>;
  /** The largest body that is read, in bytes. */
  readonly bodyLimit: number;
  open(owner: CallbackOwner, session?: CallbackSession): Promise<CallbackRegistration>;
  /** The endpoint itself: one plain function. The id is the last segment of the request's path. */
  handle(id: string, request: CallbackRequest): CallbackAnswer | Promise<CallbackAnswer>;
  /** For web-standard servers: Workers, Deno, Bun, Hono and the like. */
  fetch(request: Request): Promise<Response>;
  /** For node:http: `http.createServer(endpoint.node)`, or mounted in a server of yours. */
  node(request: NodeRequest, response: NodeResponse): void;
}
