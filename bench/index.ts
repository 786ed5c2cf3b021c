/**
 * Prints how fast the built package is, as ratios to the least code that does the same work and to other packages, and writes
 * docs/performance.md. README.md says how to read it.
 */
import { callbackContenders } from './callbacks.ts';
import { lookAtMachine, writeDocuments } from './document.ts';
import { firstEvents } from './first-events.ts';
import { byEvents, byListeners, bySize, bySubscriptions } from './growth.ts';
import { pacedRounds } from './paced.ts';
import { type Contender, type Plan, type Round, takeTurns } from './rounds.ts';
import { instancesContender } from './scale/instances.ts';
import { startRedis } from './scale/redis.ts';
import { compileSubjects, stopSubject } from './subject.ts';
import { printRows, type Row, ratiosOf } from './table.ts';
import { NAMES, websocketContenders } from './websockets.ts';

/** A line that is written over and over while somebody looks. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

/** Says what is measured at the moment. */
const during =
  (title: string) =>
  (text: string): void =>
    progress(`${title}: ${text}`);

async function measure(
  title: string,
  [contenders, close]: readonly [readonly Contender[], () => unknown],
  plan: Plan,
): Promise<ReadonlyMap<string, readonly Round[]>> {
  const results = await takeTurns(contenders, plan, during(title));
  for (const { subjects } of contenders) await Promise.all(subjects.map(stopSubject));
  await close();
  return results;
}

const rateOf = ({ elapsed }: Round) => 1 / elapsed;
const machine = lookAtMachine();
await compileSubjects();
const rows: Row[] = [];
const add = (...more: readonly Row[]) => {
  progress('');
  printRows(more);
  rows.push(...more);
};

const BARE = NAMES.bare;
for (const [kilobytes, messages, aim] of [
  [1, 6_000, 1.3],
  [20, 600, 0.97],
] as const) {
  const what = `events per second by websocket, ${kilobytes} kB`;
  const plan = { rounds: 11, warmUp: 4, messages };
  const rounds = await measure(what, await websocketContenders(kilobytes * 1_000), plan);
  add({ what, reference: BARE, better: 'more', ratios: ratiosOf(rounds, BARE, rateOf), aim });
}

const paced = await pacedRounds(during('200 events a second'));
const atPace = { reference: BARE, better: 'less' } as const;
add(
  {
    what: 'hub to listener at 200 a second, p50',
    ...atPace,
    ratios: ratiosOf(paced, BARE, ({ p50 }) => p50),
    aim: 1.1,
  },
  {
    what: 'hub to listener at 200 a second, p99',
    ...atPace,
    ratios: ratiosOf(paced, BARE, ({ p99 }) => p99),
    aim: 1.3,
  },
  {
    what: 'processor time of an event at 200 a second',
    ...atPace,
    ratios: ratiosOf(paced, BARE, ({ processor }) => processor),
  },
);

const first = await firstEvents(during('first event'));
const atFirst = { reference: `${BARE}, node:http`, better: 'less' } as const;
add(
  {
    what: 'first event, hub 20 ms away, warm',
    ...atFirst,
    ratios: ratiosOf(first, BARE, ({ warm }) => warm),
    aim: 1.03,
  },
  {
    what: 'first event, hub 20 ms away, cold',
    ...atFirst,
    ratios: ratiosOf(first, BARE, ({ cold }) => cold),
    aim: 1.2,
  },
);

const callbacks = await measure('callbacks', await callbackContenders(), { rounds: 11, warmUp: 3, messages: 4_000 });
const served = ratiosOf(callbacks, 'bare node:http', rateOf);
const { FhircastClient, ...endpoints } = served;
const verified = { reference: 'bare node:http', better: 'more' } as const;
add({ what: 'verified callbacks per second', ...verified, ratios: endpoints, aim: 0.97 });
if (FhircastClient) {
  const what = 'verified callbacks per second, a whole client behind them';
  add({ what, ...verified, ratios: { FhircastClient }, aim: 0.9 });
}

const redis = await startRedis();
const [alone, close] = await callbackContenders(['createCallbackEndpoint']);
const several = [...alone, await instancesContender(redis.url, 2)];
const routed = await measure('through Redis', [several, close], { rounds: 9, warmUp: 3, messages: 4_000 });
await redis.close();
add({
  what: 'processor time of an event, two instances through Redis',
  reference: 'one instance',
  better: 'less',
  ratios: ratiosOf(routed, 'createCallbackEndpoint', ({ processor }) => processor),
  aim: 2,
});

const plots = [
  await byListeners(during('listeners')),
  await bySubscriptions(during('subscriptions')),
  await byEvents(during('events so far')),
  await bySize(during('size')),
];
progress('');
for (const { title, up, lines } of plots) {
  console.log(`${title} (${up})`);
  for (const { name, points } of lines) {
    console.log(`  ${name}: ${points.map(({ x, median }) => `${x}: ${median.toFixed(2)}`).join(', ')}`);
  }
}
await writeDocuments(machine, rows, plots);
console.log(JSON.stringify({ node: process.version, machine, rows, plots }));
