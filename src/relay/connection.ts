import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { CallbackAnswer, CallbackRequest } from '../callback/request.ts';
import { ChannelError, type FhircastErrorDetails } from '../errors.ts';
import { statusPasses } from '../failures.ts';
import type { FetchLike } from '../hub/http.ts';
import { joinUrl } from '../hub/url.ts';
import { pause, unref } from '../timers.ts';
import {
  type AnswerMessage,
  HEARTBEAT_MS,
  PAGE_HEADER,
  PATHS,
  type PageMessage,
  parsePage,
  parseRequest,
  type RequestMessage,
} from './wire.ts';

/** What a connection needs. */
export interface ConnectionOptions {
  /** The relay. */
  readonly url: string;
  readonly fetch: FetchLike;
  /** The capability to come back with. */
  readonly page: string | undefined;
  /** Answers a request of the hub. */
  handle(request: CallbackRequest): CallbackAnswer | Promise<CallbackAnswer>;
  /** The page is open, for the first time or again. */
  opened(message: PageMessage): void;
  /** Nothing arrives for the moment, or something never will. */
  lost(error: ChannelError): void;
}

/** A relay says something more often than this. In milliseconds. */
const SILENT_AFTER_MS = 2.5 * HEARTBEAT_MS;
/** How often the silence is looked at, in milliseconds. */
const LOOK_EVERY_MS = HEARTBEAT_MS / 2;
/** A shorter interruption is nobody's concern. In milliseconds. */
const LOST_AFTER_MS = 3_000;
/** How long a relay may take to open a page, in milliseconds. */
const OPEN_WITHIN_MS = 10_000;
/** A stream that ends sooner counts as a failure, or a proxy that cuts it off would be called all the time. In milliseconds. */
const SETTLED_AFTER_MS = 5_000;
/** The waits before the next attempt, in milliseconds. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 15_000;

const FAILED = 500;

/** By these a relay keeps a page out whose user is not signed in any more: its stream must not seem to be alive. */
const KEPT_OUT: readonly number[] = [401, 403];

const relayFailed = (details: FhircastErrorDetails): ChannelError => new ChannelError('relay-failed', details);

