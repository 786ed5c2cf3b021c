import { createHmac } from 'node:crypto';

/** `X-Hub-Signature` of a body: HMAC-SHA256 over its exact bytes (W3C WebSub, section 7). */
export function sign(secret: string, body: string | Uint8Array): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
