import type { Middleware, Request } from 'koa';
import type { HttpCallbackEndpoint } from '../http-endpoint.ts';
import { bodyParsed, isBodyLost, keptBytes } from '../parsed-body.ts';

/** What a body parser puts on a request. */
type Parsed = Request & { readonly rawBody?: unknown; readonly body?: unknown };

/**
 * Makes a middleware for Koa that answers whatever reaches it: mount it at a path of its own, and before a body parser. What
 * koa-bodyparser keeps as `ctx.request.rawBody` is taken as well.
 *
 * @param endpoint the endpoint
 * @throws FhircastError `callback-body-parsed`, from the middleware, when a body parser has taken the bytes
 * @example
 * ```ts
 * app.use(mount('/fhircast', koaCallback(callback)));
 * ```
 */
export function koaCallback(endpoint: HttpCallbackEndpoint): Middleware {
  return async (ctx) => {
    const { req, res } = ctx;
    const parsed: Parsed = ctx.request;
    const rawBody = keptBytes(parsed.rawBody, parsed.body);
    if (rawBody) Object.assign(req, { rawBody });
    if (isBodyLost(req)) throw bodyParsed(endpoint, 'koa-bodyparser or another body parser');
    // Koa would answer by itself, and end the connection of a hub that still sends.
    ctx.respond = false;
    await new Promise<void>((resolve) => {
      // Also when the hub has gone away.
      res.once('close', resolve);
      endpoint.node(req, res);
    });
  };
}
