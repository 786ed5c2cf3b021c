import { afterEach, describe, expect, it } from 'vitest';
import { WORLDS } from '../integration/worlds.ts';
import { runAlone, runFairly } from './batch.ts';
import { type Breakage, brokenClient, forgottenTimers } from './broken-clients.ts';
import type { Invariant } from './invariants.ts';
import { QUIRKS, type QuirkName } from './quirks.ts';
import { addOutcome, failureReport, noTotals, summary } from './report.ts';
import { type Schedule, type Step, scheduleOf } from './schedule.ts';
import { shorten } from './shorten.ts';

const SEEDS = 150;
/** Among how many seeds everything occurs that a schedule may have. */
const VARIED = 200;
const SEEDS_A_TEST = 25;
/** How many runs there are at a time: most of their time is spent waiting. */
const AT_ONCE = 6;

const SOCKET_WORLD = WORLDS.find(({ channel }) => channel === 'websocket')?.title ?? '';

/** Two apps on websockets, and three patients one after the other. */
const quiet = (steps: readonly Step[] = [0, 1, 2].map(opening), quirks: readonly QuirkName[] = []): Schedule => ({
  seed: 0,
  hub: { keepEndpoints: false, replay: true, verifyInline: false, echoFirst: false, leaseSeconds: 7200, quirks },
  apps: [
    { world: SOCKET_WORLD, joinsAtFirst: true },
    { world: SOCKET_WORLD, joinsAtFirst: true },
  ],
  calmStart: true,
  steps,
});

const opening = (subject: number): Step => ({ kind: 'publish', name: 'Patient-open', subject, wait: 'answers' });
const closing = (subject: number): Step => ({ kind: 'publish', name: 'Patient-close', subject, wait: 'answers' });

describe('a schedule', () => {
  it('follows from its seed', () => {
    expect(scheduleOf(7)).toEqual(scheduleOf(7));
    expect(scheduleOf(7)).not.toEqual(scheduleOf(8));
  });

  it('has every quirk of a hub, alone and beside others', () => {
    const schedules = Array.from({ length: VARIED }, (_, index) => scheduleOf(index + 1));
    const chosen = schedules.map(({ hub }) => hub.quirks);
    expect([...new Set(chosen.flat())].sort()).toEqual(Object.keys(QUIRKS).sort());
    expect(new Set(chosen.map(({ length }) => length))).toEqual(new Set([0, 1, 2]));
  });

  it('has every row of the matrix, every action and every fault in one seed or another', () => {
    const schedules = Array.from({ length: VARIED }, (_, index) => scheduleOf(index + 1));
    const worlds = new Set(schedules.flatMap(({ apps }) => apps.map(({ world }) => world)));
    expect([...worlds].sort()).toEqual(WORLDS.map(({ title }) => title).sort());
    const kinds = new Set(
      schedules.flatMap(({ steps }) =>
        steps.map((step) => {
          if (step.kind === 'network') return step.fault;
          if (step.kind === 'disturb') return `message ${step.how}`;
          return step.kind === 'restart' ? `restart ${step.memory}` : step.kind;
        }),
      ),
    );
    expect([...kinds].sort()).toEqual(
      [
        ...['publish', 'change', 'behave', 'listen', 'join', 'leave', 'ask-again', 'foreign'],
        ...['refuse', 'delay', 'cut', 'half-open', 'truncate', 'heal', 'status', 'expire', 'revoke'],
        ...['message drop', 'message duplicate', 'message reorder', 'message garbage', 'message truncate'],
        ...['message keepalive', 'message binary', 'clock'],
        ...['message wrong-topic', 'restart true', 'restart false', 'lose-sockets', 'deny', 'deny-next'],
      ].sort(),
    );
  });
});

