import { fork } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { slope } from '../../chaos/slope.ts';
import { type App, openApps } from './apps.ts';
import { ATTACKS, CONFIDENTIAL } from './attacks.ts';
import { Blocks } from './blocks.ts';
import type { Order, Report } from './hub.ts';
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
  /** During which attacks one was later than {@link LATE_MS}, or was never shown. */
  readonly late: readonly string[];
  /** How the app ended: with the patient of the honest publisher, in doubt, or with another one. */
  readonly end: 'honest' | 'behind' | 'wrong';
  /** Errors, warnings and changes of the state by their codes. */
  readonly said: Readonly<Record<string, number>>;
}

/** What came of a run. */
export interface Outcome {
  readonly arrivals: readonly Arrivals[];
  readonly samples: readonly Sample[];
  /** The longest block of the loop in each attack, in milliseconds, the longest first. */
  readonly blocks: readonly (readonly [attack: string, milliseconds: number])[];
  /** How often all apps together asked the hub for the current context, at most, in each attack. */
  readonly asked: readonly (readonly [attack: string, times: number])[];
  /** Where something confidential was said. */
  readonly leaks: readonly string[];
}

/** An honest event that is shown later is late. In milliseconds. */
export const LATE_MS = 5_000;

/** What comes after an attack belongs to it for so long. In milliseconds. */
const AFTERMATH_MS = 100;
/** How long an app may take to come to its end. In milliseconds. */
const END_WITHIN_MS = 15_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Follows one app: what it shows, and what it says. */
class Watch {
  readonly #app: App;
  readonly #secrets: Secrets;
  readonly #open = new Map<number, { readonly at: number; readonly during: string }>();
  readonly #times: number[] = [];
  readonly #late = new Set<string>();
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
  opened(number: number, at: number, during: string): void {
    this.#open.set(number, { at, during });
  }

  /** Whether everything that was opened is shown. */
  get isThrough(): boolean {
    return this.#open.size === 0;
  }

  /** How the app stands. */
  get end(): Arrivals['end'] {
    const { context, syncStatus } = this.#app.client;
    if (context.current?.patient?.id === this.#last) return 'honest';
    return syncStatus.state === 'in-sync' || syncStatus.state === 'refused' ? 'wrong' : 'behind';
  }

  /** What became of it all. */
  result(): Arrivals {
    for (const { during } of this.#open.values()) this.#late.add(during);
    const { way, client } = this.#app;
    this.#secrets.look(`${way}: client`, client);
    const times = [...this.#times].sort((a, b) => a - b);
    return { way, times, shown: this.#shown, late: [...this.#late], end: this.end, said: this.#said };
  }

  #last = '';

  #arrived(id: string | undefined): void {
    const [, number] = /-honest-(\d+)$/.exec(id ?? '') ?? [];
    if (number === undefined || id === undefined) return;
    this.#last = id;
    if (this.#open.has(Number(number))) this.#shown++;
    for (const [earlier, { at, during }] of this.#open) {
      if (earlier > Number(number)) break;
      this.#open.delete(earlier);
      const took = Date.now() - at;
      this.#times.push(took);
      if (took > LATE_MS) this.#late.add(during);
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

/**
 * Follows a session by apps on every way, while a hostile publisher does everything that {@link ATTACKS} knows, again and again,
 * and an honest one opens patients at a steady pace.
 */
export async function runHostile({ forMs, paceMs, scale, progress }: HostileOptions): Promise<Outcome> {
  const secrets = new Secrets();
  secrets.keep(CONFIDENTIAL);
  const watches: Watch[] = [];
  let attack = 'the start';
  const hub = startHub(paceMs, scale, (report) => {
    if (report.report === 'secret') secrets.keep(report.secret);
    if (report.report === 'honest') for (const watch of watches) watch.opened(report.number, report.at, attack);
  });
  const session = await hub.heard('open');
  for (const secret of [session.topic, session.url, session.token]) secrets.keep(secret);
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
      samples,
      blocks: blocks.longest,
      asked: [...asked].sort(([, a], [, b]) => b - a),
      leaks: secrets.leaks,
    };
  } finally {
    blocks.close();
    await close();
    hub.order({ order: 'close' });
  }
}

/** How much what is in use grows, in bytes a minute: the slope of a straight line through the second half of the samples. */
export const growth = (samples: readonly Sample[]): number =>
  slope(samples.slice(Math.floor(samples.length / 2)).map(({ minutes, bytes }) => [minutes, bytes]));
