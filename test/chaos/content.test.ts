import { describe, expect, it } from 'vitest';
import { runAlone, runFairly } from './batch.ts';
import { brokenContent, type ContentBreakage } from './broken-content.ts';
import { contentScheduleOf, SHARING_WORLD } from './content-schedule.ts';
import type { Invariant } from './invariants.ts';
import { failureReport } from './report.ts';
import { type Schedule, type Step, scheduleOf } from './schedule.ts';
import { ALL_SUBJECTS } from './subjects.ts';

const SEEDS = 40;
const FROM = 101;
/** Among how many seeds everything occurs that a schedule may have. */
const VARIED = 200;
const SEEDS_A_TEST = 20;
/** How many runs there are at a time: most of their time is spent waiting. */
const AT_ONCE = 6;

const REPORT = ALL_SUBJECTS.findIndex(({ type }) => type === 'DiagnosticReport');
const STEPS: readonly Step[] = [
  { kind: 'publish', name: 'DiagnosticReport-open', subject: REPORT, wait: 'answers' },
  { kind: 'update', app: 0, how: 'put', what: 0, wait: 'answers' },
  { kind: 'update', app: 0, how: 'decide', what: 0, wait: 'answers' },
  { kind: 'update', app: 1, how: 'decide', what: 0, wait: 'answers' },
  { kind: 'other-update', how: 'put', what: 0, wait: 'answers' },
  { kind: 'update', app: 0, how: 'decide', what: 0, wait: 'answers' },
  { kind: 'other-select', what: [0], wait: 'answers' },
  { kind: 'select', app: 1, what: [0], wait: 'answers' },
];

/** Two apps that share content, and nothing that goes wrong. */
const quiet: Schedule = {
  seed: 0,
  hub: { keepEndpoints: false, replay: true, verifyInline: false, echoFirst: false, leaseSeconds: 7200, quirks: [] },
  apps: [
    { world: SHARING_WORLD, joinsAtFirst: true },
    { world: SHARING_WORLD, joinsAtFirst: true },
  ],
  calmStart: true,
  content: {},
  steps: STEPS,
};

describe('a schedule with content', () => {
  it('follows from its seed, and is that of the seed without it with more in between', () => {
    expect(contentScheduleOf(7)).toEqual(contentScheduleOf(7));
    const { steps } = contentScheduleOf(7);
    expect(
      steps.filter((step) => scheduleOf(7).steps.some((one) => JSON.stringify(one) === JSON.stringify(step))),
    ).toEqual(scheduleOf(7).steps);
  });

  it('has every action of an app and of others in one seed or another', () => {
    const kinds = Array.from({ length: VARIED }, (_, index) => contentScheduleOf(index + 1)).flatMap(({ steps }) =>
      steps.map((step) => ('how' in step && step.kind !== 'disturb' ? `${step.kind} ${step.how}` : step.kind)),
    );
    expect(new Set(kinds)).toEqual(
      new Set([
        ...kinds.filter((kind) => !/update|select/.test(kind)),
        ...['update put', 'update delete', 'update decide', 'select'],
        ...['other-update put', 'other-update delete', 'other-select'],
      ]),
    );
  });
});

describe('a run with content', () => {
  it('finds nothing where nothing goes wrong', async () => {
    const { breaches, sights } = await runAlone(quiet);
    expect(breaches).toEqual([]);
    expect(sights.filter(({ what }) => what.endsWith('is done'))).toHaveLength(4);
  });

  it.each<[ContentBreakage, Invariant]>([
    ['shows old content', 'content'],
    ['leaves out what it was told', 'content'],
    ['shows no selection', 'content'],
    ['tells half of a change', 'changes'],
    ['sends everything twice', 'delivery'],
    ['says that it is done, and sends nothing', 'delivery'],
    ['says that it was refused, and it was not', 'delivery'],
    ['decides by old content', 'delivery'],
    ['never says what became of it', 'delivery'],
  ])('notices an app that %s', { timeout: 60_000 }, async (breakage, invariant) => {
    const { breaches } = await runAlone(quiet, {
      share: brokenContent(breakage),
      boundMs: 300,
      truthWithinMs: 300,
      leftWithinMs: 300,
    });
    expect(breaches.map((breach) => breach.invariant)).toContain(invariant);
  });
});

describe('whatever goes wrong', () => {
  const firsts = Array.from({ length: SEEDS / SEEDS_A_TEST }, (_, index) => FROM + index * SEEDS_A_TEST);

  it.each(firsts)('everybody shares the same content: seeds from %i', { timeout: 180_000 }, async (first) => {
    const schedules = Array.from({ length: SEEDS_A_TEST }, (_, index) => contentScheduleOf(first + index));
    const { outcomes } = await runFairly(schedules, AT_ONCE);
    const failed = outcomes.filter(({ breaches }) => breaches.length > 0);
    expect(failed.map(failureReport).join('\n\n')).toBe('');
    expect(outcomes).toHaveLength(SEEDS_A_TEST);
  });
});
