import { delimiter, join } from 'node:path';
import { installPackages, isExecutable } from './system-programs.ts';

const findRedis = (): string | undefined => {
  const named = process.env['REDIS_SERVER_PATH'];
  if (!named) {
    const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
    return folders.map((folder) => join(folder, 'redis-server')).find(isExecutable);
  }
  if (isExecutable(named)) return named;
  throw new Error(`REDIS_SERVER_PATH is ${named}, which cannot be executed.`);
};

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
  installPackages('redis-server');
  const installed = findRedis();
  if (installed) return installed;
  throw new Error(
    'No redis-server was found and none could be installed. Install one and set REDIS_SERVER_PATH to its executable.',
  );
}
