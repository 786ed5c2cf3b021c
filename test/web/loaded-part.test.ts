import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loaded } from '../../src/web/loaded-part.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const lost = expect.objectContaining({ code: 'part-not-loaded', at: 'a part', retryable: true });

describe('a part that is loaded later', () => {
  it('and never comes is given up after 15 seconds, and may be asked for again', async () => {
    const asked = loaded(new Promise(() => {}), 'a part').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await asked).toEqual(lost);
    expect(vi.getTimerCount()).toBe(0);
    expect(await loaded(Promise.resolve('here'), 'a part')).toBe('here');
  });

  it('and is not there any more, is told by the same code', async () => {
    await expect(loaded(Promise.reject(new TypeError('404')), 'a part')).rejects.toEqual(lost);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may be one that the app has to install, which has a code of its own', async () => {
    const asked = loaded(Promise.reject(new Error('not found')), 'a part', () => 'platform-missing');
    await expect(asked).rejects.toMatchObject({ code: 'platform-missing' });
  });
});
