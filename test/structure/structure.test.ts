import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { root } from '../../scripts/run.ts';
import { readFigures } from '../../scripts/structure-figures.ts';
import type { Way } from '../../scripts/way.ts';

let ways: { readonly byWebsocket: Way; readonly byWebhook: Way };

// Elsewhere than in the test runner, which makes a function of every export.
beforeAll(async () => {
  const script = resolve(root, 'scripts/structure.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, '--json'], { cwd: root });
  ways = JSON.parse(stdout);
}, 60_000);

it('has no file that needs a room above its own, no circle, no name twice, and no constructor longer than a screen', {
  timeout: 60_000,
}, () => {
  const { upward, circles, namesakes, longestConstructor } = readFigures();
  expect({ upward, circles, namesakes }).toEqual({ upward: [], circles: [], namesakes: [] });
  expect(longestConstructor.lines).toBeLessThanOrEqual(50);
});

// What runs at all is to become less: lower the bound where it has.
it.each([
  ['byWebsocket', { passing: 15, all: 40 }],
  ['byWebhook', { passing: 18, all: 47 }],
] as const)('brings a notification %s to a listener, and its answer back, through few files', (way, most) => {
  const { passing, files } = ways[way];
  expect(passing).toContain('following/inbox.ts');
  expect(passing.length).toBeLessThanOrEqual(most.passing);
  expect(files.length, files.join('\n')).toBeLessThanOrEqual(most.all);
});
