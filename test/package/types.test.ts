import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/run.ts';

const execute = promisify(execFile);

/** The compilers, by the names of their packages. */
const COMPILERS = {
  'TypeScript 5.4': 'typescript-5.4',
  '5.9': 'typescript-5.9',
  '6': 'typescript',
  '7': 'typescript-7',
};

/** Ways to find modules, as compiler options. */
const RESOLUTIONS = {
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
  node16: { module: 'node16', moduleResolution: 'node16' },
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  node10: { module: 'commonjs', moduleResolution: 'node10' },
} as const;

type Compiler = keyof typeof COMPILERS;
type Resolution = keyof typeof RESOLUTIONS;
type Manager = 'npm' | 'pnpm';

/** What of the package's neighbours its declarations import. React is a peer: of an app that has none, its types are not needed. */
const NEIGHBOURS = ['@types/fhir', 'eventemitter3', '@types/react', 'csstype'];

/** By the package manager whose layout of node_modules it has. */
const apps = new Map<Manager, string>();

async function copyPackage(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const part of ['package.json', 'dist']) await cp(join(root, part), join(folder, part), { recursive: true });
}

async function copyNeighbours(modules: string): Promise<void> {
  for (const name of NEIGHBOURS) await cp(join(root, 'node_modules', name), join(modules, name), { recursive: true });
}

/** npm puts everything side by side; pnpm gives each package what it asks for, and the app only what the app asks for. */
async function install(manager: Manager): Promise<string> {
  const app = await mkdtemp(join(tmpdir(), `fhircast-types-${manager}-`));
  const modules = join(app, 'node_modules');
  const home = manager === 'npm' ? modules : join(modules, '.pnpm', 'fhircast-client', 'node_modules');
  await copyPackage(join(home, 'fhircast-client'));
  await copyNeighbours(home);
  if (manager === 'pnpm') await symlink(join(home, 'fhircast-client'), join(modules, 'fhircast-client'), 'dir');
  await mkdir(join(modules, '@types'), { recursive: true });
  for (const name of ['@types/node', 'undici-types'])
    await symlink(join(root, 'node_modules', name), join(modules, name), 'dir');
  await cp(join(import.meta.dirname, 'typed', 'app.ts.txt'), join(app, 'app.ts'));
  return app;
}

beforeAll(async () => {
  for (const manager of ['npm', 'pnpm'] as const) apps.set(manager, await install(manager));
});

afterAll(async () => {
  for (const app of apps.values()) await rm(app, { recursive: true });
});

interface Settings {
  readonly compiler: Compiler;
  readonly resolution: Resolution;
  readonly manager: Manager;
  readonly skipLibCheck: boolean;
  readonly hasNodeTypes: boolean;
}

/** Compiles the app and returns what is wrong, by file and line. */
async function compile({ compiler, resolution, manager, skipLibCheck, hasNodeTypes }: Settings): Promise<string[]> {
  const app = apps.get(manager) ?? '';
  const name = `${[COMPILERS[compiler], resolution, skipLibCheck, hasNodeTypes].join('-')}`;
  const folder = join(app, name);
  await mkdir(folder, { recursive: true });
  // The same text as a module of either kind.
  const type = resolution === 'node10' ? 'commonjs' : 'module';
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type }));
  await cp(join(app, 'app.ts'), join(folder, 'app.ts'));
  const options = {
    ...RESOLUTIONS[resolution],
    target: 'es2022',
    lib: hasNodeTypes ? ['es2022'] : ['es2022', 'dom', 'dom.iterable'],
    types: hasNodeTypes ? ['node'] : [],
    strict: true,
    noEmit: true,
    skipLibCheck,
    ...(compiler === '6' ? { ignoreDeprecations: '6.0' } : {}),
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['app.ts'] }));
  const tsc = join(root, 'node_modules', COMPILERS[compiler], 'bin', 'tsc');
  const { stdout } = await execute(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  const found = [...stdout.matchAll(/^(\S+?)\((\d+),\d+\): error (TS\d+: .*)$/gm)];
  return found.map(([, file, line, text]) => (file === 'app.ts' ? `line ${line}` : `${file}: ${text}`));
}

/** Every compiler with two resolutions, and every value of the other settings; `FHIRCAST_TYPES=all`: everything with everything. */
function rows(): Settings[] {
  const all: Settings[] = [];
  const isAll = process.env.FHIRCAST_TYPES === 'all';
  for (const [c, compiler] of (Object.keys(COMPILERS) as Compiler[]).entries())
    for (const [r, resolution] of (Object.keys(RESOLUTIONS) as Resolution[]).entries()) {
      // TypeScript 7 knows it no more.
      if (resolution === 'node10' && compiler === '7') continue;
      for (let bits = 0; bits < 8; bits++) {
        if (!isAll && (bits !== [0, 3, 5, 6][r] || (c + r) % 2 === 0)) continue;
        const manager = bits & 1 ? 'pnpm' : 'npm';
        all.push({ compiler, resolution, manager, skipLibCheck: (bits & 2) > 0, hasNodeTypes: (bits & 4) > 0 });
      }
    }
  return all;
}

describe('the types of the package', () => {
  it.each(rows())(
    'find every planted mistake and no other: $compiler, $resolution, $manager, skipLibCheck $skipLibCheck, types of Node $hasNodeTypes',
    async (settings) => {
      const source = await readFile(join(import.meta.dirname, 'typed', 'app.ts.txt'), 'utf8');
      const planted = source
        .split('\n')
        .flatMap((line, index) => (line.endsWith('// error') ? [`line ${index + 1}`] : []));
      expect(planted.length).toBeGreaterThan(10);
      expect([...new Set(await compile(settings))]).toEqual(planted);
    },
  );
});
