import { createHash, randomUUID } from 'node:crypto';
import {
  type CallbackHandler,
  type CallbackRouter,
  type LostReason,
  ROUTER_ANSWERS,
} from '../callback/callback-router.ts';
import type { CallbackAnswer, CallbackRequest } from '../callback/request.ts';
import { ChannelError } from '../errors/errors.ts';
import { after, every, type Timer, unref } from '../web/timers.ts';
import { Owners } from './callback-owners.ts';
import { type Message, parseMessages } from './envelope.ts';
import { RedisLink } from './link.ts';
import { type RedisRouterOptions, type RedisRouterState, type RedisSettings, redisSettings } from './redis-options.ts';
import { common, type Parts } from './router-parts.ts';
import { Waiting } from './waiting-requests.ts';

/** What a router has done since it was made. */
export interface RedisRouterCounts {
  /** Requests that were passed on from here. */
  readonly dispatched: number;
  /** Requests that were handed to owners here. */
  readonly handled: number;
  /** Events that are lost, as `onLost` was told. */
  readonly lost: number;
  /** Messages that no router has put into Redis. */
  readonly malformed: number;
}

/** A router for several instances. */
export interface RedisRouter extends CallbackRouter {
  /** Whether requests can be passed on. */
  readonly state: RedisRouterState;
  /** What was done. */
  readonly counts: RedisRouterCounts;
  register(id: string, handler: CallbackHandler): Promise<void>;
  release(id: string): Promise<void>;
  /**
   * Waits until Redis can be reached.
   *
   * @throws FhircastError when it cannot within `answerWithinMs`, or the router is closed
   */
  ready(): Promise<void>;
  /**
   * Leaves: answers what was handed over and what waits, and lets go of the connections. Other instances answer the ids
   * that are still registered here with 503 for `graceSeconds`, and take over what they register again.
   */
  close(): Promise<void>;
}

/** So many reports in a row may remain without an echo before the connections are made anew. */
const SILENT_REPORTS = 3;

/** How many losses an instance reports at once. */
const MOST_UNTOLD = 1_000;

/** How much longer than an answer the end may take, in milliseconds. */
const CLOSING_MS = 2_000;

/** Larger requests are fetched by their owner: Redis closes a connection on which too much waits to be read. In bytes. */
const INLINE_BYTES = 8_192;

/** What the script `steps` gets before the steps. */
const stepSettings = (settings: RedisSettings): string[] => {
  const { answerWithinMs, leaseMs, graceMs, maxWaiting } = settings;
  const lifetimeMs = answerWithinMs + 2 * (leaseMs + graceMs);
  return [...common({ settings }), ...[maxWaiting, leaseMs, Math.ceil(lifetimeMs), INLINE_BYTES].map(String)];
};

/** How many hashes of ids a router remembers. */
const KNOWN_HASHES = 4_096;

/** Longer ones are nobody's. */
const LONGEST_KNOWN_ID = 128;

class Router implements RedisRouter {
  readonly #settings: RedisSettings;
  readonly #options: RedisRouterOptions;
  readonly #instance = randomUUID();
  readonly #link: RedisLink;
  readonly #parts: Parts;
  readonly #owners: Owners;
  readonly #waiting: Waiting;
  readonly #timer: Timer;
  #state: RedisRouterState = 'connecting';
  #whenReady: (() => void)[] = [];
  #echo: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  #isResuming = false;
  #mustResume = false;
  #silentReports = 0;
  #refreshAt: number;
  /** To hash an id costs as much as to pass its event on. */
  readonly #hashes = new Map<string, string>();
  #lost = 0;
  #malformed = 0;

