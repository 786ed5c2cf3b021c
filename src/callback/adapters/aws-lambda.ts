import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';
import { SERVER_ERROR } from '../../web/status.ts';
import { contentEncoding } from '../content-encoding.ts';
import type { HttpCallbackEndpoint } from '../http-endpoint.ts';
import { bodyParsed, keptBytes } from '../parsed-body.ts';
import { type CallbackAnswer, type CallbackRequest, headersOf, splitUrl } from '../request.ts';
import { writtenAgain } from './decoded-query.ts';

/** What AWS is answered: fits a function URL, both payload formats of API Gateway, and a load balancer. */
export interface LambdaAnswer {
  /** The HTTP status. */
  statusCode: number;
  /** The headers, one value each. */
  headers: Record<string, string>;
  /** The body, as text. */
  body: string;
  /** For a load balancer: the status and its name. */
  statusDescription?: string;
  /** For a load balancer: the body is text. */
  isBase64Encoded?: boolean;
  /** For a load balancer that was set to send several values: the headers again. */
  multiValueHeaders?: Record<string, string[]>;
}

/** An event of a function URL or an HTTP API (payload format 2.0), of a REST API (1.0), or of an Application Load Balancer. */
export type LambdaEvent = APIGatewayProxyEventV2 | APIGatewayProxyEvent | ALBEvent;

const isOfBalancer = (event: LambdaEvent): event is ALBEvent => 'elb' in (event.requestContext ?? {});

/** The parameters of a query, each with all of its values that have come. */
const parametersOf = (event: ALBEvent | APIGatewayProxyEvent): readonly (readonly [string, string])[] => {
  const { queryStringParameters: single, multiValueQueryStringParameters: all } = event;
  return Object.entries(all ?? single ?? {}).flatMap(([name, values = []]) =>
    [values].flat().map((value) => [name, value] as const),
  );
};

/** A REST API has decoded the query, and keeps its parts. A load balancer leaves them as they were written. */
const queryOf = (event: ALBEvent | APIGatewayProxyEvent): string =>
  isOfBalancer(event)
    ? parametersOf(event)
        .map(([name, value]) => `${name}=${value}`)
        .join('&')
    : writtenAgain(parametersOf(event));

const requestOf = (event: LambdaEvent) =>
  'rawPath' in event
    ? { method: event.requestContext.http.method, path: event.rawPath, query: event.rawQueryString }
    : { method: event.httpMethod, path: event.path, query: queryOf(event) };

/** A REST API passes names on as they were sent, and its console sends none. A load balancer may send several values. */
const headerOf = (event: LambdaEvent, wanted: string): string | undefined => {
  const { headers, multiValueHeaders } = event as Partial<ALBEvent>;
  const [, value] =
    Object.entries(headers ?? multiValueHeaders ?? {}).find(([name]) => name.toLowerCase() === wanted) ?? [];
  return Array.isArray(value) ? (value.length === 1 ? value[0] : undefined) : value;
};

/** What a load balancer wants to know beside what all are told. */
const forBalancer = (event: LambdaEvent, status: number, headers: Readonly<Record<string, string>>) => {
  if (!isOfBalancer(event)) return {};
  const all = event.multiValueHeaders && Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, [v]]));
  const description = { statusDescription: `${status} ${status < 400 ? 'OK' : 'Refused'}`, isBase64Encoded: false };
  return { ...description, ...(all ? { multiValueHeaders: all } : {}) };
};

const answered = (event: LambdaEvent, { status, headers = {}, body }: CallbackAnswer): LambdaAnswer => ({
  statusCode: status,
  headers: { ...headers },
  body,
  ...forBalancer(event, status, headers),
});

/** The exact bytes of the body; nothing when a middleware has replaced it and kept no `rawBody`. */
const bodyOf = (event: LambdaEvent & { readonly rawBody?: unknown }): Uint8Array | undefined => {
  const body: unknown = event.rawBody ?? event.body ?? '';
  return keptBytes(typeof body === 'string' && event.isBase64Encoded ? Buffer.from(body, 'base64') : body);
};

/**
 * Makes a handler for AWS Lambda, behind a function URL, API Gateway or an Application Load Balancer. A balancer that does not send
 * several values (`lambda.multi_value_headers.enabled`) keeps the last of a parameter that is repeated.
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
      const headers = { 'Content-Type': 'text/plain; charset=utf-8' };
      return answered(event, { status: SERVER_ERROR, headers, body: message });
    }
    const body: CallbackRequest['body'] = bytes.byteLength > endpoint.bodyLimit ? 'too-large' : bytes;
    const signature = headerOf(event, 'x-hub-signature');
    const encoding = contentEncoding(headerOf(event, 'content-encoding'));
    const answer = await endpoint.handle(splitUrl(path).id, { method, query, signature, body, encoding });
    return answered(event, { ...answer, headers: { ...headersOf(method, answer) } });
  };
}
