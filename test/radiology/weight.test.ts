import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import * as radiology from '../../src/radiology/index.ts';

const root = resolve(import.meta.dirname, '../..');
const READERS = ['accessionsOf', 'studyInstanceUidsOf', 'mrnOf', 'reportStatusOf'];

/** What a page pays that imports these, in bytes after gzip, and of which files that is. */
async function weigh(names: readonly string[]) {
  const bundle = await build({
    stdin: { contents: `export { ${names.join(', ')} } from './src/radiology/index.ts';`, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    absWorkingDir: root,
  });
  const [output] = Object.values(bundle.metafile.outputs);
  const files = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) =>
    bytesInOutput ? file : [],
  );
  return { gzip: gzipSync(bundle.outputFiles[0]?.text ?? '', { level: 9 }).length, files };
}

describe('radiology', () => {
  it.each([
    ['all readers of a viewer', READERS, 1_152],
    ['whatever else there is, together', Object.keys(radiology), 4_096],
    ...Object.keys(radiology).map((name): [string, string[], number] => [name, [name], 2_048]),
  ])('weighs little: %s', async (_, names, most) => {
    const { gzip } = await weigh(names);
    expect(gzip).toBeLessThanOrEqual(most);
  });

  it('brings nothing of the client', async () => {
    const { files } = await weigh(Object.keys(radiology));
    const others = files.filter((file) => !file.startsWith('src/radiology/'));
    expect(others.filter((file) => file !== '<stdin>').sort()).toEqual([
      'src/events/json-object.ts',
      'src/web/random.ts',
    ]);
  });
});
