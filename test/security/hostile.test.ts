import { describe, expect, it } from 'vitest';
import { ATTACKS } from './hostile/attacks.ts';
import { Secrets } from './hostile/printed.ts';
import { growth, runHostile, type Sample } from './hostile/run.ts';

// `npm run hostile -- --minutes 30` goes up to a megabyte, and looks at the memory.
describe('A hostile publisher beside an honest one', { timeout: 120_000 }, () => {
  it('delays, hides and reads nothing of it, on every way to an app', async () => {
    const { arrivals, blocks, leaks } = await runHostile({ forMs: 0, paceMs: 200, scale: 0.05 });
    expect(arrivals.map(({ way, late, end }) => ({ way, late, end }))).toEqual(
      ['websocket', 'webhook', 'webhook through Redis', 'relay and Redis'].map((way) => ({
        way,
        late: [],
        end: 'honest',
      })),
    );
    // Each app was attacked, and has shown the patients of the honest publisher.
    for (const { shown, said } of arrivals) {
      expect(shown).toBeGreaterThan(5);
      expect(said).toMatchObject({
        'error notification-malformed': expect.any(Number),
        'warning notification-stale': expect.any(Number),
        'warning event-name-reserved': expect.any(Number),
      });
    }
    expect(leaks).toEqual([]);
    for (const { name } of ATTACKS) expect(blocks.map(([attack]) => attack)).toContain(name);
    expect(blocks.filter(([, milliseconds]) => milliseconds > 1_000)).toEqual([]);
  });

  it('would be noticed if something confidential were said, or if the memory grew', () => {
    const secrets = new Secrets();
    secrets.keep('s3cret');
    secrets.look('an error', new Error('no', { cause: { deep: { text: 'a s3cret' } } }));
    secrets.look('another', new Error('no'));
    expect(secrets.leaks).toEqual(['an error']);
    const samples = Array.from({ length: 20 }, (_, i): Sample => ({ minutes: i / 2, rounds: i, bytes: 7_000 * i }));
    expect(growth(samples)).toBeCloseTo(14_000);
  });
});
