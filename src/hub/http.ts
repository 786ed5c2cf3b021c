import { FhircastError, type FhircastErrorCode, HubError } from '../errors/errors.ts';
import { isObject, LONG, parseBounded } from '../events/json.ts';
import { limited } from '../web/limited.ts';
import { loaded } from '../web/loaded-part.ts';
import { LONGEST_TIMER_MS } from '../web/timers.ts';
import { statusPasses } from './failures.ts';
import { mayBeBlocked } from './local-network.ts';

/** The part of the web's `fetch` that is used: any implementation will do. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** How requests are sent. */
export interface HttpOptions {
  /** An implementation of `fetch`. Default: the platform's own, and cross-fetch where there is none. */
  readonly fetch?: FetchLike | undefined;
  /** How long an answer may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** An answer that was read to its end. */
export interface HttpAnswer {
  /** The status. */
  readonly status: number;
  /** Whether the status is 2xx. */
  readonly ok: boolean;
  /** The body as text. */
  readonly text: string;
  /** A header's value. */
  header(name: string): string | null;
}

/** More than any context that a hub sends, and less than what ends a page. In bytes. */
const ANSWER_LIMIT = 16 * 1024 * 1024;

const platformFetch = async (): Promise<FetchLike> =>
  typeof globalThis.fetch === 'function'
    ? // A page's fetch must be called on its window.
      (url, init) => globalThis.fetch(url, init)
    : (await loaded(import('cross-fetch'), 'fetch')).default;

/** Node's streams, which cross-fetch has in place of the web's. */
const isChunked = (body: object | null | undefined): boolean =>
  typeof (body as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] === 'function';

async function* chunksOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let isOver = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      isOver = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!isOver) await reader.cancel();
  }
}

/** Reads an answer to its end, or to the limit: `Content-Length` may say anything, and old platforms have no streams. */
const readText = async (response: Response): Promise<string> => {
  const tooLarge = () => new HubError('hub-answer-too-large', { status: response.status });
  if (Number(response.headers.get('content-length')) > ANSWER_LIMIT) throw tooLarge();
  const { body } = response;
  const reader = body?.getReader?.();
  if (!reader && !isChunked(body)) {
    const text = await response.text();
    if (text.length > ANSWER_LIMIT) throw tooLarge();
    return text;
  }
  const chunks = reader ? chunksOf(reader) : (body as unknown as AsyncIterable<Uint8Array>);
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  // Whoever leaves the loop cancels the stream, of whichever kind it is.
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > ANSWER_LIMIT) throw tooLarge();
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};

/** What engines say of a mistake in a program. A network that fails is a TypeError too. */
const MISTAKE = /is not (?:a|an|iterable)|undefined|null|cannot (?:read|set|access|convert|destructure)/i;

/** Whether an app's own `fetch` has failed by a mistake in it, for which no hub is to blame. */
const isMistake = (cause: unknown): boolean =>
  cause instanceof ReferenceError ||
  cause instanceof RangeError ||
  cause instanceof SyntaxError ||
  (cause instanceof TypeError && cause.cause === undefined && MISTAKE.test(cause.message));

/**
 * Sends one request and reads its answer. Redirects are not followed: the access token goes to the hub and nowhere else.
 *
 * @param url where to
 * @param init the request
 * @param options how to send it
 * @throws HubError `hub-unreachable`, `hub-local-blocked`, `hub-timeout`, `hub-redirected`, `hub-answer-too-large`
 * @throws FhircastError `aborted` when the signal of the request ended it
 */
export async function send(url: string, init: RequestInit, options: HttpOptions): Promise<HttpAnswer> {
  const exchange = async (signal: AbortSignal): Promise<HttpAnswer> => {
    const fetch = options.fetch ?? (await platformFetch());
    const response = await fetch(url, {
      ...init,
      signal,
      redirect: 'manual',
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
    if (typeof response?.status !== 'number') throw new FhircastError('option-failed', { at: 'fetch' });
    const { status } = response;
    if (response.type === 'opaqueredirect' || (status >= 300 && status < 400))
      throw new HubError('hub-redirected', { status });
    const text = await readText(response);
    return { status, ok: response.ok, text, header: (name) => response.headers.get(name) };
  };
  const late = () => new HubError('hub-timeout', { retryable: true });
  try {
    // Not every implementation of fetch ends an answer that has begun.
    return await limited(options.timeoutMs, init.signal, exchange, late);
  } catch (cause) {
    if (cause instanceof FhircastError) throw cause;
    if (options.fetch && isMistake(cause)) throw new FhircastError('option-failed', { at: 'fetch', cause });
    throw new HubError(mayBeBlocked(url) ? 'hub-local-blocked' : 'hub-unreachable', { cause, retryable: true });
  }
}

/** The longest text of a hub that is kept, in characters. */
const HUB_TEXT_LIMIT = 1000;
/** How much of a hub's page is looked at: what is made to be hard to read would take for ever. In characters. */
const PAGE_LIMIT = 10 * HUB_TEXT_LIMIT;

/** What a page says without its markup: the sandbox hubs answer with one. */
const textOfPage = (html: string): string =>
  html
    .slice(0, PAGE_LIMIT)
    .replace(/<(script|style|title)\b.*?<\/\1>/gis, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

/**
 * What a hub says in an error: its text, or what an OperationOutcome or a JSON error says.
 *
 * @param body the body of the answer
 */
export function hubTextOf(body: string): string {
  let text: unknown;
  try {
    // Errors are short. A long one is no JSON that anybody has to read.
    const json: unknown = body.length > LONG ? body : parseBounded(body);
    const issues: unknown = isObject(json) ? json.issue : undefined;
    const issue: unknown = Array.isArray(issues) ? issues[0] : undefined;
    if (isObject(issue))
      text = issue.diagnostics ?? (isObject(issue.details) ? issue.details.text : undefined) ?? issue.code;
    else if (isObject(json)) text = json.error_description ?? json.message ?? json.error;
    else text = json;
  } catch {
    // Not JSON: the text itself, as the specification has it.
  }
  const said = (typeof text === 'string' ? text : body).slice(0, LONG);
  return (/^\s*<(?:!doctype|html)/i.test(said) ? textOfPage(said) : said).trim().slice(0, HUB_TEXT_LIMIT);
}

/** More than a date or a number of seconds is long. In characters. */
const RETRY_AFTER_LIMIT = 64;

/** How long `Retry-After` asks to wait, in seconds or until a date: at most as long as timers last. */
const retryAfterMs = (header: string | null): number | undefined => {
  const value = header?.trim() ?? '';
  if (value === '' || value.length > RETRY_AFTER_LIMIT) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), LONGEST_TIMER_MS);
};

// By the time that a 401 gets here, the token has been renewed where that can be done.
const CODES: ReadonlyMap<number, FhircastErrorCode> = /* @__PURE__ */ new Map([
  [401, 'session-over'],
  [403, 'hub-unauthorized'],
]);

/**
 * The error for an answer that is not 2xx.
 *
 * @param answer the answer
 * @param meant what the status means here. Default: what it means in general
 */
export function hubError(answer: HttpAnswer, meant?: FhircastErrorCode): HubError {
  const { status } = answer;
  const code = meant ?? CODES.get(status) ?? (status >= 500 ? 'hub-failed' : 'hub-refused');
  const wait = retryAfterMs(answer.header('retry-after'));
  return new HubError(code, {
    status,
    hubText: hubTextOf(answer.text),
    retryable: statusPasses(status),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  });
}
