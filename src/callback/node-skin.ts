import { SERVER_ERROR } from '../web/status.ts';
import { contentEncoding } from './content-encoding.ts';
import type { HttpCallbackEndpoint } from './http-endpoint.ts';
import { answerAndClose, isUnread, readNodeBody } from './node-body.ts';
import type { NodeRequest, NodeResponse } from './node-http.ts';
import { bodyParsed, isBodyLost, keptBytes, type ParsedRequest } from './parsed-body.ts';
import { type CallbackAnswer, type CallbackRequest, headersOf, splitUrl } from './request.ts';

/** The endpoint's plain function. */
export type Handle = (id: string, request: CallbackRequest) => CallbackAnswer | Promise<CallbackAnswer>;

const NOTHING = new Uint8Array(0);

const write = (request: NodeRequest, response: NodeResponse, answer: CallbackAnswer): void => {
  response.statusCode = answer.status;
  const headers = headersOf(request.method, answer);
  for (const name in headers) response.setHeader(name, headers[name] ?? '');
  // Not after writeHead(), which would make it chunked.
  response.end(answer.body);
};

/**
 * Passes a request whose body is known to the endpoint, and writes its answer.
 *
 * @param handle the endpoint's plain function
 * @param request the hub's request
 * @param response where the answer goes
 * @param body the exact bytes of the body
 * @param kept the bytes that a parser before has kept
 */
function pass(
  handle: Handle,
  request: NodeRequest,
  response: NodeResponse,
  body: CallbackRequest['body'],
  kept?: Uint8Array,
): void {
  const { id, query } = splitUrl(request.url ?? '');
  const header = request.headers['x-hub-signature'];
  const signature = Array.isArray(header) ? undefined : header;
  const encoding = contentEncoding(request.headers['content-encoding'], kept);
  const answer = handle(id, { method: request.method ?? '', query, signature, body, encoding });
  const finish = (settled: CallbackAnswer) => {
    // A server's own timeout may have answered meanwhile.
    if (response.headersSent) return;
    try {
      const isRead = body !== 'too-large' && (request.method === 'POST' || !isUnread(request));
      if (isRead || request.complete) write(request, response, settled);
      else answerAndClose(request, response, { ...settled, headers: headersOf(request.method, settled) });
    } catch {
      // A router of the app's own has come up with what cannot be sent, and nobody is there to catch what is thrown here.
      if (!response.headersSent) response.writeHead(SERVER_ERROR);
      response.end();
    }
  };
  if (answer instanceof Promise) void answer.then(finish);
  else finish(answer);
}

const PLAIN_TEXT = { 'Content-Type': 'text/plain; charset=utf-8' };

/**
 * The skin for node:http, and for whatever is built on it: bytes that a parser before it has kept as `rawBody` or `body` are
 * taken. It builds no Request and no Response: on Node they cost more than all of the endpoint's own work.
 *
 * @param handle the endpoint's plain function
 * @param bodyLimit the largest body that is read, in bytes
 * @param counts where a body that was lost is counted
 */
export function nodeSkin(handle: Handle, bodyLimit: number, counts: HttpCallbackEndpoint['counts'] = {}) {
  return (request: ParsedRequest, response: NodeResponse): void => {
    // Whoever gives up has nobody answer them, and a response that was ended elsewhere takes no more.
    request.on('error', () => {});
    response.on('error', () => {});
    if (request.method !== 'POST') {
      // A body would be dropped.
      if (!isUnread(request)) request.resume();
      return pass(handle, request, response, NOTHING);
    }
    const kept = keptBytes(request.rawBody, request.body);
    if (kept) return pass(handle, request, response, kept.byteLength > bodyLimit ? 'too-large' : kept, kept);
    if (isBodyLost(request)) {
      const { message } = bodyParsed({ counts });
      // There is nobody else to tell.
      return write(request, response, { status: SERVER_ERROR, body: message, headers: PLAIN_TEXT });
    }
    readNodeBody(request, bodyLimit, (body) => pass(handle, request, response, body));
  };
}
