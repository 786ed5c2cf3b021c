/**
 * A hostile publisher beside an honest one on one topic, by websocket, by webhook, through Redis and behind relays:
 * `npm run hostile -- --minutes 30 [--pace 1000] [--scale 1]`. Prints a line a minute, and in the end how long the honest events
 * took, in an app and in a subscriber that does nothing, what blocked the loop longest, and whether the memory grew. The exit status is 1 when an honest event was late, an app
 * shows another patient without a doubt, something confidential was said, or the memory grew.
 */
import { parseArgs } from 'node:util';
import { growth, LATE_MS, runHostile } from '../test/security/hostile/run.ts';

/** More than what a collection of garbage leaves behind by chance. In bytes a minute. */
const MOST_GROWTH = 500_000;
/** Shorter runs say nothing about the memory. In minutes. */
const LEAST_FOR_MEMORY = 10;
/** How many of the longest are printed. */
const SHOWN = 10;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    pace: { type: 'string', default: '1000' },
    scale: { type: 'string', default: '1' },
  },
});
const minutes = Number(values.minutes);

let shown = 0;
const { arrivals, plain, samples, blocks, asked, leaks } = await runHostile({
  forMs: minutes * 60_000,
  paceMs: Number(values.pace),
  scale: Number(values.scale),
  progress: (sample) => {
    if (sample.minutes - shown < 1 && sample.rounds > 1) return;
    shown = sample.minutes;
    console.log(
      `${sample.minutes.toFixed(1)} min, ${sample.rounds} rounds, ${(sample.bytes / 2 ** 20).toFixed(1)} MB in use`,
    );
  },
});

let isBad = false;
const spread = (times: readonly number[]) =>
  `median ${times[Math.floor(times.length / 2)] ?? Number.NaN} ms, longest ${times.at(-1)} ms`;
console.log(`\nto a subscriber that does nothing: ${plain.length} honest events, ${spread(plain)}`);
for (const { way, times, beyond, shown: own, late, end, said } of arrivals) {
  console.log(`\n${way}: ${times.length} honest events, ${own} shown themselves, ${spread(times)}`);
  console.log(`  longer than to a subscriber that does nothing: ${spread(beyond)}`);
  console.log(`  by more than ${LATE_MS} ms: ${late.join('; ') || 'none'}. In the end: ${end}`);
  console.log(
    `  ${Object.entries(said)
      .map(([what, count]) => `${what}: ${count}`)
      .join(', ')}`,
  );
  isBad ||= late.length > 0 || end === 'wrong';
}
const list = (title: string, entries: readonly (readonly [string, number])[]) => {
  console.log(`\n${title}`);
  for (const [what, number] of entries.slice(0, SHOWN)) console.log(`  ${number.toFixed(0)}: ${what}`);
};
list('The loop was blocked longest by (ms):', blocks);
list('The hub was asked for the current context most often in:', asked);
console.log(`\nConfidential: ${leaks.join('; ') || 'nothing was said'}`);
const bytes = growth(samples);
console.log(
  `What is in use grew by ${bytes.toFixed(0)} bytes a minute in the second half of ${samples.length} rounds.`,
);
if (isBad || leaks.length > 0 || (minutes >= LEAST_FOR_MEMORY && bytes > MOST_GROWTH)) process.exitCode = 1;
