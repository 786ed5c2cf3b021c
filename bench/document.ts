import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { root } from '../scripts/run.ts';
import { type Plot, svgOf } from './plot.ts';
import { markdownOf, type Row } from './table.ts';

const README_START = '<!-- speed: npm run bench writes this -->\n';
const README_END = '<!-- /speed -->';

/** What the machine was like when a run began. */
export interface Machine {
  readonly processors: number;
  readonly model: string;
  /** How many processes wanted a processor, on average. */
  readonly load: number;
}

/** Looks at the machine. */
export const lookAtMachine = (): Machine => ({
  processors: cpus().length,
  model: cpus()[0]?.model.trim() ?? 'unknown',
  load: loadavg()[0] ?? Number.NaN,
});

const machineText = ({ processors, model, load }: Machine): string => {
  const date = new Date().toISOString().slice(0, 10);
  const text = `Node ${process.version.slice(1)}, ${processors} × ${model}, ${date}. The load was ${load.toFixed(1)} when the run began`;
  return load > processors / 2
    ? `${text}: **the machine was busy with other work, so these figures are indications.**`
    : `${text}.`;
};

const documentOf = (machine: Machine, rows: readonly Row[], plots: readonly Plot[]): string => `# Performance

\`npm run bench\` has measured all of this and has written this page, its pictures, and the table in the README. To change a figure, run
it again. How it measures is told in [its README](../bench/README.md).

${machineText(machine)}

## Against bare code and others

Each figure is the median of the ratios of all rounds, and in parentheses lies the middle half of them. A ratio is taken within one round:
the contender's figure, divided by the reference's beside it. Where *more* is better, 1.10 is a tenth faster than the reference; where
*less* is better, it is a tenth slower.

${markdownOf(rows, true)}
- **bare ws** parses each message, calls one function and answers each event by itself. **bare ws, one write** does the same and answers
  all that one read brought in one write.
- **bare node:http** checks the signature by \`createHmac\` and \`timingSafeEqual\`, and parses the body.
- An empty field was not measured, as the contender does no such thing or was not installed.

## What does not grow

${plots.map(({ name, title, up }) => `![${title}: ${up}](images/performance-${name}.svg)\n`).join('\n')}
- **Listeners**: each of them is called, and nothing else grows with their number.
- **Subscriptions**: events come to 16 of them, whatever else is subscribed.
- **Events so far**: one client has followed a million events. Neither what an event costs nor what the client holds grows with them.
- **Size**: both parse each event; beside that, the client counts the keys and freezes what a listener looks at.
`;

/**
 * Writes docs/performance.md, its pictures, and the table in the README.
 *
 * @param machine what it was like when the run began
 */
export async function writeDocuments(machine: Machine, rows: readonly Row[], plots: readonly Plot[]): Promise<void> {
  await mkdir(resolve(root, 'docs/images'), { recursive: true });
  for (const plot of plots) await writeFile(resolve(root, `docs/images/performance-${plot.name}.svg`), svgOf(plot));
  await writeFile(resolve(root, 'docs/performance.md'), documentOf(machine, rows, plots));
  const readme = resolve(root, 'README.md');
  const text = await readFile(readme, 'utf8');
  const [start, end] = [text.indexOf(README_START), text.indexOf(README_END)];
  if (start < 0 || end < start) throw new Error('The README has no place for the table.');
  const table = `\n${machineText(machine)}\n\n${markdownOf(rows, false)}\n`;
  await writeFile(readme, text.slice(0, start + README_START.length) + table + text.slice(end));
}
