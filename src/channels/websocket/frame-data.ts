/** A `Blob`. Some platforms hand it over although array buffers were asked for. */
interface BlobLike {
  arrayBuffer(): Promise<ArrayBuffer>;
}

const isBlob = (data: unknown): data is BlobLike =>
  typeof data === 'object' && data !== null && typeof (data as Partial<BlobLike>).arrayBuffer === 'function';

// `instanceof` does not know the buffers of another frame of the page.
const isBuffer = (data: unknown): data is ArrayBuffer =>
  Object.prototype.toString.call(data) === '[object ArrayBuffer]';

/** How much of a frame that is too large is looked at. In bytes or characters. */
const BEGINNING = 2_048;

/** What a frame holds. */
export type FrameText =
  | { readonly text: string }
  /** It is larger than the limit; this is how it begins. */
  | { readonly beginning: string }
  /** It is binary, and not UTF-8. */
  | undefined;

/**
 * Takes frames of text and of UTF-8 in binary form, in the order in which they came.
 *
 * @param limit the longest frame, in characters or bytes
 * @param take called with each; at once, but for what comes as a `Blob` and after one
 */
export function frameReader(limit: number, take: (frame: FrameText) => void): (data: unknown) => void {
  let waiting: Promise<void> | undefined;
  const read = (data: unknown): FrameText => {
    if (typeof data === 'string') return data.length > limit ? { beginning: data.slice(0, BEGINNING) } : { text: data };
    if (!isBuffer(data) && !ArrayBuffer.isView(data)) return undefined;
    const bytes = isBuffer(data) ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (bytes.byteLength > limit) return { beginning: new TextDecoder().decode(bytes.subarray(0, BEGINNING)) };
    try {
      return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
    } catch {
      return undefined;
    }
  };
  return (data) => {
    if (!waiting && !isBlob(data)) return take(read(data));
    const bytes = isBlob(data) ? data.arrayBuffer().catch(() => undefined) : data;
    waiting = (waiting ?? Promise.resolve()).then(async () => take(read(await bytes)));
  };
}
