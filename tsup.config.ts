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
    dts: {
      compilerOptions: { ignoreDeprecations: '6.0', stripInternal: true },
      // For `await using`, whatever the app's `lib` says.
      banner: '/// <reference lib="esnext.disposable" />',
    },
    external: [/^node:/],
    removeNodeProtocol: false,
    clean: ['!browser/**', '!cli/**'],
    silent: true,
  },
  {
    // The command. It stands on the entry points above, as any program does, and brings nothing of them along.
    entry: { 'cli/main': 'src/cli/main.ts' },
    format: ['esm'],
    target: 'es2022',
    platform: 'node',
    splitting: false,
    dts: false,
    sourcemap: true,
    external: [/^fhircast-client/],
    removeNodeProtocol: false,
    clean: false,
    silent: true,
  },
  {
    // For pages without a bundler: a module and a script, one file each, with everything inside but fhirclient.
    entry: { 'fhircast-client': 'src/browser/script.ts', 'fhircast-relay': 'src/browser/script-with-relay.ts' },
    outDir: 'dist/browser',
    format: ['esm', 'iife'],
    globalName: 'Fhircast',
    outExtension: ({ format }) => ({ js: format === 'iife' ? '.global.min.js' : '.min.js' }),
    // Hospitals embed old browsers. A test keeps out what they lack at run time.
    target: 'chrome88',
    platform: 'browser',
    splitting: false,
    // One after the other, they make the files 4 % smaller than esbuild does alone.
    minify: 'terser',
    terserOptions: { ecma: 2020, compress: { passes: 3 } },
    sourcemap: true,
    noExternal: [/^(?!fhirclient$)/],
    external: ['fhirclient'],
    esbuildOptions(options, { format }) {
      // A script imports nothing: fhirclient is a global there. Every browser has `fetch`.
      const absent = format === 'iife' ? ['cross-fetch', 'fhirclient'] : ['cross-fetch'];
      options.alias = Object.fromEntries(absent.map((name) => [name, './src/browser/absent.ts']));
      // Chromium has optional chains since 80. Only those with spread arguments went wrong before 91: a test finds them.
      options.supported = { 'optional-chain': true };
      options.legalComments = 'none';
      options.minify = true;
    },
    clean: true,
    silent: true,
  },
]);
