import type { WorldKind } from '../integration/worlds.ts';
import { act, share as change, isFault, isOfContent } from './actions.ts';
import { type ChaosApp, type ClientMaker, realClient } from './app.ts';
import { type ContentMaker, realContent } from './content-app.ts';
import { checkContentTruth, recoverContent } from './content-checks.ts';
import { harm, heal } from './faults.ts';
import type { Breach } from './invariants.ts';
import { characterOf, QUIRKS } from './quirks.ts';
import type { FaultAction, Schedule, Step } from './schedule.ts';
import { contextName, SUBJECTS } from './subjects.ts';
import { ChaosWorld } from './world.ts';

/** How a schedule is performed. */
export interface RunOptions {
  /** Makes the clients. Default: real ones. */
  readonly make?: ClientMaker;
  /** Shares the content of a client. Default: as apps do. */
  readonly share?: ContentMaker;
  /** Within what time everybody is in the hub's context once faults have stopped, in milliseconds. Default 10000. */
  readonly boundMs?: number;
  /** Within what time a client finds out that it does not show what the hub has, where it can, in milliseconds. Default 3000. */
  readonly truthWithinMs?: number;
  /** Within what time everything that a run let go of is gone, in milliseconds. Default 4000. */
  readonly leftWithinMs?: number;
}

/** Within what time everybody has left, in milliseconds: a client waits 5 seconds for a hub. */
const LEFT_WITHIN_MS = 8_000;

/** Within what time what follows from nothing but our own work has happened, in milliseconds. */
const SOON_MS = 3_000;

/** For how long everybody is given to come into the hub's context by asking, where the hub's answers tell little. */
const ASKING_MS = 1_500;

/** For how long everybody is given to follow an open, in milliseconds. */
const FOLLOWING_MS = 400;

/** How a run ended. */
export interface Outcome {
  readonly schedule: Schedule;
  readonly breaches: readonly Breach[];
  /** What each app saw at each step, in words. */
  readonly sights: ChaosWorld['sights'];
  /** How often each kind of fault was made. */
  readonly faults: ReadonlyMap<string, number>;
  readonly events: number;
  readonly resyncs: number;
  readonly reconnects: number;
  /** How long the apps took to be in step once faults had stopped, in milliseconds. */
  readonly recoveredMs: number;
}

/** Performs a schedule between real sockets, and checks the invariants. It never throws for a breach. */
export async function runSchedule(
  schedule: Schedule,
  { make = realClient, share = realContent, boundMs = 10_000, truthWithinMs = 3_000 }: RunOptions = {},
): Promise<Outcome> {
  const world = await ChaosWorld.start(schedule, { make, share });
  const faults = new Map<string, number>();
  try {
    await begin(world, schedule);
    for (const [index, step] of schedule.steps.entries()) {
      world.step = index + 1;
      if (isFault(step)) {
        const kind = faultName(step);
        faults.set(kind, (faults.get(kind) ?? 0) + 1);
        harm(world, step);
      } else if (isOfContent(step)) change(world, step);
      else await act(world, step);
      await pause(world, step.wait);
      if (step.wait !== 'answers') continue;
      await checkTruth(world, schedule.steps.slice(0, index + 1), truthWithinMs);
      await checkContentTruth(world, truthWithinMs);
    }
    world.step = schedule.steps.length + 1;
    const healedAt = performance.now();
    await recover(world, schedule, { boundMs, truthWithinMs });
    const recoveredMs = Math.round(performance.now() - healedAt);
    await leave(world, schedule);
    const total = (of: 'events' | 'resyncs' | 'reconnects') =>
      world.everybody.reduce((sum, { counts }) => sum + counts[of], 0);
    return {
      schedule,
      breaches: world.breaches,
      sights: world.sights,
      faults,
      events: total('events'),
      resyncs: total('resyncs'),
      reconnects: total('reconnects'),
      recoveredMs,
    };
  } finally {
    await world.close();
  }
}

/** What is counted as one kind of fault. */
const faultName = (step: Parameters<typeof harm>[1]): string =>
  step.kind === 'network' ? step.fault : step.kind === 'disturb' ? `message ${step.how}` : step.kind;

async function begin(world: ChaosWorld, { apps, calmStart }: Schedule): Promise<void> {
  for (const [index, { joinsAtFirst }] of apps.entries()) if (joinsAtFirst) await world.join(index);
  if (calmStart) await world.until(() => world.present.every(({ isInStep }) => isInStep), SOON_MS);
}

async function pause(world: ChaosWorld, wait: Step['wait']): Promise<void> {
  if (wait === 'turn') return new Promise((resolve) => setImmediate(resolve));
  if (wait === 'answers') return world.answered();
  if (wait !== 'nothing') return new Promise((resolve) => setTimeout(resolve, wait));
}

