import { defineConfig } from 'tsup';
import { entryPoints } from './scripts/entry-points.ts';

export default defineConfig([
  {
    entry: Object.fromEntries(Object.values(entryPoints).map((path) => [path, `src/${path}.ts`])),
    format: ['esm', 'cjs'],
    target: 'es2022',
    platform: 'neutral',
    // Shared code lives in chunks, so that a class such as FhircastError is one and the same in every entry point.
    splitting: true,
    sourcemap: true,
    // tsup sets baseUrl when it makes the declarations, and TypeScript 6 would stop at that.
    dts: { compilerOptions: { ignoreDeprecations: '6.0', stripInternal: true } },
    external: [/^node:/],
    removeNodeProtocol: false,
    clean: ['!browser/**'],
    silent: true,
  },
  {
    // For pages without a bundler: everything inside but fhirclient, which such a page loads by a script tag of its own.
    entry: { 'fhircast-client.min': 'src/index.ts', 'relay-channel.min': 'src/relay/channel.ts' },
    outDir: 'dist/browser',
    format: ['esm'],
    target: 'es2022',
    platform: 'browser',
    splitting: true,
    minify: true,
    sourcemap: true,
    noExternal: [/^(?!fhirclient$)/],
    external: ['fhirclient'],
    clean: true,
    silent: true,
  },
]);
