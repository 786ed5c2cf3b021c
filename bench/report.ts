import type { Round } from './rounds.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** One subject against one reference: above 1, the subject is faster. */
export interface Comparison {
  readonly subject: string;
  readonly reference: string;
  /** Messages per second, as a multiple of the reference's. */
  readonly rate: Spread;
  /** Messages per second of processor time, as a multiple of the reference's. */
  readonly processor: Spread;
  /** How much of a processor the subject used: below 1 by much, something else held it up. */
  readonly busy: number;
  /** What the rate should be at least. */
  readonly target: number | undefined;
}

/** Compares the rounds of two contenders, pair by pair. */
export function compare(
  results: ReadonlyMap<string, readonly Round[]>,
  subject: string,
  reference: string,
  target?: number,
): Comparison {
  const ours = results.get(subject) ?? [];
  const theirs = results.get(reference) ?? [];
  const ratios = (measure: keyof Round) =>
    spreadOf(ours.map((round, index) => (theirs[index]?.[measure] ?? Number.NaN) / round[measure]));
  return {
    subject,
    reference,
    rate: ratios('elapsed'),
    processor: ratios('processor'),
    busy: spreadOf(ours.map(({ elapsed, processor }) => processor / elapsed)).median,
    target,
  };
}

const show = ({ median, low, high }: Spread) => `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;

/** Prints a comparison's table. */
export function printTable(title: string, comparisons: readonly Comparison[]): void {
  const rows = comparisons.map(({ subject, reference, rate, processor, busy, target }) => [
    `  ${subject} / ${reference}`,
    show(rate),
    show(processor),
    busy.toFixed(2),
    target === undefined ? '' : `${target.toFixed(2)} ${rate.median >= target ? 'met' : 'MISSED'}`,
  ]);
  for (const [label = '', ...cells] of [[title, 'rate', 'per cpu', 'busy', 'target'], ...rows]) {
    console.log(`${label.padEnd(48)}${cells.map((cell) => cell.padStart(18)).join('')}`.trimEnd());
  }
}
