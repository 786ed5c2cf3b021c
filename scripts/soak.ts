/**
 * Follows a session for a long time while connections are lost all the time: `npm run soak -- --minutes 30 --rounds 1000`.
 * Prints a line a minute, and in the end whether the heap grew. The exit status is 1 when it did, or when a client did not
 * come back.
 */
import { parseArgs } from 'node:util';
import { growth, type SoakSample, soak } from '../test/chaos/soak.ts';

/** A leak of one event or one socket a round would be more. In bytes. */
const MOST_GROWTH = 500;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, rounds: { type: 'string', default: '1000' } },
});

const columns = ['seconds', 'rounds', 'reconnects', 'events', 'requests', 'heap MB', 'resources'];
const show = (cells: readonly (string | number)[]) =>
  console.log(cells.map((cell) => String(cell).padStart(11)).join(''));
const cellsOf = ({ seconds, rounds, reconnects, events, requests, heapBytes, resources }: SoakSample) => [
  seconds.toFixed(0),
  rounds,
  reconnects,
  events,
  requests,
  (heapBytes / 2 ** 20).toFixed(2),
  resources,
];

show(columns);
let shown = 0;
const samples = await soak({
  forMs: Number(values.minutes) * 60_000,
  rounds: Number(values.rounds),
  progress: (sample) => {
    if (sample.seconds - shown < 60 && sample.rounds > 1) return;
    shown = sample.seconds;
    show(cellsOf(sample));
  },
});
const last = samples.at(-1);
if (last) show(cellsOf(last));
const bytes = growth(samples);
console.log(`The heap grew by ${bytes.toFixed(0)} bytes a round in the second half of ${samples.length} rounds.`);
if (bytes > MOST_GROWTH) process.exitCode = 1;
