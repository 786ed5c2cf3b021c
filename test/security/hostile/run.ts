import { fork } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { slope } from '../../chaos/slope.ts';
import { type App, openApps } from './apps.ts';
import { ATTACKS, CONFIDENTIAL } from './attacks.ts';
import { Blocks } from './blocks.ts';
import type { Order, Report } from './hub.ts';
import type { PlainReport } from './plain.ts';
import { Secrets } from './printed.ts';

/** How long a run lasts, and how hard it is. */
export interface HostileOptions {
  /** For so long, in milliseconds, and for a whole round at least. */
  readonly forMs: number;
  /** How often the honest publisher opens a patient, in milliseconds. */
  readonly paceMs: number;
  /** 1 for inputs of a megabyte. */
  readonly scale: number;
  /** Told after every round. */
  readonly progress?: (sample: Sample) => void;
}

/** What is in use after a round of attacks. */
export interface Sample {
  readonly minutes: number;
  readonly rounds: number;
  /** After a garbage collection, in bytes. */
  readonly bytes: number;
}

/** What became of the honest events in one app. */
export interface Arrivals {
  readonly way: string;
  /** How long each took to be shown, or a later one, in milliseconds, the shortest first. */
  readonly times: readonly number[];
  /** How many were shown themselves, and not by a later one. */
  readonly shown: number;
  /** How much longer each took than to a subscriber that does nothing, in milliseconds, the shortest first. */
  readonly beyond: readonly number[];
  /** Those that were later than {@link LATE_MS}, or were never shown: during which attack. */
  readonly late: readonly string[];
  /** How the app ended: with the patient of the honest publisher, in doubt, or with another one. */
  readonly end: 'honest' | 'behind' | 'wrong';
  /** Errors, warnings and changes of the state by their codes. */
  readonly said: Readonly<Record<string, number>>;
}

/** What came of a run. */
export interface Outcome {
  readonly arrivals: readonly Arrivals[];
  /** How long each honest event took to a subscriber that does nothing, in milliseconds, the shortest first. */
  readonly plain: readonly number[];
  readonly samples: readonly Sample[];
  /** The longest block of the loop in each attack, in milliseconds, the longest first. */
  readonly blocks: readonly (readonly [attack: string, milliseconds: number])[];
  /** How often all apps together asked the hub for the current context, at most, in each attack. */
  readonly asked: readonly (readonly [attack: string, times: number])[];
  /** Where something confidential was said. */
  readonly leaks: readonly string[];
}

/**
 * An honest event is late when it is shown so much later than a subscriber that does nothing has it: the hub is busy with the
 * attack, too, and the machine may be with something else. In milliseconds.
 */
export const LATE_MS = 5_000;

/** What comes after an attack belongs to it for so long. In milliseconds. */
const AFTERMATH_MS = 100;
/** How long an app may take to come to its end. In milliseconds. */
const END_WITHIN_MS = 15_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An honest event. */
interface Honest {
  readonly at: number;
  readonly during: string;
  /** When the subscriber that does nothing had it. */
  plainAt?: number;
}

/** Which honest event opened a patient; `undefined` for the patients of the others. */
const numberOf = (id: string | undefined): number | undefined => {
  const [, number] = /-honest-(\d+)$/.exec(id ?? '') ?? [];
  return number === undefined ? undefined : Number(number);
};

const sorted = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b);

/** Follows one app: what it shows, and what it says. */
class Watch {
  readonly #app: App;
  readonly #secrets: Secrets;
  readonly #open = new Map<number, Honest>();
  readonly #shownAt: { readonly honest: Honest; readonly at: number }[] = [];
  readonly #said: Record<string, number> = {};
  #shown = 0;

