import { randomUUID } from 'node:crypto';
import { type LostReason, ROUTER_ANSWERS } from '../callback/callback-router.ts';
import { answerOf, type CallbackAnswer, type CallbackRequest, QUERY_LIMIT } from '../callback/request.ts';
import { URI_TOO_LONG } from '../web/status.ts';
import { after, type Timer, unref } from '../web/timers.ts';
import { encodeRequest, FAILED, type Message, parseAnswer } from './envelope.ts';
import { common, type OwnRequests, type Parts } from './router-parts.ts';
import type { StepReply } from './steps.ts';

/** A request that was passed on and has no answer yet. */
interface Pending {
  readonly hash: string;
  readonly content: CallbackRequest;
  readonly timer: Timer;
  /** Its number among those of its id, once Redis has taken it. */
  number: string | undefined;
  resolve(answer: CallbackAnswer): void;
  reject(error: Error): void;
}

/** How long Redis may take to say what became of a request, in milliseconds. */
const SETTLE_WITHIN_MS = 1_000;

/** What Redis says of a request that it does not take. */
const REFUSALS: Readonly<Record<number, CallbackAnswer>> = {
  404: ROUTER_ANSWERS.unknown,
  410: ROUTER_ANSWERS.ended,
  429: ROUTER_ANSWERS.full,
};

const WITHDRAWN = 1;
const KEPT = 2;

const REASONS: readonly string[] = ['owner-gone', 'released'] satisfies LostReason[];
const isReason = (text: string | undefined): text is LostReason => text !== undefined && REASONS.includes(text);

/** The half of a router that passes requests on and waits for their answers. */
export class Waiting implements OwnRequests {
  readonly #parts: Parts;
  readonly #pending = new Map<string, Pending>();
  /** Events that were answered 202 and have not been answered by their owner, with their names in Redis. */
  readonly #kept = new Map<string, string>();
  #idle: (() => void) | undefined;
  #dispatched = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** How many requests Redis has taken. */
  get dispatched(): number {
    return this.#dispatched;
  }

  /** Passes a request on. It rejects when its owner fails. */
  dispatch(hash: string, content: CallbackRequest): CallbackAnswer | Promise<CallbackAnswer> {
    const { link, settings, instance } = this.#parts;
    if (content.query.length > QUERY_LIMIT) return answerOf(URI_TOO_LONG);
    const request = randomUUID();
    const envelope = encodeRequest({ from: instance, request }, content, settings.bodyLimit);
    return new Promise((resolve, reject) => {
      const timer = after(settings.answerWithinMs, () => void this.#settle(request));
      unref(timer);
      this.#pending.set(request, { hash, content, timer, number: undefined, resolve, reject });
      // Not repeated when Redis has forgotten the script: a later request might have been before it.
      const isWanted = () => this.#pending.has(request);
      link.step({ kind: 's', args: [hash], piece: envelope }, { mayRepeat: false, isWanted }).then(
        (reply) => this.#submitted(request, reply),
        () => this.#finish(request, ROUTER_ANSWERS.unavailable),
      );
    });
  }

  /** A request that waits here for its answer. */
  contentOf(request: string): CallbackRequest | undefined {
    return this.#pending.get(request)?.content;
  }

  /**
   * Takes an answer.
   *
   * @returns whether the request waited for it
   */
  answer(request: string, answer: CallbackAnswer): boolean {
    this.#kept.delete(request);
    return this.#finish(request, answer);
  }

  /** What waits cannot be answered any more. */
  failAll(): void {
    for (const request of [...this.#pending.keys()]) this.#finish(request, ROUTER_ANSWERS.unavailable);
  }

  /** Looks whether what is kept is still there, after messages may have been missed. */
  async recheck(): Promise<void> {
    const { link, lost } = this.#parts;
    const checks = [...this.#kept].map(async ([request, member]) => {
      const isKept = await link.run('kept', [...common(this.#parts), member]);
      if (isKept !== 1 && this.#kept.delete(request)) lost('unconfirmed');
    });
    await Promise.all(checks);
  }

  /** Nobody is left who could deliver what is kept. */
  abandon(): void {
    for (const _ of this.#kept) this.#parts.lost('owner-gone');
    this.#kept.clear();
  }

  /** Resolves when nothing waits any more. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle = resolve;
      this.#checkIdle();
    });
  }

  /**
   * Takes a message to who passed a request on: `a` is its answer, `e` says that its id has ended, `l` that an event is lost.
   *
   * @returns whether it was one
   */
  receive({ fields, rest }: Message): boolean {
    const [kind, request = '', reason] = fields;
    if (kind === 'a') {
      const answer = parseAnswer(rest);
      if (!answer) return false;
      this.answer(request, answer);
      return true;
    }
    if (kind === 'e') {
      this.#finish(request, ROUTER_ANSWERS.ended);
      return true;
    }
    if (kind !== 'l' || !isReason(reason)) return false;
    // It has not been answered yet: then it is not lost, but refused.
    this.#finish(request, ROUTER_ANSWERS.unavailable);
    if (this.#kept.delete(request)) this.#parts.lost(reason);
    return true;
  }

  #submitted(request: string, [code, number]: StepReply): void {
    if (code === 200) {
      this.#dispatched++;
      const pending = this.#pending.get(request);
      if (pending) pending.number = String(number);
      return;
    }
    this.#finish(request, REFUSALS[code] ?? ROUTER_ANSWERS.unavailable);
  }

  /** The owner takes too long: an event is kept for it, anything else is taken back. */
  async #settle(request: string): Promise<void> {
    const { link, instance, settings } = this.#parts;
    const pending = this.#pending.get(request);
    if (!pending) return;
    const { hash, number, content } = pending;
    if (number === undefined) return void this.#finish(request, ROUTER_ANSWERS.unavailable);
    // Redis may hang.
    const timer = after(SETTLE_WITHIN_MS, () => this.#finish(request, ROUTER_ANSWERS.unavailable));
    unref(timer);
    const isEvent = content.method === 'POST' ? '1' : '0';
    const args = [...common(this.#parts), hash, number, instance, request, isEvent, String(settings.tickMs)];
    const result = await link.run('settle', args).catch(() => WITHDRAWN);
    // Otherwise it has been answered, and the answer is on its way: the timer stays.
    if (result === KEPT || result === WITHDRAWN) clearTimeout(timer);
    if (result === KEPT && this.#pending.has(request)) {
      this.#kept.set(request, `${hash} ${number} ${instance} ${request}`);
      this.#finish(request, ROUTER_ANSWERS.late);
    } else if (result === WITHDRAWN) {
      this.#finish(request, ROUTER_ANSWERS.unavailable);
    }
  }

  #finish(request: string, answer: CallbackAnswer): boolean {
    const pending = this.#pending.get(request);
    if (!pending) return false;
    this.#pending.delete(request);
    clearTimeout(pending.timer);
    if (answer === FAILED) pending.reject(new Error('The owner of the callback failed.'));
    else pending.resolve(answer);
    this.#checkIdle();
    return true;
  }

  #checkIdle(): void {
    if (this.#pending.size === 0) this.#idle?.();
  }
}
