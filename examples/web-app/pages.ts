import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import express, { type Express } from 'express';

const here = import.meta.dirname;
const fhirclient = join(dirname(createRequire(import.meta.url).resolve('fhirclient/package.json')), 'build');

/** The scripts of the pages, bundled: path of the source below the example's folder, without its extension, and text. */
export type Scripts = ReadonlyMap<string, string>;

const SOURCES = [
  'ehr/page',
  'viewer/launch',
  'viewer/page',
  'dictation/launch',
  'dictation/page',
  'growth/launch',
  'growth/page',
];

/**
 * Bundles the pages' scripts, with the SDK as it is built and published.
 *
 * @param sources the paths of the sources, without their extension
 * @param root the example's folder
 */
export async function bundleScripts(sources: readonly string[] = SOURCES, root: string = here): Promise<Scripts> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: sources.map((source) => `./${source}`),
    outdir: root,
    outbase: root,
    write: false,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    // The pages load fhirclient's own build by a script tag.
    external: ['fhirclient'],
    // Not the repository's, which leads to the sources of the SDK.
    tsconfigRaw: {},
    logLevel: 'error',
  });
  const text = new Map(outputFiles.map((file) => [resolve(file.path), file.text]));
  return new Map(sources.map((source) => [source, text.get(resolve(root, `${source}.js`)) ?? '']));
}

/** What the pages of one site are made of. */
export interface PagesOptions {
  /** The example's folder. Default this one. */
  root?: string;
  /** Such as `viewer`. */
  folder: string;
  scripts: Scripts;
  /** Address of each page, and its HTML file in the folder. */
  pages: Readonly<Record<string, string>>;
  /** The app's name, where there is a launch page at `/launch`. That has it as its title, and loads `launch.js`. */
  launches?: string;
  /** Other origins that the pages talk to. */
  connect?: readonly string[];
  /** Other origins that the pages show in frames. */
  frames?: readonly string[];
  /** Who may show these pages in a frame. Default nobody. */
  framedBy?: string;
}

/** Makes an Express app that serves the pages of one site, which may load and reach nothing but what is named. */
export function servePages(options: PagesOptions): Express {
  const { root = here, folder, scripts, pages, launches, connect = [], frames = [], framedBy } = options;
  const app = express().disable('x-powered-by');
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src ${["'self'", ...connect].join(' ')}`,
    ...(frames.length > 0 ? [`frame-src 'self' ${frames.join(' ')}`] : []),
    `frame-ancestors ${framedBy ?? "'none'"}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  app.use((_, response, next) => {
    response.set({
      'Content-Security-Policy': policy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    });
    next();
  });
  for (const [address, file] of Object.entries(pages)) {
    app.get(address, (_, response) => response.sendFile(join(root, folder, file)));
  }
  if (launches) {
    const text = readFileSync(join(here, 'shared', 'launch.html'), 'utf8');
    const page = text.replace('<title>Signing in …</title>', `<title>${launches}</title>`);
    app.get('/launch', (_, response) => void response.type('text/html').send(page));
  }
  for (const [source, text] of scripts) {
    if (dirname(source) !== folder) continue;
    app.get(`/${basename(source)}.js`, (_, response) => void response.type('text/javascript').send(text));
  }
  app.get('/page.css', (_, response) => response.sendFile(join(root, folder, 'page.css')));
  app.get('/shared.css', (_, response) => response.sendFile(join(here, 'shared', 'shared.css')));
  app.get('/fhir-client.js', (_, response) => response.sendFile(join(fhirclient, 'fhir-client.min.js')));
  return app;
}
