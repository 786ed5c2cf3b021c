/**
 * Checks the package as npm would publish it: that its metadata is right (publint), that its types are found by every
 * resolution in use (arethetypeswrong), and that nothing is missing from it or in it by mistake.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryPoints } from './entry-points.ts';
import { root, run } from './run.ts';

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

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
  'dist/browser/fhircast-client.min.js',
  'dist/browser/fhircast-client.global.min.js',
  ...built,
];
const allowed = /^(dist\/|src\/|docs\/\w+\.md$|package\.json$|LICENSE$|README\.md$|CHANGELOG\.md$|SECURITY\.md$)/;

function pack(folder: string): Packed {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const output = execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  // npm 12 answers with an object by package name, the versions before it with an array.
  const [packed] = Object.values(JSON.parse(output) as Record<string, Packed>);
  if (packed === undefined) throw new Error('npm pack did not say what it packed.');
  return packed;
}

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
