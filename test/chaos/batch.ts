import { monitorEventLoopDelay } from 'node:perf_hooks';
import { LeftBehind } from './left-behind.ts';
import { type Outcome, type RunOptions, runSchedule } from './run.ts';
import type { Schedule } from './schedule.ts';

/** Runs one schedule alone, so that what it leaves behind in the process is known to be its own. */
export async function runAlone(schedule: Schedule, options: RunOptions = {}): Promise<Outcome> {
  const [outcome] = await runTogether([schedule], 1, options);
  if (!outcome) throw new Error('Nothing was run.');
  return outcome;
}

/**
 * Runs schedules, several at a time. What they leave behind in the process is looked for at the end; when there is
 * something, the halves are run once more to find whose it is.
 *
 * @param atOnce how many run at a time
 */
async function runTogether(
  schedules: readonly Schedule[],
  atOnce: number,
  options: RunOptions = {},
): Promise<Outcome[]> {
  const leftBehind = new LeftBehind();
  const waiting = [...schedules];
  const outcomes: Outcome[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) outcomes.push(await runSchedule(next, options));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, schedules.length) }, work));
  const left = await leftBehind.end(options.leftWithinMs);
  if (left.length === 0) return outcomes;
  if (schedules.length > 1) {
    const middle = Math.ceil(schedules.length / 2);
    const again: Outcome[] = [];
    for (const half of [schedules.slice(0, middle), schedules.slice(middle)])
      again.push(...(await runTogether(half, atOnce, options)));
    if (again.some(isLeaking)) return again.map((outcome) => merged(outcomes, outcome));
  }
  // Of several, nobody knows whose it is.
  return outcomes.map((outcome, index) => (index === 0 ? blamed(outcome, left) : outcome));
}

/** Who is held up for so long takes a connection for dead that lives: the apps of a run are that impatient. In milliseconds. */
const HELD_UP_MS = 150;

/** Who is held up a little all the time gets less done than the clocks of others expect. The median, in milliseconds. */
const SLOWED_DOWN_MS = 25;

/** How often a failure is looked at again, while the process goes on being held up. */
const LOOKS = 4;

/** Outcomes, and how many seeds were run again. */
export interface Fairly {
  readonly outcomes: readonly Outcome[];
  readonly again: number;
}

/**
 * Runs schedules as `runTogether()` does. What failed while the process did not get its processor, because others needed it, is
 * run again alone: then everybody's clocks went on, and nobody's work did.
 *
 * @param atOnce how many run at a time
 */
export async function runFairly(schedules: readonly Schedule[], atOnce: number): Promise<Fairly> {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  const wasHeldUp = () => delay.max / 1e6 > HELD_UP_MS || delay.percentile(50) / 1e6 > SLOWED_DOWN_MS;
  delay.enable();
  const outcomes = await runTogether(schedules, atOnce);
  const allWereHeldUp = wasHeldUp();
  let again = 0;
  const fair: Outcome[] = [];
  for (let outcome of outcomes) {
    let isHeldUp = allWereHeldUp;
    for (let look = 0; look < LOOKS && outcome.breaches.length > 0 && isHeldUp; look++) {
      again++;
      delay.reset();
      outcome = await runAlone(outcome.schedule);
      isHeldUp = wasHeldUp();
    }
    fair.push(outcome);
  }
  delay.disable();
  return { outcomes: fair, again };
}

/** What was found before is not lost because it did not happen again. */
const merged = (before: readonly Outcome[], again: Outcome): Outcome => {
  const first = before.find(({ schedule }) => schedule === again.schedule);
  if (!first || first.breaches.length === 0) return again;
  return {
    ...first,
    breaches: [...first.breaches, ...again.breaches.filter(({ invariant }) => invariant === 'leaks')],
  };
};

const isLeaking = ({ breaches }: Outcome): boolean => breaches.some(({ invariant }) => invariant === 'leaks');

const blamed = (outcome: Outcome, left: readonly string[]): Outcome => {
  const step = outcome.schedule.steps.length + 1;
  return {
    ...outcome,
    breaches: [...outcome.breaches, ...left.map((what) => ({ invariant: 'leaks' as const, what, step }))],
  };
};
