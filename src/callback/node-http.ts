/** The header fields of a request of node:http. */
export interface NodeHeaders {
  /** `Content-Encoding`. */
  readonly 'content-encoding'?: string | undefined;
  readonly [name: string]: string | string[] | undefined;
}

/**
 * A request of node:http, as far as it is read; those of Express, Koa, Fastify and Next.js are such. It is declared here, so that
 * a page that imports this entry point needs no types of Node.
 */
export interface NodeRequest {
  /** `GET`, `POST` … */
  readonly method?: string | undefined;
  /** The target, from its `/` on. */
  readonly url?: string | undefined;
  /** The header fields, by their names in lower case. */
  readonly headers: NodeHeaders;
  /** Whether all of it has arrived. */
  readonly complete: boolean;
  /** Whether its body was read to the end. */
  readonly readableEnded: boolean;
  /** Whether some of its body was read. */
  readonly readableDidRead: boolean;
  /** Listens to the parts of the body. */
  on(name: 'data', listener: (part: Uint8Array) => void): unknown;
  /** Listens to `end` or `error`. */
  on(name: string, listener: () => void): unknown;
  /** Listens to the next event of a name. */
  once(name: string, listener: () => void): unknown;
  /** Reads no more for now. */
  pause(): unknown;
  /** Reads on. */
  resume(): unknown;
}

/** A response of node:http, as far as it is written. */
export interface NodeResponse {
  /** The status that is sent with the first byte. */
  statusCode: number;
  /** Whether the status and the header fields are gone. */
  readonly headersSent: boolean;
  /** Whether nothing more is written. */
  readonly writableEnded: boolean;
  /** Sets one header field. */
  setHeader(name: string, value: string): unknown;
  /** Sends the status and header fields. */
  writeHead(status: number, headers?: Record<string, string | number>): unknown;
  /** Sends the header fields before there is a body. */
  flushHeaders(): void;
  /** Writes a part of the body; `false` when the other side reads more slowly. */
  write(part: string | Uint8Array): boolean;
  /** Writes the rest and ends. */
  end(part?: string | Uint8Array): unknown;
  /** Ends the connection at once. */
  destroy(): unknown;
  /** Listens to `close`, `drain` or `error`. */
  on(name: string, listener: () => void): unknown;
  /** Listens to the next event of a name. */
  once(name: string, listener: () => void): unknown;
}
