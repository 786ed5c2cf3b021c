/**
 * Checks the package as npm would publish it: that its metadata is right (publint), that its types are found by every
 * resolution in use (arethetypeswrong), and that nothing is missing from it or in it by mistake.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryPoints } from './entry-points.ts';
import { pack } from './pack.ts';
import { run } from './run.ts';

const built = Object.values(entryPoints).flatMap((path) =>
  ['.js', '.cjs', '.d.ts', '.d.cts'].map((extension) => `dist/${path}${extension}`),
);
const required = [
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  // The declarations refer to it.
  'docs/errors.md',
  'docs/hubs.md',
  'dist/cli/main.js',
  'dist/browser/fhircast-client.min.js',
  'dist/browser/fhircast-client.global.min.js',
  ...built,
];
const allowed = /^(dist\/|src\/|docs\/\w+\.md$|package\.json$|LICENSE$|README\.md$|CHANGELOG\.md$|SECURITY\.md$)/;

function complaints(paths: readonly string[]): string[] {
  return [
    ...required.filter((path) => !paths.includes(path)).map((path) => `${path} is missing from the package`),
    ...paths.filter((path) => !allowed.test(path)).map((path) => `${path} should not be in the package`),
  ];
}

const folder = await mkdtemp(join(tmpdir(), 'fhircast-client-'));
try {
  const packed = pack(folder);
  const tarball = join(folder, packed.filename);
  console.log(`${packed.files.length} files, ${packed.size} bytes packed`);
  const found = complaints(packed.files.map(({ path }) => path));
  for (const complaint of found) console.error(complaint);
  const codes = [
    found.length,
    await run('publint', ['run', tarball, '--strict']),
    // node16 leaves out only the resolution of TypeScript 4.6 and before, which knows nothing of exports.
    await run('attw', [tarball, '--profile', 'node16', '--no-color', '--no-emoji']),
  ];
  process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true });
}