/** One page's connection to its relay, which comes back by itself. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #life = new AbortController();
  #page: string | undefined;
  /** What is missing shows in another one. */
  #epoch: string | undefined;
  #stream = new AbortController();
  #failures = 0;
  #lostTimer: ReturnType<typeof setTimeout> | undefined;
  /** Requests that are being answered, and answers that the relay has not taken. */
  readonly #requests = new Map<string, AnswerMessage | 'working'>();
  /** Requests that came before anybody could know that the page is open. */
  #early: RequestMessage[] | undefined = [];
  #settle: { resolve(message: PageMessage): void; reject(error: ChannelError): void } | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#page = options.page;
  }

  /**
   * Opens the page, once.
   *
   * @throws ChannelError `relay-failed`
   */
  open(): Promise<PageMessage> {
    return new Promise((resolve, reject) => {
      const tooLate = setTimeout(() => this.#giveUp(relayFailed({ retryable: true })), OPEN_WITHIN_MS);
      this.#settle = {
        resolve: (message) => {
          clearTimeout(tooLate);
          resolve(message);
        },
        reject: (error) => {
          clearTimeout(tooLate);
          reject(error);
        },
      };
      void this.#run();
    });
  }

  /** Ends the page. Never rejects: a relay that does not hear of it ends the page by itself. */
  async close(): Promise<void> {
    if (this.#life.signal.aborted) return;
    this.#end();
    // The page may be closing.
    if (this.#page !== undefined) await this.#send(PATHS.page, { method: 'DELETE', keepalive: true }).catch(() => {});
  }

  #end(): void {
    this.#life.abort();
    this.#stream.abort();
    clearTimeout(this.#lostTimer);
  }

  /** The page could not be opened at all. */
  #giveUp(error: ChannelError): void {
    this.#end();
    this.#settle?.reject(error);
  }

  async #run(): Promise<void> {
    const { signal } = this.#life;
    for (;;) {
      const begun = Date.now();
      const error = await this.#follow().catch((cause: unknown) => relayFailed({ retryable: true, cause }));
      if (Date.now() - begun > SETTLED_AFTER_MS) this.#failures = 0;
      if (signal.aborted) return;
      if (this.#settle) return this.#giveUp(error);
      this.#lostTimer ??= setTimeout(() => this.#lose(error), LOST_AFTER_MS);
      // Many pages come back at once when a relay was away.
      const longestMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++);
      await pause((longestMs * (1 + Math.random())) / 2, signal);
    }
  }

  /**
   * Opens a stream and reads it to its end.
   *
   * @returns why it ended
   */
  async #follow(): Promise<ChannelError> {
    const stream = new AbortController();
    this.#stream = stream;
    const { body, ok, status } = await this.#send(PATHS.page, { method: 'POST', signal: stream.signal });
    if (!ok || !body) return relayFailed({ status, retryable: statusPasses(status) });
    let heardAt = Date.now();
    const watch = setInterval(() => {
      if (Date.now() - heardAt > SILENT_AFTER_MS) stream.abort();
    }, LOOK_EVERY_MS);
    unref(watch);
    try {
      const parser = createParser({ onEvent: (event) => this.#take(event) });
      const utf8 = new TextDecoder();
      const reader = body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return relayFailed({ retryable: true });
        heardAt = Date.now();
        parser.feed(utf8.decode(value, { stream: true }));
      }
    } finally {
      clearInterval(watch);
    }
  }

  #take({ event, data }: EventSourceMessage): void {
    if (this.#life.signal.aborted) return;
    if (event === 'replaced') {
      // Another page of this browser has come with our capability: it keeps it.
      this.#page = undefined;
    } else if (event === 'page') {
      const message = parsePage(data);
      if (message) this.#opened(message);
    } else if (event === 'request') {
      const message = parseRequest(data);
      if (!message) return;
      if (this.#early) this.#early.push(message);
      else this.#request(message);
    }
  }

  #opened(message: PageMessage): void {
    clearTimeout(this.#lostTimer);
    this.#lostTimer = undefined;
    const isAnother = this.#epoch !== undefined && this.#epoch !== message.epoch;
    this.#page = message.page;
    this.#epoch = message.epoch;
    this.#options.opened(message);
    if (this.#settle) {
      this.#settle.resolve(message);
      this.#settle = undefined;
      // What the hub has sent is for a subscription that is yet to be asked for, by whoever waits for the page.
      setTimeout(() => {
        const early = this.#early ?? [];
        this.#early = undefined;
        for (const request of early) this.#request(request);
      });
    }
    if (isAnother) this.#lose();
  }

  #lose(cause?: ChannelError): void {
    this.#options.lost(new ChannelError('channel-lost', { retryable: true, cause }));
  }

  #request({ id, request }: RequestMessage): void {
    const known = this.#requests.get(id);
    if (known === 'working') return;
    if (known) return void this.#answer(known);
    this.#requests.set(id, 'working');
    const answer = (status: number, body = '') => {
      const message = { id, status, body };
      this.#requests.set(id, message);
      void this.#answer(message);
    };
    new Promise<CallbackAnswer>((resolve) => resolve(this.#options.handle(request))).then(
      ({ status, body }) => answer(status, body),
      () => answer(FAILED),
    );
  }

  async #answer(message: AnswerMessage): Promise<void> {
    const stream = this.#stream;
    const body = JSON.stringify(message);
    try {
      const { status } = await this.#send(PATHS.answers, { method: 'POST', body, signal: this.#life.signal });
      if (statusPasses(status) || KEPT_OUT.includes(status)) throw relayFailed({ status });
      this.#requests.delete(message.id);
    } catch {
      // The relay sends the request again on the next stream, and gets the answer then.
      stream.abort();
    }
  }

  #send(path: string, init: RequestInit): Promise<Response> {
    const headers = {
      ...(this.#page === undefined ? {} : { [PAGE_HEADER]: this.#page }),
      ...(init.body ? { 'Content-Type': 'application/json' } : {}),
    };
    const { fetch, url } = this.#options;
    return fetch(joinUrl(url, path), { ...init, headers, credentials: 'include', cache: 'no-store' });
  }
}
