import { brotliCompressSync, gzipSync } from 'node:zlib';
import { type BuildResult, build, type Metafile } from 'esbuild';
import { type Subpath, specifier } from './entry-points.ts';
import { root } from './run.ts';

/** How heavy a piece of code is, in bytes. */
export interface Weight {
  readonly minified: number;
  readonly gzip: number;
  readonly brotli: number;
}

/** What importing an entry point costs. */
export interface Measurement {
  /** What is loaded at once. */
  readonly initial: Weight;
  /** What is loaded only when it is needed, by the name of the package or file that it starts with. */
  readonly lazy: readonly { readonly name: string; readonly weight: Weight }[];
  /** Both together. */
  readonly total: Weight;
  /** The bundled code, all files one after the other. */
  readonly code: string;
}

type Bundle = BuildResult<{ write: false; metafile: true }>;

/** What pages import, of the entry points for pages: a name, or several. */
const PAGES: Partial<Record<Subpath, string>> = {
  './content': 'shareContent',
  '.': 'FhircastClient',
  './launch': 'clientFromUrl',
  './relay': 'relayChannel',
  './testing/fake': 'createFakeClient, fhircastMatchers',
  // The heaviest of its functions.
  './radiology': 'reportOpen',
  './scopes': 'fhircastScopes',
  './observe': 'audit, logTo, observe, publishDiagnostics, toAuditEvent',
  // All of it.
  './react':
    'FhircastProvider, SyncBanner, useContent, useContextChange, useFhircast, useFhircastEvent, usePatient, useShownContext, useSyncStatus',
};

/** What is nothing without the client. */
const BESIDE_THE_CLIENT: readonly Subpath[] = ['./content', './react'];

/** What an app writes. For a page it is the one import that every such page has; for a server, all that there is. */
function appOf(subpath: Subpath): string {
  const name = PAGES[subpath];
  if (name === undefined) return `export * from '${specifier(subpath)}';`;
  const client = BESIDE_THE_CLIENT.includes(subpath) ? `import { FhircastClient } from '${specifier('.')}';` : '';
  const own = `import { ${name} } from '${specifier(subpath)}';`;
  return `${client} ${own} globalThis.imported = [${client && 'FhircastClient, '}${name}];`;
}

/**
 * Bundles an app that imports an entry point of the built package. What is for pages is bundled for a page, so a built-in of
 * Node in it is an error; the other entry points are for servers.
 *
 * @throws when something cannot be resolved
 */
export async function measure(subpath: Subpath): Promise<Measurement> {
  const bundle = await build({
    stdin: { contents: appOf(subpath), resolveDir: root, sourcefile: 'app.js' },
    outdir: 'out',
    platform: PAGES[subpath] ? 'browser' : 'node',
    target: 'es2022',
    format: 'esm',
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    legalComments: 'none',
    logLevel: 'silent',
    external: ['fhirclient', 'express', 'react', 'msw'],
    absWorkingDir: root,
    // Without the paths of tsconfig.json, which lead to the sources.
    tsconfigRaw: {},
  });
  const { outputs } = bundle.metafile;
  const app = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === 'app.js');
  if (app === undefined) throw new Error('The bundle has no entry point.');
  const initial = closure(outputs, [app], 'import-statement');
  const all = closure(outputs, [app], 'import-statement', 'dynamic-import');
  const later = all.filter((path) => !initial.includes(path));
  return {
    initial: sum(initial.map((path) => weigh(textOf(bundle, path)))),
    lazy: later.map((path) => ({ name: nameOf(outputs, path), weight: weigh(textOf(bundle, path)) })),
    total: sum(all.map((path) => weigh(textOf(bundle, path)))),
    code: all.map((path) => textOf(bundle, path)).join('\n'),
  };
}

/** These files and those that they import in one of these ways, directly or not. */
function closure(outputs: Metafile['outputs'], from: readonly string[], ...kinds: readonly string[]): string[] {
  const found = new Set(from);
  for (const path of found) {
    for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
      if (external !== true && kinds.includes(kind)) found.add(next);
    }
  }
  return [...found];
}

function textOf(bundle: Bundle, path: string): string {
  const file = bundle.outputFiles.find((output) => output.path.endsWith(path));
  if (file === undefined) throw new Error(`The bundle has no ${path}.`);
  return file.text;
}

function nameOf(outputs: Metafile['outputs'], path: string): string {
  const inputs = Object.entries(outputs[path]?.inputs ?? {});
  const [largest] = inputs.sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)[0] ?? [path];
  return largest.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? largest;
}

function weigh(text: string): Weight {
  const bytes = Buffer.from(text);
  return {
    minified: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}

function sum(weights: readonly Weight[]): Weight {
  const add = (a: Weight, b: Weight): Weight => ({
    minified: a.minified + b.minified,
    gzip: a.gzip + b.gzip,
    brotli: a.brotli + b.brotli,
  });
  return weights.reduce(add, { minified: 0, gzip: 0, brotli: 0 });
}
