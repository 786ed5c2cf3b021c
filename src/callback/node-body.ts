import { after, unref } from '../web/timers.ts';
import { CollectedBody } from './collected-body.ts';
import type { NodeRequest, NodeResponse } from './node-http.ts';

/** How long somebody who sends too much may take to read the answer, in milliseconds. */
const LINGER_MS = 1_000;

/** How much of what is sent after the answer is read, in bytes. */
const LINGER_BYTES = 4 * 1024 * 1024;

/** Less than this is read to its end, so that the connection can be used again. In bytes. */
const LITTLE = 1024 * 1024;

/**
 * Reads a body to its limit, without keeping more of it than that.
 *
 * @param request the request
 * @param limit the largest body, in bytes
 * @param take called once with the body. Never called when the sender gives up
 */
export function readNodeBody(
  request: NodeRequest,
  limit: number,
  take: (body: Uint8Array | 'too-large') => void,
): void {
  if (Number(request.headers['content-length']) > limit) return take('too-large');
  const collected = new CollectedBody(limit);
  let isTaken = false;
  const finish = () => {
    if (isTaken) return;
    isTaken = true;
    take(collected.body);
  };
  request.on('data', (part: Uint8Array) => {
    if (!isTaken && !collected.add(part)) finish();
  });
  request.on('end', finish);
}

/** Whether so much of a request may still come that its connection is better ended. */
export const isUnread = ({ complete, headers }: NodeRequest): boolean =>
  !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > LITTLE);

/** What is answered at once and ends the connection. */
export interface LastAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Answers a request that is still being sent, and then ends the connection. Node would end it together with the answer, and
 * what has not been read by then turns the end into a reset, which may overtake the answer: some hubs die of it. So the
 * answer goes out whole, and its stream ends when the sender had the time to read it. What comes meanwhile is dropped.
 *
 * @param request the request
 * @param response where the answer goes
 * @param answer what is answered
 */
export function answerAndClose(request: NodeRequest, response: NodeResponse, answer: LastAnswer): void {
  const length = Buffer.byteLength(answer.body);
  response.writeHead(answer.status, { ...answer.headers, Connection: 'close', 'Content-Length': length });
  if (length > 0) response.write(answer.body);
  else response.flushHeaders();
  dropBody(request, () => request.pause());
  const end = () => response.end();
  const timer = after(LINGER_MS, end);
  unref(timer);
  request.once('end', end);
  response.once('close', () => clearTimeout(timer));
}

/**
 * Reads what nobody wants, and keeps nothing of it.
 *
 * @param request the request
 * @param tooMuch called when it does not end
 */
export function dropBody(request: NodeRequest, tooMuch: () => void): void {
  let left = LINGER_BYTES;
  request.on('data', (part: Uint8Array) => {
    left -= part.length;
    if (left < 0) tooMuch();
  });
}
