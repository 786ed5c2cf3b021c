import { optionInvalid } from '../errors/errors.ts';
import { LONGEST_TIMER_MS } from '../web/timers.ts';
import { answerOf, type CallbackAnswer, type CallbackRequest } from './request.ts';

/** Answers the requests to one callback URL. */
export type CallbackHandler = (request: CallbackRequest) => CallbackAnswer | Promise<CallbackAnswer>;

/**
 * Passes a hub's request to whoever owns its callback URL, and comes back with the answer. The owner checks the signature:
 * what passes requests on needs to hold no secret.
 *
 * Every router keeps these promises:
 *
 * - **One owner.** An id has one owner at most. The newest registration wins, and the former owner gets nothing that is
 *   dispatched after it. What it was given before, it may still answer.
 * - **Nobody.** An id that nobody owns is 404, and 410 once it was owned and was given up.
 * - **In time.** An owner that does not answer within `answerWithinMs` does not keep a hub waiting. A POST is answered 202,
 *   and its event is delivered when the owner is back, or reported as lost. Other requests carry no event and are answered
 *   503: a verification without its challenge would be a no.
 * - **In order.** The requests of one id, of whatever method, reach the owner in the order in which `dispatch()` was called.
 *   None waits for the answer to another.
 * - **Bounded.** Requests that wait for an answer of one id are limited. One more is 503 with `Retry-After`.
 * - **Honest.** What was not handed over, and is not kept for that, is not answered with 2xx.
 */
export interface CallbackRouter {
  /**
   * Makes a handler the one owner of an id. When it rejects, the id is not owned by the handler.
   *
   * @param id the last segment of a callback URL
   * @param handler called with each request to it. What it throws comes out of `dispatch()`, or is answered 500
   */
  register(id: string, handler: CallbackHandler): void | Promise<void>;
  /**
   * Gives an id up. Afterwards it is answered 410. Whoever does not own it changes nothing by this. Never rejects.
   *
   * @param id the last segment of a callback URL
   */
  release(id: string): void | Promise<void>;
  /**
   * Passes a request to the owner of an id.
   *
   * @param id the last segment of a callback URL
   * @param request as the hub has sent it
   */
  dispatch(id: string, request: CallbackRequest): CallbackAnswer | Promise<CallbackAnswer>;
}

/**
 * Why an event that had been answered 202 counts as lost.
 *
 * - `owner-failed`: its owner failed, or answered 5xx, after the hub had been answered
 * - `owner-gone`: its owner did not come back in time
 * - `released`: its owner gave the id up before it took the event
 * - `unconfirmed`: what became of it cannot be found out, as the place where it waited is gone. It may have been delivered
 */
export type LostReason = 'owner-failed' | 'owner-gone' | 'released' | 'unconfirmed';

/** What every router can be told. */
export interface RouterOptions {
  /**
   * How long an owner may take to answer, in milliseconds. Hubs give ten seconds.
   *
   * @default 8000
   */
  answerWithinMs?: number;
  /**
   * How many requests to one id may wait for their answers.
   *
   * @default 100
   */
  maxWaiting?: number;
  /**
   * Told of every event that had been answered 202 and is lost.
   *
   * @param reason why
   */
  onLost?(reason: LostReason): void;
}

/** The options that every router has, complete. */
export type RouterSettings = Readonly<Required<Pick<RouterOptions, 'answerWithinMs' | 'maxWaiting'>>>;

/**
 * Fills in and checks what every router can be told.
 *
 * @param options as the app has given them
 * @throws FhircastError `option-invalid`
 */
export function routerSettings({ answerWithinMs = 8_000, maxWaiting = 100 }: RouterOptions): RouterSettings {
  if (!(answerWithinMs > 0 && answerWithinMs <= LONGEST_TIMER_MS))
    throw optionInvalid('answerWithinMs', `a number above 0, of ${LONGEST_TIMER_MS} at most`);
  if (!(maxWaiting >= 1)) throw optionInvalid('maxWaiting', 'a number from 1');
  return { answerWithinMs, maxWaiting };
}

const unavailable = (retryAfterSeconds: number): CallbackAnswer =>
  Object.freeze({ ...answerOf(503), headers: { 'Retry-After': String(retryAfterSeconds) } });

/** What routers answer by themselves. They are told by identity, so that an owner's 404 is not taken for a router's. */
export const ROUTER_ANSWERS = {
  /** Nobody owns the id. */
  unknown: /* @__PURE__ */ Object.freeze(answerOf(404)),
  /** The id was owned and was given up. */
  ended: /* @__PURE__ */ Object.freeze(answerOf(410)),
  /** The owner did not answer in time: the event is kept, or has been handed over. */
  late: /* @__PURE__ */ Object.freeze(answerOf(202)),
  /** Too many requests to the id wait. */
  full: /* @__PURE__ */ unavailable(1),
  /** The owner, or the way to it, is gone for the moment. */
  unavailable: /* @__PURE__ */ unavailable(5),
} as const satisfies Record<string, CallbackAnswer>;
