import { isChallenge } from '../callback/challenge.ts';
import type { CallbackRequest } from '../callback/request.ts';

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

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const parse = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** So many characters at once are no burden to a call stack. */
const CHUNK = 8_192;

const toBase64 = (bytes: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
};

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

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
  const { id, method, query, signature, body } = parse(text) ?? {};
  if (typeof id !== 'string' || typeof method !== 'string' || typeof query !== 'string') return undefined;
  if (signature !== undefined && typeof signature !== 'string') return undefined;
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
  const { page, callback, epoch } = parse(text) ?? {};
  if (!isPage(page) || typeof callback !== 'string' || typeof epoch !== 'string') return undefined;
  return URL.canParse(callback) ? { page, callback, epoch } : undefined;
}

const REQUEST_ID = /^[0-9a-z.]{1,64}$/;

/**
 * Reads the answer to a request.
 *
 * @param text the body of a request to `…/answers`
 * @returns `undefined` when it is none
 */
export function parseAnswer(text: string): AnswerMessage | undefined {
  const { id, status, body } = parse(text) ?? {};
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
  const { epoch, events } = parse(text) ?? {};
  return typeof epoch === 'string' && Number.isInteger(events) ? { epoch, events: Number(events) } : undefined;
}
