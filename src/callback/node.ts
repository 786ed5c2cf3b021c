import type { IncomingMessage, ServerResponse } from 'node:http';
import { ANSWER_HEADERS, type CallbackAnswer, type CallbackRequest, splitUrl } from './request.ts';

/** The endpoint's plain function. */
export type Handle = (id: string, request: CallbackRequest) => CallbackAnswer | Promise<CallbackAnswer>;

/** How long a hub that sends too much may take to read the answer, in milliseconds. */
const LINGER_MS = 1_000;

const NOTHING = new Uint8Array(0);

const write = (response: ServerResponse, answer: CallbackAnswer): void => {
  const { status, body, headers } = answer;
  response.writeHead(status, { ...ANSWER_HEADERS, ...headers, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
};

/** Answers, and ends the connection without a reset: some hubs end with it. */
const writeAndClose = (request: IncomingMessage, response: ServerResponse, answer: CallbackAnswer): void => {
  request.pause();
  const { socket } = request;
  response.once('finish', () => setTimeout(() => socket.destroy(), LINGER_MS).unref());
  write(response, { ...answer, headers: { ...answer.headers, Connection: 'close' } });
};

/**
 * Passes a request whose body is known to the endpoint, and writes its answer.
 *
 * @param handle the endpoint's plain function
 * @param request the hub's request
 * @param response where the answer goes
 * @param body the exact bytes of the body
 */
export function pass(
  handle: Handle,
  request: IncomingMessage,
  response: ServerResponse,
  body: CallbackRequest['body'],
): void {
  const { id, query } = splitUrl(request.url ?? '');
  const header = request.headers['x-hub-signature'];
  const signature = Array.isArray(header) ? undefined : header;
  const answer = handle(id, { method: request.method ?? '', query, signature, body });
  const finish = (settled: CallbackAnswer) =>
    body === 'too-large' ? writeAndClose(request, response, settled) : write(response, settled);
  if (answer instanceof Promise) void answer.then(finish);
  else finish(answer);
}

/**
 * The skin for node:http. It builds no Request and no Response: on Node they cost more than all of the endpoint's own work.
 *
 * @param handle the endpoint's plain function
 * @param bodyLimit the largest body that is read, in bytes
 */
export function nodeSkin(handle: Handle, bodyLimit: number) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method !== 'POST') {
      request.resume();
      return pass(handle, request, response, NOTHING);
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
