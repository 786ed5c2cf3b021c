/**
 * Random bytes as hexadecimal text, from the platform's cryptographic source.
 *
 * @param bytes how many bytes; the text is twice as long
 */
export function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
}
