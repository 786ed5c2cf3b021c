import { describe, expect, it } from 'vitest';
import { MemoryRouter } from '../../src/callback/index.ts';
import { requestOf, routerPromises } from './router-promises.ts';

const REQUEST = requestOf('POST');
const ok = () => ({ status: 200, body: '' });

describe('MemoryRouter', () => {
  routerPromises((options) => {
    const router = new MemoryRouter(options);
    return { router, other: router };
  });

  it('passes the very request, and an answer that comes at once without a promise', () => {
    const router = new MemoryRouter();
    const answer = { status: 200, body: 'answer' };
    const seen: unknown[] = [];
    router.register('a', (request) => {
      seen.push(request);
      return answer;
    });
    expect(router.dispatch('a', REQUEST)).toBe(answer);
    expect(seen[0]).toBe(REQUEST);
  });

  it('counts what was answered 202 as waiting no more', async () => {
    const router = new MemoryRouter({ answerWithinMs: 1, maxWaiting: 1 });
    router.register('a', () => new Promise(() => {}));
    expect(await router.dispatch('a', REQUEST)).toMatchObject({ status: 202 });
    expect(await router.dispatch('a', REQUEST)).toMatchObject({ status: 202 });
  });

  it('remembers the newest 10 000 ids that were given up, and no more', () => {
    const router = new MemoryRouter();
    for (let id = 0; id <= 10_000; id++) {
      router.register(String(id), ok);
      router.release(String(id));
    }
    expect(router.dispatch('0', REQUEST)).toMatchObject({ status: 404 });
    expect(router.dispatch('1', REQUEST)).toMatchObject({ status: 410 });
    expect(router.dispatch('10000', REQUEST)).toMatchObject({ status: 410 });
  });
});
