import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { specifier, subpaths } from '../../scripts/entry-points.ts';
import { root } from '../../scripts/run.ts';

const execute = promisify(execFile);
let app: string;

/** Runs a file of an app that has the built package in its node_modules. */
async function runInApp(name: string, source: string): Promise<string> {
  const file = join(app, name);
  await writeFile(file, source);
  const { stdout, stderr } = await execute(process.execPath, [file], { cwd: app });
  expect(stderr).toBe('');
  return stdout.trim();
}

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'fhircast-app-'));
  await mkdir(join(app, 'node_modules'));
  await symlink(root, join(app, 'node_modules', 'fhircast-client'), 'dir');
});

afterAll(() => rm(app, { recursive: true }));

describe.each(subpaths)('%s in a process of its own', (subpath) => {
  const name = specifier(subpath);
  const file = name.replaceAll('/', '-');

  it('offers the same to import and to require, and lets the process end', async () => {
    const imported = await runInApp(
      `${file}.mjs`,
      `import * as it from '${name}'; console.log(Object.keys(it).filter((key) => key !== 'default').sort().join());`,
    );
    const required = await runInApp(
      `${file}.cjs`,
      `console.log(Object.keys(require('${name}')).filter((key) => key !== 'default').sort().join());`,
    );
    expect(imported).not.toBe('');
    expect(required).toBe(imported);
  });
});

describe('the root', () => {
  const isClass =
    "console.log(typeof it.FhircastClient === 'function' && Object.prototype.isPrototypeOf.call(Error, it.FhircastError));";

  const makesOne =
    "const client = new it.FhircastClient({ hubUrl: 'http://127.0.0.1:9/hub', topic: 'x' }); console.log(client.state, client.shown);";

  it.each([
    ['import', 'client.mjs', `import * as it from 'fhircast-client'; ${makesOne}`],
    ['require', 'client.cjs', `const it = require('fhircast-client'); ${makesOne}`],
  ])('makes a client by %s', async (_by, file, source) => {
    expect(await runInApp(file, source)).toBe('idle null');
  });

  it.each([
    ['import', 'root.mjs', `import * as it from 'fhircast-client'; ${isClass}`],
    ['require', 'root.cjs', `const it = require('fhircast-client'); ${isClass}`],
  ])('has the client and the errors by %s', async (_by, file, source) => {
    expect(await runInApp(file, source)).toBe('true');
  });
});
