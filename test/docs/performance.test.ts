import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './blocks.ts';

const textOf = (file: string) => readFileSync(resolve(root, file), 'utf8');

/** The lines of a table, without what says how far the figures are spread. */
const linesOf = (text: string): string[] =>
  [...text.replace(/ \([\d.]+-[\d.]+\)/g, '').matchAll(/^\| .*\|$/gm)].map(([line]) => line);

it('the README has the figures that the benchmarks have written, and no others', () => {
  const [, speed = ''] =
    /<!-- speed: npm run bench writes this -->([\s\S]*)<!-- \/speed -->/.exec(textOf('README.md')) ?? [];
  const lines = linesOf(speed);
  expect(lines.length).toBeGreaterThan(2);
  expect(lines).toEqual(linesOf(textOf('docs/performance.md')));
});

it('the pictures of the benchmarks are there', () => {
  const pictures = [...textOf('docs/performance.md').matchAll(/\(images\/(performance-[a-z]+)\.svg\)/g)];
  expect(pictures.map(([, name]) => name)).toEqual([
    'performance-listeners',
    'performance-subscriptions',
    'performance-events',
    'performance-size',
  ]);
  for (const [, name] of pictures)
    expect(textOf(`docs/images/${name}.svg`)).toMatch(/^<svg [\s\S]*<polyline [\s\S]*<\/svg>/);
});
