import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { openBrowser } from '../browser/support.ts';

const root = resolve(import.meta.dirname, '../..');

/** Runs the example as its npm script does, on the package as it was built. */
async function run() {
  const process_ = spawn(process.execPath, ['--import', 'tsx', 'examples/relay/index.ts'], {
    cwd: root,
    env: { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.built.json' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void process_.kill('SIGKILL'));
  const printed: string[] = [];
  const lines = createInterface({ input: process_.stdout });
  lines.on('line', (line) => printed.push(line));
  const [first] = await once(lines, 'line');
  return { process: process_, printed, url: String(first).replace('open ', '') };
}

/** Resolves when the page shows these words. */
const shows = (page: Page, id: string, text: string) =>
  page.locator(`#${id}`, { hasText: new RegExp(`^${text}$`) }).waitFor();

it('examples/relay follows in a page, which is loaded, closed and opened again, and leaves on Ctrl+C', async () => {
  const { process: process_, printed, url } = await run();
  const browser = await (await openBrowser()).newContext();
  const page = await browser.newPage();
  await page.goto(url);
  await shows(page, 'sync', 'in-sync');
  await shows(page, 'patient', 'No patient is open');
  process_.stdin.write('\n');
  await shows(page, 'patient', 'Ada Rosalind Quill');
  await page.reload();
  await shows(page, 'sync', 'in-sync');
  process_.stdin.write('\n');
  await shows(page, 'patient', 'Bram Oakhurst');
  await page.close();
  process_.stdin.write('\n');
  const again = await browser.newPage();
  await again.goto(url);
  await shows(again, 'patient', 'Chidi Samuel Marlowe');
  process_.kill('SIGINT');
  expect(await once(process_, 'exit')).toEqual([0, null]);
  expect(printed.join('\n')).toMatch(/answer \(notify\) +200 +webhook +open-patient-chart/);
});
