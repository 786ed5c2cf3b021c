import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { type Measurement, measure, type Weight } from './measure.ts';
import { root } from './run.ts';

const readme = resolve(root, 'README.md');
const TABLE = /(<!-- size: npm run size -- --write writes this -->\n)([\s\S]*?)(<!-- \/size -->)/;

const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;

const row = (name: string, { minified, gzip, brotli }: Weight): string =>
  `| ${name} | ${kB(minified)} | ${kB(gzip)} | ${kB(brotli)} |`;

/** What an entry point weighs beside the client. */
const beside = ({ initial }: Measurement, { initial: client }: Measurement): Weight => ({
  minified: initial.minified - client.minified,
  gzip: initial.gzip - client.gzip,
  brotli: initial.brotli - client.brotli,
});

/** The README's table of what a page loads, made of the built package. */
export async function sizeTable(): Promise<string> {
  const [client, relay, content, react, observe, scopes] = await Promise.all(
    (['.', './relay', './content', './react', './observe', './scopes'] as const).map(measure),
  );
  if (!client || !relay || !content || !react || !observe || !scopes) throw new Error('Nothing was measured.');
  const script = await readFile(resolve(root, 'dist/browser/fhircast-client.global.min.js'));
  const weight = {
    minified: script.length,
    gzip: gzipSync(script, { level: 9 }).length,
    brotli: brotliCompressSync(script).length,
  };
  const lines = [
    '| in a page | minified | gzip | brotli |',
    '| --- | --- | --- | --- |',
    row('`import { FhircastClient }`, one file, nothing loaded later', client.initial),
    row('`fhircast-client/content`, beside the client', beside(content, client)),
    row('`fhircast-client/react`, all of it, beside the client', beside(react, client)),
    row('`fhircast-client/observe`, all of it', observe.initial),
    row('`fhircast-client/scopes`, for a launch page', scopes.initial),
    row('`import { relayChannel }`', relay.initial),
    row('the script `fhircast-client.global.min.js`', weight),
    ...client.lazy.map(({ name, weight }) => row(`loaded where there is no \`fetch\`: ${name}`, weight)),
  ];
  return `\n${lines.join('\n')}\n\n`;
}

/** The table as the README has it. */
export async function writtenSizeTable(): Promise<string> {
  return TABLE.exec(await readFile(readme, 'utf8'))?.[2] ?? '';
}

/** Writes the table into the README. */
export async function writeSizeTable(): Promise<void> {
  const [text, table] = [await readFile(readme, 'utf8'), await sizeTable()];
  await writeFile(
    readme,
    text.replace(TABLE, (_, begin: string, _old, end: string) => begin + table + end),
  );
}
