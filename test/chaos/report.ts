import { INVARIANTS } from './invariants.ts';
import type { Outcome } from './run.ts';
import { describeCast, describeStep } from './words.ts';

/** A failed run for a person to read: what was done, what each app saw of it, and what should not have been. */
export function failureReport({ schedule, breaches, sights }: Outcome): string {
  const seen = (step: number): string[] => {
    const apps = [...new Set(sights.filter((sight) => sight.step === step).map(({ app }) => app))];
    return apps.map((app) => {
      const what = sights.filter((sight) => sight.step === step && sight.app === app).map((sight) => sight.what);
      return `       ${app}: ${what.join(' | ')}`;
    });
  };
  const steps = schedule.steps.flatMap((step, index) => [
    `  ${String(index + 1).padStart(3)}. ${describeStep(step)}`,
    ...seen(index + 1),
  ]);
  return [
    `seed ${schedule.seed} failed:`,
    ...breaches.map(({ invariant, what, step }) => `  ✗ ${INVARIANTS[invariant]}: step ${step}: ${what}`),
    ...describeCast(schedule).map((line) => `  ${line}`),
    '    0. the beginning',
    ...seen(0),
    ...steps,
    `  ${String(schedule.steps.length + 1).padStart(3)}. faults stop`,
    ...seen(schedule.steps.length + 1),
  ].join('\n');
}

/** What many runs came to. */
export interface Totals {
  seeds: number;
  steps: number;
  events: number;
  resyncs: number;
  reconnects: number;
  failures: number;
  /** How often a seed was run again, because the process had been held up. */
  again: number;
  /** The longest that the apps of a seed took to be in step again, in milliseconds. */
  slowestMs: number;
  readonly faults: Map<string, number>;
}

/** Nothing yet. */
export const noTotals = (): Totals => ({
  seeds: 0,
  steps: 0,
  events: 0,
  resyncs: 0,
  reconnects: 0,
  failures: 0,
  again: 0,
  slowestMs: 0,
  faults: new Map(),
});

/** Adds a run to what many came to. */
export function addOutcome(totals: Totals, outcome: Outcome): void {
  totals.seeds++;
  totals.steps += outcome.schedule.steps.length;
  totals.events += outcome.events;
  totals.resyncs += outcome.resyncs;
  totals.reconnects += outcome.reconnects;
  totals.slowestMs = Math.max(totals.slowestMs, outcome.recoveredMs);
  if (outcome.breaches.length > 0) totals.failures++;
  for (const [kind, count] of outcome.faults) totals.faults.set(kind, (totals.faults.get(kind) ?? 0) + count);
}

/** What many runs came to, in one line. */
export function summary(totals: Totals, seconds: number): string {
  const { seeds, steps, events, resyncs, reconnects, failures, again, slowestMs } = totals;
  const faults = [...totals.faults].sort(([one], [other]) => one.localeCompare(other));
  const sum = faults.reduce((total, [, count]) => total + count, 0);
  const kinds = faults.map(([kind, count]) => `${kind} ${count}`).join(', ');
  return [
    `${seeds} seeds`,
    `${steps} steps`,
    `${sum} faults (${kinds})`,
    `${events} events delivered`,
    `${resyncs} resyncs`,
    `${reconnects} reconnects`,
    `in step again within ${slowestMs} ms`,
    ...(again > 0 ? [`${again} run again while the process was held up`] : []),
    `${failures} failures`,
    `${seconds.toFixed(1)} s`,
  ].join(', ');
}
