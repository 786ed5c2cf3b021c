import { BAD_REQUEST } from '../web/status.ts';
import { CollectedBody } from './collected-body.ts';
import { contentEncoding } from './content-encoding.ts';
import type { HttpCallbackEndpoint } from './http-endpoint.ts';
import type { Handle } from './node-skin.ts';
import { bodyParsed } from './parsed-body.ts';
import { answerOf, type CallbackAnswer, type CallbackRequest, headersOf, splitUrl } from './request.ts';

/**
 * Reads a body to its limit.
 *
 * @param request the request
 * @param bodyLimit the most that is read, in bytes
 * @throws when the sender gives up
 */
export const readBody = async (request: Request, bodyLimit: number): Promise<CallbackRequest['body']> => {
  if (Number(request.headers.get('content-length')) > bodyLimit) return 'too-large';
  const reader = request.body?.getReader();
  const collected = new CollectedBody(bodyLimit);
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!collected.add(value)) {
      // Not waited for: it settles when the sender likes.
      reader.cancel().catch(() => {});
      break;
    }
  }
  return collected.body;
};

const responseOf = ({ method }: Request, answer: CallbackAnswer): Response =>
  // Statuses without a body must get none, not an empty one.
  new Response(answer.body || null, { status: answer.status, headers: headersOf(method, answer) ?? {} });

/**
 * The web-standard skin. It rejects when the request's body was read before: signatures are checked over the exact bytes.
 *
 * @param handle the endpoint's plain function
 * @param bodyLimit the largest body that is read, in bytes
 * @param counts where a body that was lost is counted
 */
export function webSkin(handle: Handle, bodyLimit: number, counts: HttpCallbackEndpoint['counts'] = {}) {
  return async (request: Request): Promise<Response> => {
    const { id, query } = splitUrl(request.url);
    if (request.bodyUsed) throw bodyParsed({ counts });
    let body: CallbackRequest['body'] = new Uint8Array(0);
    try {
      if (request.method === 'POST') body = await readBody(request, bodyLimit);
    } catch {
      // The hub gave up in the middle of the body.
      return responseOf(request, answerOf(BAD_REQUEST));
    }
    const signature = request.headers.get('x-hub-signature') ?? undefined;
    const encoding = contentEncoding(request.headers.get('content-encoding'));
    return responseOf(request, await handle(id, { method: request.method, query, signature, body, encoding }));
  };
}
