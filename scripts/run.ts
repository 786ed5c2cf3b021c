import { spawn } from 'node:child_process';
import { delimiter, resolve } from 'node:path';

/** The root of the repository. */
export const root = resolve(import.meta.dirname, '..');

/**
 * Runs a command in the root of the repository, with the tools of node_modules on its path and its output on ours.
 *
 * @returns the exit code; 1 when a signal ended the command
 * @throws when the command cannot be started
 */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const path = `${resolve(root, 'node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`;
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env, PATH: path } });
    child.once('error', fail);
    child.once('exit', (code) => done(code ?? 1));
  });
}
