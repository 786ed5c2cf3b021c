import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Liveness } from '../../src/recovery/liveness.ts';
import { Lease } from '../../src/subscription/lease.ts';

const SILENCE_MS = 20_000;
const SECOND = 1000;

/** A watch over a connection, and what it did, with the second. */
function watch({ pings = false, answers = true, tells = false } = {}) {
  const began = Date.now();
  const done: [what: string, second: number][] = [];
  const note = (what: string) => done.push([what, (Date.now() - began) / SECOND]);
  const liveness: Liveness = new Liveness({
    silenceMs: SILENCE_MS,
    ping: () => {
      if (!pings) return false;
      note('ping');
      if (answers) queueMicrotask(() => liveness.heard());
      return true;
    },
    audit: async (isProven) => {
      note(isProven ? 'audit' : 'question');
      return tells;
    },
    dead: () => {
      note('dead');
      liveness.close();
    },
  });
  liveness.start();
  const times = (what: string) => done.filter(([did]) => did === what).map(([, second]) => second);
  return { liveness, done, times };
}

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * SECOND);

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2024, 4, 1) }));
afterEach(() => void vi.useRealTimers());

describe('a connection that says nothing', () => {
  it('is dead 45 seconds later at most, where a ping is not answered', async () => {
    const { done, times } = watch({ pings: true, answers: false });
    await pass(45);
    expect(done.map(([what]) => what)).toEqual(['ping', 'dead']);
    expect(times('ping')).toEqual([20]);
    expect(times('dead')[0]).toBeLessThanOrEqual(45);
  });

  it('lives as long as its pings are answered, and is audited five times as rarely', async () => {
    const { times } = watch({ pings: true });
    await pass(400);
    expect(times('dead')).toEqual([]);
    expect(times('ping').length).toBeGreaterThanOrEqual(15);
    expect(times('audit').length).toBeGreaterThanOrEqual(3);
    expect(times('audit').length).toBeLessThanOrEqual(4);
    expect(times('question')).toEqual([]);
  });

  it('makes the client ask what is open, where it cannot ping', async () => {
    const { times } = watch();
    await pass(100);
    expect(times('question').length).toBeGreaterThanOrEqual(4);
    expect(times('question')[0]).toBe(20);
    expect(times('dead')).toEqual([]);
  });

  it('is not asked while events come', async () => {
    const { liveness, done } = watch();
    for (let second = 0; second < 200; second += 10) {
      await pass(10);
      liveness.heard();
      liveness.event();
    }
    expect(done).toEqual([]);
  });
});

describe('a hub that sends heartbeats', () => {
  it.each([10 * SECOND, 15 * SECOND])('is dead when it has missed three of every %s ms, as it said', async (period) => {
    for (const pings of [true, false]) {
      const { liveness, times } = watch({ pings, answers: false });
      liveness.heard();
      liveness.heartbeat(period);
      await pass(60);
      expect(times('dead')[0]).toBeGreaterThanOrEqual(pings ? 30 : (3 * period) / SECOND);
      expect(times('dead')[0]).toBeLessThanOrEqual((3 * period) / SECOND + 5);
    }
  });

  it.each([Number.MIN_VALUE, 1, 2 * SECOND])(
    'is not dead before a whole silence, and not unasked, when it says %s ms',
    async (period) => {
      for (const pings of [true, false]) {
        const { liveness, done, times } = watch({ pings, answers: false });
        liveness.heard();
        liveness.heartbeat(period);
        await pass(60);
        expect(done[0]).toEqual([pings ? 'ping' : 'question', 20]);
        expect(times('dead')[0]).toBeGreaterThanOrEqual(20);
        expect(times('dead')[0]).toBeLessThanOrEqual(25);
      }
    },
  );

  it.each([
    ['answers pings', { pings: true }],
    ['tells what is open', { tells: true }],
  ])('is not dead while it %s, whatever was said in its name', async (_, hub) => {
    const { liveness, times } = watch(hub);
    for (const period of [1, 1e300, 2 * SECOND, 10 * SECOND, undefined]) {
      liveness.heard();
      liveness.heartbeat(period);
      await pass(400);
    }
    expect(times('dead')).toEqual([]);
  });

  it('is asked what is open as often as another, whatever was said in its name', async () => {
    const { liveness, times } = watch({ tells: true });
    liveness.heard();
    liveness.heartbeat(1e300);
    await pass(100);
    expect(times('question').length).toBeGreaterThanOrEqual(4);
  });

  it('is dead when it has missed three, and the client has learnt how often they come', async () => {
    const { liveness, times } = watch();
    for (let beat = 0; beat < 5; beat++) {
      liveness.heard();
      liveness.heartbeat(undefined);
      await pass(15);
    }
    expect(times('dead')).toEqual([]);
    await pass(60);
    const [dead = 0] = times('dead');
    expect(dead).toBeGreaterThanOrEqual(60 + 45);
    expect(dead).toBeLessThanOrEqual(60 + 45 + 5);
  });

  it('is audited all the same', async () => {
    const { liveness, times } = watch();
    for (let second = 0; second < 300; second += 10) {
      liveness.heard();
      liveness.heartbeat(10 * SECOND);
      await pass(10);
    }
    expect(times('dead')).toEqual([]);
    expect(times('audit').length).toBeGreaterThanOrEqual(2);
  });

  it.each([Number.MIN_VALUE, 1e300])('is not believed when it says %s', async (period) => {
    const { liveness, times } = watch();
    liveness.heard();
    liveness.heartbeat(period);
    await pass(600);
    expect(times('dead')).toHaveLength(1);
    expect(times('dead')[0]).toBeGreaterThanOrEqual(20);
    expect(times('dead')[0]).toBeLessThanOrEqual(200);
  });
});

