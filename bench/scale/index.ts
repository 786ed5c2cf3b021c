/**
 * Prints what callbacks cost at scale: `npm run bench:callbacks`. ../README.md says how to read it.
 */
import type { Target } from '../callback-load.ts';
import { callbackContenders } from '../callbacks.ts';
import { compare, printTable } from '../report.ts';
import { type Contender, type Plan, type Round, takeTurns } from '../rounds.ts';
import { spreadOf } from '../statistics.ts';
import { compileSubjects, type Subject, startSubject, stopSubject } from '../subject.ts';
import { bytesOfClients, growthContenders, SIZES } from './growth.ts';
import { instancesContender, startInstance, throughInstance } from './instances.ts';
import { latencyAt } from './latency.ts';
import { startRedis } from './redis.ts';
import { bytesOfPages, startRelayedPage, startRelayedPageThroughRedis } from './relays.ts';

const plan: Plan = { rounds: 9, warmUp: 3, messages: 4_000 };
const CLIENTS = 10_000;
/** Events per second at which latency is measured: far below what the machine can do. */
const RATE = 200;
const SECONDS = 10;

/** A line that is written over and over while somebody looks. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

async function measure(
  title: string,
  contenders: readonly Contender[],
): Promise<ReadonlyMap<string, readonly Round[]>> {
  const rounds = await takeTurns(contenders, plan, (text) => progress(`${title}: ${text}`));
  progress('');
  for (const { subjects } of contenders) await Promise.all(subjects.map(stopSubject));
  return rounds;
}

/** Prints the latency of one way from the hub to the listener. */
async function printLatency(name: string, subject: Subject, target: Target): Promise<void> {
  progress(`latency: ${name}`);
  const { p50, p99, events } = await latencyAt(subject, [target], RATE, SECONDS);
  progress('');
  const cells = [p50.toFixed(2), p99.toFixed(2), events.toLocaleString('en')];
  console.log(`  ${name.padEnd(46)}${cells.map((cell) => cell.padStart(18)).join('')}`);
}

await compileSubjects();
const redis = await startRedis();

const [alone, close] = await callbackContenders(['createCallbackEndpoint', 'bare node:http']);
const several = [await instancesContender(redis.url, 2), await instancesContender(redis.url, 4)];
const idle = await redis.processorSeconds();
const rates = await measure('rate', [...alone, ...several]);
const busy = await redis.processorSeconds();
close();
printTable('verified callbacks per second', [
  compare(rates, 'createCallbackEndpoint', 'bare node:http', 0.85),
  ...several.map(({ name }) => compare(rates, name, 'bare node:http')),
  ...several.map(({ name }) => compare(rates, name, 'createCallbackEndpoint')),
]);

console.log('on this machine, callbacks per second of processor time (all instances together)');
for (const [name, list] of rates) {
  const { median } = spreadOf(list.map(({ processor }) => plan.messages / processor));
  console.log(`  ${name.padEnd(46)}${Math.round(median).toLocaleString('en').padStart(18)}`);
}
const routed = several.length * plan.messages * (plan.rounds + plan.warmUp);
console.log(
  `  ${'Redis itself'.padEnd(46)}${Math.round(routed / (busy - idle))
    .toLocaleString('en')
    .padStart(18)}`,
);

const { contenders, bytes } = await growthContenders();
const growth = await measure('growth', contenders);
const [fewest, ...more] = SIZES;
printTable(
  'cost per event',
  more.map((size) => compare(growth, `${size} subscriptions`, `${fewest} subscriptions`)),
);
progress(`${CLIENTS} clients subscribe`);
const clients = await bytesOfClients(CLIENTS);
progress('');
const print = (name: string, count: number, each: number) =>
  console.log(
    `  ${name.padEnd(46)}${count.toLocaleString('en').padStart(18)}${Math.round(each).toLocaleString('en').padStart(18)}`,
  );
console.log(`${'memory of an instance'.padEnd(48)}${'live'.padStart(18)}${'bytes each'.padStart(18)}`);
progress(`${CLIENTS} pages open`);
const pages = await bytesOfPages(CLIENTS);
progress('');
for (const [size, each] of bytes) if (size !== fewest) print('callback URLs', size, each);
print('FhircastClient with a verified subscription', clients.live, clients.bytes);
print('open pages of a relay', pages.live, pages.bytes);
print('open pages of a relay, resident memory', pages.live, pages.resident);

const heads = ['p50', 'p99', 'events'].map((head) => head.padStart(18)).join('');
console.log(`${`hub to listener in ms, at ${RATE} events a second`.padEnd(48)}${heads}`);
const [clock, report] = await startSubject('callback-clock', []);
await printLatency('one instance', clock, JSON.parse(report) as Target);
await stopSubject(clock);
const [owner, other] = [await startInstance(redis.url, 1), await startInstance(redis.url, 0)];
const [owned] = owner.targets;
if (owned)
  await printLatency('through Redis, always by another instance', owner.subject, throughInstance(owned, other));
await Promise.all([stopSubject(owner.subject), stopSubject(other.subject)]);
for (const [name, start] of [
  ['to a page, through the relay', startRelayedPage],
  ['to a page, through another relay and Redis', () => startRelayedPageThroughRedis(redis.url)],
] as const) {
  const { subjects, page, target } = await start();
  await printLatency(name, page, target);
  await Promise.all(subjects.map(stopSubject));
}
await redis.close();