  constructor(options: RedisRouterOptions) {
    this.#options = options;
    this.#settings = redisSettings(options);
    const listener = {
      up: () => void this.#resume(),
      down: () => this.#down(),
      message: (bytes: Buffer) => {
        for (const message of parseMessages(bytes)) this.#receive(message);
      },
    };
    const channel = `${this.#settings.prefix}to:${this.#instance}`;
    this.#link = new RedisLink(options.client, channel, listener, stepSettings(this.#settings));
    this.#parts = {
      link: this.#link,
      settings: this.#settings,
      instance: this.#instance,
      own: {
        contentOf: (request) => this.#waiting.contentOf(request),
        answer: (request, answer) => this.#waiting.answer(request, answer),
      },
      lost: (reason) => this.#report(reason),
      malformed: () => {
        this.#malformed++;
      },
    };
    this.#owners = new Owners(this.#parts);
    this.#waiting = new Waiting(this.#parts);
    this.#refreshAt = performance.now() + this.#settings.rememberMs / 4;
    this.#timer = every(this.#settings.tickMs, () => void this.#tick());
    this.#link.open();
  }

  get state(): RedisRouterState {
    return this.#state;
  }

  get counts(): RedisRouterCounts {
    const { dispatched } = this.#waiting;
    return { dispatched, handled: this.#owners.handled, lost: this.#lost, malformed: this.#malformed };
  }

  async ready(): Promise<void> {
    if (this.#state === 'ready') return;
    if (this.#state !== 'connecting') throw this.#unavailable();
    await new Promise<void>((resolve, reject) => {
      const timer = after(this.#settings.answerWithinMs, () => settle());
      const settle = () => {
        clearTimeout(timer);
        this.#whenReady = this.#whenReady.filter((other) => other !== settle);
        if (this.#state === 'ready') resolve();
        else reject(this.#unavailable());
      };
      this.#whenReady.push(settle);
    });
  }

  async register(id: string, handler: CallbackHandler): Promise<void> {
    await this.ready();
    try {
      await this.#owners.register(this.#hashOf(id), handler);
    } catch (cause) {
      throw this.#unavailable(cause);
    }
  }

  release(id: string): Promise<void> {
    return this.#owners.release(this.#hashOf(id));
  }

  dispatch(id: string, request: CallbackRequest): CallbackAnswer | Promise<CallbackAnswer> {
    return this.#state === 'ready' ? this.#waiting.dispatch(this.#hashOf(id), request) : ROUTER_ANSWERS.unavailable;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** An id as it stands in Redis: whoever reads it there cannot make the callback URL of it. */
  #hashOf(id: string): string {
    const known = this.#hashes.get(id);
    if (known) return known;
    const hash = createHash('sha256').update(id).digest('base64url');
    // Anybody may ask for any id.
    if (this.#hashes.size >= KNOWN_HASHES) this.#hashes.clear();
    if (id.length <= LONGEST_KNOWN_ID) this.#hashes.set(id, hash);
    return hash;
  }

  async #close(): Promise<void> {
    const wasReady = this.#state === 'ready';
    this.#go('closing');
    clearInterval(this.#timer);
    const tooLong = new Promise<void>((resolve) => {
      unref(after(this.#settings.answerWithinMs + CLOSING_MS, resolve));
    });
    if (wasReady) await Promise.race([tooLong, this.#handBack().catch(() => {})]);
    this.#waiting.failAll();
    this.#link.close();
    this.#go('closed');
  }

  async #handBack(): Promise<void> {
    // When the echo is here, so is every request that was sent to this instance before it left.
    const echo = new Promise<void>((resolve) => {
      this.#echo = resolve;
    });
    const others = await this.#link.run('leave', [...common(this.#parts), this.#instance]);
    await echo;
    await Promise.all([this.#owners.drained(), this.#waiting.drained()]);
    if (others === 0) this.#waiting.abandon();
  }

  /** Reports to Redis that this instance is there, and looks whether it hears of it. */
  async #tick(): Promise<void> {
    this.#silentReports++;
    if (this.#silentReports > SILENT_REPORTS) {
      this.#silentReports = 0;
      this.#down();
      this.#link.open();
    } else if (this.#link.isUp && this.#state === 'connecting') {
      await this.#resume();
    } else if (this.#link.isUp) {
      await this.#stay().catch(() => {});
    }
  }

  async #stay(): Promise<void> {
    const isKnown = await this.#beat();
    if (!isKnown) {
      // Redis has forgotten this instance, and its ids too.
      this.#down();
      return this.#resume();
    }
    await this.#owners.sendUnsent();
    if (performance.now() < this.#refreshAt) return this.#owners.resumeStalled();
    this.#refreshAt = performance.now() + this.#settings.rememberMs / 4;
    await this.#owners.resume();
  }

  async #beat(): Promise<boolean> {
    const { leaseMs, rememberMs, tickMs } = this.#settings;
    const numbers = [leaseMs, rememberMs, tickMs].map(String);
    const reply = await this.#link.run('report', [...common(this.#parts), this.#instance, ...numbers]);
    const [isKnown, untold] = Array.isArray(reply) ? reply : [];
    // As many as the script looks at: nothing that comes out of Redis keeps this process busy.
    for (let told = 0; told < Math.min(Number(untold), MOST_UNTOLD); told++) this.#report('owner-gone');
    return isKnown === 1;
  }

  async #resume(): Promise<void> {
    this.#mustResume = true;
    if (this.#isResuming || this.#state !== 'connecting') return;
    this.#isResuming = true;
    try {
      // Once more when the link was lost and came back meanwhile.
      while (this.#mustResume && this.#link.isUp) {
        this.#mustResume = false;
        await this.#beat();
        await this.#owners.resume();
        await this.#waiting.recheck();
      }
      if (this.#link.isUp && this.#state === 'connecting') this.#go('ready');
    } catch {
      // The connection is lost again, or Redis refuses: the next tick tries again.
    } finally {
      this.#isResuming = false;
    }
  }

  #down(): void {
    this.#owners.suspend();
    this.#waiting.failAll();
    if (this.#state === 'ready') this.#go('connecting');
  }

  #receive(message: Message | undefined): void {
    if (message?.fields[0] === 'p') {
      this.#silentReports = 0;
      this.#owners.caughtUp();
      this.#echo?.();
    } else if (!message || !(this.#owners.receive(message) || this.#waiting.receive(message))) {
      this.#malformed++;
    }
  }

  #go(state: RedisRouterState): void {
    this.#state = state;
    if (state !== 'connecting') for (const settle of this.#whenReady) settle();
    this.#options.onState?.(state);
  }

  #report(reason: LostReason): void {
    this.#lost++;
    // What the app does with it must not throw in the middle of a message.
    queueMicrotask(() => this.#options.onLost?.(reason));
  }

  #unavailable(cause?: unknown): ChannelError {
    return new ChannelError('channel-not-opened', { retryable: true, cause });
  }
}

/**
 * Makes a router for several instances of an app behind a load balancer: whichever of them a hub's request reaches, it is
 * answered by the one that owns the callback URL. It keeps the promises of `CallbackRouter`; docs/redis.md has the bounds.
 *
 * @param options the client of Redis, and how long things may take
 * @throws FhircastError `option-invalid`
 * @example
 * ```ts
 * const router = redisRouter({ client: createClient({ url: 'redis://localhost' }) });
 * const callback = createCallbackEndpoint({ baseUrl: 'https://app.example.org/fhircast', router });
 * ```
 */
export function redisRouter(options: RedisRouterOptions): RedisRouter {
  return new Router(options);
}
