import { answerOf, type CallbackAnswer, type CallbackRequest } from './request.ts';

/** Answers the requests to one callback URL. */
export type CallbackHandler = (request: CallbackRequest) => CallbackAnswer | Promise<CallbackAnswer>;

/**
 * Passes a hub's request to whoever owns its callback URL. The owner checks the signature: what passes requests on needs to
 * hold no secret.
 */
export interface CallbackRouter {
  /** Makes a handler the one owner of an id. */
  register(id: string, handler: CallbackHandler): void | Promise<void>;
  /** Gives an id up. Afterwards it is answered 410. */
  release(id: string): void | Promise<void>;
  /** Passes a request to the owner of an id: 404 when nobody owns it, 410 when its owner gave it up. */
  dispatch(id: string, request: CallbackRequest): CallbackAnswer | Promise<CallbackAnswer>;
}

const NOT_FOUND = 404;
const GONE = 410;

/** How many ids that were given up are remembered. */
const REMEMBERED = 10_000;

/** A router for one process. */
export class MemoryRouter implements CallbackRouter {
  readonly #handlers = new Map<string, CallbackHandler>();
  readonly #released = new Set<string>();

  register(id: string, handler: CallbackHandler): void {
    this.#handlers.set(id, handler);
  }

  release(id: string): void {
    if (!this.#handlers.delete(id)) return;
    this.#released.add(id);
    if (this.#released.size <= REMEMBERED) return;
    const [oldest] = this.#released;
    if (oldest !== undefined) this.#released.delete(oldest);
  }

  dispatch(id: string, request: CallbackRequest): CallbackAnswer | Promise<CallbackAnswer> {
    const handler = this.#handlers.get(id);
    return handler ? handler(request) : answerOf(this.#released.has(id) ? GONE : NOT_FOUND);
  }
}
