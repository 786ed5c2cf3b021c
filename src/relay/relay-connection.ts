import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { CallbackAnswer, CallbackRequest } from '../callback/request.ts';
import { ChannelError, type FhircastErrorDetails } from '../errors/errors.ts';
import { statusPasses } from '../hub/failures.ts';
import type { FetchLike } from '../hub/http.ts';
import { limited } from '../web/limited.ts';
import { SERVER_ERROR } from '../web/status.ts';
import { after, every, pause, type Timer } from '../web/timers.ts';
import { joinUrl } from '../web/url.ts';
import {
  type AnswerMessage,
  EVENT_LIMIT,
  HEARTBEAT_MS,
  PAGE_HEADER,
  PATHS,
  type PageMessage,
  parsePage,
  parseRequest,
  type RequestMessage,
} from './wire.ts';

/** Where the relay is, by what a page comes back to it, and who hears of what arrives. */
export interface RelayConnectionOptions {
  /** The relay. */
  readonly url: string;
  readonly fetch: FetchLike;
  /** The capability to come back with. */
  readonly page: string | undefined;
  /** Answers a request of the hub. */
  handle(request: CallbackRequest): CallbackAnswer | Promise<CallbackAnswer>;
  /** Whether a hub may be given a callback URL. */
  isAllowed(callback: string): boolean;
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

/** How long a relay may take to take an answer, or to hear of the end of a page, in milliseconds. */
const TAKE_WITHIN_MS = 10_000;

/** A relay sends fewer requests at once, and less of them. */
const HELD_MOST = 1_000;
const HELD_MOST_CHARACTERS = 4 * EVENT_LIMIT;

/** By these a relay keeps a page out whose user is not signed in any more: its stream must not seem to be alive. */
const KEPT_OUT: readonly number[] = [401, 403];

const relayFailed = (details: FhircastErrorDetails): ChannelError => new ChannelError('relay-failed', details);

/** A request, and how much it takes. */
interface Held {
  readonly message: RequestMessage;
  readonly characters: number;
}

/** Lets go of a body that nobody reads. */
const drop = ({ body }: Response): void => {
  body?.cancel().catch(() => {});
};

/** One page's connection to its relay, which comes back by itself. */
export class RelayConnection {
  readonly #options: RelayConnectionOptions;
  readonly #life = new AbortController();
  #page: string | undefined;
  /** What is missing shows in another one. */
  #epoch: string | undefined;
  #stream = new AbortController();
  #failures = 0;
  #lostTimer: Timer;
  /** Requests that are being answered, and answers that the relay has not taken. */
  readonly #requests = new Map<string, AnswerMessage | 'working'>();
  /** Whose answers are on their way. */
  readonly #sending = new Set<string>();
  /** How long the requests are that nobody has decided about, in characters. */
  #heldCharacters = 0;
  /** Requests that came before anybody could know that the page is open. */
  #early: Held[] | undefined = [];
  #settle: { resolve(message: PageMessage): void; reject(error: ChannelError): void } | undefined;

  constructor(options: RelayConnectionOptions) {
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
      const tooLate = after(OPEN_WITHIN_MS, () => this.#fail(relayFailed({ retryable: true })));
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

  /** Closes the page. Never rejects: a relay that does not hear of it ends the page by itself. */
  async close(): Promise<void> {
    if (this.#life.signal.aborted) return;
    this.#close();
    // The page may be closing.
    if (this.#page === undefined) return;
    await this.#inTime((signal) => this.#send(PATHS.page, { method: 'DELETE', keepalive: true, signal })).catch(
      () => {},
    );
  }

  #close(): void {
    this.#life.abort();
    this.#stream.abort();
    clearTimeout(this.#lostTimer);
  }

  /** The page could not be opened at all. */
  #fail(error: ChannelError): void {
    this.#close();
    this.#settle?.reject(error);
  }

  async #run(): Promise<void> {
    const { signal } = this.#life;
    for (;;) {
      const begun = Date.now();
      const error = await this.#follow().catch((cause: unknown) =>
        cause instanceof ChannelError ? cause : relayFailed({ retryable: true, cause }),
      );
      if (Date.now() - begun > SETTLED_AFTER_MS) this.#failures = 0;
      if (signal.aborted) return;
      if (this.#settle) return this.#fail(error);
      this.#lostTimer ??= after(LOST_AFTER_MS, () => this.#lost(error));
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
    let heardAt = Date.now();
    // From the beginning: a relay may also never answer.
    const watch = every(LOOK_EVERY_MS, () => {
      if (Date.now() - heardAt > SILENT_AFTER_MS) stream.abort();
    });
    try {
      const response = await this.#until(
        stream.signal,
        this.#send(PATHS.page, { method: 'POST', signal: stream.signal }),
      );
      const { body, ok, status } = response;
      if (!ok || !body) {
        drop(response);
        return relayFailed({ status, retryable: statusPasses(status) });
      }
      const parser = createParser({
        maxBufferSize: EVENT_LIMIT,
        onEvent: (event) => this.#take(event),
        onError: ({ type }) => {
          if (type === 'max-buffer-size-exceeded') throw relayFailed({ retryable: true });
        },
      });
      const utf8 = new TextDecoder();
      const reader = body.getReader();
      // Not every implementation of fetch ends a stream that has begun.
      stream.signal.addEventListener('abort', () => void reader.cancel().catch(() => {}));
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return relayFailed({ retryable: true });
        heardAt = Date.now();
        // Lines end with a line feed. Without one, the parser looks for it to the end, for each carriage return.
        parser.feed(utf8.decode(value, { stream: true }).replaceAll('\r', ''));
      }
    } finally {
      clearInterval(watch);
      // What has failed is not read any more, and must not be kept.
      stream.abort();
    }
  }

