import { resolve } from 'node:path';
import { build } from 'esbuild';
import type * as Root from 'fhircast-client';
import { TEST_PATIENTS } from 'fhircast-client/testing';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { type Launched, launchSmartPage } from './smart-page.ts';

/** What the page holds; the functions given to `evaluate()` run there. */
declare const root: typeof Root;
declare const react: {
  createElement(type: unknown, props?: undefined, ...children: unknown[]): unknown;
  readonly StrictMode: unknown;
  useEffect(effect: () => () => void, on: readonly unknown[]): void;
  createRoot(element: Element): { render(node: unknown): void };
};
declare const clients: Root.FhircastClient[];
declare const heard: string[];

const [ada, bram] = TEST_PATIENTS;
const packages = resolve(import.meta.dirname, '../../node_modules');

/** React as apps have it while they are developed: StrictMode mounts twice there. */
const bundledReact = async (): Promise<string> => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { createElement, StrictMode, useEffect } from 'react';
        import { createRoot } from 'react-dom/client';
        globalThis.react = { createElement, StrictMode, useEffect, createRoot };`,
      resolveDir: packages,
    },
    bundle: true,
    write: false,
    define: { 'process.env.NODE_ENV': '"development"' },
  });
  return outputFiles[0]?.text ?? '';
};

/** A page that an EHR has sent back with a code, and that has fhirclient and React. */
async function launch(): Promise<Launched> {
  const launched = await launchSmartPage();
  await launched.page.addScriptTag({ content: await bundledReact() });
  return launched;
}

/** Renders an app in StrictMode that launches when it is mounted, and keeps its clients or leaves when it is unmounted. */
const render = (page: Page, leaves: boolean) =>
  page.evaluate((leaves) => {
    const clients: Root.FhircastClient[] = [];
    const heard: string[] = [];
    Object.assign(globalThis, { clients, heard });
    const App = () => {
      react.useEffect(() => {
        const launched = root.FhircastClient.fromSmartLaunch().then((client) => {
          const number = clients.push(client);
          client.on('Patient-open', ({ patient }) => heard.push(`${number} ${patient.id}`));
          return client;
        });
        return () => void (leaves && launched.then((client) => client.unsubscribe()));
      }, []);
      return null;
    };
    const { createElement, StrictMode, createRoot } = react;
    createRoot(document.body).render(createElement(StrictMode, undefined, createElement(App)));
  }, leaves);

it('two launches at once exchange the code once, and both follow', async () => {
  const { session, page, exchanges } = await launch();
  await render(page, false);
  await page.waitForFunction(() => clients.length === 2 && clients.every(({ state }) => state === 'active'));
  expect(exchanges).toHaveLength(1);
  await session.publish('Patient-open', [{ key: 'patient', resource: ada }]);
  await page.waitForFunction(() => heard.length === 2);
  expect((await page.evaluate(() => heard)).sort()).toEqual(['1 ada-quill', '2 ada-quill']);
});

it('whoever is unmounted at once takes nothing from the one that stays', async () => {
  const { hub, session, page, exchanges } = await launch();
  await render(page, true);
  await page.waitForFunction(
    () => clients.length === 2 && clients[0]?.state === 'closed' && clients[1]?.syncStatus.state === 'in-sync',
  );
  await hub.waitFor(() => session.subscriptions.length === 1 && session.subscriptions.every(({ active }) => active));
  await session.publish('Patient-open', [{ key: 'patient', resource: bram }]);
  await page.waitForFunction(() => heard.length > 0);
  expect(await page.evaluate(() => heard)).toEqual(['2 bram-oakhurst']);
  expect(exchanges).toHaveLength(1);
  // Whoever comes later launches by what fhirclient keeps.
  const state = await page.evaluate(async () => {
    const client = await root.FhircastClient.fromSmartLaunch();
    client.on('Patient-open', () => {});
    await client.ready();
    return client.state;
  });
  expect(state).toBe('active');
  expect(exchanges).toHaveLength(1);
});
