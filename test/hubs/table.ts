import type { Scenario, Verdict } from './scenarios.ts';
import type { Setup } from './setups.ts';

/** The table for users: a row for each hub, and what does not work with it in words. */
export function tableOf(
  setups: readonly Setup[],
  scenarios: readonly Scenario[],
  verdictOf: (row: number, column: number) => Verdict,
): string {
  const head = ['hub', 'channel', 'the app says', ...scenarios.map(({ title }) => title)];
  const rows = setups.map((setup, row) => [
    setup.hub,
    setup.channel,
    setup.says ?? '',
    ...scenarios.map((_, column) => {
      const verdict = verdictOf(row, column);
      return verdict === 'yes' ? '✓' : verdict;
    }),
  ]);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `${[head, head.map(() => '---'), ...rows].map(line).join('\n')}\n`;
}
