import { describe, expect, it } from 'vitest';
import { attack } from './attack.ts';

/** The same requests in every run: what fails once fails again. */
const SEED = 20_190_122;

// The time is for a machine that is busy with other tests. `npm run fuzz` makes a hundred thousand requests.
describe('Malformed and mutated requests of every kind', { timeout: 60_000 }, () => {
  it('are all refused, by the endpoint and by both of its skins, and nothing throws', async () => {
    const { failures, statuses, refused, originals, tidied } = await attack({ seed: SEED, requests: 4_000 });
    expect(failures).toEqual([]);
    expect(refused).toBeGreaterThan(3_700);
    expect(originals).toBe(191);
    expect(tidied).toBeLessThan(40);
    // The mutants are of all kinds, or this would test nothing.
    expect(Math.min(...[200, 400, 401, 404, 405].map((status) => statuses.get(status) ?? 0))).toBeGreaterThan(50);
    expect(statuses.get(413)).toBeGreaterThan(0);
  });

  it('would be noticed if they were not', async () => {
    const endpoint = { hmac: () => ({ verify: () => true }) };
    const { failures } = await attack({ seed: SEED, requests: 200, endpoint });
    expect(failures.join()).toMatch(/\(plain\) was delivered/);
    expect(failures.join()).toMatch(/\(web\) was delivered/);
    expect(failures.join()).toMatch(/\(node\) was delivered without a signature/);
  });

  it('can be made once more by their number', async () => {
    const endpoint = { hmac: () => ({ verify: () => true }) };
    const { failures } = await attack({ seed: SEED, requests: 100, endpoint });
    const [first = ''] = failures;
    const from = Number(/^request (\d+)/.exec(first)?.[1]);
    expect((await attack({ seed: SEED, requests: 1, from, endpoint })).failures).toEqual([first]);
  });
});
