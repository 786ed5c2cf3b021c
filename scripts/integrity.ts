/**
 * Writes the hash of the script for pages without modules into the README, where its tag has it (Subresource Integrity). The
 * package has to be built before.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { root } from './run.ts';

const code = await readFile(resolve(root, 'dist/browser/fhircast-client.global.min.js'));
const hash = createHash('sha384').update(code).digest('base64');
const readme = resolve(root, 'README.md');
const text = await readFile(readme, 'utf8');
await writeFile(
  readme,
  text.replace(/integrity="sha384-[^"]*"/g, () => `integrity="sha384-${hash}"`),
);
