import type { Disturbance, TestHubOptions } from '../../src/testing/index.ts';
import { WORLDS } from '../integration/worlds.ts';
import { Random } from './prng.ts';
import { characterOf, QUIRKS, type Quirk, type QuirkName } from './quirks.ts';
import { SUBJECTS } from './subjects.ts';

/** What an app does with an event. */
export type Behaviour = 'follow' | 'refuse' | 'slow' | 'throw' | 'fail-late';

/** What goes wrong between sockets. */
export type NetworkFault = 'refuse' | 'delay' | 'cut' | 'half-open' | 'truncate';

/** Between whom a network stands: the apps and the hub, or the hub and the apps' callbacks. */
export type Place = 'hub' | 'callback';

/** What a user, an app or the EHR does. */
export type UserAction =
  | { readonly kind: 'publish'; readonly name: string; readonly subject: number }
  | { readonly kind: 'change'; readonly app: number; readonly name: string; readonly subject: number }
  | { readonly kind: 'behave'; readonly app: number; readonly how: Behaviour }
  | { readonly kind: 'listen'; readonly app: number; readonly name: string; readonly on: boolean }
  | { readonly kind: 'join'; readonly app: number }
  | { readonly kind: 'leave'; readonly app: number }
  | { readonly kind: 'ask-again'; readonly app: number }
  | { readonly kind: 'foreign' };

/** What an app that shares content does, and what another application does to the same content. */
export type ContentAction =
  | { readonly kind: 'update'; readonly app: number; readonly how: 'put' | 'delete' | 'decide'; readonly what: number }
  | { readonly kind: 'select'; readonly app: number; readonly what: readonly number[] }
  | { readonly kind: 'other-update'; readonly how: 'put' | 'delete'; readonly what: number }
  | { readonly kind: 'other-select'; readonly what: readonly number[] };

/** What goes wrong. */
export type FaultAction =
  | { readonly kind: 'network'; readonly place: Place; readonly fault: NetworkFault; readonly amount: number }
  | { readonly kind: 'heal'; readonly place: Place }
  | { readonly kind: 'disturb'; readonly how: Disturbance; readonly app: number | undefined }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly request: 'subscribe' | 'unsubscribe' | 'publish' | 'context' | undefined;
      readonly retryAfter: number | undefined;
    }
  | { readonly kind: 'expire' }
  | { readonly kind: 'restart'; readonly memory: boolean }
  | { readonly kind: 'lose-sockets'; readonly code: number | undefined }
  | { readonly kind: 'deny'; readonly app: number | undefined }
  | { readonly kind: 'deny-next' }
  | { readonly kind: 'revoke'; readonly app: number }
  | { readonly kind: 'clock'; readonly offMs: number };

/** One step, and what is waited for after it: nothing, one turn of the loop, the answers to events, or milliseconds. */
export type Step = (UserAction | ContentAction | FaultAction) & {
  readonly wait: 'nothing' | 'turn' | 'answers' | number;
};

/** How the hub of a schedule behaves. */
export interface HubPlan {
  readonly keepEndpoints: boolean;
  readonly replay: boolean;
  readonly verifyInline: boolean;
  readonly echoFirst: boolean;
  readonly leaseSeconds: number;
  readonly heartbeatSeconds?: number;
  /** In what it departs from the text, and its EHR. */
  readonly quirks: readonly QuirkName[];
}

/** Everything that happens in a run. It follows from the seed, and can be shortened. */
export interface Schedule {
  readonly seed: number;
  readonly hub: HubPlan;
  /** The rows of the matrix of the apps, by their titles. Those that do not join at first come later or never. */
  readonly apps: readonly { readonly world: string; readonly joinsAtFirst: boolean }[];
  /** Whether the apps are subscribed before the first step. */
  readonly calmStart: boolean;
  /** How the hub shares content; without it, no app shares any. */
  readonly content?: NonNullable<TestHubOptions['content']>;
  readonly steps: readonly Step[];
}

const NETWORK_FAULTS: readonly NetworkFault[] = ['refuse', 'delay', 'cut', 'half-open', 'truncate'];
const DISTURBANCES: readonly Disturbance[] = [
  'drop',
  'duplicate',
  'reorder',
  'garbage',
  'truncate',
  'wrong-topic',
  'keepalive',
  'binary',
];

/** Makes one kind of fault. */
type FaultMaker = (random: Random, apps: number) => FaultAction;

const FAULTS: readonly FaultMaker[] = [
  ...NETWORK_FAULTS.map(
    (fault): FaultMaker =>
      (random) => ({ kind: 'network', place: placeOf(random), fault, amount: amount(random, fault) }),
  ),
  ...DISTURBANCES.map(
    (how): FaultMaker =>
      (random, apps) => ({ kind: 'disturb', how, app: someApp(random, apps) }),
  ),
  (random) => ({ kind: 'heal', place: placeOf(random) }),
  status,
  () => ({ kind: 'expire' }),
  (random) => ({ kind: 'restart', memory: random.chance(0.6) }),
  (random) => ({ kind: 'lose-sockets', code: random.pick([undefined, 1000, 1001, 1008, 1011, 1012]) }),
  (random, apps) => ({ kind: 'deny', app: someApp(random, apps) }),
  () => ({ kind: 'deny-next' }),
  (random, apps) => ({ kind: 'revoke', app: random.between(0, apps - 1) }),
];

