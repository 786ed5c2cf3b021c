import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { subpaths } from '../../scripts/entry-points.ts';
import { measure } from '../../scripts/measure.ts';
import { root } from '../../scripts/run.ts';
import { budgets, scriptBudgets } from '../../scripts/size-budgets.ts';
import { sizeTable, writtenSizeTable } from '../../scripts/size-table.ts';

/** An import, a require or a mention of a built-in of Node, or of its global `process`. */
const ofNode = new RegExp(
  `["'\`](node:[^"'\`]+|${builtinModules.filter((name) => !name.startsWith('_')).join('|')})["'\`]\\s*[;)]|\\bprocess\\.`,
);

function browserFiles(): { name: string; code: string }[] {
  const folder = resolve(root, 'dist/browser');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => ({ name, code: readFileSync(resolve(folder, name), 'utf8') }));
}

describe('the size', () => {
  it.each(subpaths)('of %s is within its budget', async (subpath) => {
    const { initial, total } = await measure(subpath);
    expect(initial.gzip).toBeGreaterThan(0);
    expect(initial.gzip).toBeLessThanOrEqual(budgets[subpath].initial);
    expect(total.gzip).toBeLessThanOrEqual(budgets[subpath].total);
  });

  it('of each file for pages without a bundler is within its budget', () => {
    const files = browserFiles();
    expect(files.map(({ name }) => name).sort()).toEqual(Object.keys(scriptBudgets).sort());
    for (const { name, code } of files)
      expect(gzipSync(code, { level: 9 }).length, name).toBeLessThanOrEqual(scriptBudgets[name] ?? 0);
  });

  it('is what the README’s table says, within a hundredth', async () => {
    const figures = (table: string) => [...table.matchAll(/([\d.]+) kB/g)].map(([, figure]) => Number(figure));
    const [written, measured] = [figures(await writtenSizeTable()), figures(await sizeTable())];
    expect(written).toHaveLength(measured.length);
    // Another version of zlib or Node packs some bytes otherwise.
    measured.forEach((figure, index) => {
      expect(Math.abs((written[index] ?? 0) - figure)).toBeLessThanOrEqual(0.11 + figure / 100);
    });
  });

  it.each(['.', './launch'] as const)('of %s leaves nothing for later but cross-fetch', async (subpath) => {
    const { initial, lazy, total } = await measure(subpath);
    expect(lazy.map(({ name }) => name)).toEqual(['cross-fetch']);
    expect(initial.minified).toBeLessThan(total.minified);
  });
});

describe('the root in a page', () => {
  it.each(["import 'node:crypto';", 'require("fs")', 'process.env'])('would be found out with %s in it', (code) => {
    expect(code).toMatch(ofNode);
  });

  it.each(['.', './relay'] as const)('needs nothing of Node when bundled: %s', async (subpath) => {
    const { code } = await measure(subpath);
    expect(code).not.toMatch(ofNode);
  });

  it('needs nothing of Node as the file for pages without a bundler', () => {
    const files = browserFiles();
    expect(files.map(({ name }) => name)).toContain('fhircast-client.min.js');
    for (const { name, code } of files) expect(code, name).not.toMatch(ofNode);
  });

  it('imports nothing by a bare name but fhirclient as the file for pages without a bundler', () => {
    const bare = browserFiles().flatMap(({ code }) =>
      [...code.matchAll(/\b(?:from|import)\s*\(?\s*["'`]([^."'`/][^"'`]*)["'`]/g)].map((match) => match[1]),
    );
    expect([...new Set(bare)]).toEqual(['fhirclient']);
  });
});
