import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Acknowledgement } from '../../src/following/answer.ts';

/** An acknowledgement, and all that became of it in order. */
function acknowledge(timeoutMs = 8_000) {
  const told: unknown[] = [];
  const acknowledgement = new Acknowledgement(
    {
      answer: (status) => told.push(status),
      late: (reason) => told.push({ late: reason }),
      progress: (progress) => told.push(progress),
      failed: (cause, late) => told.push({ failed: cause, late }),
    },
    timeoutMs,
  );
  const dispatched = (failures: unknown[] = [], promises: PromiseLike<unknown>[] = []) =>
    acknowledgement.dispatched({ failures, promises });
  return { acknowledgement, dispatched, told };
}

/** A promise to be settled at will. */
function deferred() {
  let resolve = () => {};
  let reject = (_: unknown) => {};
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('the hub is told', () => {
  it('nothing before every listener has been called', () => {
    const { acknowledgement, told } = acknowledge();
    acknowledgement.refuse('busy');
    expect(told).toEqual([]);
  });

  it('200 at once when the listeners return', () => {
    const { dispatched, told } = acknowledge();
    dispatched();
    expect(told).toEqual([200]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('500 when one throws, with the cause for the app', () => {
    const { dispatched, told } = acknowledge();
    dispatched(['broken']);
    expect(told).toEqual([{ failed: 'broken', late: false }, 500]);
  });

  it('409 when one refuses, also beside another that throws', () => {
    const { acknowledgement, dispatched, told } = acknowledge();
    acknowledgement.refuse('busy');
    dispatched(['broken']);
    expect(told).toEqual([{ failed: 'broken', late: false }, 409]);
  });

  it.each([
    ['fulfilled', 200, [200]],
    ['rejected', 500, [{ failed: 'broken', late: false }, 500]],
  ])('when a promise is %s: %s', async (how, _, expected) => {
    const { dispatched, told } = acknowledge();
    const { promise, resolve, reject } = deferred();
    dispatched([], [promise]);
    await settle();
    expect(told).toEqual([]);
    if (how === 'fulfilled') resolve();
    else reject('broken');
    await settle();
    expect(told).toEqual(expected);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('when the last of several promises settles', async () => {
    const { acknowledgement, dispatched, told } = acknowledge();
    const [one, other] = [deferred(), deferred()];
    acknowledgement.waitUntil(one.promise);
    dispatched([], [other.promise]);
    one.reject('broken');
    await settle();
    expect(told).toEqual([{ failed: 'broken', late: false }]);
    other.resolve();
    await settle();
    expect(told).toEqual([{ failed: 'broken', late: false }, 500]);
  });

  it('409 when a listener refuses while it is waited for', async () => {
    const { acknowledgement, dispatched, told } = acknowledge();
    const { promise, resolve } = deferred();
    dispatched([], [promise]);
    acknowledgement.refuse('busy');
    resolve();
    await settle();
    expect(told).toEqual([409]);
  });

  it('nothing early when a promise that settled at once was waited for', async () => {
    const { acknowledgement, dispatched, told } = acknowledge();
    acknowledgement.waitUntil(Promise.resolve());
    await settle();
    expect(told).toEqual([]);
    dispatched();
    expect(told).toEqual([200]);
  });
});

describe('when it takes too long', () => {
  it('the hub is told 202 after the time, and never again', async () => {
    const { dispatched, told } = acknowledge();
    const { promise, resolve } = deferred();
    dispatched([], [promise]);
    await vi.advanceTimersByTimeAsync(7_999);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual([202, 'undecided']);
    resolve();
    await settle();
    expect(told).toEqual([202, 'undecided', 'decided']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a later failure is told in another way, once', async () => {
    const { acknowledgement, dispatched, told } = acknowledge();
    const { promise, reject } = deferred();
    dispatched([], [promise]);
    await vi.advanceTimersByTimeAsync(8_000);
    reject('broken');
    await settle();
    acknowledgement.refuse('busy');
    expect(told).toEqual([202, 'undecided', { failed: 'broken', late: true }, { late: undefined }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a later refusal is told with its reason', async () => {
    const { acknowledgement, dispatched, told } = acknowledge();
    dispatched([], [deferred().promise]);
    await vi.advanceTimersByTimeAsync(8_000);
    acknowledgement.refuse('busy');
    acknowledgement.refuse('busier');
    expect(told).toEqual([202, 'undecided', { late: 'busy' }]);
  });

  it.each([
    [8_000, 2_000],
    [50, 9_950],
    [12_000, 0],
  ])('is overdue 10 seconds after it came, when the hub was told after %s ms', async (timeoutMs, rest) => {
    const { acknowledgement, dispatched, told } = acknowledge(timeoutMs);
    const { promise, resolve } = deferred();
    dispatched([], [promise]);
    await vi.advanceTimersByTimeAsync(timeoutMs);
    await vi.advanceTimersByTimeAsync(Math.max(0, rest - 1));
    if (rest > 0) expect(told).toEqual([202, 'undecided']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([202, 'undecided', 'overdue']);
    resolve();
    await settle();
    expect(told).toEqual([202, 'undecided', 'overdue', 'decided']);
    acknowledgement.refuse('after all not');
    expect(told.slice(4)).toEqual([{ late: 'after all not' }]);
  });

  it.each([
    ['refused', { late: 'busy' }],
    ['rejected', { late: undefined }],
    ['fulfilled', 'decided'],
  ])('is not overdue once it is %s', async (how, last) => {
    const { acknowledgement, dispatched, told } = acknowledge();
    const { promise, resolve, reject } = deferred();
    dispatched([], [promise]);
    await vi.advanceTimersByTimeAsync(9_999);
    if (how === 'refused') acknowledgement.refuse('busy');
    else if (how === 'rejected') reject('broken');
    else resolve();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).not.toContain('overdue');
    expect(told.at(-1)).toEqual(last);
  });

  it('a refusal that came in time is not lost behind 202', async () => {
    const { acknowledgement, dispatched, told } = acknowledge();
    acknowledgement.refuse('busy');
    dispatched([], [deferred().promise]);
    await vi.advanceTimersByTimeAsync(8_000);
    // Either the hub hears 409, or it hears 202 and of the refusal beside it.
    expect(told).toSatisfy((all: unknown[]) => all.includes(409) || JSON.stringify(all).includes('busy'));
  });
});

describe('after the answer', () => {
  it('200, a failure is told in another way', async () => {
    const { acknowledgement, dispatched, told } = acknowledge();
    dispatched();
    acknowledgement.waitUntil(Promise.reject('broken'));
    await settle();
    expect(told).toEqual([200, { failed: 'broken', late: true }, { late: undefined }]);
  });

  it('409, the hub knows, and hears nothing more', async () => {
    const { acknowledgement, dispatched, told } = acknowledge();
    acknowledgement.refuse('busy');
    dispatched();
    acknowledgement.refuse('busy');
    acknowledgement.waitUntil(Promise.reject('broken'));
    await settle();
    expect(told).toEqual([409, { failed: 'broken', late: true }]);
  });

  it('500, the hub knows, and hears nothing more', () => {
    const { acknowledgement, dispatched, told } = acknowledge();
    dispatched(['broken']);
    acknowledgement.refuse('busy');
    expect(told).toEqual([{ failed: 'broken', late: false }, 500]);
  });
});