/** The EHR's clock is set: right, slow or fast by minutes. */
const setClock: FaultMaker = (random) => ({ kind: 'clock', offMs: random.pick([0, -5, -1, 1, 5]) * 60_000 });

const BEHAVIOURS: readonly Behaviour[] = ['follow', 'refuse', 'slow', 'throw', 'fail-late'];
/** Events without a context: listening to them changes a subscription and nothing else. */
const OTHER_EVENTS = ['UserLogout', 'UserHibernate', 'DiagnosticReport-update'];
/** A hub that refuses to tell the context for good is not asked again, so that it is not among these. */
const PASSING = [429, 500, 502, 503];
const STATUSES = [...PASSING, 400, 401, 403, 404, 409];

/** Makes the schedule of a seed. */
export function scheduleOf(seed: number): Schedule {
  const random = new Random(seed);
  const count = random.between(2, 3);
  const later = random.between(0, 2);
  const apps = Array.from({ length: count + later }, (_, index) => ({
    world: random.pick(WORLDS).title,
    joinsAtFirst: index < count,
  }));
  const quirks = quirksOf(random);
  const { clockMs } = characterOf(quirks);
  const hub: HubPlan = {
    keepEndpoints: random.chance(0.4),
    replay: random.chance(0.7),
    verifyInline: random.chance(0.3),
    echoFirst: random.chance(0.2),
    leaseSeconds: random.chance(0.1) ? 1 : 7200,
    ...(random.chance(0.2) ? { heartbeatSeconds: 0.1 } : {}),
    quirks,
  };
  // Few kinds of faults at a time find more than all of them at once.
  const faults = FAULTS.filter(() => random.chance(0.3));
  if (clockMs === 'jumps') faults.push(setClock, setClock);
  const often = faults.length === 0 ? 0 : 0.15 + random.next() * 0.4;
  const calmStart = random.chance(0.75);
  const length = random.between(6, 22);
  const steps: Step[] = [];
  for (let index = 0; index < length; index++) {
    const action = random.chance(often) ? random.pick(faults)(random, apps.length) : user(random, apps.length);
    steps.push({ ...action, wait: pause(random) });
  }
  return { seed, hub, apps, calmStart, steps };
}

/** Few quirks at a time, and none of most kinds. */
function quirksOf(random: Random): QuirkName[] {
  const count = random.weighted([
    [30, 0],
    [40, 1],
    [30, 2],
  ]);
  const names = Object.keys(QUIRKS) as QuirkName[];
  const chosen: QuirkName[] = [];
  for (let index = 0; index < count; index++) {
    const taken = new Set<Quirk['kind']>(chosen.map((name) => QUIRKS[name].kind));
    chosen.push(random.pick(names.filter((name) => !taken.has(QUIRKS[name].kind))));
  }
  return chosen;
}

/** What is waited for after a step. */
export function pause(random: Random): Step['wait'] {
  return random.weighted<() => Step['wait']>([
    [25, () => 'nothing'],
    [20, () => 'turn'],
    [30, () => 'answers'],
    [25, () => random.between(1, 30)],
  ])();
}

function user(random: Random, apps: number): UserAction {
  const app = random.between(0, apps - 1);
  return random.weighted<() => UserAction>([
    [55, () => ({ kind: 'publish', ...event(random) })],
    [15, () => ({ kind: 'change', app, ...event(random) })],
    [8, () => ({ kind: 'behave', app, how: random.pick(BEHAVIOURS) })],
    [7, () => ({ kind: 'listen', app, name: random.pick(OTHER_EVENTS), on: random.chance(0.6) })],
    [5, () => ({ kind: 'join', app })],
    [3, () => ({ kind: 'leave', app })],
    [3, () => ({ kind: 'ask-again', app })],
    [4, () => ({ kind: 'foreign' })],
  ])();
}

function event(random: Random): { name: string; subject: number } {
  const subject = random.between(0, SUBJECTS.length - 1);
  const { type = '' } = SUBJECTS[subject] ?? {};
  const verb = random.weighted([
    [62, 'open'],
    [30, 'close'],
    [8, 'home'],
  ]);
  return { name: verb === 'home' ? 'Home-open' : `${type}-${verb}`, subject };
}

const placeOf = (random: Random): Place => (random.chance(0.7) ? 'hub' : 'callback');

/** One app, or all of them. */
const someApp = (random: Random, apps: number): number | undefined =>
  random.chance(0.6) ? random.between(0, apps - 1) : undefined;

/** Milliseconds of a delay, bytes of a truncation. */
function amount(random: Random, choice: NetworkFault): number {
  if (choice === 'delay') return random.between(5, 80);
  return choice === 'truncate' ? random.pick([0, 1, 20, 150, 300, 600]) : 0;
}

function status(random: Random): FaultAction {
  const request = random.pick(['subscribe', 'unsubscribe', 'publish', 'context', undefined] as const);
  const chosen = random.pick(request === 'context' || request === undefined ? PASSING : STATUSES);
  const retryAfter = [429, 503].includes(chosen) && random.chance(0.6) ? (random.chance(0.2) ? 1 : 0) : undefined;
  return { kind: 'status', status: chosen, request, retryAfter };
}
