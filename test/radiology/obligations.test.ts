import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { conformanceStatement } from '../../src/radiology/index.ts';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(resolve(root, 'docs/ira.md'), 'utf8');

/** The rows of the tables, each by its cells. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
  .map((line) =>
    line
      .slice(2, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );

const shown = [...page.matchAll(/`([\w/-]+\.test\.ts)`: "([^"]+)"/g)].map(([, file = '', title = '']) => ({
  file,
  title,
}));

describe('docs/ira.md', () => {
  it.each(shown)('names a test that exists: $file, $title', ({ file, title }) => {
    const path = resolve(root, 'test', file);
    expect(existsSync(path)).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain(`${title}'`);
  });

  it('shows every obligation by a test, or says that it is the app’s', () => {
    const obligations = rows.filter(
      (cells) => cells.length >= 3 && /`[\w/-]+\.test\.ts`: "|^$|\*\*the app\*\*/.test(cells.at(-1) ?? ''),
    );
    const bare = obligations.filter((cells) => cells.at(-1) === '' && !cells.at(-2)?.includes('**the app**'));
    expect(obligations.length).toBeGreaterThan(45);
    expect(bare).toEqual([]);
  });

  it('has every transaction that an actor can have', () => {
    const statement = conformanceStatement('report-creator');
    for (const [transaction] of statement.matchAll(/RAD-\d+/g))
      expect(page).toMatch(new RegExp(`RAD-(?:\\d+, )*${transaction.slice(4)}`));
  });
});
