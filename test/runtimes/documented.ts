import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { root } from '../../scripts/run.ts';
import type { RuntimeKind } from '../../scripts/runtimes/table.ts';

/** The program that the documentation shows for a runtime, word for word. */
export function programOf(kind: RuntimeKind): string {
  const text = readFileSync(resolve(root, 'docs/runtimes.md'), 'utf8');
  const block = new RegExp(`^<!-- runtime: ${kind} -->\\n\`\`\`\\w*\\n(.*?)^\`\`\`$`, 'ms');
  const [, program] = block.exec(text) ?? [];
  if (!program) throw new Error(`docs/runtimes.md has no program for ${kind}.`);
  return program;
}
