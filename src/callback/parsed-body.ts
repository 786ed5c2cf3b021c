import { FhircastError } from '../errors/errors.ts';
import type { HttpCallbackEndpoint } from './http-endpoint.ts';
import type { NodeRequest } from './node-http.ts';
import type { CallbackOutcome } from './subscription-handler.ts';

/** A request of node:http, and what a body parser may have put on it. */
export interface ParsedRequest extends NodeRequest {
  /** What a body parser made of the body. */
  readonly body?: unknown;
  /** The exact bytes, where something has kept them. */
  readonly rawBody?: unknown;
}

/**
 * The bytes of a body that was read before, where somebody kept them. Some parsers keep text: it is no other body, or its
 * signature is wrong.
 *
 * @param rawBody bytes or text, by the common name
 * @param body what a body parser made of it: bytes are taken, and nothing else
 */
export function keptBytes(rawBody: unknown, body?: unknown): Uint8Array | undefined {
  if (rawBody instanceof Uint8Array) return rawBody;
  if (body instanceof Uint8Array) return body;
  return typeof rawBody === 'string' ? new TextEncoder().encode(rawBody) : undefined;
}

/**
 * Whether a body was read before, and nobody kept its bytes.
 *
 * @param request the hub's request
 */
export const isBodyLost = (request: ParsedRequest): boolean =>
  request.method === 'POST' &&
  (request.readableEnded || request.readableDidRead) &&
  !keptBytes(request.rawBody, request.body);

/**
 * Counts a body that was read before, and says what to do about it.
 *
 * @param endpoint the one whose counts it goes into
 * @param parser what has probably read it
 * @returns the error, to be handed to the framework in its own way
 */
export function bodyParsed({ counts }: Pick<HttpCallbackEndpoint, 'counts'>, parser = 'a body parser'): FhircastError {
  // Readonly for apps, not for us.
  const own: Partial<Record<CallbackOutcome, number>> = counts;
  own['callback-body-parsed'] = (own['callback-body-parsed'] ?? 0) + 1;
  return new FhircastError('callback-body-parsed', { at: parser });
}
