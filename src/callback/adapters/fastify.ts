import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpCallbackEndpoint } from '../http-endpoint.ts';
import { bodyParsed, isBodyLost, keptBytes } from '../parsed-body.ts';

/**
 * Makes a plugin for Fastify 4 and 5. In its scope bodies are not parsed, whatever the rest of the app does. Bytes that a
 * hook has kept as `request.rawBody` are taken.
 *
 * @param endpoint the endpoint
 * @throws FhircastError `callback-body-parsed`, to Fastify's error handler, when a hook of the app has taken the bytes
 * @example
 * ```ts
 * app.register(fastifyCallback(callback), { prefix: '/fhircast' });
 * ```
 */
export function fastifyCallback(endpoint: HttpCallbackEndpoint): FastifyPluginCallback {
  const handler = async (request: FastifyRequest & { readonly rawBody?: unknown }, reply: FastifyReply) => {
    const rawBody = keptBytes(request.rawBody);
    if (rawBody) Object.assign(request.raw, { rawBody });
    if (isBodyLost(request.raw)) throw bodyParsed(endpoint, 'a hook that reads bodies');
    // Fastify would answer by itself, and end the connection of a hub that still sends.
    reply.hijack();
    endpoint.node(request.raw, reply.raw);
  };
  return (scope, _options, done) => {
    scope.addHook('preParsing', (request, _reply, _payload, next) => {
      // Fastify refuses by itself what is no media type: an event is not lost by how a hub calls it.
      request.headers = { 'content-type': undefined };
      next();
    });
    scope.removeAllContentTypeParsers();
    // Leaves the body where it is: the endpoint reads it.
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    scope.all('/*', handler);
    done();
  };
}
