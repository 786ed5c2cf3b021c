import { expect, it } from 'vitest';
import { growth, type SoakSample, soak } from './soak.ts';

it('keeps following through one lost connection after another', { timeout: 120_000 }, async () => {
  const samples = await soak({ forMs: 0, rounds: 12 });
  const last = samples.at(-1);
  expect(samples).toHaveLength(12);
  // The websocket each time, and the webhooks when the hub forgets them.
  expect(last?.reconnects).toBeGreaterThanOrEqual(12 + 2 * 4);
  expect(last?.events).toBeGreaterThanOrEqual(3 * 12);
});

it('tells growth from noise', () => {
  const sampleOf = (rounds: number, heapBytes: number) => ({ rounds, heapBytes }) as SoakSample;
  const rounds = Array.from({ length: 40 }, (_, index) => index);
  expect(growth(rounds.map((round) => sampleOf(round, 1_000 + 50 * round)))).toBeCloseTo(50);
  expect(Math.abs(growth(rounds.map((round) => sampleOf(round, 1_000 + (round % 2) * 100))))).toBeLessThan(5);
});
