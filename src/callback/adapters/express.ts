import type { HttpCallbackEndpoint } from '../http-endpoint.ts';
import type { NodeResponse } from '../node-http.ts';
import { bodyParsed, type ParsedRequest as ExpressRequest, isBodyLost } from '../parsed-body.ts';

export type { ParsedRequest as ExpressRequest } from '../parsed-body.ts';

/** A handler for Express 4 and 5. */
export type ExpressHandler = (request: ExpressRequest, response: NodeResponse, next: (error?: unknown) => void) => void;

/**
 * Mounts a callback endpoint in an Express app. Signatures are checked over the exact bytes of the body: mount it before
 * `express.json()`, or keep the bytes with `express.json({ verify: (request, _, bytes) => { request.rawBody = bytes; } })`.
 * A body parser before it has a limit of its own: 100 kB unless told otherwise.
 *
 * @param endpoint the endpoint
 * @throws FhircastError `callback-body-parsed`, passed to `next()`, when a body parser has taken the bytes
 * @example
 * ```ts
 * app.use('/fhircast', expressCallback(callback));
 * ```
 */
export function expressCallback(endpoint: HttpCallbackEndpoint): ExpressHandler {
  return (request, response, next) => {
    if (isBodyLost(request)) next(bodyParsed(endpoint, 'express.json() or another body parser'));
    else endpoint.node(request, response);
  };
}
