import type { Outcome } from './run.ts';
import type { Schedule } from './schedule.ts';

/** How a schedule is shortened. */
export interface ShortenOptions {
  /** How many runs may be made. Default 90. */
  tries?: number;
  /** How often a schedule is run before it counts as one that does not fail: real sockets vary. Default 3. */
  attempts?: number;
}

/**
 * Removes steps from a schedule that failed, as long as what is left fails in the same way (delta debugging).
 *
 * @param failed how it failed
 * @param run runs a schedule
 * @returns the shortest that failed; what was given when that does not fail again
 */
export async function shorten(
  failed: Outcome,
  run: (schedule: Schedule) => Promise<Outcome>,
  { tries = 90, attempts = 3 }: ShortenOptions = {},
): Promise<Outcome> {
  // What was noticed first may have led to the others.
  const invariant = failed.breaches[0]?.invariant;
  let left = tries;
  let shortest = failed;
  const fails = async (schedule: Schedule): Promise<Outcome | undefined> => {
    for (let attempt = 0; attempt < attempts && left > 0; attempt++) {
      left--;
      const outcome = await run(schedule);
      if (outcome.breaches.some((breach) => breach.invariant === invariant)) return outcome;
    }
    return undefined;
  };
  const again = await fails(failed.schedule);
  if (!again) return failed;
  let size = Math.ceil(shortest.schedule.steps.length / 2);
  while (left > 0 && size >= 1) {
    let found = false;
    for (let from = 0; from < shortest.schedule.steps.length && left > 0; ) {
      const { steps } = shortest.schedule;
      const outcome = await fails({
        ...shortest.schedule,
        steps: [...steps.slice(0, from), ...steps.slice(from + size)],
      });
      if (outcome) {
        shortest = outcome;
        found = true;
      } else from += size;
    }
    if (size === 1 && !found) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return shortest;
}
