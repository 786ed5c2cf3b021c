import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = import.meta.dirname;
const text = readFileSync(resolve(folder, '../../docs/security.md'), 'utf8');

/** The first cells of the table of threats. */
const threats = (text.split('## Threats')[1]?.split('\n## ')[0] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (threat|---) /.test(line))
  .map((line) => line.split(' | '));

/** The groups of tests in this folder, which are one for each threat. */
const groups = readdirSync(folder)
  .filter((name) => name.endsWith('.test.ts') && name !== 'document.test.ts')
  .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/^describe\('([^']+)'/gm)])
  .map(([, title]) => title);

describe('the document of threats', () => {
  it('has a row for each group of tests, and a group of tests for each row', () => {
    const rows = threats.map(([first = '']) => first.replace(/^\| /, ''));
    expect(rows.length).toBeGreaterThan(15);
    expect(new Set(rows).size).toBe(rows.length);
    expect([...rows].sort()).toEqual([...groups].sort());
  });

  it('says of each row who it is and what stops it', () => {
    for (const row of threats) expect(row.filter((cell) => cell.replaceAll('|', '').trim() !== '')).toHaveLength(3);
  });

  it('takes everybody into account, and nobody whom it does not describe', () => {
    const described = (text.split('## Who is taken into account')[1]?.split('\n## ')[0] ?? '')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (who|---) /.test(line))
      .map((line) => line.split(' | ')[0]?.replace(/^\| /, ''));
    const meant = threats.flatMap(([, who = '']) => who.split(', '));
    expect([...new Set(meant)].sort()).toEqual([...described].sort());
  });

  it('names tests that exist for what is stopped in the client', () => {
    const rows = (text.split('## In the client')[1]?.split('\n## ')[0] ?? '')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (threat|---) /.test(line));
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) {
      const [, , , test = ''] = row.split(' | ').flatMap((cell, at) => (at === 0 ? ['', cell] : [cell]));
      const [files = '', title = ''] = test.replace(/ \|$/, '').split(/(?<=`): /);
      for (const [, file = ''] of files.matchAll(/`([^`]+)`/g))
        expect(readFileSync(resolve(folder, '..', file), 'utf8'), row).toContain(title);
      expect(files, row).toContain('.test.ts');
    }
  });

  it('links to headings that exist', () => {
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(' ', '-'),
    );
    const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, target]) => target);
    expect(links.filter((target) => !headings.includes(target ?? ''))).toEqual([]);
  });
});
