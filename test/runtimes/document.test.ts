import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/run.ts';
import { executableOf } from '../../scripts/runtimes/install.ts';
import { documentedTable, tableOf } from '../../scripts/runtimes/report.ts';
import { RUNTIMES } from '../../scripts/runtimes/table.ts';
import { EXPECTATIONS, OF_OWN_WEBSOCKET } from './expectations.ts';
import { DENO_PERMISSIONS } from './start.ts';

const everythingPassed = new Map(RUNTIMES.map(({ name }) => [name, new Set<string>()]));

describe('docs/runtimes.md', () => {
  it('has every runtime in the version that is tested', async () => {
    expect(await documentedTable()).toBe(tableOf(RUNTIMES, everythingPassed));
  });

  it('names the permissions with which Deno is tested', () => {
    const text = readFileSync(resolve(root, 'docs/runtimes.md'), 'utf8');
    expect([...text.matchAll(/`(--allow-[^`]+)`/g)].map(([, flag]) => flag)).toEqual(DENO_PERMISSIONS);
  });
});

describe('the table', () => {
  const [runtime] = RUNTIMES;
  const cellsWith = (failed: readonly string[] | undefined) =>
    tableOf(RUNTIMES.slice(0, 1), new Map(failed ? [[runtime?.name ?? '', new Set(failed)]] : []))
      .split('\n')[2]
      ?.split(' | ')
      .slice(3, 7);

  it.each([
    ['nothing', [], ['yes', 'yes', 'yes', 'yes']],
    ['one column', ['Websocket'], ['yes', 'no', 'yes', 'yes']],
    ['the version', ['Version'], ['no', 'no', 'no', 'no']],
    ['what checks signatures', ['Signatures'], ['no', 'no', 'no', 'no']],
  ])('tells that %s failed', (_what, failed, expected) => {
    expect(cellsWith(failed)).toEqual(expected);
  });

  it('tells that a runtime was not tested', () => {
    expect(cellsWith(undefined)).toEqual(['no', 'no', 'no', 'no']);
  });

  it('has a column for every expectation', () => {
    const columns = [...EXPECTATIONS, ...OF_OWN_WEBSOCKET].map(({ column }) => column);
    const [heading = ''] = tableOf(RUNTIMES, everythingPassed).split('\n');
    for (const column of columns) expect(heading).toContain(`| ${column} |`);
  });
});

describe('the table of runtimes', () => {
  it('has the workerd that comes with the project', () => {
    const { devDependencies } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    const versions = RUNTIMES.filter(({ kind }) => kind === 'workerd').map(({ version }) => version);
    expect(versions).toEqual(versions.map(() => devDependencies['workerd']));
  });

  it('says how to go on where a runtime is not built for the platform', () => {
    const [first, ...others] = RUNTIMES;
    if (!first) throw new Error('There are no runtimes.');
    const ids = others.filter(({ binaries }) => binaries[`${process.platform}-${process.arch}`]).map(({ id }) => id);
    expect(() => executableOf({ ...first, binaries: {} })).toThrow(`npm run test:runtimes -- ${ids.join(' ')}`);
  });

  it('has each id and each name once', () => {
    expect(new Set(RUNTIMES.map(({ id }) => id)).size).toBe(RUNTIMES.length);
    expect(new Set(RUNTIMES.map(({ name }) => name)).size).toBe(RUNTIMES.length);
  });
});
