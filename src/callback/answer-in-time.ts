import { after, unref } from '../web/timers.ts';
import { ROUTER_ANSWERS } from './callback-router.ts';
import type { CallbackAnswer, CallbackRequest } from './request.ts';

/** An answer that is waited for. */
export interface Awaited {
  /** What the owner promised. */
  readonly answer: PromiseLike<CallbackAnswer>;
  /** The method of the request. */
  readonly method: CallbackRequest['method'];
  /** How long it may take, in milliseconds. */
  readonly withinMs: number;
  /** Called once, when the request has its answer. */
  answered(): void;
  /** The owner failed after its event had been answered 202. */
  failedLate(): void;
}

/**
 * The answer to a request that takes too long. 202 says that an event was received; a verification needs its challenge, and
 * without it is better asked again.
 *
 * @param method the method of the request
 */
const lateAnswer = (method: string): CallbackAnswer =>
  method === 'POST' ? ROUTER_ANSWERS.late : ROUTER_ANSWERS.unavailable;

/**
 * Waits for an owner's answer, and no longer than it may take: an owner that never settles must not hold a request open.
 *
 * @param awaited the answer and what goes with it
 * @returns the answer; it rejects when the owner fails in time
 */
export function answerInTime({ answer, method, withinMs, answered, failedLate }: Awaited): Promise<CallbackAnswer> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = after(withinMs, () => {
      isLate = true;
      answered();
      resolve(lateAnswer(method));
    });
    unref(timer);
    const settle = (act: () => void, failed: boolean) => {
      if (isLate) {
        if (failed && method === 'POST') failedLate();
        return;
      }
      clearTimeout(timer);
      answered();
      act();
    };
    answer.then(
      // An app may come up with anything: what is no answer is a failure.
      (value) => settle(() => resolve(value), !(value?.status < 500)),
      (error: unknown) => settle(() => reject(error), true),
    );
  });
}
