import { createRequire } from 'node:module';
import { transform } from 'esbuild';
import { startTestHub } from 'fhircast-client/testing';
import { onTestFinished } from 'vitest';
import { FIXTURES } from './fixtures.ts';
import { type Result, SOLID, type Stage } from './stage.ts';

const require = createRequire(import.meta.url);

/** What a block may import. */
const modules: Readonly<Record<string, () => Promise<unknown>>> = {
  'fhircast-client': () => import('fhircast-client'),
  'fhircast-client/callback': () => import('fhircast-client/callback'),
  'fhircast-client/callback/aws-lambda': () => import('fhircast-client/callback/aws-lambda'),
  'fhircast-client/callback/express': () => import('fhircast-client/callback/express'),
  'fhircast-client/callback/fastify': () => import('fhircast-client/callback/fastify'),
  'fhircast-client/callback/hono': () => import('fhircast-client/callback/hono'),
  'fhircast-client/callback/koa': () => import('fhircast-client/callback/koa'),
  'fhircast-client/callback/next': () => import('fhircast-client/callback/next'),
  'fhircast-client/content': () => import('fhircast-client/content'),
  'fhircast-client/launch': () => import('fhircast-client/launch'),
  'fhircast-client/react': () => import('fhircast-client/react'),
  'fhircast-client/observe': () => import('fhircast-client/observe'),
  'fhircast-client/radiology': () => import('fhircast-client/radiology'),
  'fhircast-client/redis': () => import('fhircast-client/redis'),
  'fhircast-client/relay': () => import('fhircast-client/relay'),
  'fhircast-client/scopes': () => import('fhircast-client/scopes'),
  'fhircast-client/testing': () => import('fhircast-client/testing'),
  'fhircast-client/testing/msw': () => import('fhircast-client/testing/msw'),
  msw: () => import('msw'),
  'msw/node': () => import('msw/node'),
  'fhircast-client/testing/fake': () => import('fhircast-client/testing/fake'),
  '@angular/core': () => import('@angular/core'),
  '@opentelemetry/api': () => import('@opentelemetry/api'),
  'node:diagnostics_channel': () => import('node:diagnostics_channel'),
  'node:events': () => import('node:events'),
  'node:http': () => import('node:http'),
  '@hono/node-server': () => import('@hono/node-server'),
  express: async () => ({ default: require('express') }),
  // What fhirclient is in a page, and here a stand-in of the fixture.
  fhirclient: async () => ({ default: Reflect.get(globalThis, 'FHIR') }),
  fastify: () => import('fastify'),
  hono: () => import('hono'),
  koa: () => import('koa'),
  react: () => import('react'),
  'react-dom/client': () => import('react-dom/client'),
  'react/jsx-runtime': () => import('react/jsx-runtime'),
  redis: () => import('redis'),
  'solid-js': () => import(SOLID),
  'svelte/store': () => import('svelte/store'),
  vue: () => import('vue'),
};

/** Runs a block with what it takes for granted, and returns what it declares. */
async function run(code: string, granted: Result, closers: (() => unknown)[]): Promise<Result> {
  const { code: script } = await transform(code, { loader: 'tsx', jsx: 'automatic' });
  const body = script
    .replace(/^import \{ ([^}]+) \} from "([^"]+)";$/gm, 'const { $1 } = await load("$2");')
    .replace(/^"use client";$/gm, '')
    .replace(/^import (\w+) from "([^"]+)";$/gm, 'const { default: $1 } = await load("$2");')
    .replace(/^export default \w+;$/gm, '')
    .replace(/^export /gm, '');
  const declared = [...body.matchAll(/^const (?:(\w+)|\{ ([\w, ]+) \}) =/gm)].flatMap(
    ([, name, names]) => name ?? names,
  );
  const load = async (name: string) => {
    const loaded = (await modules[name]?.()) as Record<string, unknown>;
    if (!loaded) throw new Error(`A block imports ${name}, which the test does not know.`);
    if (name !== 'node:http') return loaded;
    const { createServer } = loaded as unknown as typeof import('node:http');
    return {
      ...loaded,
      createServer: (...args: Parameters<typeof createServer>) => {
        const server = createServer(...args);
        closers.push(
          () => server.close(),
          () => server.closeAllConnections(),
        );
        return server;
      },
    };
  };
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (...values: unknown[]) => Promise<Result>;
  const program = new AsyncFunction('load', ...Object.keys(granted), `${body}\nreturn { ${declared.join(', ')} };`);
  return { ...granted, ...(await program(load, ...Object.values(granted))) };
}

/**
 * Runs a block of a document as it is written, in a session of its own.
 *
 * @param name the fixture that gives it what it takes for granted, and looks at what came of it
 * @param code TypeScript, with JSX or without
 */
export async function runBlock(name: string | undefined, code: string): Promise<void> {
  const fixture = FIXTURES[name ?? ''];
  if (!fixture) throw new Error(`The block has no fixture that runs it: ${name}`);
  const hub = await startTestHub();
  const closers: (() => unknown)[] = [() => hub.close()];
  onTestFinished(async () => {
    for (const close of closers.reverse()) await close();
  });
  const calls: Record<string, unknown[]> = {};
  const stage: Stage = {
    hub,
    session: hub.openSession(),
    calls,
    spy: (spied) => (value) => {
      calls[spied] = [...(calls[spied] ?? []), value];
    },
    later: (close) => closers.push(close),
  };
  const result = await run(code, await fixture.prepare(stage), closers);
  const { client } = result;
  if (client) closers.push(() => (client as { unsubscribe(): Promise<void> }).unsubscribe());
  await fixture.check(stage, result);
}
