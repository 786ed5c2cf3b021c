import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve, sep } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { CHROMIUM_ARGS, findOrInstallChromium } from '../../scripts/chromium.ts';

/**
 * A browser that closes with the test.
 *
 * @param keepsPages whether it has a back/forward cache, which Playwright switches off
 */
export async function openBrowser(keepsPages = false): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: await findOrInstallChromium(),
    args: [...CHROMIUM_ARGS],
    ignoreDefaultArgs: keepsPages ? ['--disable-back-forward-cache'] : [],
  });
  onTestFinished(() => browser.close());
  return browser;
}

const dist = resolve(import.meta.dirname, '../../dist');

/** A page that knows the built package by its name, as a page without a bundler would. */
const BLANK = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>blank</title>
    <link rel="icon" href="data:," />
    <script type="importmap">
      {
        "imports": {
          "fhircast-client": "/dist/browser/fhircast-relay.min.js",
          "fhircast-client/callback": "/dist/callback/index.js",
          "fhircast-client/relay": "/dist/browser/fhircast-relay.min.js"
        }
      }
    </script>
    <script type="module">
      import * as root from 'fhircast-client';
      import * as callback from 'fhircast-client/callback';
      import * as relay from 'fhircast-client/relay';
      Object.assign(globalThis, { root, callback, relay });
      document.title = 'loaded';
    </script>
  </head>
  <body></body>
</html>`;

/** How a blank page differs from the usual. */
export interface BlankPageOptions {
  /** Whether the browser has a back/forward cache. */
  keepsPages?: boolean;
  /** What else the server of the page has. It returns whether the request was its own. */
  serve?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Ends the server of the page, as a redeployment does. */
  until?: AbortSignal;
}

/** Opens a blank page with the built package in it, as the globals `root`, `callback` and `relay`. Every address has it. */
export async function openBlankPage({ keepsPages = false, serve, until }: BlankPageOptions = {}): Promise<Page> {
  const server = createServer(async (request, response) => {
    if (serve?.(request, response)) return;
    const { url = '/' } = request;
    const path = resolve(dist, `.${url.replace(/^\/dist/, '')}`);
    const isBuilt = url.startsWith('/dist/') && path.startsWith(dist + sep);
    if (!isBuilt) return void response.setHeader('Content-Type', 'text/html').end(BLANK);
    const text = await readFile(path).catch(() => undefined);
    response.writeHead(text ? 200 : 404, { 'Content-Type': 'text/javascript' }).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = () => {
    server.close();
    server.closeAllConnections();
  };
  until?.addEventListener('abort', end);
  onTestFinished(end);
  const context = await (await openBrowser(keepsPages)).newContext();
  const page = await context.newPage();
  await loadBlankPage(page, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return page;
}

/** Loads the blank page, or loads it again. */
export async function loadBlankPage(page: Page, url: string): Promise<void> {
  const failures: string[] = [];
  page.on('pageerror', ({ message }) => void failures.push(message));
  await page.goto(url);
  await page
    .waitForFunction(() => document.title === 'loaded', undefined, { timeout: 10_000 })
    .catch(() => {
      throw new Error(`The built package did not load in the page. ${failures.join(' ')}`);
    });
}
