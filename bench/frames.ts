import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** From RFC 6455, section 1.3. */
const HANDSHAKE_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const TEXT = 0x81;
const PING = 0x89;
const PONG = 0x8a;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const LENGTH_BITS = 0x7f;
const MASK_BYTES = 4;

/** The answer that accepts a websocket. */
export function acceptance({ headers }: IncomingMessage): string {
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${HANDSHAKE_SUFFIX}`).digest('base64');
  const lines = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** A text frame of a server. */
export function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length < LENGTH_16) return Buffer.concat([Buffer.of(TEXT, payload.length), payload]);
  if (payload.length < 65_536)
    return Buffer.concat([Buffer.of(TEXT, LENGTH_16, payload.length >> 8, payload.length & 0xff), payload]);
  const head = Buffer.of(TEXT, LENGTH_64, 0, 0, 0, 0, 0, 0, 0, 0);
  head.writeUInt32BE(payload.length, 6);
  return Buffer.concat([head, payload]);
}

/** What a client has sent. */
export interface Received {
  readonly texts: readonly string[];
  /** What answers its pings. */
  readonly pongs: readonly Buffer[];
  /** The bytes that are left over. */
  readonly rest: Buffer;
}

/**
 * Splits what a client sends into its frames, which are small and masked.
 *
 * @param bytes what was left over from before, and what came
 */
export function readFrames(bytes: Buffer): Received {
  const texts: string[] = [];
  const pongs: Buffer[] = [];
  let at = 0;
  for (;;) {
    const payload = at + 2 + MASK_BYTES;
    const length = (bytes[at + 1] ?? 0) & LENGTH_BITS;
    if (bytes.length < payload || bytes.length < payload + length) {
      return { texts, pongs, rest: bytes.subarray(at) };
    }
    if (length >= LENGTH_16) throw new Error('A frame is larger than an answer.');
    for (let i = 0; i < length; i++) {
      bytes[payload + i] = (bytes[payload + i] ?? 0) ^ (bytes[at + 2 + (i % MASK_BYTES)] ?? 0);
    }
    if (bytes[at] === TEXT) texts.push(bytes.toString('latin1', payload, payload + length));
    if (bytes[at] === PING)
      pongs.push(Buffer.concat([Buffer.of(PONG, length), bytes.subarray(payload, payload + length)]));
    at = payload + length;
  }
}
