/**
 * Prints what importing each entry point of the built package costs, and fails when one is over its budget. With `--write`, it writes
 * the README's table besides.
 */
import { specifier, subpaths } from './entry-points.ts';
import { measure, type Weight } from './measure.ts';
import { budgets } from './size-budgets.ts';
import { writeSizeTable } from './size-table.ts';

function row(label: string, ...cells: readonly (string | number)[]): void {
  const columns = cells.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell).padStart(10));
  console.log(`${label.padEnd(34)}${columns.join('')}`);
}

function weightRow(label: string, { minified, gzip, brotli }: Weight, ...more: readonly (string | number)[]): void {
  row(label, minified, gzip, brotli, ...more);
}

row('bytes', 'minified', 'gzip', 'brotli', 'budget');
for (const subpath of subpaths) {
  const { initial, lazy, total } = await measure(subpath);
  const budget = budgets[subpath];
  const over = (weight: Weight, most: number) => {
    if (weight.gzip <= most) return '';
    process.exitCode = 1;
    return '  OVER';
  };
  weightRow(`${specifier(subpath)}`, initial, budget.initial, over(initial, budget.initial));
  if (lazy.length === 0) continue;
  for (const { name, weight } of lazy)
    weightRow(`  where it is needed: ${name.replace(/^dist\/(\w+)-.*/, '$1')}`, weight);
  weightRow('  with all of that', total, budget.total, over(total, budget.total));
}
console.log('The budgets are on gzip, level 9. Everything is counted but fhirclient, express, react and msw.');
if (process.argv.includes('--write')) await writeSizeTable();
