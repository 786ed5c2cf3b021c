import { randomUUID } from 'node:crypto';
import { answerInTime } from '../callback/answer-in-time.ts';
import type { CallbackHandler } from '../callback/callback-router.ts';
import { answerOf, type CallbackAnswer, type CallbackRequest } from '../callback/request.ts';
import { BAD_REQUEST } from '../web/status.ts';
import {
  type Envelope,
  encodeAnswer,
  FAILED,
  isName,
  type Message,
  type Origin,
  parseContent,
  parseEnvelope,
  passableAnswer,
} from './envelope.ts';
import { common, type Parts } from './router-parts.ts';

/** An id that is owned here. */
interface Owned {
  readonly hash: string;
  readonly handler: CallbackHandler;
  /** Names the registration. Empty while messages may have been missed: what comes then would be out of order. */
  token: string;
  /** The place of the registration among all of its id. */
  order: string;
  /** Requests that are being fetched, and those behind them. */
  fetching: Promise<void> | undefined;
}

/** A request that was handed over and has no answer in Redis yet. */
interface Job extends Origin {
  readonly hash: string;
  readonly number: string;
  readonly method: string;
}

/** A registration to give up as soon as Redis can be reached. */
interface Leftover {
  readonly hash: string;
  readonly order: string;
}

const CHUNK = 100;
const NOTHING = Buffer.alloc(0);

/** The half of a router that owns ids: it hands requests over, and sends their answers back. */
export class Owners {
  readonly #parts: Parts;
  readonly #owned = new Map<string, Owned>();
  readonly #leftovers = new Map<string, Leftover>();
  readonly #jobs = new Map<string, Job>();
  /** Answers that Redis has not taken. */
  readonly #unsent = new Map<string, CallbackAnswer>();
  /** What was answered of late: a message about it may still be on its way. */
  #answered = new Set<string>();
  #answeredBefore = new Set<string>();
  #idle: (() => void) | undefined;
  #handled = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** How many requests were handed over. */
  get handled(): number {
    return this.#handled;
  }

  /**
   * Registers an id here.
   *
   * @throws when Redis does not take it; then it is not registered
   */
  async register(hash: string, handler: CallbackHandler): Promise<void> {
    const before = this.#owned.get(hash);
    // Before Redis knows of it: the first request may be here before the reply is.
    const owned: Owned = { hash, handler, token: randomUUID(), order: '', fetching: undefined };
    this.#owned.set(hash, owned);
    const { token } = owned;
    try {
      const [, order] = await this.#take(owned);
      owned.order = order;
    } catch (error) {
      // Redis may have taken it all the same.
      this.#leftovers.set(token, { hash, order: owned.order });
      if (this.#owned.get(hash) === owned) {
        if (before) this.#owned.set(hash, before);
        else this.#owned.delete(hash);
      }
      throw error;
    }
  }

  /** Gives an id up, now or as soon as Redis can be reached. */
  async release(hash: string): Promise<void> {
    const owned = this.#owned.get(hash);
    if (!owned) return;
    this.#owned.delete(hash);
    const { token, order } = owned;
    this.#leftovers.set(token || randomUUID(), { hash, order });
    await this.#releaseLeftovers().catch(() => {});
  }

