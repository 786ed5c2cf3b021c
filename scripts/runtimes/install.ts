import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { root, run } from '../run.ts';
import { type Binary, RUNTIMES, type Runtime } from './table.ts';

/** Where runtimes are installed that do not come with the project. Nothing but `npm run test:runtimes` looks here. */
const CACHE = 'node_modules/.cache/fhircast-runtimes';

const platform = `${process.platform}-${process.arch}`;

const folderOf = ({ id, version }: Runtime): string => resolve(root, CACHE, `${id}-${version}`);

/** How to go on without a runtime that cannot be had. */
const without = ({ id }: Runtime): string => {
  const others = RUNTIMES.filter((other) => other.id !== id && other.binaries[platform]).map((other) => other.id);
  return `npm run test:runtimes -- ${others.join(' ')}`;
};

const binaryOf = (runtime: Runtime): Binary => {
  const binary = runtime.binaries[platform];
  if (binary) return binary;
  throw new Error(`${runtime.name} has no package for ${platform}. Test the others: ${without(runtime)}`);
};

/** workerd comes with the project. */
const isOfProject = ({ kind }: Runtime): boolean => kind === 'workerd';

/**
 * Where the executable of a runtime is, installed or not.
 *
 * @throws Error when the runtime is not built for this platform; it says which ones are
 */
export const executableOf = (runtime: Runtime): string => {
  const { package: name, path } = binaryOf(runtime);
  return resolve(isOfProject(runtime) ? root : folderOf(runtime), 'node_modules', name, path);
};

/** What an executable says when it is asked for its version; undefined when it cannot be run. */
const said = (executable: string): string | undefined => {
  if (!existsSync(executable)) return undefined;
  const { status, stdout } = spawnSync(executable, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
};

/** workerd tells the date in its version alone, and with hyphens. */
const spoken = ({ kind, version }: Runtime): string =>
  kind === 'workerd' ? version.replace(/^\d+\.(\d{4})(\d\d)(\d\d)\..*$/, '$1-$2-$3') : version;

const isRunning = (runtime: Runtime): boolean => said(executableOf(runtime))?.includes(spoken(runtime)) === true;

/**
 * Installs a runtime from the npm registry into a cache of its own, unless it is there.
 *
 * @param runtime which one
 * @param print gets a line for each step
 * @throws Error that says what to do next
 */
export async function install(runtime: Runtime, print: (line: string) => void): Promise<void> {
  if (isRunning(runtime)) return print(`${runtime.name} ${runtime.version} is installed.`);
  if (isOfProject(runtime))
    throw new Error(`${runtime.name} ${runtime.version} comes with the project and is not there. Run: npm ci`);
  const spec = `${binaryOf(runtime).package}@${runtime.version}`;
  print(`Installing ${runtime.name} ${runtime.version} …`);
  const folder = folderOf(runtime);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // Without one, npm would look for a project further up.
  await writeFile(resolve(folder, 'package.json'), '{ "private": true }\n');
  const quiet = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  // Set by npm run: a script, which starts on every platform alike.
  const npm = process.env['npm_execpath'];
  const [command, ...before] = npm?.endsWith('js') ? [process.execPath, npm] : (['npm'] as const);
  const code = await run(command, [...before, 'install', '--prefix', folder, ...quiet, spec]);
  if (code !== 0)
    throw new Error(
      `npm could not install ${spec}, and said why above. Run it again; or test the others: ${without(runtime)}`,
    );
  if (!isRunning(runtime))
    throw new Error(
      `${spec} was installed, but ${executableOf(runtime)} does not run here. Test the others: ${without(runtime)}`,
    );
}
