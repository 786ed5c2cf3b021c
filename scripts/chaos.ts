/**
 * Runs seeded random schedules of user actions and faults between real sockets, and checks what must hold whatever goes
 * wrong: `npm run chaos -- --seeds 1000 --from 1 [--concurrency 6] [--shorten 5] [--content] [--verbose]`. With
 * `--content`, apps share content besides. A seed that fails prints its
 * schedule, shortened for as many seeds as `--shorten` says; `--seeds 1 --from <seed>` runs it again. The exit status is 1
 * when anything failed.
 */
import { parseArgs } from 'node:util';
import { runAlone, runFairly } from '../test/chaos/batch.ts';
import { contentScheduleOf } from '../test/chaos/content-schedule.ts';
import { addOutcome, failureReport, noTotals, summary } from '../test/chaos/report.ts';
import type { Outcome } from '../test/chaos/run.ts';
import { scheduleOf } from '../test/chaos/schedule.ts';
import { shorten } from '../test/chaos/shorten.ts';

/** How many schedules are run between two looks at what they left behind. */
const CHUNK = 40;

/** While a schedule is shortened, what does not recover soon counts as what does not recover. */
const QUICK = { boundMs: 2_500 };

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    concurrency: { type: 'string', default: '6' },
    shorten: { type: 'string', default: '5' },
    content: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

/** A number of the command line. */
function numberOf(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) {
    console.error('--seeds, --from, --concurrency and --shorten take numbers.');
    process.exit(2);
  }
  return number;
}

const seeds = numberOf(values.seeds);
const from = numberOf(values.from);
const shortened = numberOf(values.shorten);
const atOnce = Math.max(1, numberOf(values.concurrency));
/** Makes the schedule of a seed. */
const make = values.content ? contentScheduleOf : scheduleOf;
const totals = noTotals();
const start = performance.now();
const seconds = () => (performance.now() - start) / 1000;

function showProgress(): void {
  const line = `${totals.seeds}/${seeds} seeds, ${totals.failures} failures, ${seconds().toFixed(0)} s`;
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${line}`);
  else if (totals.seeds % (CHUNK * 5) === 0) console.log(line);
}

async function showFailure(outcome: Outcome): Promise<void> {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
  const shortest =
    totals.failures <= shortened ? await shorten(outcome, (schedule) => runAlone(schedule, QUICK)) : outcome;
  console.log(failureReport(shortest));
  const { schedule } = outcome;
  if (shortest === outcome) console.log('  Not shortened. Real sockets vary: it may not fail each time.');
  else {
    const removed = schedule.steps.length - shortest.schedule.steps.length;
    console.log(
      `  ${removed} of ${schedule.steps.length} steps were removed. Real sockets vary: it may not fail each time.`,
    );
  }
  console.log(
    `  npm run chaos -- ${values.content ? '--content ' : ''}--seeds 1 --from ${schedule.seed} runs it whole.\n`,
  );
}

for (let done = 0; done < seeds; done += CHUNK) {
  const schedules = Array.from({ length: Math.min(CHUNK, seeds - done) }, (_, index) => make(from + done + index));
  const { outcomes, again } = await runFairly(schedules, atOnce);
  totals.again += again;
  for (const outcome of outcomes) {
    addOutcome(totals, outcome);
    if (outcome.breaches.length > 0) await showFailure(outcome);
    else if (values.verbose) console.log(`seed ${outcome.schedule.seed}: ok, ${outcome.recoveredMs} ms`);
  }
  showProgress();
}
if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
console.log(summary(totals, seconds()));
process.exitCode = totals.failures > 0 ? 1 : 0;
