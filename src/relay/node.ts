import type { IncomingMessage, ServerResponse } from 'node:http';
import { keptBytes, type ParsedRequest } from '../callback/kept-body.ts';
import { lastSegments, PATHS } from './wire.ts';

const FAILED = 500;

/** What a page has sent: as it comes, or as a body parser has left it. */
const bodyOf = (request: ParsedRequest): BodyInit | null => {
  if (request.method !== 'POST') return null;
  const { rawBody, body } = request;
  if (!request.readableEnded)
    return new ReadableStream({
      start(controller) {
        request.on('data', (chunk: Buffer) => controller.enqueue(new Uint8Array(chunk)));
        request.on('end', () => controller.close());
        request.on('error', (error) => controller.error(error));
      },
    });
  // No signature depends on it: what was parsed can be written again.
  return (keptBytes(rawBody, body) as BodyInit | undefined) ?? JSON.stringify(body ?? null);
};

const requestOf = (request: ParsedRequest): Request => {
  const headers = new Headers();
  // HTTP/2 has some that are none.
  for (const [name, value] of Object.entries(request.headers))
    if (!name.startsWith(':')) for (const one of [value ?? []].flat()) headers.append(name, one);
  const { host = 'localhost' } = request.headers;
  const url = new URL(request.url ?? '/', `http://${host}`);
  const init: RequestInit & { duplex: 'half' } = {
    method: request.method ?? 'GET',
    headers,
    body: bodyOf(request),
    duplex: 'half',
  };
  return new Request(url, init);
};

const write = async ({ status, headers, body }: Response, response: ServerResponse): Promise<void> => {
  response.writeHead(status, Object.fromEntries(headers));
  const reader = body?.getReader();
  if (!reader) {
    response.end();
    return;
  }
  // Before the first event there may be none for a long time.
  response.flushHeaders();
  const gone = new Promise<void>((resolve) => response.once('close', resolve));
  void gone.then(() => reader.cancel()).catch(() => {});
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (response.write(value)) continue;
    await Promise.race([gone, new Promise<void>((resolve) => response.once('drain', resolve))]);
  }
  response.end();
};

/**
 * The skin for node:http. A hub's requests go to the endpoint as they are; those of pages are few.
 *
 * @param fetch the web-standard handler
 * @param callback the endpoint's own skin
 */
export function nodeSkin(
  fetch: (request: Request) => Promise<Response>,
  callback: (request: IncomingMessage, response: ServerResponse) => void,
) {
  return (request: ParsedRequest, response: ServerResponse): void => {
    const [before] = lastSegments(request.url ?? '');
    if (before === PATHS.callback) return callback(request, response);
    const pass = async () => write(await fetch(requestOf(request)), response);
    pass().catch(() => {
      if (!response.headersSent) response.statusCode = FAILED;
      response.end();
    });
  };
}
