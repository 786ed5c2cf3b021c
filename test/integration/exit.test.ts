import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openWorld } from './world.ts';
import { WORLDS } from './worlds.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const APP = fileURLToPath(new URL('./leaving-app.ts', import.meta.url));

/** Less than any timer that the client could have left behind, in milliseconds. */
const END_WITHIN_MS = 5_000;

describe.each(WORLDS)('a process: $title', (kind) => {
  it('ends by itself after its app has left', async () => {
    const world = await openWorld(kind, { hub: { answerTimeoutMs: 500 } });
    const app = spawn(process.execPath, ['--import', 'tsx', APP], {
      cwd: ROOT,
      env: { ...process.env, LAUNCH: JSON.stringify(world.launch()) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void app.kill('SIGKILL'));
    const exited = once(app, 'exit');
    let output = '';
    let tooLate: NodeJS.Timeout | undefined;
    app.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      tooLate ??= setTimeout(() => app.kill('SIGKILL'), END_WITHIN_MS);
    });
    const [code, signal] = await exited;
    clearTimeout(tooLate);
    expect({ code, signal, output }).toEqual({ code: 0, signal: null, output: 'accepted, closed\n' });
    await world.hub.waitFor(({ kind }) => kind === 'ended');
    expect(world.session.subscriptions).toEqual([]);
  });
});
