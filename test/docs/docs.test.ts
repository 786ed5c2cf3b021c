import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SessionEventName } from 'fhircast-client';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { CONTENT_ADVICE } from '../../src/errors/content-advice.ts';
import { ERROR_CODES } from '../../src/errors/errors.ts';
import { ALIASES, CATALOGUE_NAMES } from '../../src/events/names.ts';
import { STATE_REASONS, TRANSITIONS } from '../../src/following/state.ts';
import { blocksOf, documents, root } from './blocks.ts';
import { FIXTURES } from './fixtures.ts';
import { runBlock } from './run-block.ts';

const blocks = documents.flatMap(blocksOf);
/** Those in `tsx` are run by react.test.ts, which has a page. */
const programs = blocks.filter(({ language }) => language === 'ts');
const typed = blocks.filter(({ language }) => language === 'ts' || language === 'tsx');

describe('the documentation', () => {
  it.each(programs)('runs as written: $file, line $line', ({ fixture, code }) => runBlock(fixture, code));

  it('type-checks as written', () => {
    const config = ts.readConfigFile(resolve(root, 'tsconfig.json'), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    const files = new Map<string, string>();
    for (const [index, { code, fixture, language }] of typed.entries()) {
      // Imports stay at the top: what a block takes for granted is declared behind it.
      files.set(
        resolve(root, `test/docs/block-${index}.${language}`),
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
  }, 240_000);

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
