import { defineConfig } from 'tsup';

/** One file a public entry point; the names are those of `exports` in package.json. */
const entry = {
  index: 'src/index.ts',
  'callback/index': 'src/callback/index.ts',
  'callback/adapters/express': 'src/callback/adapters/express.ts',
  'testing/index': 'src/testing/index.ts',
};

export default defineConfig([
  {
    entry,
    format: ['esm', 'cjs'],
    target: 'es2022',
    platform: 'neutral',
    // Shared code lives in chunks, so that a class such as FhircastError is one and the same in every entry point.
    splitting: true,
    sourcemap: true,
    // TypeScript 6 warns about baseUrl, which the bundler of declarations sets by itself.
    dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
    external: [/^node:/],
    clean: ['!browser/**'],
    removeNodeProtocol: false,
    silent: true,
  },
  {
    // For pages without a bundler: everything inside but fhirclient, which such a page loads by a script tag of its own.
    entry: { 'fhircast-client.min': 'src/index.ts' },
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
    removeNodeProtocol: false,
    silent: true,
  },
]);
