import { describe, expect, it } from 'vitest';
import { attackBySize, ENTRIES, SHAPES } from './sizes.ts';

// The time is for a machine that is busy with other tests. `npm run fuzz -- --kind size` goes up to a megabyte.
describe('Inputs of every size and shape', { timeout: 60_000 }, () => {
  it('keep nobody waiting, wherever they come in', async () => {
    const cases = await attackBySize(1, SHAPES, 40_000);
    expect(new Set(cases.map(({ entry }) => entry)).size).toBe(ENTRIES.length);
    expect(cases.filter(({ milliseconds }) => milliseconds > 1_000)).toEqual([]);
  });
});