/** What a client cannot miss, or notices, even where the hub does not tell what is current. */
const NOTICED: ReadonlySet<Step['kind']> = new Set<FaultAction['kind']>([
  'lose-sockets',
  'revoke',
  'deny',
  'deny-next',
  'status',
]);

/** Whether every app has a way to know what the hub has, or that it does not know. */
const canKnow = ({ character }: ChaosWorld, steps: Schedule['steps']): boolean =>
  character.tells !== 'nothing' || steps.every((step) => !isFault(step) || NOTICED.has(step.kind));

/** While nothing is under way, whoever says that it is in step shows the hub's context. */
async function checkTruth(world: ChaosWorld, steps: Schedule['steps'], withinMs: number): Promise<void> {
  if (world.isBusy || !canKnow(world, steps)) return;
  // Who joined late knows nothing, where nobody tells.
  const isNew = (app: ChaosApp) => world.character.tells === 'nothing' && app.counts.opens === 0;
  const wrong = () => world.present.filter((app) => app.isWrong && !isNew(app));
  if (await world.until(() => wrong().length === 0, withinMs)) return;
  const standings = wrong().map(({ name, kind, standing }) => `${name} (${kind.title}) shows ${standing}`);
  world.breached('truth', `the hub has ${world.current}; ${standings.join('; ')}`);
}

/** Whether somebody may have been refused for good by what went wrong, so that the user has to ask again. */
const mayBeRefused = ({ steps, hub }: Schedule): boolean =>
  !hub.quirks.includes('denials for everybody') ||
  hub.verifyInline ||
  steps.some(({ kind }) => kind === 'deny' || kind === 'deny-next' || kind === 'status' || kind === 'revoke');

/** Where the hub tells little, its next open tells everybody where the session is. */
async function openUntil(world: ChaosWorld, isBack: () => boolean, boundMs: number): Promise<boolean> {
  world.clock.ehrOffMs = Math.max(world.clock.ehrOffMs, 0);
  const until = performance.now() + boundMs;
  for (let turn = 0; performance.now() < until; turn++) {
    const { type, context } = SUBJECTS[turn % SUBJECTS.length] as (typeof SUBJECTS)[number];
    world.publish(`${type}-open`, context);
    await world.answered();
    if (await world.until(isBack, FOLLOWING_MS)) return true;
  }
  return false;
}

/** Faults stop, and everybody comes into the hub's context. */
async function recover(
  world: ChaosWorld,
  schedule: Schedule,
  { boundMs, truthWithinMs }: { boundMs: number; truthWithinMs: number },
): Promise<void> {
  heal(world);
  for (const app of world.present) app.behaviour = 'follow';
  // What was refused for good is asked for again by the user, and faults that are still to come may refuse that, too.
  const askAgain = () => {
    if (mayBeRefused(schedule)) for (const app of world.present) app.askAgain();
    world.relaunch();
    return false;
  };
  const isRight = ({ isInStep, context, kind }: ChaosApp) => {
    if (isInStep && context === world.current) return true;
    // A callback that a hub has forgotten sees no end of anything.
    return isDeaf(schedule, kind) ? kind.channel === 'webhook' || !isInStep : mayBeHeldBack(schedule) && !isInStep;
  };
  const inStep = () => !world.isBusy && world.present.every(isRight);
  const isBack = () => askAgain() || inStep();
  const { tells } = world.character;
  let isAll = await world.until(isBack, tells === 'all' ? boundMs : ASKING_MS);
  const mayWait = () => tells !== 'all' || world.present.every((app) => isRight(app) || mayHaveGoneHome(schedule, app));
  if (!isAll && mayWait()) {
    await checkTruth(world, schedule.steps, truthWithinMs);
    isAll = await openUntil(world, isBack, boundMs);
  }
  if (!isAll) {
    const standings = world.present.map(({ name, kind, standing }) => `${name} (${kind.title}) shows ${standing}`);
    world.breached('convergence', [`the hub has ${world.current}`, ...standings, ...underWay(world)].join('; '));
  }
  const unanswered = () => world.present.flatMap(({ unanswered }) => unanswered);
  if (!(await world.until(() => unanswered().length === 0 && world.callback.unanswered === 0, boundMs))) {
    const ids = unanswered().map((id) => `#${id.slice(0, 8)}`);
    world.breached('answers', `never answered: ${ids.join(', ')} and ${world.callback.unanswered} by webhook`);
  }
  if (isAll && world.sharesContent) await recoverContent(world, boundMs);
  for (const app of world.present) app.compareListeners();
}

/** By what a hub ends a subscription, also while its socket opens. */
const ENDS: readonly Step['kind'][] = ['deny', 'expire', 'lose-sockets', 'restart'];

