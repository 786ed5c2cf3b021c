import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { root } from '../../scripts/run.ts';

/** The command as it is published. */
export const BIN = resolve(root, 'dist/cli/main.js');

/** A command that runs. */
export interface Command {
  readonly process: ChildProcess;
  /** What it has printed so far, both streams. */
  readonly lines: readonly string[];
  /** Resolves with the first line that fits; rejects when it has ended without one. */
  printed(fits: RegExp): Promise<string>;
  /** The exit code, when everything has been read. */
  readonly ended: Promise<number | null>;
}

/** Runs the command in a process of its own, which ends with the test. */
export function command(args: readonly string[], env: NodeJS.ProcessEnv = {}, bin = BIN): Command {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('FHIRCAST_'));
  const child = spawn(process.execPath, [bin, ...args], {
    env: { ...Object.fromEntries(clean), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      wake();
    });
  let isOver = false;
  const ended = once(child, 'close').then(([code]) => {
    isOver = true;
    wake();
    return code as number | null;
  });
  return {
    process: child,
    lines,
    ended,
    printed: (fits) =>
      new Promise((done, fail) => {
        const look = () => {
          const line = lines.find((one) => fits.test(one));
          if (line === undefined && !isOver) return;
          waiting.delete(look);
          if (line === undefined) fail(new Error(`It ended without ${fits}. It printed: ${lines.join('\n')}`));
          else done(line);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** A hub of the command, and what it has printed for its developer. */
export async function commandHub(args: readonly string[] = [], bin = BIN) {
  const hub = command(['hub', ...args], {}, bin);
  await hub.printed(/^Patients are made up/);
  const told = (name: string) =>
    hub.lines
      .find((line) => line.startsWith(name))
      ?.slice(name.length)
      .trim() ?? '';
  const env = Object.fromEntries(
    hub.lines.flatMap((line) => {
      const [, name, value] = /^(FHIRCAST_\w+)=(.+)$/.exec(line) ?? [];
      return name ? [[name, value]] : [];
    }),
  ) as Record<string, string>;
  const { origin } = new URL(told('hub '));
  const key = /X-Fhircast-Control: ([^"]+)"/.exec(hub.lines.join('\n'))?.[1] ?? '';
  const control = (path: string, init: RequestInit = {}) =>
    fetch(`${origin}/control/charts${path}`, { headers: { 'X-Fhircast-Control': key }, ...init });
  return { ...hub, env, origin, key, url: told('hub '), fhir: told('fhir '), launch: told('launch '), control };
}
