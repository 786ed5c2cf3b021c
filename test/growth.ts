import { performance } from 'node:perf_hooks';

/**
 * How much more ten times the input may cost. What is handled in one pass costs ten times as much, and on some machines four times that, where
 * the memory for it is large; a square costs a hundred times.
 */
export const LIMIT = 60;

const ROUNDS = 5;
/** What the machine does beside may double a cost, and does so once or twice. It makes no square linear. */
const ATTEMPTS = 8;

/** Shorter than this, a clock and a collection of garbage tell more than the work does. In milliseconds. */
const LEAST_MS = 2;

/** Nothing that is linear takes that long, and nobody waits for the median of what is not. In milliseconds. */
const LONG_MS = 2_000;

/** What one call costs in milliseconds; it is repeated until that can be told. */
async function costOf<T>(work: (input: T) => unknown, input: T): Promise<number> {
  const start = performance.now();
  let calls = 0;
  let spent = 0;
  while (spent < LEAST_MS) {
    await work(input);
    calls++;
    spent = performance.now() - start;
  }
  return spent / calls;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

/**
 * How many times as much ten times the input costs: the medians of several rounds, in one run, and measured again where it is
 * not less than {@link LIMIT}, as it has to be.
 *
 * @param makeInput makes an input of a number of parts, bytes, levels …
 * @param work what is measured. It may return a promise, and has to bear the same input again and again
 * @param parts how many parts the smaller input has
 */
export async function growth<T>(
  makeInput: (parts: number) => T,
  work: (input: T) => unknown,
  parts = 2_000,
): Promise<number> {
  const small = makeInput(parts);
  const large = makeInput(10 * parts);
  // Both are slow as long as the code has not been compiled.
  await costOf(work, small);
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS && least >= LIMIT; attempt++)
    least = Math.min(least, await ratioOf(work, small, large));
  return least;
}

async function ratioOf<T>(work: (input: T) => unknown, small: T, large: T): Promise<number> {
  const costs: { small: number; large: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // In turns, so that what else the machine does meets both.
    const cost = { small: await costOf(work, small), large: await costOf(work, large) };
    costs.push(cost);
    if (cost.large > LONG_MS) break;
  }
  return median(costs.map((cost) => cost.large)) / median(costs.map((cost) => cost.small));
}
