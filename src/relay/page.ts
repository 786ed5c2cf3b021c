import { ROUTER_ANSWERS } from '../callback/callback-router.ts';
import { echoOf } from '../callback/challenge.ts';
import {
  answerOf,
  type CallbackAnswer,
  type CallbackRequest,
  QUERY_LIMIT,
  SIGNATURE_LIMIT,
} from '../callback/request.ts';
import { randomHex } from '../web/random.ts';
import { METHOD_NOT_ALLOWED, SERVER_ERROR, URI_TOO_LONG } from '../web/status.ts';
import { after, every, type Timer, unref } from '../web/timers.ts';
import { EventStream, eventText } from './event-stream.ts';
import type { RelaySettings } from './relay-options.ts';
import { type AnswerMessage, encodeRequest, HEARTBEAT_MS } from './wire.ts';

/** A request that waits for the page's answer. */
interface Waiting {
  readonly request: CallbackRequest;
  readonly sizeBytes: number;
  /** When it came, in milliseconds. */
  readonly cameAt: number;
  /** When it was last sent to the page, in milliseconds; `undefined` when it was not. */
  sentAt: number | undefined;
  resolve(answer: CallbackAnswer | Promise<CallbackAnswer>): void;
}

/** The limits of a page, and what its relay does for it. */
export interface PageParts {
  readonly settings: RelaySettings;
  /** How much of all pages waits, in bytes. */
  readonly load: { bytes: number };
  /** The page did not come back in time. */
  over(): void;
}

/** Beside its body, a request is some objects and some text. In bytes. */
const OVERHEAD_BYTES = 512;

/** A page that answers nothing for so long is not there, whatever its connection looks like. In milliseconds. */
const SILENT_AFTER_MS = 3 * HEARTBEAT_MS;

/** A page that no hub has asked for has little to come back to. In milliseconds. */
const UNKNOWN_GRACE_MS = 5_000;

/** After so long no hub waits for the answer to a verification any more: the page must not take it for one of now. In milliseconds. */
const OVERDUE_AFTER_MS = 10_000;

/** So much may be on its way to a page or be decided by it: a page gives up what floods it. */
const SENT_MOST = 256;
const SENT_MOST_BYTES = 16 * 1024 * 1024;

const sizeOf = ({ body, query }: CallbackRequest): number =>
  OVERHEAD_BYTES + query.length + (typeof body === 'string' ? 0 : body.byteLength);

/** By this two requests are the same event: it came twice because its owner changed. */
const identityOf = ({ request }: Waiting): string => encodeRequest({ id: '', request });

/** One page: what waits for its answer, and the stream to it, while there is one. */
export class Page {
  /** Changes when something may have been lost on the way to the page. */
  epoch = randomHex(8);
  readonly #parts: PageParts;
  /** By its id, in the order in which it came. */
  #waiting = new Map<string, Waiting>();
  /** What of it the stream of the moment has not sent. */
  #unsent = new Map<string, Waiting>();
  /** What of it the stream of the moment has sent. */
  #sent = { count: 0, bytes: 0 };
  readonly #name = randomHex(4);
  #count = 0;
  #bytes = 0;
  #stream: EventStream | undefined;
  #heartbeat: Timer;
  #grace: Timer;
  /** Whether a hub has ever asked for it. */
  #isKnown = false;
  /** What another relay still held, while it is being taken over. Nothing is sent meanwhile. */
  #handed: Waiting[] | undefined;

  constructor(parts: PageParts) {
    this.#parts = parts;
  }

