import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { entryPoints, specifier, subpaths } from './scripts/entry-points.ts';

/** Unit and integration tests run on the sources, whatever was built last. */
const sources = subpaths.map((subpath) => ({
  find: new RegExp(`^${specifier(subpath)}$`),
  replacement: resolve(import.meta.dirname, 'src', `${entryPoints[subpath]}.ts`),
}));

const elsewhere = [
  'test/integration/**',
  'test/browser/**',
  'test/package/**',
  'test/examples/**',
  'test/runtimes/**',
  'test/chaos/**',
  'test/hubs/**',
  'test/redis/**',
  'test/relay/**',
  'test/security/**',
];

export default defineConfig({
  test: {
    passWithNoTests: false,
    pool: 'threads',
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias: sources },
        test: { name: 'unit', include: ['test/**/*.test.{ts,tsx}'], exclude: elsewhere },
      },
      {
        // The same tests on the oldest React.
        resolve: { alias: [...sources, { find: /^(react|react-dom)(?=\/|$)/, replacement: '$1-18' }] },
        test: {
          name: 'react-18',
          include: ['test/react/**/*.test.tsx'],
          exclude: ['**/sync-words*'],
          setupFiles: ['test/react/react-18.ts'],
        },
      },
      {
        resolve: { alias: sources },
        test: {
          name: 'integration',
          include: ['test/{integration,chaos,hubs,redis,relay,security}/**/*.test.ts'],
          globalSetup: ['scripts/setup-redis.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'package',
          include: ['test/{package,examples,runtimes}/**/*.test.ts'],
          globalSetup: ['scripts/setup-build.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.{ts,tsx}'],
          globalSetup: ['scripts/setup-build.ts', 'scripts/setup-chromium.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Starts when the others are done: a browser needs the processors for itself.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
