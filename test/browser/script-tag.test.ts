import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Root from 'fhircast-client';
import { startTestHub, TEST_PATIENTS } from 'fhircast-client/testing';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openBrowser } from './support.ts';

/** What the script makes; the functions given to `evaluate()` run in the page. */
declare const Fhircast: typeof Root;

const dist = resolve(import.meta.dirname, '../../dist/browser');
const [ADA = { resourceType: 'Patient' as const }, BRAM = ADA] = TEST_PATIENTS;

/** What Chromium has got since 88, and what came when. A page that lacks all of it is as good as an old one. */
const NEWER = [
  'AbortSignal.abort',
  'AbortSignal.any',
  'AbortSignal.prototype.reason',
  'AbortSignal.prototype.throwIfAborted',
  'AbortSignal.timeout',
  'Array.fromAsync',
  'Array.prototype.at',
  'Array.prototype.findLast',
  'Array.prototype.findLastIndex',
  'Array.prototype.toReversed',
  'Array.prototype.toSorted',
  'Array.prototype.toSpliced',
  'Array.prototype.with',
  'Crypto.prototype.randomUUID',
  'Intl.Segmenter',
  'Iterator',
  'Map.groupBy',
  'Object.groupBy',
  'Object.hasOwn',
  'Promise.try',
  'Promise.withResolvers',
  'ReadableStream.from',
  'Response.json',
  'Set.prototype.difference',
  'Set.prototype.intersection',
  'Set.prototype.union',
  'String.prototype.at',
  'String.prototype.isWellFormed',
  'String.prototype.toWellFormed',
  'Symbol.asyncDispose',
  'Symbol.dispose',
  'URL.canParse',
  'URL.parse',
  'URLSearchParams.prototype.size',
  'Uint8Array.fromBase64',
  'Uint8Array.fromHex',
  'Uint8Array.prototype.at',
  'Uint8Array.prototype.toHex',
  'reportError',
  'scheduler',
  'structuredClone',
] as const;

/** Takes away from a page what is newer than the floor, before anything of it runs. */
const age = (page: Page): Promise<unknown> =>
  page.addInitScript((names) => {
    for (const name of names) {
      const path = name.split('.');
      const last = path.pop() ?? '';
      const holder = path.reduce<object | undefined>(
        (object, key) => (object as Record<string, object> | undefined)?.[key],
        globalThis,
      );
      if (holder) Reflect.deleteProperty(holder, last);
      if (holder && last in holder && Object.hasOwn?.(holder, last)) throw new Error(`${name} stays`);
    }
  }, NEWER);

/** A document on the disk that has the script and may do nothing but that, and reach the hub. */
async function openDocument(script: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fhircast-page-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const policy = "default-src 'none'; script-src file:; connect-src http://127.0.0.1:* ws://127.0.0.1:*";
  await writeFile(
    join(folder, 'page.html'),
    `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
     <title>chart</title><script src="${pathToFileURL(join(dist, script)).href}"></script>`,
  );
  return pathToFileURL(join(folder, 'page.html')).href;
}

describe('a page with a script tag', () => {
  it.each(['fhircast-client.global.min.js', 'fhircast-relay.global.min.js'])(
    'follows and changes a session from a file, in an old browser, under a strict policy, and fetches nothing more: %s',
    async (script) => {
      const hub = await startTestHub();
      onTestFinished(() => hub.close());
      const session = hub.openSession();
      const page = await (await openBrowser()).newPage();
      await age(page);
      const fetched: string[] = [];
      const failures: string[] = [];
      page.on('request', (request) => void fetched.push(request.url()));
      page.on('pageerror', ({ message }) => void failures.push(message));
      page.on('console', (message) => void failures.push(message.text()));
      await page.goto(await openDocument(script));
      expect(fetched.splice(0)).toHaveLength(2);
      const isYoung = () => 'at' in Array.prototype || 'canParse' in URL || 'structuredClone' in globalThis;
      expect(await page.evaluate(isYoung)).toBe(false);

      const seen = await page.evaluate(
        async ({ patient, ...options }) => {
          const client = new Fhircast.FhircastClient(options);
          const opened = new Promise<string | undefined>((resolve) => {
            client.on('patient-open-chart', (event) => resolve(event.patient.id));
          });
          await client.ready();
          const change = await client.requestContextChange('Patient-open', { patient });
          const current = await client.getCurrentContext();
          const id = await opened;
          await client.unsubscribe();
          return [change.accepted, id, current?.patient?.id, client.state];
        },
        { hubUrl: hub.url, topic: session.id, accessToken: session.accessToken, patient: BRAM },
      );
      expect(seen).toEqual([true, BRAM.id, BRAM.id, 'closed']);
      expect(fetched.filter((url) => !url.startsWith(hub.url))).toEqual([]);
      expect(failures).toEqual([]);
    },
  );

  it('asks fhirclient by its global, and says when it is not there', async () => {
    const page = await (await openBrowser()).newPage();
    await page.goto(await openDocument('fhircast-client.global.min.js'));
    const code = await page.evaluate(() =>
      Fhircast.FhircastClient.fromSmartLaunch().catch((error: unknown) =>
        error instanceof Fhircast.FhircastError ? error.code : String(error),
      ),
    );
    expect(code).toBe('launch-fhirclient-missing');
  });
});

describe('the scripts', () => {
  it.each(['fhircast-client', 'fhircast-relay'])('of %s are one file each, and evaluate no text', async (name) => {
    for (const suffix of ['min', 'global.min']) {
      const code = await readFile(join(dist, `${name}.${suffix}.js`), 'utf8');
      const imports = [...code.matchAll(/\bimport\b[^;]{0,40}/g)].map(([found]) => found);
      expect(imports.filter((found) => !found.startsWith('import("fhirclient")'))).toEqual([]);
      if (suffix === 'global.min') expect(imports).toEqual([]);
      expect(code).not.toMatch(/\beval\(|new Function\b|\bFunction\(/);
      // Chromium went wrong with spread arguments in an optional chain before 91.
      expect(code).not.toMatch(/\?\.[\w$.#[\]()]*\(\.\.\./);
    }
  });

  it('have the hashes that the README names', async () => {
    const readme = await readFile(resolve(import.meta.dirname, '../../README.md'), 'utf8');
    const code = await readFile(join(dist, 'fhircast-client.global.min.js'));
    const hash = `sha384-${createHash('sha384').update(code).digest('base64')}`;
    expect(readme, 'Run `npm run integrity`, which writes it.').toContain(`integrity="${hash}"`);
  });
});
