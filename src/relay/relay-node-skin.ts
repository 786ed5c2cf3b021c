import { answerAndClose, dropBody, isUnread, readNodeBody } from '../callback/node-body.ts';
import type { NodeRequest, NodeResponse } from '../callback/node-http.ts';
import { keptBytes, type ParsedRequest } from '../callback/parsed-body.ts';
import { NOT_FOUND, SERVER_ERROR } from '../web/status.ts';
import type { PageRequest } from './page-request.ts';
import { readTarget } from './target.ts';

/** What a page has sent: as it comes, or as a body parser has left it. */
const readBody = (request: ParsedRequest, limit: number): Promise<Uint8Array | 'too-large'> =>
  new Promise((resolve, reject) => {
    const { rawBody, body } = request;
    if (request.readableEnded) {
      // No signature depends on it: what was parsed can be written again.
      const kept = keptBytes(rawBody, body) ?? new TextEncoder().encode(JSON.stringify(body ?? null));
      return resolve(kept.byteLength > limit ? 'too-large' : kept);
    }
    // After an answer that was too large, or an end, this says nothing new.
    request.once('close', () => reject(new Error('The page has given up.')));
    readNodeBody(request, limit, resolve);
  });

const headersOf = ({ headers: given }: NodeRequest): Headers => {
  const headers = new Headers();
  // HTTP/2 has some that are none.
  for (const [name, value] of Object.entries(given))
    if (!name.startsWith(':')) for (const one of [value ?? []].flat()) headers.append(name, one);
  return headers;
};

/** Writes a stream as fast as it is read. A stream that fails ends the connection, and with it what nobody reads. */
const pump = async (stream: ReadableStream<Uint8Array>, response: NodeResponse): Promise<void> => {
  const reader = stream.getReader();
  const gone = new Promise<void>((resolve) => response.once('close', resolve));
  void gone.then(() => reader.cancel()).catch(() => {});
  // The stream may fail while the connection takes no more.
  const failed = reader.closed.then(
    () => {},
    () => void response.destroy(),
  );
  for (;;) {
    const { done, value } = await reader.read();
    if (done || response.writableEnded) break;
    if (response.write(value)) continue;
    await Promise.race([gone, failed, new Promise<void>((resolve) => response.once('drain', resolve))]);
  }
  response.end();
};

const write = async (answer: Response, request: NodeRequest, response: NodeResponse): Promise<void> => {
  const { status, headers, body } = answer;
  // A server's own timeout may have answered meanwhile.
  if (response.headersSent) return body?.cancel();
  const fields = Object.fromEntries(headers);
  if (!body && isUnread(request)) return answerAndClose(request, response, { status, body: '', headers: fields });
  response.writeHead(status, fields);
  if (!body) {
    response.end();
    return;
  }
  // Before the first event there may be none for a long time.
  response.flushHeaders();
  // What a page sends to open one is wanted by nobody.
  dropBody(request, () => response.destroy());
  await pump(body, response);
};

/**
 * The skin for node:http. A hub's requests go to the endpoint as they are; those of pages are few. Nothing of a page's body
 * is read before somebody wants it.
 *
 * @param serve answers a page
 * @param callback the endpoint's own skin
 */
export function relayNodeSkin(
  serve: (request: PageRequest) => Promise<Response>,
  callback: (request: NodeRequest, response: NodeResponse) => void,
) {
  return (request: ParsedRequest, response: NodeResponse): void => {
    const { kind, query } = readTarget(request.url ?? '');
    if (kind === 'callback') return callback(request, response);
    // Nobody else listens, and an error that nobody hears ends the process.
    request.on('error', () => {});
    response.on('error', () => {});
    const answer = async (): Promise<Response> =>
      kind === undefined
        ? new Response(null, { status: NOT_FOUND })
        : serve({
            method: request.method ?? '',
            path: kind,
            query,
            headers: headersOf(request),
            readBody: (limit) => readBody(request, limit),
          });
    answer()
      .catch(() => new Response(null, { status: SERVER_ERROR }))
      .then((answered) => write(answered, request, response))
      .catch(() => response.destroy());
  };
}
