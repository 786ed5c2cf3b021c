import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf, documents, root } from './blocks.ts';

/** The headings of a document, as GitHub makes anchors of them. */
const anchorsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );

const textOf = (file: string) => readFileSync(resolve(root, file), 'utf8');
const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

/** What a block may be: programs are run, commands are looked up, and pictures are drawn by whoever shows them. */
const LANGUAGES = ['ts', 'tsx', 'js', 'sh', 'mermaid', ''];

/** The commands in a text, without comments and arguments: `npm ci`, `npm run docs`, `npx vitest`. */
const commandsIn = (text: string): string[] =>
  text.split(/\n|&&/).flatMap((part) => {
    const [, command] = /^\s*(\S.*?)\s*(?:#.*)?$/.exec(part) ?? [];
    return command && !command.startsWith('#') ? [command] : [];
  });

const exists = (command: string): boolean => {
  // test/package/cli.test.ts runs them.
  if (/^(?:curl|npx fhircast-client)\b/.test(command)) return true;
  const [, npx] = /^npx (\S+)/.exec(command) ?? [];
  if (npx) return existsSync(resolve(root, 'node_modules/.bin', npx));
  const [, verb, script = ''] = /^npm (?:(run) )?(\S+)/.exec(command) ?? [];
  // Of npm's own commands the documents need one; the others must be scripts, and only two need no `run`.
  return script === 'ci' || (Object.hasOwn(scripts, script) && (verb === 'run' || ['start', 'test'].includes(script)));
};

describe.each(documents)('%s', (file) => {
  it('has no block that nothing checks', () => {
    expect(textOf(file)).not.toMatch(/^[ \t>]+```/m);
    for (const { language, line } of blocksOf(file)) expect(LANGUAGES, `line ${line}`).toContain(language);
  });

  it('names commands that exist', () => {
    const blocks = blocksOf(file).filter(({ language }) => language === 'sh');
    const inline = [...textOf(file).matchAll(/`((?:npm|npx) [^`\n]+)`/g)].map(([, text = '']) => text);
    const commands = [...blocks.map(({ code }) => code), ...inline].flatMap(commandsIn);
    expect(commands.filter((command) => !exists(command))).toEqual([]);
  });

  it('links to what exists', () => {
    const targets = [...textOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = targets.filter((target) => {
      if (/^https?:/.test(target)) return false;
      const [path = '', anchor] = target.split('#');
      const document = path === '' ? resolve(root, file) : resolve(root, dirname(file), path);
      return !existsSync(document) || (anchor !== undefined && !anchorsOf(document).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it('has no two headings that are the same', () => {
    const headings = anchorsOf(resolve(root, file));
    const twice = headings.filter((heading, index) => headings.indexOf(heading) !== index);
    // A changelog has the same sections for each version.
    if (file !== 'CHANGELOG.md') expect(twice).toEqual([]);
  });

  it('names files that exist', () => {
    const tests = [...textOf(file).matchAll(/`([\w/-]+\.test\.ts)`/g)].map(([, path = '']) => join('test', path));
    const paths = [...textOf(file).matchAll(/`((?:src|test|scripts|docs|examples|bench)\/[\w./-]*)`/g)];
    const named = [...tests, ...paths.map(([, path = '']) => path)].filter((path) => path !== 'docs/api');
    expect(named.filter((path) => !existsSync(resolve(root, path)))).toEqual([]);
  });
});