  /** A request of the hub. */
  handle(request: CallbackRequest): CallbackAnswer | Promise<CallbackAnswer> {
    if (request.method !== 'GET' && request.method !== 'POST')
      return { ...answerOf(METHOD_NOT_ALLOWED), headers: { Allow: 'GET, POST' } };
    if (request.query.length > QUERY_LIMIT) return answerOf(URI_TOO_LONG);
    this.#isKnown = true;
    const { signature } = request;
    return this.#admit({ ...request, signature: signature?.slice(0, SIGNATURE_LIMIT) }, (waiting) => {
      this.#add(waiting);
      this.#stream?.wake();
    });
  }

  /** A request that another relay has held until now. */
  handOver(request: CallbackRequest): CallbackAnswer | Promise<CallbackAnswer> {
    return this.#handed ? this.#admit(request, (waiting) => this.#handed?.push(waiting)) : ROUTER_ANSWERS.ended;
  }

  /** How many requests were handed over. */
  get handedOver(): number {
    return this.#handed?.length ?? 0;
  }

  /** The page comes back from elsewhere: nothing is sent until what another relay may hold is here. */
  hold(): void {
    this.#handed = [];
    this.#isKnown = true;
  }

  /** Puts what was handed over before what has come since. */
  proceed(): void {
    const handed = this.#handed ?? [];
    this.#handed = undefined;
    const since = [...this.#waiting.values()];
    this.#waiting = new Map();
    this.#sendAgain();
    for (const waiting of handed) this.#add(waiting);
    // Each is written once, and not once for each of the others.
    const twins = since.length > 0 ? new Map(handed.map((waiting) => [identityOf(waiting), waiting])) : undefined;
    for (const waiting of since) {
      const twin = twins?.get(identityOf(waiting));
      if (!twin) {
        this.#add(waiting);
        continue;
      }
      this.#unload(waiting);
      const { resolve } = twin;
      twin.resolve = (answer) => {
        resolve(answer);
        waiting.resolve(answer);
      };
    }
    this.#stream?.wake();
  }

  /**
   * Makes a stream to the page, in the place of any before it. What has no answer is sent on it again.
   *
   * @param first the first event of the stream
   */
  connect(first?: string): EventStream {
    this.replace();
    clearTimeout(this.#grace);
    const stream: EventStream = new EventStream(first, {
      next: () => this.#next(),
      // It is taken from what may wait, so that nothing is held beside that.
      held: (bytes) => {
        this.#parts.load.bytes += bytes;
      },
      closed: () => this.#streamClosed(stream),
    });
    this.#stream = stream;
    this.#heartbeat = every(HEARTBEAT_MS, () => this.#beat(stream));
    this.#sendAgain();
    return stream;
  }

  /** Closes the stream, because the page is open elsewhere. */
  replace(): void {
    this.#stream?.close(eventText('replaced', ''));
  }

  /** Closes the stream: the page comes back to whichever relay it finds. */
  closeStream(): void {
    this.#stream?.close();
  }

  /**
   * The page's answer to a request.
   *
   * @returns whether it waited for one
   */
  answer({ id, status, body }: AnswerMessage): boolean {
    const waiting = this.#waiting.get(id);
    if (!waiting) return false;
    this.#remove(id, waiting);
    const { method, query } = waiting.request;
    if (body === '') waiting.resolve(answerOf(status));
    // A page has nothing to say to a browser that follows a callback URL.
    else if (method !== 'GET' || status !== 200 || body !== new URLSearchParams(query).get('hub.challenge'))
      waiting.resolve(answerOf(SERVER_ERROR));
    else waiting.resolve(echoOf(body));
    this.#stream?.wake();
    return true;
  }

  /**
   * Gives away what waits for an answer.
   *
   * @param pass takes one
   * @returns how many events there were
   */
  take(pass: (request: CallbackRequest) => Promise<CallbackAnswer>): number {
    let events = 0;
    for (const [id, waiting] of this.#waiting) {
      this.#remove(id, waiting);
      // Anything else is passed to the new owner by the router, for it has not been answered.
      if (waiting.request.method !== 'POST') continue;
      events++;
      waiting.resolve(pass(waiting.request));
    }
    return events;
  }

  /**
   * Closes the page.
   *
   * @param answer what is said to what waits
   */
  close(answer: CallbackAnswer): void {
    clearTimeout(this.#grace);
    this.closeStream();
    clearTimeout(this.#grace);
    for (const [id, waiting] of this.#waiting) {
      this.#remove(id, waiting);
      waiting.resolve(answer);
    }
  }

  /** Takes a request while there is room. */
  #admit(request: CallbackRequest, take: (waiting: Waiting) => void): CallbackAnswer | Promise<CallbackAnswer> {
    const { settings, load } = this.#parts;
    const sizeBytes = sizeOf(request);
    if (this.#bytes + sizeBytes > settings.maxPageBytes || load.bytes + sizeBytes > settings.maxBytes)
      return ROUTER_ANSWERS.full;
    this.#bytes += sizeBytes;
    load.bytes += sizeBytes;
    return new Promise((resolve) =>
      take({ request, sizeBytes, cameAt: performance.now(), sentAt: undefined, resolve }),
    );
  }

  #add(waiting: Waiting): void {
    const id = `${(this.#count++).toString(36)}.${this.#name}`;
    this.#waiting.set(id, waiting);
    this.#unsent.set(id, waiting);
  }

  #remove(id: string, waiting: Waiting): void {
    this.#waiting.delete(id);
    this.#unsent.delete(id);
    if (waiting.sentAt !== undefined) {
      this.#sent.count--;
      this.#sent.bytes -= waiting.sizeBytes;
    }
    this.#unload(waiting);
  }

  #unload({ sizeBytes }: Waiting): void {
    this.#bytes -= sizeBytes;
    this.#parts.load.bytes -= sizeBytes;
  }

  /** Nothing has been sent on the stream of the moment. */
  #sendAgain(): void {
    for (const waiting of this.#waiting.values()) waiting.sentAt = undefined;
    this.#unsent = new Map(this.#waiting);
    this.#sent = { count: 0, bytes: 0 };
  }

  /** The next request to be sent. */
  #next(): string | undefined {
    if (this.#handed || this.#sent.count >= SENT_MOST || this.#sent.bytes >= SENT_MOST_BYTES) return undefined;
    for (const [id, waiting] of this.#unsent) {
      const isOverdue = waiting.request.method !== 'POST' && performance.now() - waiting.cameAt > OVERDUE_AFTER_MS;
      if (isOverdue) {
        this.#remove(id, waiting);
        waiting.resolve(ROUTER_ANSWERS.unavailable);
        continue;
      }
      this.#unsent.delete(id);
      waiting.sentAt = performance.now();
      this.#sent.count++;
      this.#sent.bytes += waiting.sizeBytes;
      return eventText('request', encodeRequest({ id, request: waiting.request }));
    }
    return undefined;
  }

  #beat(stream: EventStream): void {
    const [first] = this.#waiting.values();
    const isSilent = first?.sentAt !== undefined && performance.now() - first.sentAt > SILENT_AFTER_MS;
    if (isSilent || stream.stalledMs > SILENT_AFTER_MS) stream.close();
    else stream.beat();
  }

  #streamClosed(stream: EventStream): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    clearInterval(this.#heartbeat);
    const { graceMs } = this.#parts.settings;
    this.#grace = after(this.#isKnown ? graceMs : Math.min(graceMs, UNKNOWN_GRACE_MS), () => this.#parts.over());
    unref(this.#grace);
  }
}
