import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { build } from 'esbuild';
import { root } from '../scripts/run.ts';

/** What is measured, in a process of its own. */
export type Subject = ChildProcess;

const OUTPUT = resolve(root, 'artifacts/bench');

/** The programs that are measured. */
const PROGRAMS = {
  'websocket-client': new URL('./subjects/websocket-client.ts', import.meta.url),
  'websocket-bare': new URL('./subjects/websocket-bare.ts', import.meta.url),
  'websocket-medplum': new URL('./subjects/websocket-medplum.ts', import.meta.url),
  'first-event': new URL('./subjects/first-event.ts', import.meta.url),
  'callback-client': new URL('./subjects/callback-client.ts', import.meta.url),
  'callback-endpoint': new URL('./subjects/callback-endpoint.ts', import.meta.url),
  'callback-bare': new URL('./subjects/callback-bare.ts', import.meta.url),
  'callback-many': new URL('./subjects/callback-many.ts', import.meta.url),
  'callback-many-clients': new URL('./subjects/callback-many-clients.ts', import.meta.url),
  'callback-instance': new URL('./subjects/callback-instance.ts', import.meta.url),
  'callback-clock': new URL('./subjects/callback-clock.ts', import.meta.url),
  relay: new URL('./subjects/relay.ts', import.meta.url),
  'relay-page': new URL('./subjects/relay-page.ts', import.meta.url),
  'callback-octokit': new URL('./subjects/callback-octokit.ts', import.meta.url),
} as const;

/** The name of a program that is measured. */
export type ProgramName = keyof typeof PROGRAMS;

/** Makes plain JavaScript of the programs: under a loader for TypeScript, functions are slower to make. */
export async function compileSubjects(): Promise<void> {
  await build({
    entryPoints: Object.values(PROGRAMS).map(({ pathname }) => decodeURIComponent(pathname)),
    outdir: OUTPUT,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
    // Without the paths of tsconfig.json, which lead to the sources in place of the built package.
    tsconfigRaw: {},
  });
}

/** What a subject answers to its parent: where it listens, its processor time, or what else it was asked. */
export async function hear(subject: Subject): Promise<unknown> {
  const ended = new AbortController();
  const exit = (code: number | null) => ended.abort(new Error(`A subject ended with code ${code}.`));
  subject.once('exit', exit);
  try {
    const [answer]: unknown[] = await once(subject, 'message', { signal: ended.signal });
    return answer;
  } finally {
    subject.off('exit', exit);
  }
}

/**
 * Starts a subject and waits until it is ready.
 *
 * @param args what the program is told
 * @returns the process, and what it reported: a URL, where it listens to one
 */
export async function startSubject(name: ProgramName, args: readonly string[]): Promise<[Subject, string]> {
  // For a profile of each contender, as README.md says.
  const subject = fork(resolve(OUTPUT, `${name}.mjs`), args, {
    execArgv: process.env['BENCH_EXEC_ARGV']?.split(' ') ?? [],
  });
  return [subject, String(await hear(subject))];
}

/** The processor time that a subject has used so far, in seconds. */
export async function usageOf(subject: Subject): Promise<number> {
  const answer = hear(subject);
  subject.send('usage');
  return Number(await answer);
}

/** Ends a subject. */
export async function stopSubject(subject: Subject): Promise<void> {
  const exit = once(subject, 'exit');
  subject.disconnect();
  await exit;
}