describe('a machine that wakes up', () => {
  it('looks at once', async () => {
    const { liveness, times } = watch({ pings: true });
    await pass(3);
    liveness.check();
    expect(times('ping')).toEqual([3]);
    expect(times('question')).toEqual([3]);
  });

  it('does not look after it has stopped', async () => {
    const { liveness, done } = watch({ pings: true });
    liveness.close();
    liveness.check();
    liveness.heartbeat(SECOND);
    await pass(100);
    expect(done).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a lease', () => {
  const grant = (
    seconds: number | undefined,
    lease = new Lease({ asked: 1e12, tokenSecondsLeft: () => undefined }),
  ) => {
    const began = Date.now();
    const heard: [string, number][] = [];
    const note = (what: string) => () => heard.push([what, (Date.now() - began) / SECOND]);
    lease.begin(seconds, false, { renew: note('renew'), over: note('over') });
    return { lease, heard };
  };

  it('is renewed between 70% and 85%, at another point each time', async () => {
    const points = [];
    for (let again = 0; again < 50; again++) {
      const { lease, heard } = grant(100);
      await pass(90);
      points.push(heard[0]?.[1] ?? 0);
      lease.close();
    }
    expect(Math.min(...points)).toBeGreaterThanOrEqual(70);
    expect(Math.max(...points)).toBeLessThanOrEqual(85);
    expect(new Set(points).size).toBeGreaterThan(10);
  });

  it('ends when it was not renewed', async () => {
    const { lease, heard } = grant(100);
    await pass(89);
    expect(lease.isNearlyOver).toBe(false);
    expect(lease.leftMs).toBeCloseTo(SECOND);
    await pass(1);
    expect([lease.isNearlyOver, lease.isOver, lease.leftMs]).toEqual([true, false, 0]);
    await pass(5);
    expect(lease.isOver).toBe(true);
    await pass(5);
    expect(heard.map(([what]) => what)).toEqual(['renew', 'over']);
    expect(heard[1]?.[1]).toBe(100);
  });

  it('that is not said again is the one before', async () => {
    const { lease, heard } = grant(100);
    await pass(80);
    const again = grant(undefined, lease);
    await pass(90);
    expect([...heard, ...again.heard].filter(([what]) => what === 'renew')).toHaveLength(heard.length + 1);
    expect(again.lease.begin(undefined, false, { renew: () => {}, over: () => {} })).toBe(100);
    lease.close();
  });

  it('that nobody said has no end', async () => {
    const { lease, heard } = grant(undefined);
    await pass(1e6);
    expect([heard, lease.isOver, lease.isNearlyOver, vi.getTimerCount()]).toEqual([[], false, false, 0]);
  });

  it.each([
    ['too short to be kept', 0.001, 500],
    ['longer than any timer', 1e12, Number.POSITIVE_INFINITY],
  ])('%s does not make the client ask without end', async (_, seconds, firstMs) => {
    const { lease, heard } = grant(seconds);
    await vi.advanceTimersByTimeAsync(499);
    expect(heard).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(heard.filter(([what]) => what === 'renew')).toHaveLength(firstMs === 500 ? 1 : 0);
    lease.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
