import type { NextRequest } from 'next/server';
import type { HttpCallbackEndpoint } from '../http-endpoint.ts';
import { bodyParsed } from '../parsed-body.ts';
import { writtenAgain } from './decoded-query.ts';

/** The methods that a route of Next.js can handle. */
export type NextMethod = 'GET' | 'POST' | 'HEAD' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

/** A route handler of the App Router. */
export type NextHandler = (request: NextRequest) => Promise<Response>;

/**
 * Makes the handlers of a route of Next.js (App Router), such as `app/fhircast/[id]/route.ts`. `GET` and `POST` are enough;
 * with the others every method is answered by the endpoint, which says what is allowed.
 *
 * The endpoint must be one for the whole process: keep it on `globalThis`, as Next.js may load a module several times.
 *
 * @param endpoint the endpoint
 * @throws FhircastError `callback-body-parsed`, from the handlers, when the app has read the body before
 * @example
 * ```ts
 * export const { GET, POST } = nextCallback(callback);
 * ```
 */
export function nextCallback(endpoint: HttpCallbackEndpoint): Readonly<Record<NextMethod, NextHandler>> {
  const handler: NextHandler = async (request) => {
    if (request.bodyUsed) throw bodyParsed(endpoint, 'the app');
    if (request.method !== 'GET') return endpoint.fetch(request);
    // Next.js has decoded the query, and written it again in its own way.
    const url = new URL(request.url);
    return endpoint.fetch(new Request(`${url.origin}${url.pathname}?${writtenAgain(url.searchParams)}`));
  };
  return {
    GET: handler,
    POST: handler,
    HEAD: handler,
    PUT: handler,
    PATCH: handler,
    DELETE: handler,
    OPTIONS: handler,
  };
}
