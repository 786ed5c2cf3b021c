import { build } from 'esbuild';
import { expect, it } from 'vitest';

it.each(['src/callback/index.ts', 'src/callback/adapters/express.ts'])(
  '%s imports nothing of Node: it runs on any web-standard server',
  async (entry) => {
    const { metafile } = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'neutral',
      external: ['node:*'],
      logLevel: 'silent',
    });
    const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
    expect(outside).toEqual([]);
    expect(Object.keys(metafile.inputs)).toContain(entry);
  },
);
