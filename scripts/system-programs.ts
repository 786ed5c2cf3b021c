import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

/**
 * Whether a file is there and can be run.
 *
 * @param path the file
 */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Installs packages of Debian, or of what is made like it. What goes wrong is printed; whoever asks looks whether it helped.
 *
 * @param packages their names
 */
export function installPackages(...packages: readonly string[]): void {
  const run = (...args: readonly string[]): boolean =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      // A server in a package would be started, which nobody needs.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    }).status === 0;
  if (run('update', '-qq')) run('install', '-y', '-qq', '--no-install-recommends', ...packages);
}
