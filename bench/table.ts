import { type Spread, spreadOf } from './statistics.ts';

/** One line of the table: what was measured, and each contender as a multiple of the reference. */
export interface Row {
  readonly what: string;
  readonly reference: string;
  /** Whether more is better, or less. */
  readonly better: 'more' | 'less';
  /** Medians of the ratios of each round, and where the middle half of them lies, by the contender's name. */
  readonly ratios: Readonly<Record<string, Spread>>;
  /** What ours should be. */
  readonly aim?: number;
}

/**
 * Divides the rounds of each contender by those of the reference beside them.
 *
 * @param rounds of all contenders
 * @param measure what is looked at
 */
export function ratiosOf<Round>(
  rounds: ReadonlyMap<string, readonly Round[]>,
  reference: string,
  measure: (round: Round) => number,
): Record<string, Spread> {
  const theirs = rounds.get(reference) ?? [];
  const ratios: Record<string, Spread> = {};
  for (const [name, list] of rounds) {
    if (name === reference) continue;
    ratios[name] = spreadOf(
      list.map((round, index) => {
        const other = theirs[index];
        return other === undefined ? Number.NaN : measure(round) / measure(other);
      }),
    );
  }
  return ratios;
}

const show = ({ median, low, high }: Spread) => `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;

/**
 * The table in Markdown, with a column for each contender.
 *
 * @param rows its lines
 * @param withSpread whether the middle half stands behind each median
 */
export function markdownOf(rows: readonly Row[], withSpread: boolean): string {
  const others = [...new Set(rows.flatMap(({ ratios }) => Object.keys(ratios)).filter((name) => !isOurs(name)))];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const head = ['what', 'against', 'better', 'fhircast-client', ...others, 'aim'];
  return [
    line(head),
    line(head.map(() => '---')),
    ...rows.map(({ what, reference, better, ratios, aim }) =>
      line([
        what,
        reference,
        better,
        ...[Object.keys(ratios).find(isOurs) ?? '', ...others].map((name) => {
          const ratio = ratios[name];
          if (!ratio) return '';
          return withSpread ? show(ratio) : ratio.median.toFixed(2);
        }),
        aim === undefined ? '' : aim.toFixed(2),
      ]),
    ),
  ].join('');
}

/** Prints the table. */
export function printRows(rows: readonly Row[]): void {
  for (const { what, reference, better, ratios, aim } of rows) {
    console.log(`${what}, against ${reference} (${better} is better)`);
    for (const [name, ratio] of Object.entries(ratios)) {
      const isMet = aim !== undefined && (better === 'more' ? ratio.median >= aim : ratio.median <= aim);
      const verdict = aim === undefined || !isOurs(name) ? '' : `  aim ${aim.toFixed(2)} ${isMet ? 'met' : 'MISSED'}`;
      console.log(`  ${name.padEnd(32)}${show(ratio).padStart(20)}${verdict}`);
    }
  }
}

const isOurs = (name: string): boolean => !name.startsWith('@') && !name.startsWith('bare');
