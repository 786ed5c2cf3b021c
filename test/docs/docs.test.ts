import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { transform } from 'esbuild';
import type { SessionEventName } from 'fhircast-client';
import { startTestHub } from 'fhircast-client/testing';
import ts from 'typescript';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CONTENT_ADVICE } from '../../src/errors/content-advice.ts';
import { ERROR_CODES } from '../../src/errors/errors.ts';
import { ALIASES, CATALOGUE_NAMES } from '../../src/events/names.ts';
import { STATE_REASONS, TRANSITIONS } from '../../src/following/state.ts';
import { blocksOf, documents, root } from './blocks.ts';
import { FIXTURES } from './fixtures.ts';
import type { Result, Stage } from './stage.ts';

const blocks = documents.flatMap(blocksOf);
const programs = blocks.filter(({ language }) => language === 'ts');
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
  'fhircast-client/radiology': () => import('fhircast-client/radiology'),
  'fhircast-client/redis': () => import('fhircast-client/redis'),
  'fhircast-client/relay': () => import('fhircast-client/relay'),
  'fhircast-client/testing': () => import('fhircast-client/testing'),
  'node:events': () => import('node:events'),
  'node:http': () => import('node:http'),
  '@hono/node-server': () => import('@hono/node-server'),
  express: async () => ({ default: require('express') }),
  fastify: () => import('fastify'),
  hono: () => import('hono'),
  koa: () => import('koa'),
  redis: () => import('redis'),
};

/** Runs a block with what it takes for granted, and returns what it declares. */
async function run(code: string, granted: Result, closers: (() => unknown)[]): Promise<Result> {
  const { code: script } = await transform(code, { loader: 'ts' });
  const body = script
    .replace(/^import \{ ([^}]+) \} from "([^"]+)";$/gm, 'const { $1 } = await load("$2");')
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

describe('the documentation', () => {
  it.each(programs)('runs as written: $file, line $line', async ({ fixture: name, code }) => {
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
  });

  it('type-checks as written', () => {
    const config = ts.readConfigFile(resolve(root, 'tsconfig.json'), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    const files = new Map<string, string>();
    for (const [index, { code, fixture }] of programs.entries()) {
      // Imports stay at the top: what a block takes for granted is declared behind it.
      files.set(
        resolve(root, `test/docs/block-${index}.ts`),
        `${code}\n${FIXTURES[fixture ?? '']?.declarations}\nexport {};\n`,
      );
    }
    const host = ts.createCompilerHost(options);
    const { fileExists, readFile, getSourceFile } = host;
    host.fileExists = (file) => files.has(file) || fileExists(file);
    host.readFile = (file) => files.get(file) ?? readFile(file);
    host.getSourceFile = (file, version, ...rest) => {
      const text = files.get(file);
      return text === undefined ? getSourceFile(file, version, ...rest) : ts.createSourceFile(file, text, version);
    };
    const program = ts.createProgram([...files.keys()], options, host);
    const faults = ts.getPreEmitDiagnostics(program).filter(({ file }) => file && files.has(file.fileName));
    expect(
      faults.map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
    ).toEqual([]);
  }, 60_000);

  it('lists every error code once, and no other', () => {
    const rows = readFileSync(resolve(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `([a-z0-9-]+)` \|/gm);
    const listed = [...rows].map(([, code]) => code);
    expect(listed.filter((code) => code?.includes('-') || code === 'closed' || code === 'aborted').sort()).toEqual(
      [...ERROR_CODES, ...Object.keys(CONTENT_ADVICE)].sort(),
    );
  });

  it('lists every event and every older spelling', () => {
    const text = readFileSync(resolve(root, 'docs/events.md'), 'utf8');
    for (const name of [...CATALOGUE_NAMES, ...Object.keys(ALIASES)]) expect(text).toContain(`\`${name}\``);
  });

  it("lists every event of the client's own", () => {
    const own: Record<SessionEventName, true> = {
      state: true,
      context: true,
      sync: true,
      resend: true,
      subscribed: true,
      denied: true,
      error: true,
      warning: true,
      protocol: true,
    };
    const [, table = ''] = readFileSync(resolve(root, 'docs/events.md'), 'utf8').split("## The client's own events");
    const listed = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(Object.keys(own).sort());
  });

  it('draws the state machine as it is', () => {
    const drawn = [
      ...readFileSync(resolve(root, 'ARCHITECTURE.md'), 'utf8').matchAll(/^ {2}(\w+) --> (\w+): (\d+) (\w+)$/gm),
    ];
    const real = Object.entries(TRANSITIONS).flatMap(([from, ways]) =>
      Object.entries(ways).map(
        ([reason, to]) => `${from} --> ${to}: ${STATE_REASONS[reason as keyof typeof STATE_REASONS]} ${reason}`,
      ),
    );
    expect(drawn.map(([line]) => line.trim()).sort()).toEqual(real.sort());
  });

  it('gives a reason for every dependency', () => {
    const text = readFileSync(resolve(root, 'ARCHITECTURE.md'), 'utf8');
    const { dependencies, devDependencies, peerDependencies } = JSON.parse(
      readFileSync(resolve(root, 'package.json'), 'utf8'),
    );
    for (const name of Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies }))
      expect(text).toContain(`\`${name}\``);
  });
});
