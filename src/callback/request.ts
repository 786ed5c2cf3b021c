/** A hub's HTTP request to a callback URL: plain data, so that it can be passed on to another process. */
export interface CallbackRequest {
  /** The HTTP method. */
  readonly method: string;
  /** The query, without its question mark. */
  readonly query: string;
  /** The header `X-Hub-Signature`. */
  readonly signature: string | undefined;
  /** The exact bytes of the body; `too-large` when it is over the limit and was not read to its end. */
  readonly body: Uint8Array | 'too-large';
  /** The body's content encoding, where it has one. */
  readonly encoding?: string | undefined;
}

/** What the hub is answered. */
export interface CallbackAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** The body; empty unless a challenge is echoed. */
  readonly body: string;
  /** Headers beside those that every answer of its kind has. */
  readonly headers?: Readonly<Record<string, string>>;
}

const GET_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'X-Content-Type-Options': 'nosniff',
};

/**
 * The headers of an answer. To a GET a challenge is echoed as text, which must never be interpreted by a browser: it may come
 * from anybody who knows the URL. Other answers have no body, and mostly no headers: they are sent for every event.
 *
 * @param method the request's method
 * @param answer what is answered
 */
export const headersOf = (method: string | undefined, { headers }: CallbackAnswer) =>
  method === 'GET' ? { ...GET_HEADERS, ...headers } : headers;

/**
 * What a hub has put behind the query of `baseUrl`. The .NET sandbox hub of 2019 appends its parameters without an `&`: left
 * as it is, the first of them, `hub.mode`, would be part of our last value, and a denial would not be seen as one.
 *
 * @param own the query of `baseUrl`, without its question mark
 * @param query the query of a request
 */
export function appendedQuery(own: string, query: string): string {
  return own !== '' && query.startsWith(own) ? query.slice(own.length) : query;
}

/** An answer without a body. */
export const answerOf = (status: number): CallbackAnswer => ({ status, body: '' });

/** Letters, digits, `-`, `.`, `_` and `~`: to write these in percent-encoding changes nothing (RFC 3986, 6.2.2.2). */
const NEEDLESSLY_ENCODED = /%(2[de]|3\d|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi;

/** The longest query that is passed on to an owner elsewhere, in characters. More than any server takes. */
export const QUERY_LIMIT = 65_536;

/** No signature is longer, in characters. What is cut off here is refused by its owner all the same. */
export const SIGNATURE_LIMIT = 1_024;

/** Whom a target names (RFC 9112, 3.2.2), which is for nobody to say but the configuration. */
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/**
 * Splits the target of a request into its path and its query. Scheme, host and userinfo of a target are dropped: whoever sends
 * it has made them up.
 *
 * @param target a path with a query, or an absolute URL
 */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?');
  const path = (mark < 0 ? target : target.slice(0, mark)).replace(AUTHORITY, '');
  return { path, query: mark < 0 ? '' : target.slice(mark + 1) };
}

/**
 * Splits a request's URL into the callback's identity and the query. The identity is the last segment of the path, wherever a
 * proxy or a framework has mounted the endpoint, and whether or not it has put a slash behind it.
 *
 * @param url a path with a query, or an absolute URL
 */
export function splitUrl(url: string): { readonly id: string; readonly query: string } {
  const { path, query } = splitTarget(url);
  const end = path.endsWith('/') ? path.length - 1 : path.length;
  const id = path.slice(path.lastIndexOf('/', end - 1) + 1, end);
  return {
    id: id.replace(NEEDLESSLY_ENCODED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    query,
  };
}
