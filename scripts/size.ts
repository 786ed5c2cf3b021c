/**
 * Prints what importing each entry point of the built package costs, and fails when one is over its budget.
 */
import { specifier, subpaths } from './entry-points.ts';
import { measure, type Weight } from './measure.ts';
import { budgets } from './size-budgets.ts';

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
  const over = total.gzip > budgets[subpath];
  if (over) process.exitCode = 1;
  if (lazy.length > 0) {
    weightRow(`${specifier(subpath)} at once`, initial);
    for (const { name, weight } of lazy) weightRow(`  lazily: ${name}`, weight);
  }
  weightRow(specifier(subpath), total, budgets[subpath], over ? '  OVER' : '');
}
console.log('The budget is on gzip, level 9. Everything is counted but fhirclient and express.');
