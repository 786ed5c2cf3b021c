import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A fenced block of a document. */
export interface Block {
  /** The document, from the root of the repository. */
  readonly file: string;
  /** The line of its fence, counted from 1. */
  readonly line: number;
  /** What stands behind the fence: `ts`, `sh` … */
  readonly language: string;
  /** The fixture that runs it: `<!-- run: name -->` on the line before. */
  readonly fixture: string | undefined;
  readonly code: string;
}

/** The root of the repository. */
export const root = resolve(import.meta.dirname, '../..');

const markdownOf = (folder: string): string[] =>
  readdirSync(resolve(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

/** Every document for readers, from the root of the repository. */
export const documents: readonly string[] = [
  ...markdownOf('.'),
  ...markdownOf('docs'),
  ...markdownOf('bench'),
  ...readdirSync(resolve(root, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => markdownOf(join('examples', name))),
];

/** Reads the fenced blocks of a document. */
export function blocksOf(file: string): Block[] {
  const lines = readFileSync(resolve(root, file), 'utf8').split('\n');
  const blocks: Block[] = [];
  let start: number | undefined;
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('```')) continue;
    if (start === undefined) {
      start = index;
      continue;
    }
    blocks.push({
      file,
      line: start + 1,
      language: lines[start]?.slice(3).trim() ?? '',
      fixture: /^<!-- run: (\S+) -->$/.exec(lines[start - 1] ?? '')?.[1],
      code: lines.slice(start + 1, index).join('\n'),
    });
    start = undefined;
  }
  return blocks;
}
