import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import ts from 'typescript';
import { root } from './run.ts';

/** The rooms of `src`, from the top. A file needs only what lies in its own room or below; ARCHITECTURE.md says what they are for. */
const ROOMS: readonly string[] = [
  'cli',
  'browser',
  'testing/index.ts',
  'testing/msw',
  'testing/fake',
  'react',
  'observe',
  'scopes',
  'radiology',
  'content',
  'testing/ehr',
  'testing/hub',
  'testing/requests',
  'testing/session',
  'testing/subscriptions',
  'testing/publishing',
  'testing/content',
  'testing/personalities',
  'testing/delivery',
  'testing/context',
  'testing/network',
  'testing/ground',
  'redis',
  'relay',
  'callback',
  'launch/index.ts',
  'launch/client-from-connector.ts',
  'launch/client-credentials.ts',
  'launch/client-from-url.ts',
  'launch/hub-of-fhir-server.ts',
  'index.ts',
  'client.ts',
  'session',
  'recovery',
  'changes',
  'subscription',
  'following',
  'channels',
  'launch',
  'hub',
  'events',
  'web',
  'errors',
];

/** The figures of the sources by which their order can be judged. */
export interface Figures {
  /** How many files each folder of `src` has. */
  readonly files: ReadonlyMap<string, number>;
  /** Which file needs which, in a room above its own: `from -> to`. */
  readonly upward: readonly string[];
  /** The files that need each other, directly or by others. */
  readonly circles: readonly (readonly string[])[];
  /** The files of `src` that share a name, and those of `scripts` that do. Every `index.ts` may have the same. */
  readonly namesakes: readonly (readonly string[])[];
  readonly longestConstructor: { readonly file: string; readonly lines: number };
  readonly longestFile: { readonly file: string; readonly lines: number };
  /** Lines with code. A comment behind it does not matter. */
  readonly codeLines: number;
  /** Lines with nothing but a comment. */
  readonly commentLines: number;
}

const sources = resolve(root, 'src');

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort();

/** Files of one folder and those below it that share a name. An editor's search for such a name finds several. */
function namesakesIn(folder: string): readonly (readonly string[])[] {
  const files = filesIn(resolve(root, folder));
  const names = [...new Set(files.map((file) => basename(file)))].filter((name) => name !== 'index.ts');
  return names
    .map((name) => files.filter((file) => basename(file) === name).map((file) => `${folder}/${file}`))
    .filter(({ length }) => length > 1);
}

/** Where the room of a file stands, from the top. */
function floorOf(file: string): number {
  const isIn = (room: string) => file === room || file.startsWith(`${room}/`);
  const fitting = ROOMS.filter(isIn).sort((one, other) => other.length - one.length);
  if (fitting[0] === undefined) throw new Error(`Say in scripts/structure-figures.ts where ${file} stands.`);
  return ROOMS.indexOf(fitting[0]);
}

/** Groups of files that need each other (Tarjan's algorithm). */
function circlesOf(needs: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const numbers = new Map<string, { index: number; lowest: number; isOpen: boolean }>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string) => {
    const own = { index: numbers.size, lowest: numbers.size, isOpen: true };
    numbers.set(file, own);
    open.push(file);
    for (const needed of needs.get(file) ?? []) {
      const other = numbers.get(needed) ?? visit(needed);
      if (other.isOpen) own.lowest = Math.min(own.lowest, other.lowest);
    }
    if (own.lowest !== own.index) return own;
    const circle = open.splice(open.indexOf(file));
    for (const one of circle) numbers.set(one, { ...own, ...numbers.get(one), isOpen: false });
    if (circle.length > 1) circles.push(circle);
    return { ...own, isOpen: false };
  };
  for (const file of needs.keys()) if (!numbers.has(file)) visit(file);
  return circles;
}

/** How many lines hold code, and how many nothing but a comment. */
function linesOf(source: ts.SourceFile): { readonly code: number; readonly comments: number } {
  const lines = (from: number, to: number, into: Set<number>) => {
    const last = source.getLineAndCharacterOfPosition(to).line;
    for (let line = source.getLineAndCharacterOfPosition(from).line; line <= last; line++) into.add(line);
  };
  const [code, comments] = [new Set<number>(), new Set<number>()];
  const visit = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(source);
    for (const { pos, end } of ts.getLeadingCommentRanges(source.text, node.pos) ?? []) lines(pos, end, comments);
    if (children.length > 0) children.forEach(visit);
    else if (node.getStart(source) < node.end) lines(node.getStart(source), node.end, code);
  };
  visit(source);
  return { code: code.size, comments: [...comments].filter((line) => !code.has(line)).length };
}

/** How many lines the longest constructor of a file has. */
function constructorLines(source: ts.SourceFile): number {
  let most = 0;
  const visit = (node: ts.Node): void => {
    if (ts.isConstructorDeclaration(node)) {
      const [first, last] = [node.getStart(source), node.end].map(
        (at) => source.getLineAndCharacterOfPosition(at).line,
      );
      most = Math.max(most, (last ?? 0) - (first ?? 0) + 1);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return most;
}

/** Reads all sources and counts. */
export function readFigures(): Figures {
  const needs = new Map<string, readonly string[]>();
  const files = new Map<string, number>();
  let longestConstructor = { file: '', lines: 0 };
  let longestFile = { file: '', lines: 0 };
  let [codeLines, commentLines] = [0, 0];
  for (const file of filesIn(sources)) {
    const text = readFileSync(resolve(sources, file), 'utf8');
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
    const { importedFiles } = ts.preProcessFile(text, true, true);
    const own = importedFiles.filter(({ fileName }) => fileName.startsWith('.'));
    needs.set(
      file,
      own.map(({ fileName }) => relative(sources, resolve(sources, dirname(file), fileName))),
    );
    const folder = dirname(file);
    files.set(folder, (files.get(folder) ?? 0) + 1);
    const { code, comments } = linesOf(source);
    codeLines += code;
    commentLines += comments;
    const lines = constructorLines(source);
    if (lines > longestConstructor.lines) longestConstructor = { file, lines };
    const length = text.split('\n').length - 1;
    if (length > longestFile.lines) longestFile = { file, lines: length };
  }
  const arrows = [...needs].flatMap(([from, all]) => all.map((to) => ({ from, to })));
  const upward = arrows.filter(({ from, to }) => floorOf(to) < floorOf(from)).map(({ from, to }) => `${from} -> ${to}`);
  const namesakes = ['src', 'scripts'].flatMap(namesakesIn);
  return {
    files,
    upward,
    circles: circlesOf(needs),
    namesakes,
    longestConstructor,
    longestFile,
    codeLines,
    commentLines,
  };
}
