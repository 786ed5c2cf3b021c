import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { entryPoints, specifier, subpaths } from '../../scripts/entry-points.ts';
import { root } from '../../scripts/run.ts';

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(resolve(root, path), 'utf8')) as Record<string, unknown>;
}

/** The declarations that TypeScript finds for an import in a file with this name, relative to the root. */
function typesOf(name: string, file: string, moduleResolution: ts.ModuleResolutionKind): string | undefined {
  const module = moduleResolution === ts.ModuleResolutionKind.Bundler ? ts.ModuleKind.ESNext : ts.ModuleKind.Node16;
  const mode = file.endsWith('.cts') ? ts.ModuleKind.CommonJS : ts.ModuleKind.ESNext;
  const options = { module, moduleResolution };
  const { resolvedModule } = ts.resolveModuleName(
    name,
    resolve(root, file),
    options,
    ts.sys,
    undefined,
    undefined,
    mode,
  );
  return resolvedModule?.resolvedFileName.slice(root.length + 1);
}

describe.each(subpaths)('the entry point %s', (subpath) => {
  const path = entryPoints[subpath];
  const name = specifier(subpath);

  it('has its files under each condition', () => {
    const exported = readJson('package.json')['exports'] as Record<string, unknown>;
    expect(exported[subpath]).toEqual({
      import: { types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` },
      require: { types: `./dist/${path}.d.cts`, default: `./dist/${path}.cjs` },
    });
    for (const extension of ['.js', '.cjs', '.d.ts', '.d.cts']) {
      expect(existsSync(resolve(root, `dist/${path}${extension}`)), `${path}${extension}`).toBe(true);
    }
  });

  it('has types for import, require and bundlers', () => {
    const { Node16, Bundler } = ts.ModuleResolutionKind;
    expect(typesOf(name, 'app.mts', Node16)).toBe(`dist/${path}.d.ts`);
    expect(typesOf(name, 'app.cts', Node16)).toBe(`dist/${path}.d.cts`);
    expect(typesOf(name, 'app.ts', Bundler)).toBe(`dist/${path}.d.ts`);
  });

  it('has types for the resolution of TypeScript before 4.7, which does not read `exports`', () => {
    const { '*': versions } = readJson('package.json')['typesVersions'] as { '*': Record<string, string[]> };
    if (subpath !== '.') expect(versions[subpath.slice(2)]).toEqual([`./dist/${path}.d.cts`]);
    else expect(readJson('package.json')['types']).toBe(`./dist/${path}.d.cts`);
  });

  it('leads to its source in the configuration files', () => {
    const { compilerOptions } = readJson('tsconfig.json') as { compilerOptions: { paths: unknown } };
    expect(compilerOptions.paths).toHaveProperty([name], [`./src/${path}.ts`]);
    expect(readJson('typedoc.json')['entryPoints']).toContain(`src/${path}.ts`);
    expect(readJson('knip.json')['entry']).toContain(`src/${path}.ts`);
  });
});

describe('the declarations', () => {
  it('need no types that a user of the package does not have', () => {
    const folder = resolve(root, 'dist');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => /\.d\.c?ts$/.test(path));
    const imported = files.flatMap((path) =>
      [...readFileSync(resolve(folder, path), 'utf8').matchAll(/\b(?:from|import\()\s*['"]([^.'"][^'"]*)['"]/g)].map(
        (match) => ({ path, name: match[1] ?? '' }),
      ),
    );
    const unknown = imported.filter(({ path, name }) => {
      if (/^(node:|fhir\/|eventemitter3$|fhirclient\b|fhircast-client\b)/.test(name)) return false;
      // Whoever uses an adapter, or the hooks, has the framework: `next/server` is of Next.js.
      const [, adapter] = /^callback\/adapters\/([a-z-]+)\.d\.c?ts$/.exec(path) ?? [];
      const framework = path.startsWith('react/') ? 'react' : path.startsWith('testing/msw/') ? 'msw' : adapter;
      return framework === undefined || name.split('/')[0] !== framework;
    });
    expect(imported).not.toEqual([]);
    expect(unknown).toEqual([]);
  });
});

describe('the hooks', () => {
  it('say to React that they are for the page, also behind the bundler', () => {
    expect(readFileSync(resolve(root, 'dist/react/index.js'), 'utf8')).toMatch(/^["']use client["'];/);
  });
});

describe('the list of entry points', () => {
  it('is the list of exports', () => {
    const exported = Object.keys(readJson('package.json')['exports'] as object);
    expect(exported).toEqual([...subpaths, './package.json']);
  });
});
