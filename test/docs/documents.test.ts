import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf, documents, root } from './blocks.ts';

const textOf = (file: string) => readFileSync(resolve(root, file), 'utf8');
const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

/** What a block may be: programs are run, commands are looked up, and pictures are drawn by whoever shows them. */
const LANGUAGES = ['ts', 'js', 'sh', 'mermaid', ''];

/** The commands in a text, without comments and arguments: `npm ci`, `npm run docs`, `npx vitest`. */
const commandsIn = (text: string): string[] =>
  text.split(/\n|&&/).flatMap((part) => {
    const [, command] = /^\s*(\S.*?)\s*(?:#.*)?$/.exec(part) ?? [];
    return command && !command.startsWith('#') ? [command] : [];
  });

const exists = (command: string): boolean => {
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
    const local = targets.filter((target) => !/^(https?:|#)/.test(target)).map((target) => target.replace(/#.*/, ''));
    expect(local.filter((target) => !existsSync(resolve(root, dirname(file), target)))).toEqual([]);
  });
});
