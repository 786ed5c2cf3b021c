import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { startTestEhr, startTestHub, TEST_PATIENTS, type TestSession } from 'fhircast-client/testing';
import { describe, expect, it, onTestFinished } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

interface Example {
  readonly process: ChildProcess;
  /** Resolves when a line that fits has been printed. */
  printed(fits: RegExp): Promise<string>;
}

/** Runs an example as its npm script does, on the package as it was built. */
function run(example: string, env: Record<string, string> = {}): Example {
  // One process, so that its end is the end of all: the command tsx has a child that it would leave behind.
  const process_ = spawn(process.execPath, ['--import', 'tsx', `examples/${example}/index.ts`], {
    cwd: root,
    env: { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.built.json', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void process_.kill('SIGKILL'));
  const lines: string[] = [];
  const waiting: { fits: RegExp; resolve(line: string): void }[] = [];
  createInterface({ input: process_.stdout }).on('line', (line) => {
    lines.push(line);
    for (const one of waiting) if (one.fits.test(line)) one.resolve(line);
  });
  return {
    process: process_,
    printed: (fits) => {
      const past = lines.find((line) => fits.test(line));
      return past === undefined ? new Promise((done) => waiting.push({ fits, resolve: done })) : Promise.resolve(past);
    },
  };
}

describe.each(['node-listener', 'webhook-server'])('examples/%s', (example) => {
  it('shows something without a hub, and leaves on Ctrl+C', async () => {
    const { process: process_, printed } = run(example);
    await printed(/^active \(confirmed\)$/);
    await printed(/^session in-sync since \S+$/);
    await printed(new RegExp(`^opened Patient/${TEST_PATIENTS[0]?.id}$`));
    await printed(new RegExp(`^closed Patient/${TEST_PATIENTS[0]?.id}$`));
    process_.kill('SIGINT');
    await printed(/^closed \(unsubscribed\)$/);
    expect(await once(process_, 'exit')).toEqual([0, null]);
  });

  it('follows the session that it is given', async () => {
    const hub = await startTestHub();
    onTestFinished(() => hub.close());
    const session = hub.openSession();
    const isWebhook = example === 'webhook-server';
    const { process: process_, printed } = run(example, {
      FHIRCAST_HUB: isWebhook ? hub.draftUrl : hub.url,
      FHIRCAST_TOPIC: isWebhook ? session.url : session.id,
      FHIRCAST_TOKEN: session.accessToken,
    });
    await printed(/^active \(confirmed\)$/);
    const { answers } = await session.publish('Patient-open', [{ key: 'patient', resource: TEST_PATIENTS[1] ?? {} }]);
    expect(answers.map(({ status }) => status)).toEqual([200]);
    await printed(new RegExp(`^opened Patient/${TEST_PATIENTS[1]?.id}$`));
    process_.kill('SIGINT');
    await hub.waitFor(({ kind }) => kind === 'ended');
    expect(await once(process_, 'exit')).toEqual([0, null]);
  });
});

/** A browser as far as it matters: it goes where it is sent, and keeps one cookie. */
function openBrowser() {
  let cookie = '';
  const visit = async (url: string, method = 'GET'): Promise<{ status: number; text: string; cookie: string }> => {
    const response = await fetch(url, { method, redirect: 'manual', headers: { Cookie: cookie } });
    cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
    const location = response.headers.get('location');
    if (location) return visit(new URL(location, url).href);
    return { status: response.status, text: await response.text(), cookie };
  };
  return visit;
}

describe('examples/measurements', () => {
  it('prints the address of its start page, and ends on Ctrl+C', async () => {
    const { process: process_, printed } = run('measurements');
    const address = (await printed(/^open /)).replace('open ', '');
    const page = await fetch(address);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('/launch/worklist')]);
    process_.kill('SIGINT');
    expect(await once(process_, 'exit')).toEqual([0, null]);
  });
});

describe('examples/smart-server', () => {
  /** The example, launched by an EHR that is not its own. */
  async function openApp() {
    const hub = await startTestHub();
    onTestFinished(() => hub.close());
    const ehr = await startTestEhr({ hub });
    onTestFinished(() => ehr.close());
    const example = run('smart-server', { FHIR_URL: ehr.fhirUrl });
    const launchUrl = (await example.printed(/^launch /)).replace('launch ', '');
    const launch = async (session: TestSession) => {
      const visit = openBrowser();
      const first = await visit(ehr.launchUrl(launchUrl, { session }));
      return { first, visit: (path: string, method?: string) => visit(new URL(path, launchUrl).href, method) };
    };
    return { hub, ehr, launch, launchUrl, ...example };
  }
  const open = async (session: TestSession, index: number) => {
    const context = [{ key: 'patient', resource: TEST_PATIENTS[index] ?? {} }];
    const { answers } = await session.publish('Patient-open', context);
    return answers.map(({ status }) => status);
  };

  it('follows the session of each user, and leaves at their logout', async () => {
    const { hub, launch, process: process_, printed } = await openApp();
    const [one, two] = [hub.openSession(), hub.openSession()];
    const first = await launch(one);
    const second = await launch(two);
    expect(first.first).toMatchObject({ status: 200, text: expect.stringContaining('No patient is open') });
    expect(first.first.cookie).not.toBe(second.first.cookie);

    expect([await open(one, 0), await open(two, 1)]).toEqual([[200], [200]]);
    expect((await first.visit('/')).text).toContain(TEST_PATIENTS[0]?.name?.[0]?.family);
    const page = (await second.visit('/')).text;
    expect(page).toContain(TEST_PATIENTS[1]?.name?.[0]?.family);
    for (const secret of [two.id, two.accessToken, hub.url]) expect(page).not.toContain(secret);

    expect((await first.visit('/logout', 'POST')).text).toContain('You have logged out.');
    expect(one.subscriptions).toEqual([]);
    expect(await first.visit('/')).toMatchObject({ status: 403 });
    expect((await second.visit('/')).text).toContain(TEST_PATIENTS[1]?.name?.[0]?.family);

    const { answers } = await two.publish('UserLogout');
    expect(answers.map(({ status }) => status)).toEqual([200]);
    await printed(/^logged out at the EHR$/);
    await hub.waitFor(({ kind, session }) => kind === 'ended' && session === two.id);
    process_.kill('SIGINT');
    expect(await once(process_, 'exit')).toEqual([0, null]);
  });

  it('leaves the earlier session at another launch, and all of them on Ctrl+C', async () => {
    const { hub, ehr, launch, launchUrl, process: process_ } = await openApp();
    const [one, two] = [hub.openSession(), hub.openSession()];
    const { first, visit } = await launch(one);
    const again = await visit(ehr.launchUrl(launchUrl, { session: two }));
    expect([first.status, again.status, one.subscriptions.length, two.subscriptions.length]).toEqual([200, 200, 0, 1]);
    process_.kill('SIGINT');
    expect(await once(process_, 'exit')).toEqual([0, null]);
    expect(two.subscriptions).toEqual([]);
  });

  it('lets nobody in without a launch by its EHR', async () => {
    const { launchUrl, process: process_ } = await openApp();
    for (const path of ['/', '/app?code=x&state=y', '/launch?iss=https://elsewhere.example.org&launch=x'])
      expect(await openBrowser()(new URL(path, launchUrl).href)).toMatchObject({ status: 403 });
    process_.kill('SIGINT');
    expect(await once(process_, 'exit')).toEqual([0, null]);
  });

  it('shows something without an EHR', async () => {
    const { process: process_, printed } = run('smart-server');
    const address = (await printed(/^open /)).replace('open ', '');
    expect(await openBrowser()(address)).toMatchObject({ status: 200 });
    await printed(new RegExp(`^opened Patient/${TEST_PATIENTS[0]?.id}$`));
    process_.kill('SIGINT');
    expect(await once(process_, 'exit')).toEqual([0, null]);
  });
});
