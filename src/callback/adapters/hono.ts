import type { Context, Handler } from 'hono';
import type { HttpCallbackEndpoint } from '../http-endpoint.ts';
import { bodyParsed } from '../parsed-body.ts';

/** Under what Hono keeps a body whose bytes can be had again: JSON and forms are not among it. */
const EXACT = ['arrayBuffer', 'text', 'blob'] as const;

/** The request as it came, also where a middleware has read its body by `c.req.text()` or `c.req.arrayBuffer()`. */
const unread = async ({ req }: Context): Promise<Request | undefined> => {
  const { raw, bodyCache } = req;
  if (!raw.bodyUsed) return raw;
  // What is kept behind the first was made from it.
  const [first] = Object.keys(bodyCache);
  const name = EXACT.find((exact) => exact === first);
  if (!name) return undefined;
  const { url, method, headers } = raw;
  return new Request(url, { method, headers, body: (await bodyCache[name]) ?? null });
};

/**
 * Makes a handler for Hono, on whatever runtime.
 *
 * @param endpoint the endpoint
 * @throws FhircastError `callback-body-parsed`, to `app.onError()`, when a middleware has taken the bytes
 * @example
 * ```ts
 * app.all('/fhircast/:id', honoCallback(callback));
 * ```
 */
export function honoCallback(endpoint: HttpCallbackEndpoint): Handler {
  return async (context) => {
    const request = await unread(context);
    if (!request) throw bodyParsed(endpoint, 'a middleware');
    return endpoint.fetch(request);
  };
}
