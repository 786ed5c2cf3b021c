/** What is named: whatever else a header holds is not repeated. */
const KNOWN: readonly string[] = ['gzip', 'x-gzip', 'deflate', 'br', 'zstd', 'compress'];
/** By these bytes gzip begins, and no JSON. */
const GZIP = [0x1f, 0x8b] as const;

/**
 * The content encoding of a body, which the signature and the reader cannot do with.
 *
 * @param header the header `Content-Encoding`
 * @param kept the bytes that a parser has kept, which has decoded them mostly, and leaves the header as it was
 * @returns its name; `undefined` for a plain body
 */
export function contentEncoding(header: string | null | undefined, kept?: Uint8Array): string | undefined {
  if (kept && !GZIP.every((byte, index) => kept[index] === byte)) return undefined;
  const name = (header ?? '').slice(0, 64).trim().toLowerCase();
  if (name === '' || name === 'identity') return undefined;
  return KNOWN.includes(name) ? name : 'an unknown encoding';
}