  #take({ event, data }: EventSourceMessage): void {
    if (this.#life.signal.aborted) return;
    if (event === 'replaced') {
      // Another page of this browser has come with our capability: it keeps it.
      this.#page = undefined;
    } else if (event === 'page') {
      const message = parsePage(data);
      if (!message || !this.#options.isAllowed(message.callback)) throw relayFailed({ at: 'callback' });
      this.#opened(message);
    } else if (event === 'request') {
      const message = parseRequest(data);
      if (message) this.#admit({ message, characters: data.length });
    }
  }

  /** Takes a request while there is room: a relay that floods its page has failed. */
  #admit(held: Held): void {
    const known = this.#requests.get(held.message.id);
    if (known === 'working') return;
    if (known) return void this.#answer(known);
    const count = this.#requests.size + (this.#early?.length ?? 0);
    this.#heldCharacters += held.characters;
    if (count < HELD_MOST && this.#heldCharacters <= HELD_MOST_CHARACTERS) {
      if (this.#early) this.#early.push(held);
      else this.#request(held);
      return;
    }
    this.#heldCharacters -= held.characters;
    throw relayFailed({ retryable: true });
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
      after(0, () => {
        const early = this.#early ?? [];
        this.#early = undefined;
        for (const request of early) this.#request(request);
      });
    }
    if (isAnother) this.#lost();
  }

  #lost(cause?: ChannelError): void {
    this.#options.lost(new ChannelError('channel-lost', { retryable: true, cause }));
  }

  #request({ message: { id, request }, characters }: Held): void {
    // It may have come twice before the page was open.
    const isRepeated = this.#requests.has(id);
    if (isRepeated) this.#heldCharacters -= characters;
    if (isRepeated) return;
    this.#requests.set(id, 'working');
    const answer = (status: number, body = '') => {
      this.#heldCharacters -= characters;
      const message = { id, status, body };
      this.#requests.set(id, message);
      void this.#answer(message);
    };
    new Promise<CallbackAnswer>((resolve) => resolve(this.#options.handle(request))).then(
      ({ status, body }) => answer(status, body),
      () => answer(SERVER_ERROR),
    );
  }

  async #answer(message: AnswerMessage): Promise<void> {
    const { id } = message;
    // A relay that repeats a request need not be answered as often.
    if (this.#sending.has(id)) return;
    this.#sending.add(id);
    const body = JSON.stringify(message);
    try {
      const { status } = await this.#inTime((signal) => this.#send(PATHS.answers, { method: 'POST', body, signal }));
      if (statusPasses(status) || KEPT_OUT.includes(status)) throw relayFailed({ status });
      this.#requests.delete(id);
    } catch {
      // The relay sends the request again on the next stream, and gets the answer then.
      this.#stream.abort();
    } finally {
      this.#sending.delete(id);
    }
  }

  /** Does something that the relay, or a `fetch` of the app's own, may never end. */
  async #inTime(act: (signal: AbortSignal) => Promise<Response>): Promise<Response> {
    const failed = () => relayFailed({ retryable: true });
    const response = await limited(TAKE_WITHIN_MS, undefined, act, failed);
    drop(response);
    return response;
  }

  /** Waits until a signal says that it is enough. */
  #until<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(relayFailed({ retryable: true }));
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort);
      promise.then(resolve, reject);
    });
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
