import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import type { HttpCallbackEndpoint } from '../../../src/callback/index.ts';
import type { App, Seen, Subscribed } from './app.ts';

const root = resolve(import.meta.dirname, '../../..');
const next = createRequire(import.meta.url).resolve('next/dist/bin/next');

/** No JSX and no TypeScript: for either Next.js would install packages into the project by itself. */
const FILES = {
  'app/other/route.js': "export const GET = () => new Response('other');",
  'app/fhircast/[id]/route.js': `import { handlers } from '../../../process.mjs';
export const { GET, POST, HEAD, PUT, PATCH, DELETE, OPTIONS } = handlers;`,
  'app/a/b/[id]/route.js': `import { handlers } from '../../../../process.mjs';
export const { GET, POST } = handlers;`,
  'app/behind-json/[id]/route.js': `import { behindJson } from '../../../process.mjs';
export const { GET, POST } = behindJson;`,
  'app/control/route.js': `import { control } from '../../process.mjs';
export const GET = control;`,
  'instrumentation.js': `export const onRequestError = async (error) => {
  if (process.env.NEXT_RUNTIME === 'nodejs') (await import('./process.mjs')).tell(error);
};`,
};

const environment = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' as const };

/** An app that was built. */
export interface BuiltApp {
  /** Serves it, in a process of its own; `mount` is where the endpoint is found. */
  start(mount?: string): Promise<App>;
  remove(): Promise<void>;
}

/** Builds an app with Next.js. It is within the project, for there Next.js is found. */
export async function buildNextApp(): Promise<BuiltApp> {
  await mkdir(join(root, 'artifacts'), { recursive: true });
  const folder = await mkdtemp(join(root, 'artifacts/next-'));
  for (const [file, content] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), content);
  }
  await build({
    entryPoints: [join(import.meta.dirname, 'next-process.ts')],
    outfile: join(folder, 'process.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
    plugins: [
      {
        name: 'without-vitest',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^vitest$/ }, ({ path }) => ({ path, external: true, sideEffects: false })),
      },
    ],
  });
  const building = spawn(process.execPath, [next, 'build'], { cwd: folder, env: environment });
  const [out, errors, [code]] = await Promise.all([
    text(building.stdout),
    text(building.stderr),
    once(building, 'close'),
  ]);
  if (code !== 0) throw new Error(`next build failed: ${out}${errors}`);
  return { start: (mount) => serve(folder, mount), remove: () => rm(folder, { recursive: true, force: true }) };
}

interface Told {
  readonly counts: HttpCallbackEndpoint['counts'];
  readonly errors: readonly unknown[];
  readonly seen: Seen;
}

async function serve(folder: string, mount = '/fhircast'): Promise<App> {
  const server = spawn(process.execPath, [next, 'start', '-p', '0', '-H', '127.0.0.1'], {
    cwd: folder,
    env: environment,
  });
  const closed = once(server, 'close');
  let output = '';
  const origin = await new Promise<string>((listening, failed) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      const [, url] = /Local:\s+(http:\/\/\S+)/.exec(output) ?? [];
      if (url && output.includes('Ready')) listening(url);
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    void closed.then(() => failed(new Error(`next start failed: ${output}`)));
  });
  const errors: unknown[] = [];
  const control = async <Answer = Told>(query: string): Promise<Answer> =>
    (await fetch(`${origin}/control?${query}`)).json() as Promise<Answer>;
  const ask = async (query: string): Promise<Told> => {
    const told = await control(query);
    errors.splice(0, errors.length, ...told.errors);
    return told;
  };
  const open = async (): Promise<Subscribed> => {
    const { id, secret, path } = await control<Subscribed>('open');
    const seen = async () => (await ask(`seen=${id}`)).seen;
    return { id, secret, path: path.replace('/fhircast', mount), seen, close: () => ask(`close=${id}`) };
  };
  const close = async () => {
    server.kill();
    await closed;
  };
  return { origin, otherMount: '/a/b', open, errors, counts: async () => (await ask('counts')).counts, close };
}
