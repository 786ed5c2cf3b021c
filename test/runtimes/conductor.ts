import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestHub } from 'fhircast-client/testing';
import { makeApp } from './app.ts';
import { openFront } from './front.ts';
import type { Installed } from './installed.ts';
import type { Observations } from './observations.ts';
import { type Answers, type Part, type Seen, watchPart } from './parts.ts';
import { start } from './start.ts';

/** What came of the program on one runtime. */
export interface Performance {
  /** What the program saw. */
  readonly observations: Observations;
  /** What the hub and its network saw of each part. */
  readonly seen: Readonly<Record<Part, Seen>>;
  /** The exit status of a program that is to end by itself; `undefined` for a server that never does. */
  readonly exit: number | string | undefined;
}

/** The longest that the program may take, in milliseconds. */
const DONE_WITHIN_MS = 45_000;

/** How long a program that is done may take to end by itself, in milliseconds. */
const ENDED_WITHIN_MS = 10_000;

/** A server for what the program tells. Every moment has a way to answer, which may take its time. */
async function openDesk(answers: Answers) {
  const server = createServer(async (request, response) => {
    try {
      const answer = answers.get(request.url?.slice(1) ?? '');
      if (!answer) throw new Error(`Nobody waits for ${request.url}.`);
      response.end(JSON.stringify((await answer((await json(request)) as never)) ?? {}));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** What a process said, for the message of a failure. */
const saidBy = (child: ChildProcess): Promise<string> =>
  Promise.all([child.stdout, child.stderr].map((stream) => (stream ? text(stream) : ''))).then((said) => said.join(''));

/** Waits for something, and for something else in its place when that takes too long. */
async function within<T, E>(ms: number, wanted: Promise<T>, otherwise: () => E | Promise<E>): Promise<T | E> {
  const inTime = new AbortController();
  const late = sleep(ms, undefined, { signal: inTime.signal }).then(otherwise);
  late.catch(() => {});
  try {
    return await Promise.race([wanted, late]);
  } finally {
    inTime.abort();
  }
}

/**
 * Runs the program on a runtime, with a hub and everybody else that it needs.
 *
 * @param runtime which one
 * @throws Error with what the runtime said, when the program does not come to its end
 */
export async function conduct(runtime: Installed): Promise<Performance> {
  const closers: (() => unknown)[] = [];
  try {
    return await perform(runtime, (close) => closers.push(close));
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function perform(runtime: Installed, later: (close: () => unknown) => void): Promise<Performance> {
  const hub = await startTestHub();
  later(() => hub.close());
  const front = await openFront();
  later(() => front.close());
  const app = await makeApp(runtime.kind);
  later(() => app.remove());

  const publicUrl = `${front.origin}/fhircast`;
  const answers: Answers = new Map();
  answers.set('listening', ({ port }: { port: number }) => front.passTo(port));
  const done = new Promise<Observations>((resolve) => answers.set('done', resolve));
  const seen = {
    webhook: watchPart('webhook', hub, publicUrl, answers),
    websocket: watchPart('websocket', hub, publicUrl, answers),
    ownWebsocket: watchPart('ownWebsocket', hub, publicUrl, answers),
  };
  const desk = await openDesk(answers);
  later(() => desk.close());

  const child = await start(runtime, app, { PUBLIC_URL: publicUrl, PORT: '0', CONDUCTOR: desk.url });
  const said = saidBy(child);
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  later(async () => {
    child.kill('SIGKILL');
    await exited;
  });

  const fail = async (how: string): Promise<never> => {
    child.kill('SIGKILL');
    throw new Error(`${runtime.name} ${how}, and said:\n${await said}`);
  };
  const tooEarly = exited.then((exit) => fail(`ended with ${exit} before it was done`));
  // It is to end, once it is done.
  tooEarly.catch(() => {});
  const observations = await within(DONE_WITHIN_MS, Promise.race([done, tooEarly]), () => fail('was not done in time'));
  if (runtime.kind === 'workerd') return { observations, seen, exit: undefined };
  return { observations, seen, exit: await within(ENDED_WITHIN_MS, exited, () => 'did not end') };
}
