import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';
import type { HttpCallbackEndpoint } from '../endpoint.ts';
import { bodyParsed, keptBytes } from '../kept-body.ts';
import { type CallbackRequest, headersOf, splitUrl } from '../request.ts';
import { writtenAgain } from './decoded-query.ts';

/** What AWS is answered: fits a function URL and both payload formats of API Gateway. */
export interface LambdaAnswer {
  /** The HTTP status. */
  statusCode: number;
  /** The headers, one value each. */
  headers: Record<string, string>;
  /** The body, as text. */
  body: string;
}

/** An event of a function URL or an HTTP API (payload format 2.0), or of a REST API (1.0). */
export type LambdaEvent = APIGatewayProxyEventV2 | APIGatewayProxyEvent;

const FAILED = 500;

/** A REST API has decoded the query, and keeps its parts. */
const queryOf = ({ multiValueQueryStringParameters }: APIGatewayProxyEvent): string => {
  const parameters = Object.entries(multiValueQueryStringParameters ?? {});
  return writtenAgain(parameters.flatMap(([name, values = []]) => values.map((value) => [name, value] as const)));
};

const requestOf = (event: LambdaEvent) =>
  'rawPath' in event
    ? { method: event.requestContext.http.method, path: event.rawPath, query: event.rawQueryString }
    : { method: event.httpMethod, path: event.path, query: queryOf(event) };

const signatureOf = ({ headers }: LambdaEvent): string | undefined => {
  // A REST API passes names on as they were sent, and its console sends none.
  const name = Object.keys(headers ?? {}).find((key) => key.toLowerCase() === 'x-hub-signature');
  return name && headers[name];
};

/** The exact bytes of the body; nothing when a middleware has replaced it and kept no `rawBody`. */
const bodyOf = (event: LambdaEvent & { readonly rawBody?: unknown }): Uint8Array | undefined => {
  const body: unknown = event.rawBody ?? event.body ?? '';
  return keptBytes(typeof body === 'string' && event.isBase64Encoded ? Buffer.from(body, 'base64') : body);
};

/**
 * Makes a handler for AWS Lambda, behind a function URL or API Gateway.
 *
 * Instances of a function share no memory, and are stopped between requests: subscriptions live elsewhere, and the endpoint
 * needs a router that reaches them.
 *
 * @param endpoint the endpoint
 * @example
 * ```ts
 * export const handler = lambdaCallback(callback);
 * ```
 */
export function lambdaCallback(endpoint: HttpCallbackEndpoint): (event: LambdaEvent) => Promise<LambdaAnswer> {
  return async (event) => {
    const { method, path, query } = requestOf(event);
    const bytes = bodyOf(event);
    if (!bytes) {
      const { message } = bodyParsed(endpoint, 'a middleware');
      return { statusCode: FAILED, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: message };
    }
    const body: CallbackRequest['body'] = bytes.byteLength > endpoint.bodyLimit ? 'too-large' : bytes;
    const answer = await endpoint.handle(splitUrl(path).id, { method, query, signature: signatureOf(event), body });
    return { statusCode: answer.status, headers: { ...headersOf(method, answer) }, body: answer.body };
  };
}
