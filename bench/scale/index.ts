/**
 * Prints what callbacks cost at scale: `npm run bench:callbacks`. ../README.md says how to read it.
 */

import type { Target } from '../callback-load.ts';
import { compare, printTable } from '../report.ts';
import { type Plan, takeTurns } from '../rounds.ts';
import { compileSubjects, startSubject, stopSubject } from '../subject.ts';
import { bytesOfClients, growthContenders, SIZES } from './growth.ts';
import { latencyAt } from './latency.ts';

const plan: Plan = { rounds: 9, warmUp: 3, messages: 4_000 };
const CLIENTS = 10_000;
const RATES = [100, 500] as const;
const SECONDS = 5;

/** A line that is written over and over while somebody looks. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

await compileSubjects();

const { contenders, bytes } = await growthContenders();
const rounds = await takeTurns(contenders, plan, (text) => progress(`growth: ${text}`));
progress('');
for (const { subjects } of contenders) await Promise.all(subjects.map(stopSubject));
const [fewest, ...more] = SIZES;
printTable(
  'cost per event',
  more.map((size) => compare(rounds, `${size} subscriptions`, `${fewest} subscriptions`)),
);
for (const [size, each] of bytes) console.log(`  ${size} registrations: ${Math.round(each)} bytes each`);

const { bytes: whole, live } = await bytesOfClients(CLIENTS);
console.log(`  ${live} live FhircastClient by webhook: ${Math.round(whole)} bytes each`);

console.log('hub to listener, ms'.padEnd(40), 'events/s'.padStart(10), 'p50'.padStart(10), 'p99'.padStart(10));
const [subject, report] = await startSubject('callback-clock', []);
const target = JSON.parse(report) as Target;
for (const rate of RATES) {
  const { p50, p99 } = await latencyAt(subject, [target], rate, SECONDS);
  console.log(
    '  alone'.padEnd(40),
    String(rate).padStart(10),
    p50.toFixed(2).padStart(10),
    p99.toFixed(2).padStart(10),
  );
}
await stopSubject(subject);