  /** Messages may be missed from now on. Until the ids are taken up again, nothing is handed over. */
  suspend(): void {
    for (const owned of this.#owned.values()) owned.token = '';
  }

  /** Takes all ids up again, and sends what could not be sent. */
  async resume(): Promise<void> {
    await this.#releaseLeftovers();
    const all = [...this.#owned.values()];
    for (let start = 0; start < all.length; start += CHUNK) {
      await Promise.all(all.slice(start, start + CHUNK).map((owned) => this.#reclaim(owned)));
    }
    await this.sendUnsent();
  }

  /** Sends the answers that could not be sent before. */
  async sendUnsent(): Promise<void> {
    const sends = [...this.#unsent].map(async ([request, answer]) => {
      const job = this.#jobs.get(request);
      if (job) await this.#send(job, answer);
    });
    await Promise.all(sends);
  }

  /** Takes ids up again of which something could not be fetched. */
  async resumeStalled(): Promise<void> {
    await Promise.all(
      [...this.#owned.values()].filter(({ token }) => token === '').map((owned) => this.#reclaim(owned)),
    );
  }

  /** Every message that was on its way when the last of these calls was made has come by now. */
  caughtUp(): void {
    this.#answeredBefore = this.#answered;
    this.#answered = new Set();
  }

  /** Resolves when every request that was handed over has its answer. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle = resolve;
      this.#checkIdle();
    });
  }

  /**
   * Takes a message to an owner: `q` is a request, `f` one to be fetched, `o` one that was passed on here, `r` says that there is a newer
   * owner.
   *
   * @returns whether it was one
   */
  receive({ fields, rest }: Message): boolean {
    const [kind, hash = '', token, number = '', from, request] = fields;
    if (kind !== 'q' && kind !== 'f' && kind !== 'o' && kind !== 'r') return false;
    const owned = this.#owned.get(hash);
    // Meant for a registration before this one.
    if (!owned || !isName(token) || owned.token !== token) return isName(token);
    if (kind === 'r') {
      this.#owned.delete(hash);
      return true;
    }
    if (!/^\d{1,16}$/.test(number)) return false;
    const own = kind === 'o' && request !== undefined ? this.#parts.own.contentOf(request) : undefined;
    // What was passed on here, and waits here no more, is in Redis as everything else.
    if (kind === 'f' || (kind === 'o' && !own)) {
      this.#behind(owned, () => this.#fetch(owned, token, number));
      return true;
    }
    if (!isName(from) || !isName(request)) return false;
    const content = own ?? parseContent(rest, this.#parts.settings.bodyLimit);
    const envelope = { from, request, ...(content ? { content } : {}) };
    if (owned.fetching) this.#behind(owned, async () => this.#handOver(owned, token, number, envelope));
    else this.#handOver(owned, token, number, envelope);
    return true;
  }

  /** Does something when what is being fetched is here, so that the order is kept. */
  #behind(owned: Owned, act: () => Promise<void>): void {
    const chain = (owned.fetching ?? Promise.resolve()).then(act).then(() => {
      if (owned.fetching === chain) owned.fetching = undefined;
    });
    owned.fetching = chain;
  }

  async #fetch(owned: Owned, token: string, number: string): Promise<void> {
    const { link, settings } = this.#parts;
    if (owned.token !== token) return;
    let bytes: Buffer | undefined;
    try {
      bytes = await link.bytes(`${settings.prefix}q:${owned.hash}`, number);
    } catch {
      // What is behind it must not overtake it: the id is taken up again, and all that waits comes once more.
      if (owned.token === token) owned.token = '';
      return;
    }
    // Withdrawn, or answered meanwhile.
    if (!bytes) return;
    const envelope = parseEnvelope(bytes, settings.bodyLimit);
    if (envelope) this.#handOver(owned, token, number, envelope);
    else this.#parts.malformed();
  }

  #handOver(owned: Owned, token: string, number: string, envelope: Origin & Partial<Envelope>): void {
    const { from, request, content } = envelope;
    if (owned.token !== token || this.#owned.get(owned.hash) !== owned) return;
    if (this.#jobs.has(request) || this.#answered.has(request) || this.#answeredBefore.has(request)) return;
    const job: Job = { hash: owned.hash, number, from, request, method: content?.method ?? '' };
    this.#jobs.set(request, job);
    if (!content) {
      this.#parts.malformed();
      void this.#send(job, answerOf(BAD_REQUEST));
      return;
    }
    this.#handled++;
    this.#ask(owned.handler, content, job);
  }

  #ask(handler: CallbackHandler, content: CallbackRequest, job: Job): void {
    let answer: CallbackAnswer | Promise<CallbackAnswer>;
    try {
      answer = handler(content);
      if ('status' in answer) return void this.#send(job, answer);
    } catch {
      return void this.#send(job, FAILED);
    }
    const { lost, settings } = this.#parts;
    answerInTime({
      answer,
      method: content.method,
      withinMs: settings.answerWithinMs,
      answered: () => {},
      failedLate: () => lost('owner-failed'),
    }).then(
      // An app may come up with anything.
      (settled: CallbackAnswer | undefined) => this.#send(job, settled ?? FAILED),
      () => this.#send(job, FAILED),
    );
  }

  async #send(job: Job, answer: CallbackAnswer): Promise<void> {
    const { link, lost, own, instance } = this.#parts;
    const { hash, number, from, request, method } = job;
    let wasLate: boolean;
    try {
      const isOwn = from === instance;
      // The way back leads through Redis only where somebody else waits. But Redis has to forget the request.
      const wasAnswered = isOwn && own.answer(request, passableAnswer(answer));
      const piece = isOwn ? NOTHING : encodeAnswer(request, answer);
      const step = { kind: 'a', args: [hash, number, from, request], piece } as const;
      const [late] = await link.step(step, { mayRepeat: true });
      wasLate = late === 1 && !wasAnswered;
    } catch {
      this.#unsent.set(request, answer);
      return;
    }
    this.#unsent.delete(request);
    this.#jobs.delete(request);
    this.#answered.add(request);
    if (wasLate && method === 'POST' && answer.status >= 500) lost('owner-failed');
    this.#checkIdle();
  }

  async #take(owned: Owned): Promise<readonly [isOurs: boolean, order: string]> {
    const { link, settings, instance } = this.#parts;
    const { hash, token, order } = owned;
    const reply = await link.run('register', [
      ...common(this.#parts),
      hash,
      token,
      instance,
      String(settings.rememberMs),
      order,
    ]);
    const [isOurs, placed] = Array.isArray(reply) ? reply : [];
    return [isOurs === 1, String(placed)];
  }

  async #reclaim(owned: Owned): Promise<void> {
    // Not registered to its end yet, or replaced meanwhile.
    if (owned.order === '' || this.#owned.get(owned.hash) !== owned) return;
    // What was sent to the token before may have gaps, and is sent again to this one.
    const token = randomUUID();
    owned.token = token;
    try {
      const [isOurs] = await this.#take(owned);
      if (!isOurs && this.#owned.get(owned.hash) === owned) this.#owned.delete(owned.hash);
    } catch (error) {
      if (owned.token === token) owned.token = '';
      throw error;
    }
  }

  async #releaseLeftovers(): Promise<void> {
    const { link, settings, lost } = this.#parts;
    if (this.#leftovers.size === 0) return;
    const taken = new Map<string, string[]>();
    for (const { hash, request } of this.#jobs.values()) {
      const known = taken.get(hash);
      if (known) known.push(request);
      else taken.set(hash, [request]);
    }
    const releases = [...this.#leftovers].map(async ([token, { hash, order }]) => {
      const requests = taken.get(hash) ?? [];
      const args = [...common(this.#parts), hash, token, order, String(settings.rememberMs), ...requests];
      const untold = Number(await link.run('release', args));
      this.#leftovers.delete(token);
      for (let told = 0; told < Math.min(untold, settings.maxWaiting); told++) lost('released');
    });
    await Promise.all(releases);
  }

  #checkIdle(): void {
    if (this.#jobs.size === 0) this.#idle?.();
  }
}
