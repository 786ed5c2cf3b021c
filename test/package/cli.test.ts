import { execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { FhircastClient } from 'fhircast-client';
import { startTestHub } from 'fhircast-client/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pack } from '../../scripts/pack.ts';
import { root } from '../../scripts/run.ts';
import { blocksOf } from '../docs/blocks.ts';
import { BIN, command, commandHub } from './command.ts';

/** What the documents say of the command. */
const blocks = ['docs/cli.md', 'README.md']
  .flatMap(blocksOf)
  .filter(({ language, code }) => language === 'sh' && /^(?:curl|npx fhircast-client) /.test(code));

/** The client of an app that was given what the hub has printed. */
async function follow(env: Record<string, string>, events: ('Patient-open' | 'Patient-close')[]) {
  const client = new FhircastClient({
    hubUrl: env['FHIRCAST_HUB'] ?? '',
    topic: env['FHIRCAST_TOPIC'] ?? '',
    accessToken: env['FHIRCAST_TOKEN'] ?? '',
    events,
  });
  onTestFinished(() => client.unsubscribe().catch(() => {}));
  client.on('error', () => {});
  await client.ready();
  return client;
}

/** A request by a name of the caller's choice, which `fetch` does not allow. */
const askAs = (url: string, host: string, key: string): Promise<number | undefined> =>
  new Promise((done, fail) => {
    const headers = { Host: host, 'X-Fhircast-Control': key };
    request(url, { headers }, (response) => {
      response.resume();
      done(response.statusCode);
    })
      .on('error', fail)
      .end();
  });

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fhircast-cli-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe('fhircast-client hub', () => {
  it('is a hub and an EHR at one address, whose charts are opened and closed by HTTP', async () => {
    const hub = await commandHub(['--app', 'http://localhost:4444/launch.html']);
    expect([new URL(hub.url).origin, new URL(hub.fhir).origin]).toEqual([hub.origin, hub.origin]);
    expect(new URL(hub.origin).hostname).toBe('127.0.0.1');

    const launch = new URL(hub.launch);
    expect([launch.origin + launch.pathname, launch.searchParams.get('iss')]).toEqual([
      'http://localhost:4444/launch.html',
      hub.fhir,
    ]);
    const smart = await (await fetch(`${hub.fhir}/.well-known/smart-configuration`)).json();
    expect(smart).toMatchObject({ token_endpoint: `${hub.origin}/auth/token` });

    const client = await follow(hub.env, ['Patient-open', 'Patient-close']);
    const opened = await (await hub.control('/ada-quill/open', { method: 'POST' })).json();
    expect(opened).toMatchObject({ answers: [{ status: 200 }] });
    expect(client.shown?.patient?.id).toBe('ada-quill');
    const { charts } = (await (await hub.control('')).json()) as { charts: { id: string }[] };
    expect(charts).toContainEqual({ id: 'ada-quill', name: 'Ada Rosalind Quill', isOpen: true, isCurrent: true });
    await hub.control('/ada-quill/close', { method: 'POST' });
    expect(client.shown).toBeNull();

    await hub.printed(/EHR → hub .*publish .*Patient-open/);
    hub.process.kill('SIGINT');
    expect(await hub.ended).toBe(0);
  });

  it('lets no page of somebody else open a chart', async () => {
    const { origin, key, control, process: child, ended } = await commandHub();
    const chart = `${origin}/control/charts/ada-quill/open`;
    const statuses = [
      (await fetch(chart, { method: 'POST' })).status,
      (await fetch(chart, { method: 'POST', headers: { 'X-Fhircast-Control': `${key}x` } })).status,
      await askAs(`${origin}/control/charts`, 'evil.example.org', key),
      await askAs(`${origin}/hub/.well-known/fhircast-configuration`, 'evil.example.org', key),
      await askAs(`${origin}/control/charts`, `localhost:${new URL(origin).port}`, key),
      (await control('/nobody/open', { method: 'POST' })).status,
      (await control('/ada-quill/open')).status,
    ];
    expect(statuses).toEqual([403, 403, 421, 421, 200, 404, 405]);
    const preflight = await fetch(chart, { method: 'OPTIONS', headers: { Origin: 'https://evil.example.org' } });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it.each([
    { args: ['--personality', 'medplum-stu3'], env: {}, websocket: true, content: undefined },
    { args: ['--dialect', 'draft'], env: { FHIRCAST_DIALECT: 'draft' }, websocket: true, content: true },
    { args: ['--webhook-only', '--no-content'], env: {}, websocket: false, content: false },
    { args: ['--personality', 'stu2', '--content'], env: {}, websocket: true, content: true },
  ])('is the hub that is asked for: $args', async ({ args, env, websocket, content }) => {
    const hub = await commandHub(args);
    expect(hub.env).toMatchObject(env);
    const answer = await fetch(`${hub.url.replace('/draft', '/hub')}/.well-known/fhircast-configuration`);
    const { websocketSupport, eventsSupported } = (await answer.json()) as Record<string, unknown>;
    expect(websocketSupport).toBe(websocket);
    if (content !== undefined)
      expect((eventsSupported as string[]).some((name) => /-update$/i.test(name))).toBe(content);
  });

  it('says that its port is taken', async () => {
    const other = await startTestHub();
    onTestFinished(() => other.close());
    const { port } = new URL(other.url);
    const { ended, lines } = command(['hub', '--port', port]);
    expect([await ended, lines]).toEqual([1, [`error: Port ${port} is taken. Choose another --port.`]]);
  });
});

describe('fhircast-client listen', () => {
  it('prints a line for each event, without ids and content, and leaves on Ctrl+C', async () => {
    const hub = await commandHub();
    const listen = command(['listen'], hub.env);
    await listen.printed(/^session in-sync$/);
    await hub.control('/ada-quill/open', { method: 'POST' });
    expect(await listen.printed(/Patient-open/)).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z Patient-open {13}Patient$/);
    await hub.printed(/answer \(notify\) +200/);
    listen.process.kill('SIGINT');
    expect(await listen.ended).toBe(0);
    await hub.printed(/hub → fhircast-client listen ended/);
    const { FHIRCAST_TOKEN: token = '', FHIRCAST_TOPIC: topic = '' } = hub.env;
    for (const secret of [token, topic, 'ada-quill', 'Quill']) expect(listen.lines.join('\n')).not.toContain(secret);
  });

  it('prints JSON, and content where that is asked for; the token file may come from Windows', async () => {
    const hub = await commandHub();
    const file = join(await temporary(), 'token.txt');
    await writeFile(file, `\uFEFF${hub.env['FHIRCAST_TOKEN']}\r\n`);
    const { FHIRCAST_TOKEN: _, ...env } = hub.env;
    const args = ['listen', '--json', '--count', '1', '--events', 'Patient-open', '--token-file', file];
    const [plain, full] = [command(args, env), command([...args, '--show-content'], env)];
    await Promise.all([plain, full].map(({ printed }) => printed(/^session in-sync$/)));
    await hub.control('/bram-oakhurst/open', { method: 'POST' });
    expect(await Promise.all([plain.ended, full.ended])).toEqual([0, 0]);
    const [one, other] = [plain, full].map(({ lines }) => JSON.parse(lines.find((line) => line.startsWith('{')) ?? ''));
    expect(one).toEqual({ time: expect.any(String), event: 'Patient-open', resources: ['Patient'], source: 'hub' });
    expect(other).toMatchObject({ ...one, context: [{ key: 'patient', resource: { id: 'bram-oakhurst' } }] });
  });

  it('takes webhooks', async () => {
    const hub = await commandHub(['--webhook-only', '--dialect', 'draft']);
    const listen = command(['listen', '--callback-port', '0', '--count', '1'], hub.env);
    await listen.printed(/^active /);
    await hub.control('/ada-quill/open', { method: 'POST' });
    expect(await listen.ended).toBe(0);
    await listen.printed(/Patient-open/);
  });

  it('ends with a code that says why', async () => {
    const hub = await startTestHub();
    onTestFinished(() => hub.close());
    const session = hub.openSession();
    const given = { FHIRCAST_HUB: hub.url, FHIRCAST_TOPIC: session.id, FHIRCAST_TOKEN: session.accessToken };
    const code = (args: string[], env: NodeJS.ProcessEnv = {}) =>
      command(['listen', ...args], { ...given, ...env }).ended;
    const codes = await Promise.all([
      code([], { FHIRCAST_TOKEN: 'wrong' }),
      code([], { FHIRCAST_TOKEN: '' }),
      code(['--token-file', '/nowhere/token']),
      code(['--hub', 'http://127.0.0.1:1/hub']),
      code(['--hub', 'http://hub.example.org/hub']),
      code(['--tokn']),
      code([], { FHIRCAST_TOPIC: '' }),
    ]);
    expect(codes).toEqual([3, 3, 3, 4, 2, 2, 2]);
    session.denyNext('No more subscribers.');
    expect(await code([])).toBe(5);
    const later = command(['listen'], given);
    await later.printed(/^active /);
    session.revokeToken(session.accessToken);
    session.dropConnections();
    expect(await later.ended).toBe(3);
  });

  it('takes no token as an argument, and does not repeat it', async () => {
    const all = ['--token=s3cret', '--tokn=s3cret'].map((argument) => command(['listen', argument]));
    expect(await Promise.all(all.map(({ ended }) => ended))).toEqual([2, 2]);
    expect(all.flatMap(({ lines }) => lines).join('\n')).not.toContain('s3cret');
  });

  it('asks for the token in a terminal, and shows nothing of it', async (context) => {
    const hub = await commandHub();
    const { FHIRCAST_TOKEN: token = '', ...env } = hub.env;
    // `script` gives a process a terminal; it is not on every machine.
    const line = `"${process.execPath}" "${BIN}" listen --count 1`;
    const child = spawn('script', ['-qec', line, '/dev/null'], { env: { ...process.env, ...env } });
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    const isActive = new Promise<boolean>((done) => {
      child.on('error', () => done(false));
      child.stdout.on('data', (chunk: Buffer) => {
        const isAsked = output.includes('Token');
        output += chunk;
        if (!isAsked && output.includes('Token')) child.stdin.write(`${token}\r`);
        if (/session in-sync/.test(output)) done(true);
      });
    });
    if (!(await isActive)) return context.skip('There is no `script`.');
    expect(output).not.toContain(token);
  });
});

describe('fhircast-client', () => {
  it('tells what there is', async () => {
    const all = [['--help'], ['hub', '--help'], ['listen', '--help'], ['--version']].map((args) => command(args));
    expect(await Promise.all(all.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
    expect(all.map(({ lines }) => lines.join('\n'))).toEqual([
      expect.stringContaining('listen'),
      expect.stringContaining('--webhook-only'),
      expect.stringContaining('Exit codes:'),
      expect.stringMatching(/^\d+\.\d+\.\d+/),
    ]);
  });

  it.each(blocks)('does what $file says, line $line', async ({ code }) => {
    const folder = await temporary();
    const hub = await commandHub();
    await writeFile(join(folder, 'token.txt'), hub.env['FHIRCAST_TOKEN'] ?? '');
    for (const line of code.split('\n').filter((text) => text !== '' && !text.startsWith('#'))) {
      if (line.startsWith('npx fhircast-client hub')) {
        const args = line
          .replace(/^npx fhircast-client /, '')
          .replace(/--port \d+/, '--port 0')
          .split(' ');
        const other = command(args);
        await other.printed(/^Patients are made up/);
        other.process.kill('SIGINT');
        expect(await other.ended).toBe(0);
      } else if (line.startsWith('npx fhircast-client listen')) {
        const [, text = ''] = /^npx fhircast-client (.+)$/.exec(line) ?? [];
        const args = text
          .replace(/--hub \S+ --topic \S+/, '')
          .replace('token.txt', join(folder, 'token.txt'))
          .split(' ')
          .filter(Boolean);
        const listen = command([...args, '--count', '1'], hub.env);
        await listen.printed(/^session in-sync$/);
        await hub.control('/ada-quill/open', { method: 'POST' });
        expect(await listen.ended).toBe(0);
        await hub.control('/ada-quill/close', { method: 'POST' });
      } else {
        const env = { ...process.env, KEY: hub.key, ORIGIN: hub.origin };
        expect(execFileSync('sh', ['-c', line], { env, encoding: 'utf8', stdio: 'pipe' })).toMatch(/^\{.*\}\n$/);
      }
    }
  });

  it('runs from the tarball, beside nothing but its dependencies', async () => {
    const folder = await temporary();
    const { filename } = pack(folder);
    const modules = join(folder, 'node_modules');
    const home = join(modules, 'fhircast-client');
    await mkdir(home, { recursive: true });
    execFileSync('tar', ['-xzf', join(folder, filename), '-C', home, '--strip-components=1']);
    const { dependencies, bin } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8'));
    for (const name of Object.keys(dependencies)) {
      await mkdir(dirname(join(modules, name)), { recursive: true });
      await symlink(resolve(root, 'node_modules', name), join(modules, name), 'dir');
    }
    const file = join(home, bin['fhircast-client']);
    const hub = await commandHub([], file);
    const listen = command(['listen', '--count', '1'], hub.env, file);
    await listen.printed(/^session in-sync$/);
    await hub.control('/ada-quill/open', { method: 'POST' });
    expect(await listen.ended).toBe(0);
  });
});
