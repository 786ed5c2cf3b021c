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
 * something, each is run once more alone.
 *
 * @param atOnce how many run at a time
 */
export async function runTogether(
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
  const blame = ({ schedule, breaches, ...rest }: Outcome): Outcome => ({
    ...rest,
    schedule,
    breaches: [
      ...breaches,
      ...left.map((what) => ({ invariant: 'leaks' as const, what, step: schedule.steps.length + 1 })),
    ],
  });
  if (schedules.length === 1) return outcomes.map(blame);
  const again: Outcome[] = [];
  for (const schedule of schedules) again.push(await runAlone(schedule, options));
  if (again.some(({ breaches }) => breaches.some(({ invariant }) => invariant === 'leaks'))) return again;
  // Nobody knows whose it is.
  return outcomes.map((outcome, index) => (index === 0 ? blame(outcome) : outcome));
}
