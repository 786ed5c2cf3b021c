import { randomBytes } from 'node:crypto';

/** An unguessable identifier of 128 random bits, in hexadecimal: a topic, a token or an endpoint is a bearer ticket. */
export function unguessable(): string {
  return randomBytes(16).toString('hex');
}
