import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The largest request body that the servers read, in bytes. */
export const BODY_LIMIT_BYTES = 4 * 1024 * 1024;

/** What a handler answers. */
export interface HttpAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
  /** Whether it is lost on demand: the connection is cut, or stays open and nothing comes. */
  lost?: 'cut' | 'silence';
  /** What to do once the answer is on its way, such as the verification that follows a 202. */
  afterwards?: () => Promise<void>;
}

/**
 * Takes requests on the address of another server.
 *
 * @returns whether the request was its own, and is being answered
 */
export type RequestTaker = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A request that is refused: thrown by a handler, answered as plain text for the developer. */
export class HttpRefusal extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, text: string, headers: Record<string, string> = {}) {
    super(text);
    this.status = status;
    this.headers = headers;
  }

  /** The answer that tells the refusal. */
  toAnswer(): HttpAnswer {
    return {
      status: this.status,
      headers: { 'Content-Type': 'text/plain; charset=utf-8', ...this.headers },
      body: this.message,
    };
  }
}

/** For every origin. */
export const CORS_HEADERS: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Authorization, Content-Type, Accept, Cache-Control, Pragma, Prefer',
  'Access-Control-Expose-Headers': 'Content-Location, Location, Retry-After, WWW-Authenticate',
  'Access-Control-Max-Age': '600',
};

/** An answer with a JSON body that no cache keeps. */
export function json(status: number, body: unknown, contentType = 'application/json'): HttpAnswer {
  return { status, headers: { 'Content-Type': contentType, 'Cache-Control': 'no-store' }, body: JSON.stringify(body) };
}

/**
 * Reads the whole body; one over the limit is refused with 413 as soon as that is known.
 *
 * @param limit in bytes
 */
export async function readBody(request: IncomingMessage, limit = BODY_LIMIT_BYTES): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // A destroyed request would take the answer with it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new HttpRefusal(413, 'The body is too large.', { Connection: 'close' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The media type of a request, without parameters and in lower case. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** The fields of a form, each of which may appear once. */
export function parseForm(body: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(body)) {
    if (Object.hasOwn(fields, name)) throw new HttpRefusal(400, `${printable(name)} must appear once.`);
    fields[name] = value;
  }
  return fields;
}

/** A text of others, made fit for one line: no control characters, and not long. */
export function printable(text: string, limit = 60): string {
  const line = text.replace(/\p{C}/gu, '?');
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

/** Sends an answer, with CORS headers. */
function send(response: ServerResponse, answer: HttpAnswer, cors: Readonly<Record<string, string>>): void {
  if (answer.lost === 'cut') response.destroy();
  if (answer.lost !== undefined) return;
  response.writeHead(answer.status, { ...cors, ...answer.headers });
  response.end(answer.body);
}

/**
 * Answers one request by a handler, and a CORS preflight without it.
 *
 * @param cors the headers of all answers; without any, a preflight is a request like others
 */
export async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  handle: (request: IncomingMessage, url: URL) => Promise<HttpAnswer> | HttpAnswer,
  cors: Readonly<Record<string, string>> = CORS_HEADERS,
): Promise<HttpAnswer> {
  let answer: HttpAnswer;
  try {
    const preflight = request.method === 'OPTIONS' && Object.keys(cors).length > 0;
    answer = preflight ? { status: 204 } : await handle(request, new URL(request.url ?? '/', 'http://localhost'));
  } catch (error) {
    answer =
      error instanceof HttpRefusal ? error.toAnswer() : new HttpRefusal(500, `Failure: ${String(error)}`).toAnswer();
  }
  send(response, answer, cors);
  return answer;
}

/**
 * Starts a server on 127.0.0.1.
 *
 * @param port 0 for a free one
 * @returns its origin, such as `http://127.0.0.1:51234`
 */
export async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Closes a server and every connection that is still open. Idempotent. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
