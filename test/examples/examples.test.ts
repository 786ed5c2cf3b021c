import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { startTestHub, TEST_PATIENTS } from 'fhircast-client/testing';
import { describe, expect, it, onTestFinished } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

interface Example {
  readonly process: ChildProcess;
  /** Resolves when a line that fits has been printed. */
  printed(fits: RegExp): Promise<string>;
}

/** Runs an example as its npm script does, on the package as it was built. */
function run(example: string, env: Record<string, string> = {}): Example {
  const tsx = resolve(root, 'node_modules/.bin/tsx');
  const process_ = spawn(tsx, ['--tsconfig', 'tsconfig.built.json', `examples/${example}/index.ts`], {
    cwd: root,
    env: { ...process.env, ...env },
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
