import type { IncomingMessage, ServerResponse } from 'node:http';
import { FhircastError } from '../../errors.ts';
import type { HttpCallbackEndpoint } from '../endpoint.ts';
import { pass } from '../node.ts';

/** An Express request, as far as it matters here. */
export interface ExpressRequest extends IncomingMessage {
  /** What a body parser made of the body. */
  readonly body?: unknown;
  /** The exact bytes, where something has kept them. */
  readonly rawBody?: unknown;
}

/** A handler for Express 4 and 5. */
export type ExpressHandler = (
  request: ExpressRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Mounts a callback endpoint in an Express app. Signatures are checked over the exact bytes of the body: mount it before
 * `express.json()`, or keep the bytes with `express.json({ verify: (request, _, bytes) => { request.rawBody = bytes; } })`.
 * A body parser before it has a limit of its own: 100 kB unless told otherwise.
 *
 * @param endpoint the endpoint
 * @throws FhircastError `option-invalid`, passed to `next()`, when a body parser has taken the bytes
 * @example
 * ```ts
 * app.use('/fhircast', expressCallback(callback));
 * ```
 */
export function expressCallback(endpoint: HttpCallbackEndpoint): ExpressHandler {
  return (request, response, next) => {
    const bytes = [request.rawBody, request.body].find((body) => body instanceof Uint8Array);
    if (bytes) {
      pass(endpoint.handle, request, response, bytes.byteLength > endpoint.bodyLimit ? 'too-large' : bytes);
    } else if (request.method === 'POST' && request.readableEnded) {
      next(
        new FhircastError('option-invalid', {
          at: 'express.json(), mounted before expressCallback() without keeping rawBody,',
        }),
      );
    } else {
      endpoint.node(request, response);
    }
  };
}
