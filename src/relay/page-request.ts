/** A request of a page, whatever server it came by. Nothing of its body has been read. */
export interface PageRequest {
  readonly method: string;
  /** The last segment of its path, which says what it asks. */
  readonly path: 'page' | 'answers';
  /** The query, without its question mark. */
  readonly query: string;
  readonly headers: Headers;
  /**
   * Reads the body, once somebody wants it.
   *
   * @param limit the most that is read, in bytes
   * @throws when the page gives up
   */
  readBody(limit: number): Promise<Uint8Array | 'too-large'>;
}
