import { readdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { root, run } from './run.ts';

/** Where the one build of this process is kept: the projects of vitest each load their own copy of this module. */
const once = globalThis as { fhircastBuild?: Promise<void> };

async function changedAt(path: string): Promise<number> {
  try {
    return (await stat(resolve(root, path))).mtimeMs;
  } catch {
    return 0;
  }
}

async function isCurrent(): Promise<boolean> {
  const sources = await readdir(resolve(root, 'src'), { recursive: true });
  const inputs = [...sources.map((path) => `src/${path}`), 'tsup.config.ts', 'package.json', 'tsconfig.json'];
  const outputs = ['dist/index.d.ts', 'dist/index.js', 'dist/cli/main.js', 'dist/browser/fhircast-client.min.js'];
  const newest = Math.max(...(await Promise.all(inputs.map(changedAt))));
  const oldest = Math.min(...(await Promise.all(outputs.map(changedAt))));
  return oldest > newest;
}

async function build(): Promise<void> {
  if (await isCurrent()) return;
  if ((await run('tsup', [])) !== 0) throw new Error('The build failed, so there is nothing to test.');
}

/** Set-up of the tests that run on the built package: builds it when a source is newer. */
export default function setup(): Promise<void> {
  once.fhircastBuild ??= build();
  return once.fhircastBuild;
}
