import { createCallbackEndpoint } from '../callback/callback-endpoint.ts';
import type { HttpCallbackEndpoint } from '../callback/http-endpoint.ts';
import { MemoryRouter } from '../callback/memory-router.ts';
import type { NodeRequest, NodeResponse } from '../callback/node-http.ts';
import { readBody } from '../callback/web-skin.ts';
import {
  BAD_REQUEST,
  CONTENT_TOO_LARGE,
  METHOD_NOT_ALLOWED,
  NO_CONTENT,
  NOT_FOUND,
  OK,
  SERVER_ERROR,
  UNAVAILABLE,
} from '../web/status.ts';
import { joinUrl } from '../web/url.ts';
import { eventText } from './event-stream.ts';
import { access } from './page-access.ts';
import type { PageRequest } from './page-request.ts';
import { Pages } from './pages.ts';
import { relayNodeSkin } from './relay-node-skin.ts';
import { type RelayOptions, relaySettings } from './relay-options.ts';
import { readTarget } from './target.ts';
import { ANSWER_LIMIT, isPage, PAGE_HEADER, PATHS, type PageMessage } from './wire.ts';

/** A relay and its two skins. */
export interface Relay {
  /** How many requests of hubs came to what end, as the router and the relay know it: what pages make of them stays there. */
  readonly counts: HttpCallbackEndpoint['counts'];
  /** How many pages are open, or are waited for. */
  readonly pages: number;
  /** For web-standard servers: Workers, Deno, Bun, Hono and the like. */
  fetch(request: Request): Promise<Response>;
  /** For node:http: `http.createServer(relay.node)`, or mounted in a server of yours. */
  node(request: NodeRequest, response: NodeResponse): void;
  /**
   * Leaves: new pages are sent away, and those that are open go to other relays of the same router and take with them what
   * waits. Call it before the router's own `close()`.
   *
   * @param withinMs how long the pages may take, in milliseconds. Default: 5000
   */
  close(withinMs?: number): Promise<void>;
}

const CLOSE_WITHIN_MS = 5_000;

/** A proxy on the way must neither keep events back nor repeat them. */
const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
};

/**
 * Makes a relay, by which web pages follow hubs that deliver by webhook alone. It passes a hub's requests to the page that owns
 * the callback URL, and the page's answers back. Secrets, tokens and signatures are the page's: the relay has none of
 * them, and what it would change is refused by the page.
 *
 * @param options where the relay is reached, and by whom
 * @throws FhircastError `option-invalid`
 * @example
 * ```ts
 * const relay = createRelay({ baseUrl: 'https://app.example.org/relay', authorize: hasSession });
 * http.createServer(relay.node).listen(3000);
 * ```
 */
export function createRelay(options: RelayOptions): Relay {
  const settings = relaySettings(options);
  const { baseUrl, bodyLimit } = settings;
  const { answerWithinMs, maxWaiting, onLost, allowInsecure = false } = options;
  const given = { answerWithinMs, maxWaiting, onLost };
  const routerOptions = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const router = options.router ?? new MemoryRouter(routerOptions);
  const callbackUrl = joinUrl(baseUrl, PATHS.callback);
  const endpoint = createCallbackEndpoint({ baseUrl: callbackUrl, router, bodyLimit, allowInsecure });
  const pages = new Pages(settings, router);
  const door = access(settings, options.authorize?.bind(options));
  let isClosing = false;

  const reply = (request: PageRequest, status: number, headers: Record<string, string> = {}): Response =>
    new Response(null, { status, headers: { ...door.headers(request), ...headers } });
  const retry = (request: PageRequest): Response => reply(request, UNAVAILABLE, { 'Retry-After': '2' });

  const openPage = async (request: PageRequest, capability: string | undefined): Promise<Response> => {
    if (isClosing || pages.isFull(capability)) return retry(request);
    const { page, callbackId, ...opened } = await pages.open(capability);
    const message: PageMessage = {
      page: opened.capability,
      callback: joinUrl(callbackUrl, callbackId),
      epoch: page.epoch,
    };
    const { body } = page.connect(eventText('page', JSON.stringify(message)));
    return new Response(body, { status: OK, headers: { ...door.headers(request), ...STREAM_HEADERS } });
  };

  const answer = async (request: PageRequest, capability: string): Promise<Response> => {
    let body: Uint8Array | 'too-large';
    try {
      body = await request.readBody(ANSWER_LIMIT);
    } catch {
      // The page has given up.
      return reply(request, BAD_REQUEST);
    }
    if (body === 'too-large') return reply(request, CONTENT_TOO_LARGE);
    return reply(request, await pages.answer(capability, new TextDecoder().decode(body)));
  };

  /** What a page asks: decided by its headers alone, before anything of its body is read. */
  const handlePage = async (request: PageRequest): Promise<Response> => {
    const { method, path } = request;
    const isOpen = path === PATHS.page && method === 'POST';
    const isAnswer = path === PATHS.answers && method === 'POST';
    const isEnd = path === PATHS.page && method === 'DELETE';
    if (!isOpen && !isAnswer && !isEnd && method !== 'OPTIONS') return reply(request, METHOD_NOT_ALLOWED);
    const refusal = await door.refuse(request);
    if (refusal) return refusal;
    const given = request.headers.get(PAGE_HEADER) ?? undefined;
    const capability = isPage(given) ? given : undefined;
    if (given !== undefined && !capability) return reply(request, BAD_REQUEST);
    if (isOpen) return openPage(request, capability);
    if (!capability) return reply(request, BAD_REQUEST);
    if (isAnswer) return answer(request, capability);
    await pages.closePage(capability);
    return reply(request, NO_CONTENT);
  };

  const serve = async (request: PageRequest): Promise<Response> => {
    try {
      return await handlePage(request);
    } catch (error) {
      // The router is not there for the moment; anything else is the app's own `authorize()`.
      const isRetryable = (error as { retryable?: unknown } | undefined)?.retryable === true;
      return isRetryable ? retry(request) : reply(request, SERVER_ERROR);
    }
  };

  const fetch = async (request: Request): Promise<Response> => {
    const { kind, query } = readTarget(request.url);
    if (kind === 'callback') return endpoint.fetch(request);
    if (kind === undefined) return new Response(null, { status: NOT_FOUND });
    const { method, headers } = request;
    return serve({ method, path: kind, query, headers, readBody: (limit) => readBody(request, limit) });
  };

  return {
    counts: endpoint.counts,
    get pages() {
      return pages.size;
    },
    fetch,
    node: relayNodeSkin(serve, endpoint.node),
    async close(withinMs = CLOSE_WITHIN_MS) {
      isClosing = true;
      await pages.close(withinMs);
    },
  };
}
