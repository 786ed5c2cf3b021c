import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpCallbackEndpoint } from './endpoint.ts';
import { bodyParsed, isBodyLost, keptBytes, type ParsedRequest } from './kept-body.ts';
import { type CallbackAnswer, type CallbackRequest, headersOf, splitUrl } from './request.ts';

/** The endpoint's plain function. */
export type Handle = (id: string, request: CallbackRequest) => CallbackAnswer | Promise<CallbackAnswer>;

/** How long a hub that sends too much may take to read the answer, in milliseconds. */
const LINGER_MS = 1_000;

/** How much of what a hub sends after the answer is read, in bytes. */
const LINGER_BYTES = 4 * 1024 * 1024;

const NOTHING = new Uint8Array(0);

const write = (request: IncomingMessage, response: ServerResponse, answer: CallbackAnswer): void => {
  response.statusCode = answer.status;
  const headers = headersOf(request.method, answer);
  for (const name in headers) response.setHeader(name, headers[name] ?? '');
  // Not after writeHead(), which would make it chunked.
  response.end(answer.body);
};

/**
 * Answers a request that is still being sent, and then ends the connection. Node would end it together with the answer, and
 * what has not been read by then turns the end into a reset, which may overtake the answer: some hubs die of it. So the
 * answer goes out whole, and its stream ends when the hub had the time to read it.
 */
const writeAndClose = (request: IncomingMessage, response: ServerResponse, answer: CallbackAnswer): void => {
  if (request.complete) return write(request, response, answer);
  const length = Buffer.byteLength(answer.body);
  response.writeHead(answer.status, { ...answer.headers, Connection: 'close', 'Content-Length': length });
  if (length > 0) response.write(answer.body);
  else response.flushHeaders();
  let left = LINGER_BYTES;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.pause();
  });
  const end = () => response.end();
  const timer = setTimeout(end, LINGER_MS).unref();
  request.once('end', end);
  response.once('close', () => clearTimeout(timer));
};

/**
 * Passes a request whose body is known to the endpoint, and writes its answer.
 *
 * @param handle the endpoint's plain function
 * @param request the hub's request
 * @param response where the answer goes
 * @param body the exact bytes of the body
 */
function pass(handle: Handle, request: IncomingMessage, response: ServerResponse, body: CallbackRequest['body']): void {
  const { id, query } = splitUrl(request.url ?? '');
  const header = request.headers['x-hub-signature'];
  const signature = Array.isArray(header) ? undefined : header;
  const answer = handle(id, { method: request.method ?? '', query, signature, body });
  const finish = (settled: CallbackAnswer) => {
    // A server's own timeout may have answered meanwhile.
    if (response.headersSent) return;
    if (body === 'too-large') writeAndClose(request, response, settled);
    else write(request, response, settled);
  };
  if (answer instanceof Promise) void answer.then(finish);
  else finish(answer);
}

const FAILED = 500;

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
  return (request: ParsedRequest, response: ServerResponse): void => {
    if (request.method !== 'POST') {
      request.resume();
      return pass(handle, request, response, NOTHING);
    }
    const kept = keptBytes(request.rawBody, request.body);
    if (kept) return pass(handle, request, response, kept.byteLength > bodyLimit ? 'too-large' : kept);
    if (isBodyLost(request)) {
      const { message } = bodyParsed({ counts });
      // There is nobody else to tell.
      return write(request, response, { status: FAILED, body: message, headers: PLAIN_TEXT });
    }
    if (Number(request.headers['content-length']) > bodyLimit) return pass(handle, request, response, 'too-large');
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      if (size > bodyLimit) return;
      size += chunk.length;
      if (size > bodyLimit) pass(handle, request, response, 'too-large');
      else chunks.push(chunk);
    });
    request.on('end', () => {
      const [first = NOTHING] = chunks;
      if (size <= bodyLimit) pass(handle, request, response, chunks.length > 1 ? Buffer.concat(chunks, size) : first);
    });
    // The hub gave up: there is nobody to answer.
    request.on('error', () => {});
  };
}
