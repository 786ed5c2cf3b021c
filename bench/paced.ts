import { setTimeout as sleep } from 'node:timers/promises';
import { patientOpens } from './event.ts';
import { frameOf } from './frames.ts';
import { startHub } from './hub.ts';
import { hear, stopSubject, usageOf } from './subject.ts';
import { stampedId } from './subjects/waits.ts';
import { NAMES, type Subscriber, startSubscriber, subscribers } from './websockets.ts';

/** What events that come one by one cost. */
export interface Pace {
  /** From the hub's write to the listener's call, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Processor time, in microseconds. */
  readonly processor: number;
}

const RATE = 200;
const SECONDS = 3;
const ROUNDS = 5;

const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;

/** Sends events at a fixed rate, and asks how long they took. */
async function run({ subject, write }: Subscriber, seconds: number): Promise<Pace> {
  const next = patientOpens('b3d1f6a0-6f0e-4b0e-9b59-1f0f5d3b8a52', 'Patient-open');
  const count = RATE * seconds;
  const before = await usageOf(subject);
  const start = performance.now();
  for (let sent = 0; sent < count; sent++) {
    const wait = start + (sent * 1000) / RATE - performance.now();
    if (wait > 0) await sleep(wait);
    write(frameOf(next().replace(/"id":"[^"]*"/, `"id":"${stampedId(Math.round(start) + sent)}"`)));
  }
  await sleep(200);
  const processor = (((await usageOf(subject)) - before) / count) * 1e6;
  const answer = hear(subject);
  subject.send('waits');
  const waits = (JSON.parse(String(await answer)) as number[]).sort((a, b) => a - b);
  if (waits.length !== count) throw new Error(`${waits.length} of ${count} events arrived.`);
  return { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99), processor };
}

/** Events at 200 a second, with one subscriber after the other in each round. Returns the rounds by the contender's name. */
export async function pacedRounds(progress: (text: string) => void): Promise<ReadonlyMap<string, readonly Pace[]>> {
  const hub = await startHub();
  const all = new Map<string, { subscriber: Subscriber; rounds: Pace[] }>();
  for (const name of subscribers()) all.set(NAMES[name], { subscriber: await startSubscriber(hub, name), rounds: [] });
  for (let round = -1; round < ROUNDS; round++) {
    const order = [...all];
    for (const [name, { subscriber, rounds }] of round % 2 === 0 ? order : order.reverse()) {
      progress(`${round < 0 ? 'warm-up' : `round ${round + 1} of ${ROUNDS}`}: ${name}`);
      const pace = await run(subscriber, round < 0 ? 2 : SECONDS);
      if (round >= 0) rounds.push(pace);
    }
  }
  for (const { subscriber } of all.values()) await stopSubject(subscriber.subject);
  hub.close();
  return new Map([...all].map(([name, { rounds }]) => [name, rounds]));
}