  constructor(app: App, secrets: Secrets) {
    this.#app = app;
    this.#secrets = secrets;
    const { client } = app;
    client.on('Patient-open', ({ patient }) => this.#arrived(patient.id));
    for (const name of ['Patient-close', 'UserLogout', 'UserHibernate', 'SyncError', 'heartbeat', '*'] as const)
      client.on(name, () => {});
    client.on('error', (error) => this.#say('error', error.code, error));
    client.on('warning', (warning) => this.#say('warning', warning.code, warning));
    client.on('state', (change) => this.#say('state', change.reason, change));
    client.on('protocol', (record) => this.#secrets.look(`${app.way}: protocol`, record));
  }

  /** The honest publisher has opened a patient. */
  opened(number: number, honest: Honest): void {
    this.#latest = number;
    this.#open.set(number, honest);
  }

  /** Whether everything that was opened is shown. */
  get isThrough(): boolean {
    return this.#open.size === 0;
  }

  /** How the app stands. */
  get end(): Arrivals['end'] {
    const { context, syncStatus } = this.#app.client;
    if (numberOf(context.current?.patient?.id) === this.#latest) return 'honest';
    return syncStatus.state === 'in-sync' || syncStatus.state === 'refused' ? 'wrong' : 'behind';
  }

  /** What became of it all. */
  result(): Arrivals {
    const { way, client } = this.#app;
    this.#secrets.look(`${way}: client`, client);
    const never = [...this.#open.values()].map(({ during }) => `${during} (never)`);
    const beyond = ({ honest, at }: { honest: Honest; at: number }) => at - (honest.plainAt ?? honest.at);
    const late = this.#shownAt
      .filter((one) => beyond(one) > LATE_MS)
      .map((one) => `${one.honest.during} (${beyond(one)} ms)`);
    return {
      way,
      times: sorted(this.#shownAt.map(({ honest, at }) => at - honest.at)),
      beyond: sorted(this.#shownAt.map(beyond)),
      shown: this.#shown,
      late: [...never, ...late],
      end: this.end,
      said: this.#said,
    };
  }

  #latest = 0;

  #arrived(id: string | undefined): void {
    const number = numberOf(id);
    if (number === undefined) return;
    if (this.#open.has(number)) this.#shown++;
    for (const [earlier, honest] of this.#open) {
      if (earlier > number) break;
      this.#open.delete(earlier);
      this.#shownAt.push({ honest, at: Date.now() });
    }
  }

  #say(kind: string, code: string, value: unknown): void {
    this.#said[`${kind} ${code}`] = (this.#said[`${kind} ${code}`] ?? 0) + 1;
    this.#secrets.look(`${this.#app.way}: ${kind} ${code}`, value);
  }
}

/** A hub in a process of its own, with both publishers. */
function startHub(paceMs: number, scale: number, told: (report: Report) => void) {
  const child = fork(new URL('./hub.ts', import.meta.url), [String(paceMs), String(scale)], {
    execArgv: ['--import', 'tsx'],
  });
  interface Waiting {
    readonly kind: Report['report'];
    resolve(report: Report): void;
    reject(error: Error): void;
  }
  const waiting: Waiting[] = [];
  child.on('message', (report: Report) => {
    told(report);
    const at = waiting.findIndex(({ kind }) => kind === report.report);
    if (at >= 0) waiting.splice(at, 1)[0]?.resolve(report);
  });
  child.on('exit', (code) => {
    for (const { reject } of waiting) reject(new Error(`The hub has ended with ${code}.`));
  });
  const heard = <K extends Report['report']>(kind: K) =>
    new Promise<Extract<Report, { report: K }>>((resolve, reject) => {
      waiting.push({ kind, resolve: (report) => resolve(report as Extract<Report, { report: K }>), reject });
    });
  return { heard, order: (order: Order) => void child.send(order) };
}

/** A subscriber that does nothing, in a process of its own. Resolves when it is subscribed. */
function startPlain(
  { hubUrl, topic, token }: Extract<Report, { report: 'open' }>,
  has: (number: number, at: number) => void,
) {
  const child = fork(new URL('./plain.ts', import.meta.url), [hubUrl, topic, token], { execArgv: ['--import', 'tsx'] });
  return new Promise<{ close(): void }>((resolve, reject) => {
    child.on('message', (report: PlainReport) => {
      if (report.report === 'has') has(report.number, report.at);
      else resolve({ close: () => child.disconnect() });
    });
    child.on('exit', (code) => reject(new Error(`The plain subscriber has ended with ${code}.`)));
  });
}

/**
 * Follows a session by apps on every way, while a hostile publisher does everything that {@link ATTACKS} knows, again and again,
 * and an honest one opens patients at a steady pace.
 */
export async function runHostile({ forMs, paceMs, scale, progress }: HostileOptions): Promise<Outcome> {
  const secrets = new Secrets();
  secrets.keep(CONFIDENTIAL);
  const watches: Watch[] = [];
  const honest = new Map<number, Honest>();
  let attack = 'the start';
  const hub = startHub(paceMs, scale, (report) => {
    if (report.report === 'secret') secrets.keep(report.secret);
    if (report.report !== 'honest') return;
    const opened: Honest = { at: report.at, during: attack };
    honest.set(report.number, opened);
    for (const watch of watches) watch.opened(report.number, opened);
  });
  const session = await hub.heard('open');
  for (const secret of [session.topic, session.url, session.token]) secrets.keep(secret);
  const plain = await startPlain(session, (number, at) => {
    const opened = honest.get(number);
    if (opened) opened.plainAt ??= at;
  });
  const { apps, close } = await openApps(session);
  for (const app of apps) watches.push(new Watch(app, secrets));
  await Promise.all(apps.map(({ client }) => client.ready()));

  const blocks = new Blocks();
  const asked = new Map<string, number>();
  const samples: Sample[] = [];
  const start = performance.now();
  try {
    for (let round = 0; round === 0 || performance.now() - start < forMs; round++) {
      for (const [index, { name }] of ATTACKS.entries()) {
        attack = name;
        blocks.begin(name);
        const done = hub.heard('done');
        hub.order({ order: 'attack', index, round });
        asked.set(name, Math.max((await done).asked, asked.get(name) ?? 0));
        await pause(AFTERMATH_MS);
      }
      blocks.begin('looking at the memory');
      collect();
      blocks.skip();
      const { heapUsed, external } = process.memoryUsage();
      const minutes = (performance.now() - start) / 60_000;
      const sample = { minutes, rounds: round + 1, bytes: heapUsed + external };
      samples.push(sample);
      progress?.(sample);
    }
    const stopped = hub.heard('stopped');
    hub.order({ order: 'stop' });
    await stopped;
    const until = performance.now() + END_WITHIN_MS;
    while (performance.now() < until && !watches.every(({ isThrough, end }) => isThrough && end === 'honest'))
      await pause(AFTERMATH_MS);
    return {
      arrivals: watches.map((watch) => watch.result()),
      plain: sorted([...honest.values()].flatMap(({ at, plainAt }) => (plainAt === undefined ? [] : [plainAt - at]))),
      samples,
      blocks: blocks.longest,
      asked: [...asked].sort(([, a], [, b]) => b - a),
      leaks: secrets.leaks,
    };
  } finally {
    blocks.close();
    plain.close();
    await close();
    hub.order({ order: 'close' });
  }
}

/** How much what is in use grows, in bytes a minute: the slope of a straight line through the second half of the samples. */
export const growth = (samples: readonly Sample[]): number =>
  slope(samples.slice(Math.floor(samples.length / 2)).map(({ minutes, bytes }) => [minutes, bytes]));
