import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { root } from '../run.ts';
import type { Runtime, RuntimeKind } from './table.ts';

/** What is shown of a runtime beside its name and version: what of the tests belongs to which column. */
const COLUMNS = ['Webhook', 'Websocket', 'Current context', 'Change'] as const;

/** The columns in which something failed, by the name of the runtime; a runtime without an entry was not tested. */
export type Failures = ReadonlyMap<string, ReadonlySet<string>>;

/** Which skin of the callback endpoint the runtime's own server gets. */
const SKINS: Readonly<Record<RuntimeKind, string>> = {
  node: '`callback.node`',
  bun: '`callback.fetch`',
  deno: '`callback.fetch`',
  workerd: '`callback.fetch`',
};

const DOCUMENT = resolve(root, 'docs/runtimes.md');
const START = '<!-- table -->\n';
const END = '<!-- /table -->';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;

/**
 * Writes a table in Markdown.
 *
 * @param runtimes the rows
 * @param failures what came of the tests
 */
export function tableOf(runtimes: readonly Runtime[], failures: Failures): string {
  const headings = ['Runtime', 'Version', 'Callbacks', ...COLUMNS, 'Signatures'];
  const rows = runtimes.map(({ name, version, kind, crypto }) => {
    const failed = failures.get(name);
    const cells = COLUMNS.map((column) => (failed && !failed.has(column) ? 'yes' : 'no'));
    // What it runs on and what it checks signatures with is tested as well, and either makes the rest of the row untrue.
    const isDoubtful = !failed || failed.has('Version') || failed.has('Signatures');
    return row([name, version, SKINS[kind], ...(isDoubtful ? cells.map(() => 'no') : cells), crypto]);
  });
  return row(headings) + row(headings.map(() => '---')) + rows.join('');
}

/** The table as it stands in the documentation. */
export async function documentedTable(): Promise<string> {
  const text = await readFile(DOCUMENT, 'utf8');
  return text.slice(text.indexOf(START) + START.length, text.indexOf(END));
}

/** Puts a table into the documentation, in place of the one that is there. */
export async function documentTable(table: string): Promise<void> {
  const text = await readFile(DOCUMENT, 'utf8');
  await writeFile(DOCUMENT, text.replace(`${START}${await documentedTable()}`, `${START}${table}`));
}
