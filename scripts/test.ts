/**
 * Everything that has to hold before a change lands, in the order in which a mistake is found soonest. Stops at the
 * first step that fails. The last line says how many tests passed and failed.
 */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { root, run } from './run.ts';

const report = resolve(root, 'artifacts/vitest.json');

const steps: readonly [name: string, command: string, ...args: string[]][] = [
  ['type check', 'tsc', '-p', 'tsconfig.json'],
  ['lint', 'biome', 'check', '--error-on-warnings'],
  ['build', 'tsup'],
  ['package', 'tsx', 'scripts/check-package.ts'],
  ['size', 'tsx', 'scripts/size.ts'],
  ['unused code and dependencies', 'knip'],
  ['API reference', 'typedoc', '--logLevel', 'Warn'],
  ['tests', 'vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
];

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

/** The closing line, when the tests were reached. A file that could not be loaded has no test but is a failure. */
async function closingLine(): Promise<string | undefined> {
  if (!existsSync(report)) return undefined;
  const { success, numPassedTests, numFailedTests } = JSON.parse(await readFile(report, 'utf8')) as Report;
  return `${numPassedTests} passed, ${success ? numFailedTests : Math.max(1, numFailedTests)} failed`;
}

await rm(report, { force: true });
for (const [name, command, ...args] of steps) {
  console.log(`\n── ${name}`);
  const start = performance.now();
  const code = await run(command, args);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`── ${name}: ${code === 0 ? 'ok' : 'FAILED'}, ${seconds} s`);
  if (code !== 0) {
    process.exitCode = 1;
    break;
  }
}

const closing = await closingLine();
if (closing !== undefined) console.log(`\n${closing}`);
