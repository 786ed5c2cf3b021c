import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { LambdaAnswer, LambdaEvent } from '../../../src/callback/adapters/aws-lambda.ts';
import { type Mounted, started } from './app.ts';

/** How a gateway of AWS makes an event of a request. */
export type EventOf = (request: IncomingMessage, body: Buffer) => LambdaEvent;

const TIME = { time: '12/Mar/2026:19:03:58 +0000', timeEpoch: 1773342238000 };
const SOURCE = { sourceIp: '192.0.2.1', userAgent: 'hub' };

/** What reaches a function as text; everything else does in base64. */
const TEXT = /^(text\/|application\/(json|javascript|xml)\b)/;

const split = ({ url = '' }: IncomingMessage) => {
  const mark = url.indexOf('?');
  return mark < 0 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
};

/** The values of a header or a parameter by its name. */
const grouped = (pairs: Iterable<readonly [string, string]>): Record<string, string[]> => {
  const groups: Record<string, string[]> = {};
  for (const [name, value] of pairs) groups[name] = [...(groups[name] ?? []), value];
  return groups;
};

const map = <Value>(groups: Record<string, string[]>, choose: (values: string[]) => Value): Record<string, Value> =>
  Object.fromEntries(Object.entries(groups).map(([name, values]) => [name, choose(values)]));

const last = (values: string[]): string => values.at(-1) ?? '';

const headersOf = ({ rawHeaders }: IncomingMessage) =>
  grouped(rawHeaders.flatMap((name, index) => (index % 2 ? [] : [[name, rawHeaders[index + 1] ?? ''] as const])));

/**
 * Payload format 2.0: what a function URL and an HTTP API send. Names of headers are in lower case, and a header or
 * parameter that is repeated is one, with commas.
 *
 * @param stage what an HTTP API puts before the path when its stage is not the default one
 */
export const version2 =
  (stage = ''): EventOf =>
  (request, body) => {
    const { path, query } = split(request);
    const { headers, method = '' } = request;
    const isText = TEXT.test(headers['content-type'] ?? '');
    const parameters = map(grouped(new URLSearchParams(query)), (values) => values.join(','));
    return {
      version: '2.0',
      routeKey: '$default',
      rawPath: stage + path,
      rawQueryString: query,
      headers: map(grouped(Object.entries(headers).map(([name, value]) => [name, String(value)])), last),
      ...(query && { queryStringParameters: parameters }),
      requestContext: {
        accountId: 'anonymous',
        apiId: 'r3pmxmplak',
        domainName: 'r3pmxmplak.lambda-url.eu-central-1.on.aws',
        domainPrefix: 'r3pmxmplak',
        http: { method, path: stage + path, protocol: 'HTTP/1.1', ...SOURCE },
        requestId: 'e1506fd5-9e7b-434f-bd42-4f8fa224b599',
        routeKey: '$default',
        stage: stage.slice(1) || '$default',
        ...TIME,
      },
      ...(body.length > 0 && { body: isText ? body.toString() : body.toString('base64') }),
      isBase64Encoded: body.length > 0 && !isText,
    };
  };

/**
 * Payload format 1.0: what a REST API sends. Names of headers are as they came, parameters are decoded, and there is no raw
 * query.
 *
 * @param isBinary all media types are binary ones (`binaryMediaTypes` is `*\/*`)
 */
export const version1 =
  (isBinary: boolean): EventOf =>
  (request, body) => {
    const { path, query } = split(request);
    const headers = headersOf(request);
    const parameters = grouped(new URLSearchParams(query));
    const isEmpty = body.length === 0;
    const event: Omit<APIGatewayProxyEvent, 'requestContext'> = {
      resource: '/fhircast/{id}',
      path,
      httpMethod: request.method ?? '',
      headers: map(headers, last),
      multiValueHeaders: headers,
      queryStringParameters: query ? map(parameters, last) : null,
      multiValueQueryStringParameters: query ? parameters : null,
      pathParameters: { id: path.slice(path.lastIndexOf('/') + 1) },
      stageVariables: null,
      body: isEmpty ? null : body.toString(isBinary ? 'base64' : 'utf8'),
      isBase64Encoded: isBinary && !isEmpty,
    };
    // What else it tells of a request matters to nobody here.
    return { ...event, requestContext: {} } as LambdaEvent;
  };

/**
 * What an Application Load Balancer sends. Names of headers are in lower case, and parameters are as they were written.
 *
 * @param isMulti it was set to send several values
 */
export const balancer =
  (isMulti: boolean): EventOf =>
  (request, body) => {
    const { path, query } = split(request);
    const { headers, method = '' } = request;
    const isText = TEXT.test(headers['content-type'] ?? '') && headers['content-encoding'] === undefined;
    const written = query.split('&').flatMap((pair): [string, string][] => {
      const [name = '', ...value] = pair.split('=');
      return pair ? [[name, value.join('=')]] : [];
    });
    const parameters = grouped(written);
    const named = grouped(Object.entries(headers).map(([name, value]) => [name, String(value)] as const));
    const targetGroupArn = 'arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/hub/1';
    return {
      requestContext: { elb: { targetGroupArn } },
      httpMethod: method,
      path,
      ...(isMulti
        ? { multiValueHeaders: named, multiValueQueryStringParameters: parameters }
        : { headers: map(named, last), queryStringParameters: map(parameters, last) }),
      body: body.length > 0 && !isText ? body.toString('base64') : body.toString(),
      isBase64Encoded: body.length > 0 && !isText,
    };
  };

/** A load balancer answers 502 to what has no status of its kind, and reads the headers that fit its setting. */
const readAnswer = (event: LambdaEvent, answer: LambdaAnswer): LambdaAnswer => {
  if (!('elb' in event.requestContext)) return answer;
  const { multiValueHeaders, statusDescription = '', isBase64Encoded } = answer;
  const isMulti = 'multiValueHeaders' in event;
  const fits = /^\d{3} \w+/.test(statusDescription) && isBase64Encoded === false && isMulti === !!multiValueHeaders;
  if (!fits) return { statusCode: 502, headers: {}, body: '' };
  return isMulti ? { ...answer, headers: map(multiValueHeaders ?? {}, last) } : answer;
};

/**
 * Starts what AWS has in front of a function: it takes HTTP, waits for the whole request, and makes an event of it.
 *
 * @param eventOf makes the event
 * @param invoke the function
 */
export const startGateway = (
  eventOf: EventOf,
  invoke: (event: LambdaEvent) => Promise<LambdaAnswer>,
): Promise<Mounted> =>
  started(
    createServer(async (request, response) => {
      if (request.url === '/other') return response.end('other');
      const body = await buffer(request).catch(() => undefined);
      if (!body) return;
      // An event reaches a function as JSON, and its answer comes back as such.
      const event: LambdaEvent = JSON.parse(JSON.stringify(eventOf(request, body)));
      const answer: LambdaAnswer = readAnswer(event, JSON.parse(JSON.stringify(await invoke(event))));
      response.writeHead(answer.statusCode, { 'content-type': 'application/json', ...lowerCased(answer.headers) });
      return response.end(answer.body);
    }),
  );

const lowerCased = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
