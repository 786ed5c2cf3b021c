import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const findRedis = (): string | undefined => {
  const named = process.env['REDIS_SERVER_PATH'];
  if (!named) {
    const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
    return folders.map((folder) => join(folder, 'redis-server')).find(isExecutable);
  }
  if (isExecutable(named)) return named;
  throw new Error(`REDIS_SERVER_PATH is ${named}, which cannot be executed.`);
};

const run = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    // The package would start a server of its own, which nobody needs.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  }).status === 0;

/**
 * Finds a redis-server, and installs Debian's where there is none. The environment variable `REDIS_SERVER_PATH` decides where
 * it is set.
 *
 * @returns the path of its executable
 * @throws Error that says what to do when there is none and none can be installed, or when `REDIS_SERVER_PATH` is wrong
 */
export function findOrInstallRedis(): string {
  const found = findRedis();
  if (found) return found;
  process.stderr.write('No redis-server found: installing Debian’s …\n');
  const apt = run('apt-get', ['update', '-qq']);
  if (apt) run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'redis-server']);
  const installed = findRedis();
  if (installed) return installed;
  throw new Error(
    'No redis-server was found and none could be installed. Install one and set REDIS_SERVER_PATH to its executable.',
  );
}
