import { isChallenge } from '../callback/challenge.ts';
import { type CallbackRequest, QUERY_LIMIT, SIGNATURE_LIMIT } from '../callback/request.ts';
import { parseShallow } from '../callback/shallow-json.ts';
import { parseUrl } from '../web/url.ts';

/**
 * What a page and its relay say to each other.
 *
 * - `POST …/page` opens a page, or with {@link PAGE_HEADER} the same page again. The answer is a stream of server-sent events:
 *   one `page` with a {@link PageMessage}, then a `request` for each request of the hub, with a {@link RequestMessage}, and
 *   `replaced` when the page is open elsewhere. A comment now and then says that the stream lives.
 * - `POST …/answers` answers one request, with an {@link AnswerMessage}. What has no answer is sent again on the next stream.
 * - `DELETE …/page` ends a page.
 *
 * The hub calls `…/callback/<id>`.
 *
 * @module
 */

/** Carries the capability of a page: not in a URL, because URLs end up in logs. */
export const PAGE_HEADER = 'FHIRcast-Relay-Page';

/** The last segments of the URLs. */
export const PATHS = { page: 'page', answers: 'answers', callback: 'callback' } as const;

/** The largest body that a page reads, in bytes. */
export const BODY_LIMIT_MOST = 16 * 1024 * 1024;

/** How often a stream says that it lives, in milliseconds. */
export const HEARTBEAT_MS = 10_000;

/** 24 random bytes in hexadecimal. */
const PAGE = /^[0-9a-f]{48}$/;

/**
 * Whether a text can be the capability of a page.
 *
 * @param text what came in {@link PAGE_HEADER}
 */
export const isPage = (text: unknown): text is string => typeof text === 'string' && PAGE.test(text);

/** The beginning of every stream. */
export interface PageMessage {
  /** The capability of the page. */
  readonly page: string;
  /** The URL to send as `hub.callback`. */
  readonly callback: string;
  /** Changes when something may have been lost on the way to the page. */
  readonly epoch: string;
}

const REQUEST_ID = /^[0-9a-z.]{1,64}$/;

/** A request of the hub. */
export interface RequestMessage {
  readonly id: string;
  readonly request: CallbackRequest;
}

/** The answer to a request of the hub. */
export interface AnswerMessage {
  readonly id: string;
  /** The HTTP status. */
  readonly status: number;
  /** The challenge, where there is one to be echoed: nothing else is passed on. */
  readonly body: string;
}

/** The longest event that a page reads, in characters: the largest body in base64, and all that goes with it. */
export const EVENT_LIMIT = Math.ceil((BODY_LIMIT_MOST * 4) / 3) + 6 * (QUERY_LIMIT + SIGNATURE_LIMIT) + 1_024;

/** The longest answer of a page, in bytes or characters: a status and a challenge. */
export const ANSWER_LIMIT = 16_384;

/** The longest beginning of a stream, and the longest that relays say to each other, in characters. */
const MESSAGE_LIMIT = 8_192;

const METHOD_LIMIT = 32;
const URL_LIMIT = 2_048;
const EPOCH_LIMIT = 64;

const isText = (value: unknown, limit: number): value is string => typeof value === 'string' && value.length <= limit;

/** So many characters at once are no burden to a call stack. */
const CHUNK = 8_192;

const toBase64 = (bytes: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
};

const fromBase64 = (text: string): Uint8Array => {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = characters.charCodeAt(at);
  return bytes;
};

/** Writes a request of the hub. The bytes stay what they are, whatever they are: they are signed. */
export function encodeRequest({ id, request }: RequestMessage): string {
  const { method, query, signature, body } = request;
  return JSON.stringify({ id, method, query, signature, body: body === 'too-large' ? null : toBase64(body) });
}

/**
 * Reads a request of the hub.
 *
 * @param text the data of an event
 * @returns `undefined` when it is none
 */
export function parseRequest(text: string): RequestMessage | undefined {
  const { id, method, query, signature, body } = parseShallow(text, { length: EVENT_LIMIT, depth: 1 }) ?? {};
  if (typeof id !== 'string' || !REQUEST_ID.test(id)) return undefined;
  if (!isText(method, METHOD_LIMIT) || !isText(query, QUERY_LIMIT)) return undefined;
  if (signature !== undefined && !isText(signature, SIGNATURE_LIMIT)) return undefined;
  if (body === null) return { id, request: { method, query, signature, body: 'too-large' } };
  if (typeof body !== 'string') return undefined;
  try {
    return { id, request: { method, query, signature, body: fromBase64(body) } };
  } catch {
    return undefined;
  }
}

/**
 * Reads the beginning of a stream.
 *
 * @param text the data of an event
 * @returns `undefined` when it is none
 */
export function parsePage(text: string): PageMessage | undefined {
  const { page, callback, epoch } = parseShallow(text, { length: MESSAGE_LIMIT, depth: 1 }) ?? {};
  if (!isPage(page) || !isText(callback, URL_LIMIT) || !isText(epoch, EPOCH_LIMIT)) return undefined;
  return parseUrl(callback) ? { page, callback, epoch } : undefined;
}

/**
 * Reads the answer to a request.
 *
 * @param text the body of a request to `…/answers`
 * @returns `undefined` when it is none
 */
export function parseAnswer(text: string): AnswerMessage | undefined {
  const { id, status, body } = parseShallow(text, { length: ANSWER_LIMIT, depth: 1 }) ?? {};
  if (typeof id !== 'string' || !REQUEST_ID.test(id)) return undefined;
  if (!Number.isInteger(status) || Number(status) < 200 || Number(status) > 599) return undefined;
  if (typeof body !== 'string' || (body !== '' && !isChallenge(body))) return undefined;
  return { id, status: Number(status), body };
}

/** What a relay says when another one takes a page over. */
export interface HandoverMessage {
  /** The page's own. */
  readonly epoch: string;
  /** How many events are handed over. */
  readonly events: number;
}

/**
 * Reads what a relay says when another one takes a page over.
 *
 * @param text the body of its answer
 * @returns `undefined` when it is none
 */
export function parseHandover(text: string): HandoverMessage | undefined {
  const { epoch, events } = parseShallow(text, { length: MESSAGE_LIMIT, depth: 1 }) ?? {};
  return isText(epoch, EPOCH_LIMIT) && Number.isInteger(events) ? { epoch, events: Number(events) } : undefined;
}
