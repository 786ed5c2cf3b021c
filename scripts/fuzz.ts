/**
 * Attacks in two kinds: `npm run fuzz -- --kind mutation|size --count 100000 [--seed N] [--from I]`.
 *
 * By size, it gives long, wide and deep inputs to every entry to the package, and prints for how long the loop was blocked, and
 * by which of them. The exit status is 1 when that was a second or longer.
 *
 * By mutation, it sends mutated requests to a callback endpoint, to its node skin over real sockets and to its web skin, and compares what
 * comes of each with what an independent check says. A request that
 * fails is printed with its number; `--seed N --from I --count 1` makes it once more. The exit status is 1 when a request
 * was accepted that only the hub may send, when anything failed, or when the heap grew.
 */

import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { attack } from '../test/security/attack.ts';
import { attackBySize } from '../test/security/sizes.ts';

/** A leak of one request or one connection in ten would be more. In bytes for each request. */
const MOST_GROWTH = 20;

/** How often the heap is measured in a run. */
const SAMPLES = 50;

/** What is compiled and cached in the beginning is no leak. */
const WARM_UP = 4_000;

/** Shorter runs say nothing about the heap. */
const LEAST_FOR_HEAP = 50_000;

/** How many failures are printed. */
const SHOWN = 20;

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'mutation' },
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    from: { type: 'string', default: '0' },
  },
});

/** A number of the command line. */
function numberOf(name: keyof typeof values, least: number): number {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number >= least) return number;
  console.error(`--${name} takes a number from ${least}.`);
  process.exit(2);
}

const requests = numberOf('count', 1);
const seed = numberOf('seed', 0);
const from = numberOf('from', 0);

/** Nobody may wait so long for what somebody else has sent. In milliseconds. */
const LONGEST_MS = 1_000;

if (values.kind === 'size') {
  const cases = await attackBySize(seed, requests);
  console.log(`seed ${seed}: ${cases.length} inputs. The loop was blocked longest by:`);
  for (const { entry, shape, size, milliseconds } of cases.slice(0, SHOWN))
    console.log(`  ${milliseconds.toFixed(0)} ms: ${entry}, ${shape}, ${size} characters`);
  process.exit((cases[0]?.milliseconds ?? 0) >= LONGEST_MS ? 1 : 0);
}
if (values.kind !== 'mutation') {
  console.error('--kind takes mutation or size.');
  process.exit(2);
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is in use when everything that is not has been collected, in bytes. */
async function heapUsed(): Promise<number> {
  // Sockets are let go of a turn after they are closed.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  return process.memoryUsage().heapUsed;
}

/** The middle one of some numbers. */
const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

let crashes = 0;
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error) => {
    crashes++;
    console.error(`crash with seed ${seed}:`, error);
  });
}

console.log(`seed ${seed}`);
if (requests >= LEAST_FOR_HEAP) await attack({ seed: seed + 1, requests: WARM_UP });
const heap: number[] = [];
const start = performance.now();
const perSecond = (done: number) => (done / ((performance.now() - start) / 1000)).toFixed(0);

const report = await attack({
  seed,
  from,
  requests,
  progress: {
    every: Math.ceil(requests / SAMPLES),
    made: async (done) => {
      heap.push(await heapUsed());
      const line = `${done}/${requests} requests, ${perSecond(done)} a second, heap ${megabytes(heap.at(-1) ?? 0)} MB`;
      if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${line}`);
      else if (heap.length % 10 === 0) console.log(line);
    },
  },
});
if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');

const { statuses, failures, refused, originals, tidied } = report;
const statusText = [...statuses]
  .sort(([a], [b]) => a - b)
  .map(([status, count]) => `${status || 'closed'}: ${count}`)
  .join(', ');
console.log(`${report.requests} requests, ${perSecond(report.requests)} a second`);
console.log(`${refused} mutants refused, ${failures.length} failures, ${crashes} crashes`);
console.log(`${originals} originals taken, ${tidied} mutants taken that had become originals on their way`);
console.log(`answers: ${statusText}`);
for (const failure of failures.slice(0, SHOWN)) console.log(`  ${failure}`);
if (failures.length > 0) {
  const [, number = '0'] = /^request (\d+)/.exec(failures[0] ?? '') ?? [];
  console.log(`  npm run fuzz -- --seed ${seed} --from ${number} --count 1 makes the first one again.`);
}

const tenth = Math.max(1, Math.floor(heap.length / 10));
const growth = (median(heap.slice(-tenth)) - median(heap.slice(0, tenth))) / requests;
const isGrowing = requests >= LEAST_FOR_HEAP && growth > MOST_GROWTH;
if (requests >= LEAST_FOR_HEAP)
  console.log(`The heap grew by ${growth.toFixed(1)} bytes a request from the first tenth to the last.`);
process.exitCode = failures.length > 0 || crashes > 0 || isGrowing ? 1 : 0;
