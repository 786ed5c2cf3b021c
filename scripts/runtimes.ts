/**
 * Runs the built client and callback endpoint on every runtime of scripts/runtimes/table.ts: `npm run test:runtimes`, or on
 * some, `npm run test:runtimes -- bun deno`. Those that do not come with the project are installed into node_modules/.cache. When
 * everything passes on all of them, the table in docs/runtimes.md is written anew. The exit status is 1 when something failed.
 */
import { readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { root, run } from './run.ts';
import { install } from './runtimes/install.ts';
import { documentTable, type Failures, tableOf } from './runtimes/report.ts';
import { RUNTIMES, type Runtime } from './runtimes/table.ts';

const report = resolve(root, 'artifacts/runtimes.json');

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly status: string;
      readonly meta: { readonly column?: string };
    }[];
  }[];
}

/** The runtimes that are named on the command line; all when none is. */
function wanted(): readonly Runtime[] {
  const ids = process.argv.slice(2);
  const unknown = ids.filter((name) => !RUNTIMES.some(({ id }) => id === name));
  if (unknown.length === 0) return ids.length === 0 ? RUNTIMES : RUNTIMES.filter(({ id }) => ids.includes(id));
  console.error(`Unknown: ${unknown.join(', ')}. There are ${RUNTIMES.map(({ id }) => id).join(', ')}.`);
  process.exit(2);
}

/** What failed, by runtime and column. A test that was not reached has failed too, and then every column is in doubt. */
async function readFailures(): Promise<Failures> {
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report;
  const failures = new Map<string, Set<string>>();
  for (const { ancestorTitles, status, meta } of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    const [name = ''] = ancestorTitles;
    const failed = failures.get(name) ?? new Set();
    failures.set(name, failed);
    if (status !== 'passed') failed.add(meta.column ?? 'Version');
  }
  return failures;
}

const runtimes = wanted();
try {
  for (const runtime of runtimes) await install(runtime, console.log);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

await rm(report, { force: true });
const ids = runtimes.map(({ id }) => id).join();
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
const code = await run('vitest', ['run', '--project', 'package', 'test/runtimes/runtimes.test.ts', ...reporters], {
  FHIRCAST_RUNTIMES: ids,
});

const failures = await readFailures().catch((): Failures => new Map());
const table = tableOf(runtimes, failures);
console.log(`\n${table}`);
const isComplete = runtimes.length === RUNTIMES.length && !/\| no \|/.test(table);
if (code !== 0) {
  console.log('Something failed: see above. docs/runtimes.md stays as it is.');
  process.exitCode = 1;
} else if (isComplete) {
  await documentTable(table);
  console.log('docs/runtimes.md has this table.');
} else console.log('Not all runtimes were tested: docs/runtimes.md stays as it is.');
