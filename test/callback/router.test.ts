import { describe, expect, it } from 'vitest';
import { MemoryRouter } from '../../src/callback/index.ts';

const REQUEST = { method: 'GET', query: '', signature: undefined, body: new Uint8Array(0) };
const ok = () => ({ status: 200, body: '' });

describe('MemoryRouter', () => {
  it('passes a request to its owner as it is', () => {
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

  it('answers 404 for what was never owned, and for what was released without being owned', () => {
    const router = new MemoryRouter();
    router.release('a');
    expect(router.dispatch('a', REQUEST)).toMatchObject({ status: 404 });
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
