import { observation } from './content-operations.ts';
import { ALL_SUBJECTS } from './subjects.ts';
import type { ChaosWorld } from './world.ts';

/** For how long everybody is given to follow a select, in milliseconds. */
const SELECTED_MS = 400;

/** While nothing is under way, whoever says that it knows the content shows the hub's, or finds out that it does not. */
export async function checkContentTruth(world: ChaosWorld, withinMs: number): Promise<void> {
  if (world.isBusy) return;
  const wrong = () => world.sharing.filter(({ isInStep, content }) => isInStep && content?.isWrong);
  if (await world.until(() => wrong().length === 0, withinMs)) return;
  world.breached('content', `believe in an old version: ${wrong().map(({ name }) => name)}`);
}

/** Faults have stopped: everybody knows the content of what is current, and then what a user does to a report. */
export async function recoverContent(world: ChaosWorld, boundMs: number): Promise<void> {
  await allKnow(world, boundMs, 'when faults stop');
  const report = ALL_SUBJECTS.find(({ type }) => type === 'DiagnosticReport');
  world.publish('DiagnosticReport-open', report?.context ?? []);
  await world.answered();
  await world.session.update({ put: [observation('last', world.nextMark())] });
  await allKnow(world, boundMs, 'after an open and an update');
  const others = () => world.sharing.filter(({ content }) => !content?.hasSelection);
  const until = performance.now() + boundMs;
  // Who is away misses a select, and nobody can ask for it: the next one is for everybody.
  do await world.session.select(['Observation/last']);
  while (!(await world.until(() => others().length === 0, SELECTED_MS)) && performance.now() < until);
  if (others().length > 0)
    world.breached('content', `show another selection than the hub: ${others().map(({ name }) => name)}`);
}

async function allKnow(world: ChaosWorld, boundMs: number, when: string): Promise<void> {
  const lacking = () => world.sharing.filter(({ content }) => content?.lack !== undefined);
  if (await world.until(() => lacking().length === 0, boundMs)) return;
  const { versionId } = world.session.content() ?? {};
  const standings = lacking().map(({ name, content, standing }) => `${name} has ${content?.lack} (${standing})`);
  world.breached('content', `${when}, the hub has version ${versionId?.slice(0, 8)}; ${standings.join('; ')}`);
}
