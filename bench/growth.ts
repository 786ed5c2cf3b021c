import { startHub } from './hub.ts';
import type { Plot } from './plot.ts';
import { type Contender, type Round, run, takeTurns } from './rounds.ts';
import { growthContenders, SIZES } from './scale/growth.ts';
import { type Spread, spreadOf } from './statistics.ts';
import { hear, type Subject, stopSubject } from './subject.ts';
import { NAMES, startSubscriber } from './websockets.ts';

type Progress = (text: string) => void;

const LISTENERS = [1, 10, 100, 1_000] as const;
const BYTES = [1_000, 4_000, 16_000, 64_000, 256_000] as const;
const EVENTS = 1_000_000;
const SAMPLE = 50_000;

/** How much is sent in a round, in bytes, where the size of an event is varied. */
const VOLUME = 6_000_000;

const ratios = (
  ours: readonly Round[] = [],
  theirs: readonly Round[] = [],
  measure: (round: Round, other: Round) => number,
): Spread =>
  spreadOf(
    ours.map((round, index) => {
      const other = theirs[index];
      return other ? measure(round, other) : Number.NaN;
    }),
  );

const processor = (round: Round, other: Round) => round.processor / other.processor;
const rate = (round: Round, other: Round) => other.elapsed / round.elapsed;

const stopAll = async (contenders: readonly Contender[]) => {
  for (const { subjects } of contenders) await Promise.all(subjects.map(stopSubject));
};

/** What an event costs, by the number of listeners to it. */
export async function byListeners(progress: Progress): Promise<Plot> {
  const hub = await startHub();
  const contenders: Contender[] = [];
  for (const listeners of LISTENERS) {
    contenders.push((await startSubscriber(hub, 'client', { listeners, title: String(listeners) })).contender);
  }
  const rounds = await takeTurns(contenders, { rounds: 7, warmUp: 3, messages: 3_000 }, progress);
  await stopAll(contenders);
  hub.close();
  const points = LISTENERS.map((x) => ({ x, ...ratios(rounds.get(String(x)), rounds.get('1'), processor) }));
  return {
    name: 'listeners',
    title: 'Listeners to one event',
    across: 'listeners',
    up: 'processor time of an event, against one listener',
    lines: [{ name: 'FhircastClient, websocket', points }],
  };
}

/** What an event costs, by the number of subscriptions beside its own. */
export async function bySubscriptions(progress: Progress): Promise<Plot> {
  const { contenders } = await growthContenders();
  const rounds = await takeTurns(contenders, { rounds: 7, warmUp: 3, messages: 3_000 }, progress);
  await stopAll(contenders);
  const of = (size: number) => rounds.get(`${size} subscriptions`);
  const points = SIZES.map((x) => ({ x, ...ratios(of(x), of(SIZES[0]), processor) }));
  return {
    name: 'subscriptions',
    title: 'Subscriptions of one endpoint',
    across: 'subscriptions',
    up: 'processor time of an event, against 16 subscriptions',
    lines: [{ name: 'createCallbackEndpoint', points }],
  };
}

const heapOf = async (subject: Subject): Promise<number> => {
  const answer = hear(subject);
  subject.send('memory');
  return (JSON.parse(String(await answer)) as { heap: number }).heap;
};

/** What an event costs and what the client holds, by the number of events that it has had. */
export async function byEvents(progress: Progress): Promise<Plot> {
  const hub = await startHub();
  const { contender, subject } = await startSubscriber(hub, 'client');
  const samples: { x: number; processor: number; heap: number }[] = [];
  await run(contender, SAMPLE);
  for (let x = 2 * SAMPLE; x <= EVENTS; x += SAMPLE) {
    progress(`${x} events`);
    const round = await run(contender, SAMPLE);
    samples.push({ x, processor: round.processor, heap: await heapOf(subject) });
  }
  await stopAll([contender]);
  hub.close();
  const [first] = samples;
  const line = (measure: 'processor' | 'heap') =>
    samples.map(({ x, ...sample }) => {
      const median = sample[measure] / (first?.[measure] ?? Number.NaN);
      return { x, median, low: median, high: median };
    });
  return {
    name: 'events',
    title: 'Events so far',
    across: 'events that the client has had',
    up: `against the second ${SAMPLE.toLocaleString('en')} events`,
    lines: [
      { name: 'processor time of an event', points: line('processor') },
      { name: 'heap of the process after a collection', points: line('heap') },
    ],
  };
}

/** How fast events pass, by their size. */
export async function bySize(progress: Progress): Promise<Plot> {
  const points: (Spread & { x: number })[] = [];
  for (const bytes of BYTES) {
    const hub = await startHub();
    const contenders = [
      (await startSubscriber(hub, 'client', { bytes })).contender,
      (await startSubscriber(hub, 'bare', { bytes })).contender,
    ];
    const messages = Math.max(64, Math.round(VOLUME / bytes));
    const rounds = await takeTurns(contenders, { rounds: 9, warmUp: 4, messages }, (text) =>
      progress(`${bytes} bytes, ${text}`),
    );
    await stopAll(contenders);
    hub.close();
    points.push({ x: bytes, ...ratios(rounds.get(NAMES.client), rounds.get(NAMES.bare), rate) });
  }
  return {
    name: 'size',
    title: 'Size of an event',
    across: 'bytes of an event',
    up: 'events per second, against a bare ws client',
    lines: [{ name: 'FhircastClient, websocket', points }],
  };
}
