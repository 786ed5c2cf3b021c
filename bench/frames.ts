import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** From RFC 6455, section 1.3. */
const HANDSHAKE_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const TEXT = 0x81;
const LENGTH_16 = 126;
const LENGTH_BITS = 0x7f;
const MASK_BYTES = 4;

/** The answer that accepts a websocket. */
export function acceptance({ headers }: IncomingMessage): string {
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${HANDSHAKE_SUFFIX}`).digest('base64');
  const lines = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** A text frame of a server, for texts below 64 kilobytes. */
export function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length < LENGTH_16) return Buffer.concat([Buffer.of(TEXT, payload.length), payload]);
  return Buffer.concat([Buffer.of(TEXT, LENGTH_16, payload.length >> 8, payload.length & 0xff), payload]);
}

/**
 * Splits what a client sends into the texts of its frames, which are small and masked.
 *
 * @param bytes what was left over from before, and what came
 * @returns the texts, and the bytes that are left over
 */
export function readFrames(bytes: Buffer): { readonly texts: readonly string[]; readonly rest: Buffer } {
  const texts: string[] = [];
  let at = 0;
  for (;;) {
    const payload = at + 2 + MASK_BYTES;
    const length = (bytes[at + 1] ?? 0) & LENGTH_BITS;
    if (bytes.length < payload || bytes.length < payload + length) return { texts, rest: bytes.subarray(at) };
    if (length >= LENGTH_16) throw new Error('A frame is larger than an answer.');
    for (let i = 0; i < length; i++) {
      bytes[payload + i] = (bytes[payload + i] ?? 0) ^ (bytes[at + 2 + (i % MASK_BYTES)] ?? 0);
    }
    texts.push(bytes.toString('latin1', payload, payload + length));
    at = payload + length;
  }
}
