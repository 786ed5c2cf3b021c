import { createHmac } from 'node:crypto';
import type { HubTraits } from '../ground/traits.ts';

/** `X-Hub-Signature` of a body: HMAC-SHA256 over its exact bytes (W3C WebSub, section 7). */
export function sign(secret: string, body: string | Uint8Array): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** The signature as a hub makes it: right, or with key and data swapped, in upper case and without its method. */
export function signFor({ signature }: HubTraits, secret: string, body: Uint8Array): string {
  if (signature === 'sha256') return sign(secret, body);
  return createHmac('sha256', body).update(secret).digest('hex').toUpperCase();
}