/**
 * Whether nobody can know that an app is deaf. Its hub does not tell what is open; and it has forgotten its webhooks, or ends them
 * after a lease that it does not name, or it ended the subscription while the socket opened and says yes to any socket all the same.
 */
const isDeaf = ({ steps, hub }: Schedule, { channel }: WorldKind): boolean => {
  if (!hub.quirks.includes('no context to ask for')) return false;
  if (channel === 'webhook')
    return (
      hub.quirks.includes('leases without a name') || steps.some((step) => step.kind === 'restart' && !step.memory)
    );
  const isAnySocketRight = hub.quirks.some((quirk) => QUIRKS[quirk].kind === 'confirmation');
  // The first end of a connection makes the client open another one, which the second one meets.
  const ends = steps.filter(({ kind }) => ENDS.includes(kind));
  return isAnySocketRight && (ends.length > 1 || ends.some(({ kind }) => kind === 'deny'));
};

/**
 * Whether an app may be behind until clocks agree again, and say so: the EHR's was ahead, what comes later seems older, and the hub's
 * answers are not to be relied on.
 */
const mayBeHeldBack = ({ hub, steps }: Schedule): boolean =>
  characterOf(hub.quirks).tells !== 'all' && steps.some(({ kind }) => kind === 'clock');

/**
 * Whether an app may say that it is behind until the next open. It has gone home, and the hub tells of a context that was opened
 * before by its time. Clocks differ: it came later, or the hub keeps what was left. Only its next event shows which.
 */
const mayHaveGoneHome = ({ steps, hub }: Schedule, { isInStep, context }: ChaosApp): boolean =>
  !isInStep &&
  context === contextName(null) &&
  (characterOf(hub.quirks).clockMs !== undefined || steps.some(({ kind }) => kind === 'clock')) &&
  steps.some((step) => 'name' in step && step.name === 'Home-open');

const underWay = (world: ChaosWorld): string[] => world.underWay.map((what) => `${what} does not end`);

/**
 * Whether the hub can be told that an app leaves: a client believes a hub that says that it holds no subscription, and a hub
 * of 2019 that asks back and does not get through hears nothing.
 */
const mustBeGone = ({ steps, hub }: Schedule): boolean =>
  // A hub that verifies without a mode may be the sandbox of 2018, where an app that leaves ends everybody's subscription.
  !hub.quirks.includes('leases without a name') &&
  // What a black hole swallows is not known to be gone, and a hub may hold a socket that ends in one.
  !steps.some((step) => step.kind === 'network' && step.fault === 'half-open') &&
  // A denial that meets a request on the way is believed: the hub may take the request after it.
  !(steps.some(({ kind }) => kind === 'deny') && steps.some(({ kind }) => kind === 'listen' || kind === 'join')) &&
  !steps.some(
    (step) =>
      (step.kind === 'status' && step.request === 'unsubscribe') ||
      (step.kind === 'network' && step.place === 'callback' && step.fault === 'refuse'),
  );

/**
 * Whether the hub still delivers to an app that has told it that it left. It may hold a subscription whose endpoint was in an
 * answer that did not arrive: of that, nobody knows.
 */
const isHeld = ({ session }: ChaosWorld, { hasLeftTheHub, name }: ChaosApp): boolean =>
  hasLeftTheHub && session.subscriptions.some((subscription) => subscription.name === name && subscription.active);

/** Everybody leaves, and nothing is heard of them afterwards. */
async function leave(world: ChaosWorld, schedule: Schedule): Promise<void> {
  const present = world.present;
  for (const app of world.everybody) world.expect(`leaving of ${app.name}`, app.leave());
  if (!(await world.until(() => !world.isBusy, LEFT_WITHIN_MS))) world.breached('leaks', underWay(world).join());
  const stay = () => (mustBeGone(schedule) ? present.filter((app) => isHeld(world, app)) : []);
  if (!(await world.until(() => stay().length === 0, SOON_MS)))
    world.breached('leaks', `the hub still delivers to ${stay().map(({ name }) => name)}`);
  await Promise.all(world.everybody.map((app) => app.idle()));
  world.publish('Home-open', []);
  await world.answered();
  if (!(await world.until(() => world.everybody.every(({ heldSockets }) => heldSockets === 0), SOON_MS))) {
    const open = world.everybody.filter(({ heldSockets }) => heldSockets > 0);
    world.breached(
      'leaks',
      `${open.map(({ name, heldSockets }) => `${heldSockets} sockets of ${name}`).join(', ')} stay`,
    );
  }
  for (const { content } of world.everybody) content?.settle();
  try {
    world.evidence.expectNoLeak();
  } catch (error) {
    world.breached('secrets', error instanceof Error ? error.message : String(error));
  }
}
