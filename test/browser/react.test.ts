import { resolve } from 'node:path';
import { build } from 'esbuild';
import { TEST_PATIENTS } from 'fhircast-client/testing';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { ReactApp } from './react-app.tsx';
import { launchSmartPage } from './smart-page.ts';

/** What the page holds; the functions given to `evaluate()` run there. */
declare const app: ReactApp;

const [ada, bram] = TEST_PATIENTS;
const root = resolve(import.meta.dirname, '../..');

/** The app with the built package, as it is while it is developed: StrictMode mounts twice there. */
async function bundle(version: '18' | '19'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [resolve(import.meta.dirname, 'react-app.tsx')],
    absWorkingDir: root,
    bundle: true,
    write: false,
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' },
    alias: version === '18' ? { react: 'react-18', 'react-dom': 'react-dom-18' } : {},
    external: ['fhirclient'],
    logLevel: 'error',
    // Without the paths of tsconfig.json, which lead to the sources.
    tsconfigRaw: {},
  });
  return outputFiles[0]?.text ?? '';
}

const shows = (page: Page, text: string) =>
  page.waitForFunction((text) => document.querySelector('h1')?.textContent === text, text);

it.each(['18', '19'] as const)(
  'React %s launches once under StrictMode, and 60 components never show two patients',
  async (version) => {
    const { hub, session, page, exchanges } = await launchSmartPage();
    await page.addScriptTag({ content: await bundle(version) });
    await shows(page, 'nobody');
    expect(await page.evaluate(() => app.version)).toMatch(new RegExp(`^${version}\\.`));
    expect(exchanges).toHaveLength(1);
    expect(await page.evaluate(() => app.clients.length)).toBe(1);
    expect(hub.log.filter(({ kind }) => kind === 'subscribe')).toMatchObject([{ subscriber: 'Growth chart' }]);
    await session.publish('Patient-open', [{ key: 'patient', resource: ada }]);
    await shows(page, ada.id ?? '');
    await page.evaluate(() => app.mount());
    await page.waitForFunction(() => app.rendered > 5, undefined, { polling: 1 });
    for (const resource of [bram, ada, bram]) await session.publish('Patient-open', [{ key: 'patient', resource }]);
    await page.waitForFunction((id) => app.seen.at(-1) === id, bram.id);
    expect((await page.evaluate(() => app.seen)).filter((seen) => seen.includes('beside'))).toEqual([]);
    await page.evaluate(() => app.unmount());
    await hub.waitFor(() => session.subscriptions.length === 0);
  },
);
