import type { Handle } from './node.ts';
import { ANSWER_HEADERS, type CallbackRequest, splitUrl } from './request.ts';

const readBody = async (request: Request, bodyLimit: number): Promise<CallbackRequest['body']> => {
  if (Number(request.headers.get('content-length')) > bodyLimit) return 'too-large';
  const reader = request.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > bodyLimit) {
      await reader.cancel();
      return 'too-large';
    }
    chunks.push(value);
  }
  const body = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
};

/**
 * The web-standard skin.
 *
 * @param handle the endpoint's plain function
 * @param bodyLimit the largest body that is read, in bytes
 */
export function webSkin(handle: Handle, bodyLimit: number) {
  return async (request: Request): Promise<Response> => {
    const { id, query } = splitUrl(request.url);
    const body = request.method === 'POST' ? await readBody(request, bodyLimit) : new Uint8Array(0);
    const signature = request.headers.get('x-hub-signature') ?? undefined;
    const answer = await handle(id, { method: request.method, query, signature, body });
    // Statuses without a body must get none, not an empty one.
    return new Response(answer.body || null, {
      status: answer.status,
      headers: { ...ANSWER_HEADERS, ...answer.headers },
    });
  };
}
