import { answerInTime } from './answer-in-time.ts';
import {
  type CallbackHandler,
  type CallbackRouter,
  ROUTER_ANSWERS,
  type RouterOptions,
  type RouterSettings,
  routerSettings,
} from './callback-router.ts';
import type { CallbackAnswer, CallbackRequest } from './request.ts';

/** The owner of an id. */
interface Owned {
  readonly handler: CallbackHandler;
  /** How many requests wait for its answer. */
  waiting: number;
}

/** How many ids that were given up are remembered. */
const REMEMBERED = 10_000;

/**
 * A router for one process. A request is handed over when it is dispatched, so that nothing waits but for answers; an owner
 * that answers at once costs no timer and no promise.
 */
export class MemoryRouter implements CallbackRouter {
  readonly #owned = new Map<string, Owned>();
  readonly #released = new Set<string>();
  readonly #settings: RouterSettings;
  readonly #onLost: RouterOptions['onLost'];

  /**
   * @param options how long owners may take, and how much may wait
   * @throws FhircastError `option-invalid`
   */
  constructor(options: RouterOptions = {}) {
    this.#settings = routerSettings(options);
    this.#onLost = options.onLost;
  }

  register(id: string, handler: CallbackHandler): void {
    this.#released.delete(id);
    this.#owned.set(id, { handler, waiting: 0 });
  }

  release(id: string): void {
    if (!this.#owned.delete(id)) return;
    this.#released.add(id);
    if (this.#released.size <= REMEMBERED) return;
    const [oldest] = this.#released;
    if (oldest !== undefined) this.#released.delete(oldest);
  }

  dispatch(id: string, request: CallbackRequest): CallbackAnswer | Promise<CallbackAnswer> {
    const owned = this.#owned.get(id);
    if (!owned) return this.#released.has(id) ? ROUTER_ANSWERS.ended : ROUTER_ANSWERS.unknown;
    if (owned.waiting >= this.#settings.maxWaiting) return ROUTER_ANSWERS.full;
    const answer = owned.handler(request);
    if ('status' in answer) return answer;
    owned.waiting++;
    return answerInTime({
      answer,
      method: request.method,
      withinMs: this.#settings.answerWithinMs,
      answered: () => owned.waiting--,
      failedLate: () => this.#onLost?.('owner-failed'),
    });
  }
}
