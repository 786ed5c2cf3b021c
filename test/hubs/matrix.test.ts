import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openWorld } from '../integration/world.ts';
import { SCENARIOS, type Verdict } from './scenarios.ts';
import { SETUPS, worldOf } from './setups.ts';
import { tableOf } from './table.ts';

const PAGE = resolve(import.meta.dirname, '../../docs/hubs.md');
const TABLE = /(?<=<!-- table -->\n)[\s\S]*(?=<!-- end of table -->)/;

const verdicts = new Map<string, Verdict>();
const cell = (row: number, column: number) => `${row}/${column}`;

describe.each(SETUPS.map((setup, row) => ({ ...setup, row })))('$hub by $channel', ({ row, ...setup }) => {
  it.each(SCENARIOS.map((scenario, column) => ({ ...scenario, column })))('$title', async ({ play, column }) => {
    const world = await openWorld(worldOf(setup));
    const verdict = await play(world, setup);
    expect(world.hub.crashed).toBeUndefined();
    verdicts.set(cell(row, column), verdict);
  });
});

describe('the table in docs/hubs.md', () => {
  it('says what was seen in this run (npx vitest run test/hubs -u writes it)', async () => {
    expect(verdicts.size).toBe(SETUPS.length * SCENARIOS.length);
    const table = tableOf(SETUPS, SCENARIOS, (row, column) => verdicts.get(cell(row, column)) ?? '');
    const page = await readFile(PAGE, 'utf8');
    expect(page).toMatch(TABLE);
    await expect(page.replace(TABLE, () => table)).toMatchFileSnapshot(PAGE);
  });
});
