import { execFileSync } from 'node:child_process';
import { root } from './run.ts';

/** What npm says of a package that it has packed. */
export interface Packed {
  readonly filename: string;
  /** In bytes. */
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/**
 * Packs the built package as npm would publish it.
 *
 * @param folder where the tarball goes
 */
export function pack(folder: string): Packed {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const output = execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  // npm 12 answers with an object by package name, the versions before it with an array.
  const [packed] = Object.values(JSON.parse(output) as Record<string, Packed>);
  if (packed === undefined) throw new Error('npm pack did not say what it packed.');
  return packed;
}
