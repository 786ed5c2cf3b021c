import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { root } from '../../scripts/run.ts';
import type { RuntimeKind } from '../../scripts/runtimes/table.ts';
import { programOf } from './documented.ts';

/** A folder with an app that has the built package in its node_modules. */
export interface App {
  readonly folder: string;
  /** What to start, from the folder. */
  readonly main: string;
  remove(): Promise<void>;
}

const STARTERS = resolve(import.meta.dirname, 'starters');

/** As Wrangler does it. */
const FOR_WORKERS: BuildOptions = {
  platform: 'browser',
  conditions: ['workerd', 'worker', 'browser'],
  external: ['cloudflare:*'],
};

/** The package is not bundled: the runtime finds it by itself. */
const AS_INSTALLED: BuildOptions = {
  platform: 'neutral',
  external: ['fhircast-client', 'fhircast-client/*', 'node:*', './documented/*'],
};

/**
 * Makes an app of a runtime's starter and of the program in the documentation.
 *
 * @param kind the runtime's kind
 */
export async function makeApp(kind: RuntimeKind): Promise<App> {
  const folder = await mkdtemp(join(tmpdir(), `fhircast-${kind}-`));
  await mkdir(join(folder, 'node_modules'));
  await mkdir(join(folder, 'documented'));
  await symlink(root, join(folder, 'node_modules', 'fhircast-client'), 'junction');
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await writeFile(join(folder, 'documented', `${kind}.js`), programOf(kind));
  const common: BuildOptions = { bundle: true, format: 'esm', target: 'es2022', logLevel: 'silent' };
  const starter = { entryPoints: [join(STARTERS, `${kind}.ts`)], outfile: join(folder, 'starter.js') };
  await build({ ...common, ...starter, ...AS_INSTALLED });
  const main = kind === 'workerd' ? 'worker.js' : 'starter.js';
  if (kind === 'workerd')
    await build({ ...common, ...FOR_WORKERS, entryPoints: [join(folder, 'starter.js')], outfile: join(folder, main) });
  return { folder, main, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) };
}
