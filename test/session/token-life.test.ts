import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tokenLife } from '../../src/session/token-life.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('how long the access token of the moment lasts', () => {
  it('runs from when the client was made, whenever the token is first asked for', async () => {
    const { token, secondsLeft } = tokenLife({ accessToken: 'a', expiresIn: 3600 });
    vi.advanceTimersByTime(600_000);
    expect(await token()).toBe('a');
    expect(secondsLeft()).toBe(3000);
    vi.advanceTimersByTime(3_600_000);
    expect(await token()).toBe('a');
    expect(secondsLeft()).toBe(-600);
  });

  it('begins anew with another token', async () => {
    const tokens = ['a', 'a', 'b', 'b'];
    const { token, secondsLeft } = tokenLife({ accessToken: () => tokens.shift(), expiresIn: 3600 });
    for (const left of [1800, 0, 3600, 1800]) {
      if (left !== 3600) vi.advanceTimersByTime(1_800_000);
      await token();
      expect(secondsLeft()).toBe(left);
    }
  });

  it('is what the app tells at any time, or is not known', async () => {
    let left = 100;
    const { token, secondsLeft } = tokenLife({ accessToken: async (refused) => refused, expiresIn: () => left });
    expect([await token('x'), secondsLeft()]).toEqual(['x', 100]);
    left = 50;
    expect(secondsLeft()).toBe(50);
    const unknown = tokenLife({});
    expect([await unknown.token(), unknown.secondsLeft()]).toEqual([undefined, undefined]);
  });
});
