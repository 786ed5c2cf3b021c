import type { TestHubOptions } from '../../src/testing/index.ts';
import { WORLDS } from '../integration/worlds.ts';
import { Random } from './prng.ts';
import { QUIRKS, type Quirk } from './quirks.ts';
import { type ContentAction, pause, type Schedule, type Step, scheduleOf } from './schedule.ts';
import { ALL_SUBJECTS } from './subjects.ts';

/** The row of the matrix whose apps share content. */
export const SHARING_WORLD = WORLDS.find(({ versions }) => versions)?.title ?? '';

/** How many resources the steps are about. Few, so that they meet. */
const RESOURCES = 4;
/** The seeds of what is added are others than those of the schedules that it is added to. */
const APART = 0x5eed;

const REPORTS = ALL_SUBJECTS.flatMap(({ type }, index) => (type === 'DiagnosticReport' ? index : []));

/** Makes the schedule of a seed with content: that of the seed without it, with apps that share and what they do in between. */
export function contentScheduleOf(seed: number): Schedule {
  const { hub, apps, ...schedule } = scheduleOf(seed);
  const random = new Random(seed ^ (APART << 8));
  // Of a hub that tells no context, or half of it, content cannot be had.
  const quirks = hub.quirks.filter((name) => (QUIRKS[name] as Quirk).tells === undefined);
  const sharing = apps.map((app, index) => (index < 2 || random.chance(0.4) ? { ...app, world: SHARING_WORLD } : app));
  const steps: Step[] = [opening(random)];
  const often = random.between(1, 3);
  for (const step of schedule.steps) {
    for (let count = random.between(0, often); count > 0; count--) steps.push(added(random, apps.length));
    steps.push(step);
  }
  return { ...schedule, hub: { ...hub, quirks }, apps: sharing, content: contentOf(random), steps };
}

/** In few points the hub does otherwise than most. */
function contentOf(random: Random): Exclude<NonNullable<TestHubOptions['content']>, false> {
  const may = <T extends object>(option: T): T | object => (random.chance(0.25) ? option : {});
  return {
    ...may({ refusals: 'sync-error' as const }),
    ...may({ nonCurrentUpdates: true }),
    ...may({ repeatedIds: 'judged' as const }),
    ...may({ reopenedVersion: 'same' as const }),
    ...may({ replayedVersion: 'opened' as const }),
    ...may({ afterClose: 'kept' as const }),
    ...may({ selectVersions: random.pick(['told', 'new'] as const) }),
    ...may({ statuses: { version: random.pick([400, 412]) } }),
  };
}

function added(random: Random, apps: number): Step {
  return random.chance(0.12) ? opening(random) : { ...action(random, apps), wait: pause(random) };
}

const opening = (random: Random): Step => ({
  kind: 'publish',
  name: 'DiagnosticReport-open',
  subject: random.pick(REPORTS),
  wait: pause(random),
});

function action(random: Random, apps: number): ContentAction {
  const app = random.between(0, apps - 1);
  const what = random.between(0, RESOURCES - 1);
  const some = () => Array.from({ length: random.between(0, 2) }, () => random.between(0, RESOURCES - 1));
  return random.weighted<() => ContentAction>([
    [22, () => ({ kind: 'update', app, how: 'put', what })],
    [12, () => ({ kind: 'update', app, how: 'delete', what })],
    [26, () => ({ kind: 'update', app, how: 'decide', what })],
    [14, () => ({ kind: 'select', app, what: some() })],
    [16, () => ({ kind: 'other-update', how: random.chance(0.7) ? 'put' : 'delete', what })],
    [10, () => ({ kind: 'other-select', what: some() })],
  ])();
}
