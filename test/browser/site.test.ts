import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ERROR_CODES } from '../../src/errors/errors.ts';
import { openBrowser } from './support.ts';

const root = resolve(import.meta.dirname, '../..');
let site = '';

beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'fhircast-site-'));
  const vitepress = resolve(root, 'node_modules/vitepress/bin/vitepress.js');
  await promisify(execFile)(process.execPath, [vitepress, 'build', 'docs', '--outDir', site], { cwd: root });
}, 300_000);
afterAll(() => rm(site, { recursive: true, force: true }));

/** The pages of the site, by their paths. */
const pages = (): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(site, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.html'))
      .map((path) => [join(site, path), readFileSync(join(site, path), 'utf8')]),
  );

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** Serves the site, and shows it in a window of a size. */
async function open(width: number, height: number): Promise<{ readonly page: Page; readonly url: string }> {
  const server = createServer(async ({ url = '/' }, response) => {
    const path = join(site, new URL(url, 'http://site').pathname.replace(/\/$/, '/index.html'));
    const body = await readFile(path).catch(() => undefined);
    response.writeHead(body ? 200 : 404, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' });
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const context = await (await openBrowser()).newContext({ viewport: { width, height } });
  return { page: await context.newPage(), url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('the documentation site', () => {
  it('links to what is there, anchors included', () => {
    const all = pages();
    const broken = [...all].flatMap(([file, text]) =>
      [...text.matchAll(/href="([^"]+)"/g)].flatMap(([, href = '']) => {
        // The reference of the API is made beside the site.
        if (/^(?:https?:|mailto:|data:|\/api\/)/.test(href)) return [];
        const [path = '', anchor] = href.replaceAll('&amp;', '&').split('#');
        const base = path.startsWith('/') ? site : dirname(file);
        const target = path === '' ? file : join(base, path.endsWith('/') ? `${path}index.html` : path);
        const isThere = all.has(target)
          ? anchor === undefined || all.get(target)?.includes(`id="${decodeURIComponent(anchor)}"`)
          : existsSync(target) && anchor === undefined;
        return isThere ? [] : [`${relative(site, file)}: ${href}`];
      }),
    );
    expect(broken).toEqual([]);
  });

  it('has an address for each error', () => {
    const errors = pages().get(join(site, 'errors.html')) ?? '';
    expect(ERROR_CODES.filter((code) => !errors.includes(`id="${code}"`))).toEqual([]);
  });

  it('is found: what is searched for leads to a page', async () => {
    const { page, url } = await open(1280, 800);
    await page.goto(`${url}/start.html`);
    await page.keyboard.press('Control+k');
    for (const [word, found] of [
      ['webhook', 'webhook'],
      ['Express', 'webhooks'],
      ['signature-missing', 'errors'],
    ] as const) {
      await page.locator('.VPLocalSearchBox input').fill(word);
      await page.locator(`.VPLocalSearchBox .result[href*="${found}"]`).first().waitFor();
    }
  });

  it.each([
    ['a phone', 360, 740],
    ['a desk', 1280, 800],
  ])('is readable on %s, in light and in dark', async (_, width, height) => {
    const { page, url } = await open(width, height);
    for (const name of ['start', 'contexts', 'errors', 'index']) {
      await page.goto(`${url}/${name}.html`);
      const isDark = () => page.evaluate(() => document.documentElement.classList.contains('dark'));
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.waitForFunction(() => document.documentElement.classList.contains('dark'));
      await page.emulateMedia({ colorScheme: 'light' });
      await page.waitForFunction(() => !document.documentElement.classList.contains('dark'));
      expect(await isDark()).toBe(false);
      // Nothing but a table or a block of code is scrolled sideways.
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow, name).toBeLessThanOrEqual(0);
    }
  });
});
