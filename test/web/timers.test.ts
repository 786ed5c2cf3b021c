import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { after, every, inTime, LONGEST_TIMER_MS, pause } from '../../src/web/timers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const DAY = 24 * 60 * 60 * 1000;
const never = new Promise<never>(() => {});
const late = () => new Error('late');

/** Every way to wait, and what tells that it is over. */
const WAYS: readonly (readonly [string, (ms: number, over: () => void) => void])[] = [
  ['after()', (ms, over) => void after(ms, over)],
  ['pause()', (ms, over) => void pause(ms, new AbortController().signal).then(over)],
  ['inTime()', (ms, over) => void inTime(never, ms, late, undefined, late).catch(over)],
];

describe.each(WAYS)('%s', (_, wait) => {
  const waiting = async (ms: number, passed: number): Promise<boolean> => {
    const over = vi.fn();
    wait(ms, over);
    await vi.advanceTimersByTimeAsync(passed);
    return over.mock.calls.length === 0;
  };

  it.each([30 * DAY, 365 * DAY, Number.MAX_SAFE_INTEGER, 2 ** 31])('of %s ms is as long as timers last', async (ms) => {
    expect(await waiting(ms, 24 * DAY)).toBe(true);
    expect(await waiting(ms, LONGEST_TIMER_MS)).toBe(false);
  });

  it('of Infinity is for ever', async () => {
    expect(await waiting(Number.POSITIVE_INFINITY, 100 * DAY)).toBe(true);
  });

  it.each([0, -1, 7])('of %s ms is over then', async (ms) => {
    expect(await waiting(ms, Math.max(1, ms))).toBe(false);
  });
});

it('what is done again and again is done so as late as timers can', async () => {
  const act = vi.fn();
  const timer = every(30 * DAY, act);
  await vi.advanceTimersByTimeAsync(24 * DAY);
  expect(act).not.toHaveBeenCalled();
  clearInterval(timer);
});

it('one place makes timers', () => {
  const src = resolve(import.meta.dirname, '../../src');
  const makers = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('testing'))
    .filter((path) => /(?<!typeof )set(?:Timeout|Interval)\b(?!>)/.test(readFileSync(join(src, path), 'utf8')));
  expect(makers).toEqual(['web/timers.ts']);
});