describe('a run', () => {
  afterEach(() => {
    for (const timer of forgottenTimers) clearInterval(timer);
    forgottenTimers.clear();
  });

  it('finds nothing where nothing goes wrong', async () => {
    const outcome = await runAlone(quiet());
    expect(outcome.breaches).toEqual([]);
    expect(outcome.events).toBe(6);
  });

  it.each<[Breakage, Invariant]>([
    ['delivers late', 'order'],
    ['shows nothing', 'convergence'],
    ['repeats events', 'once'],
    ['answers twice', 'answers'],
    ['never answers', 'answers'],
    ['mixes sessions up', 'topic'],
    ['forgets a timer', 'leaks'],
    ['says the token', 'secrets'],
  ])('notices a client that %s', { timeout: 30_000 }, async (breakage, invariant) => {
    const outcome = await runAlone(quiet(), {
      make: brokenClient(breakage),
      boundMs: 300,
      truthWithinMs: 300,
      leftWithinMs: 300,
    });
    expect(outcome.breaches.map((breach) => breach.invariant)).toContain(invariant);
    expect(failureReport(outcome)).toContain('1. the EHR sends Patient-open ada-quill');
  });

  const byApp: Step = { kind: 'change', app: 0, name: 'Patient-open', subject: 0, wait: 'answers' };
  const forgets: Step = { kind: 'restart', memory: false, wait: 'answers' };

  it.each<[Breakage, Invariant, QuirkName, readonly Step[]]>([
    ['takes an id for the event', 'truth', 'one id for all events', [opening(0), opening(1)]],
    ['is in step after a stale event', 'truth', 'a slow clock', [byApp, opening(1)]],
    ['believes any confirmation', 'convergence', 'yes to any socket', [opening(0), forgets, opening(1)]],
  ])(
    'notices a client that %s, where nobody tells the context',
    {
      timeout: 30_000,
    },
    async (breakage, invariant, quirk, steps) => {
      const schedule = quiet(steps, [quirk, 'no context to ask for']);
      const outcome = await runAlone(schedule, { make: brokenClient(breakage), boundMs: 300, truthWithinMs: 300 });
      expect(outcome.breaches.map((breach) => breach.invariant)).toContain(invariant);
      expect((await runAlone(schedule)).breaches).toEqual([]);
    },
  );

  it('notices a rejection that nobody handles', async () => {
    // The test runner would take it for its own.
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    try {
      const { breaches } = await runAlone(quiet(), { make: brokenClient('forgets a rejection') });
      expect(breaches).toMatchObject([{ invariant: 'leaks' }, { invariant: 'leaks' }]);
      expect(breaches[0]?.what).toContain('Nobody looks at this.');
    } finally {
      for (const listener of others) process.on('unhandledRejection', listener);
    }
  });

  it('is shortened to the steps that it takes', { timeout: 90_000 }, async () => {
    const options = { make: brokenClient('shows nothing'), boundMs: 200, truthWithinMs: 200 };
    const steps = [closing(1), opening(0), closing(0), opening(2), closing(1)];
    const outcome = await runAlone(quiet(steps), options);
    const shortest = await shorten(outcome, (schedule) => runAlone(schedule, options), { attempts: 1 });
    expect(shortest.schedule.steps).toHaveLength(1);
    expect(shortest.schedule.steps[0]).toMatchObject({ name: 'Patient-open' });
  });

  const QUIRK_NAMES = Object.keys(QUIRKS) as QuirkName[];

  it.each(QUIRK_NAMES)('finds nothing where a hub has %s', { timeout: 30_000 }, async (quirk) => {
    const steps = [opening(0), opening(3), opening(1), { ...byApp, subject: 2 }, opening(4), closing(4), opening(0)];
    const { breaches } = await runAlone(quiet(steps, [quirk]));
    expect(breaches).toEqual([]);
  });

  it('is counted', async () => {
    const totals = noTotals();
    addOutcome(totals, await runAlone(quiet([{ kind: 'restart', memory: true, wait: 'turn' }, opening(0)])));
    expect(totals).toMatchObject({ seeds: 1, steps: 2, reconnects: 2, failures: 0 });
    expect(summary(totals, 1)).toMatch(/^1 seeds, 2 steps, 1 faults \(restart 1\), .* 0 failures, 1\.0 s$/);
  });
});

describe('whatever goes wrong', () => {
  const firsts = Array.from({ length: SEEDS / SEEDS_A_TEST }, (_, index) => index * SEEDS_A_TEST + 1);

  it.each(firsts)('all invariants hold: seeds from %i', { timeout: 90_000 }, async (first) => {
    const schedules = Array.from({ length: SEEDS_A_TEST }, (_, index) => scheduleOf(first + index));
    const { outcomes } = await runFairly(schedules, AT_ONCE);
    const failed = outcomes.filter(({ breaches }) => breaches.length > 0);
    expect(failed.map(failureReport).join('\n\n')).toBe('');
    expect(outcomes).toHaveLength(SEEDS_A_TEST);
  });
});
