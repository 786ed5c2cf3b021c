import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { App } from './app.ts';
import type { Installed } from './installed.ts';

/** What the program is told. */
export type Settings = Readonly<Record<'PUBLIC_URL' | 'PORT' | 'CONDUCTOR', string>>;

/** What Deno has to allow. */
export const DENO_PERMISSIONS = ['--allow-net', '--allow-env'];

/** It fetches nothing by itself. */
const DENO = ['run', '--no-prompt', '--no-remote', '--no-lock', '--node-modules-dir=manual', ...DENO_PERMISSIONS];

const ARGUMENTS = { node: [], bun: ['run', '--no-install'], deno: DENO } as const;

/** The configuration of workerd, in the form that it reads. */
const configOf = (
  { compatibilityDate = '' }: Installed,
  { main }: App,
  { PUBLIC_URL, CONDUCTOR }: Settings,
): string => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .worker), (name = "network", network = (allow = ["local", "private"])) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);
const worker :Workerd.Worker = (
  modules = [ (name = "main", esModule = embed "${main}") ],
  compatibilityDate = "${compatibilityDate}",
  globalOutbound = "network",
  durableObjectNamespaces = [ (className = "Desk", uniqueKey = "desks") ],
  durableObjectStorage = (inMemory = void),
  bindings = [
    (name = "PUBLIC_URL", text = "${PUBLIC_URL}"),
    (name = "CONDUCTOR", text = "${CONDUCTOR}"),
    (name = "DESKS", durableObjectNamespace = "Desk"),
  ],
);
`;

/** The port that workerd tells on its control channel. */
async function portOf(control: Readable): Promise<number> {
  for await (const line of createInterface(control)) {
    const { event, port } = JSON.parse(line) as { event: string; port: number };
    if (event === 'listen') return port;
  }
  throw new Error('workerd ended before it listened.');
}

async function startWorkerd(runtime: Installed, app: App, settings: Settings): Promise<ChildProcess> {
  const config = join(app.folder, 'config.capnp');
  await writeFile(config, configOf(runtime, app, settings));
  const child = spawn(runtime.executable, ['serve', config, '--control-fd=3'], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const tell = async () => {
    const port = await portOf(child.stdio[3] as Readable);
    const body = JSON.stringify({ port });
    await fetch(`${settings.CONDUCTOR}/listening`, { method: 'POST', body });
    await fetch(`${new URL(settings.PUBLIC_URL).origin}/play`);
  };
  // What goes wrong shows on its error output, or as a program that is not done in time.
  tell().catch(() => {});
  return child;
}

/**
 * Starts the program on a runtime. It is a process of its own in the app's folder.
 *
 * @param runtime which one
 * @param app what to run
 * @param settings what it is told
 */
export async function start(runtime: Installed, app: App, settings: Settings): Promise<ChildProcess> {
  const { kind, executable } = runtime;
  if (kind === 'workerd') return startWorkerd(runtime, app, settings);
  const { PATH = '', SystemRoot = '' } = process.env;
  const env = { PATH, SystemRoot, DENO_DIR: join(app.folder, 'deno'), DENO_NO_UPDATE_CHECK: '1', ...settings };
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return spawn(executable, [...ARGUMENTS[kind], app.main], { cwd: app.folder, env, stdio: [...stdio] });
}
