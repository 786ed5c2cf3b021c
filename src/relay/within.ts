import { ChannelError } from '../errors/errors.ts';
import { after, unref } from '../web/timers.ts';

/**
 * Waits for something of the app's or the router's, and no longer than it may take: it must not hold a request open for ever.
 *
 * @param ms how long, in milliseconds
 * @param promise what is waited for
 * @throws ChannelError `relay-failed` when it takes longer; `retryable`
 */
export const within = <Value>(ms: number, promise: Value | PromiseLike<Value>): Promise<Value> =>
  new Promise((resolve, reject) => {
    const timer = after(ms, () => reject(new ChannelError('relay-failed', { retryable: true })));
    unref(timer);
    Promise.resolve(promise)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
