import { expect, it, onTestFinished, vi } from 'vitest';
import { type RedisRouterClient, redisRouter } from '../../src/redis/index.ts';
import { requestOf } from '../callback/router-promises.ts';

/** A client whose commands never end, and which does not notice that its connection was let go of. */
class SilentClient implements RedisRouterClient {
  readonly isReady = true;
  readonly #listeners = new Map<string, () => void>();
  commands = 0;
  static readonly all: SilentClient[] = [];
  duplicate(): SilentClient {
    const client = new SilentClient();
    SilentClient.all.push(client);
    return client;
  }
  async connect(): Promise<void> {
    queueMicrotask(() => this.#listeners.get('ready')?.());
  }
  destroy(): void {}
  sendCommand(): Promise<unknown> {
    this.commands++;
    return new Promise(() => {});
  }
  async subscribe(): Promise<void> {}
  on(event: string, listener: () => void): void {
    this.#listeners.set(event, listener);
  }
}

it('a Redis that answers nothing holds no request and no end for ever, and is asked again', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const router = redisRouter({ client: new SilentClient(), answerWithinMs: 1_000 });
  expect(await router.dispatch('id', requestOf('POST'))).toMatchObject({ status: 503 });
  const registered = expect(router.register('id', () => ({ status: 200, body: '' }))).rejects.toMatchObject({
    code: 'channel-not-opened',
    retryable: true,
  });
  await vi.advanceTimersByTimeAsync(1_000);
  await registered;
  const asked = () => SilentClient.all.reduce((sum, { commands }) => sum + commands, 0);
  const before = asked();
  expect(before).toBeGreaterThan(0);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked()).toBeGreaterThan(before);
  const closed = router.close();
  await vi.advanceTimersByTimeAsync(3_000);
  await closed;
  expect(router.state).toBe('closed');
});
