import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { startTestHub, type TestHub, type TestHubOptions, type TestSession } from '../../src/testing/index.ts';

/** A hub that closes with the test. */
export async function openHub(options: TestHubOptions = {}): Promise<TestHub> {
  const hub = await startTestHub(options);
  onTestFinished(() => hub.close());
  return hub;
}

/** A queue of what arrived, to be waited for one by one. */
class Inbox<Item> {
  readonly all: Item[] = [];
  #taken = 0;
  #wake: (() => void) | undefined;

  push(item: Item): void {
    this.all.push(item);
    this.#wake?.();
  }

  async next(): Promise<Item> {
    for (;;) {
      const item = this.all[this.#taken];
      if (item !== undefined) {
        this.#taken += 1;
        return item;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** What a callback server received. */
export interface CallbackRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * A raw callback server: it echoes challenges with `consent`, and answers notifications with `status`, or resets their
 * connections.
 */
export async function openCallback({
  status = 200,
  consent = 200,
  challenge = (sent: string) => sent,
  silent = false,
  reset = false,
} = {}) {
  const inbox = new Inbox<CallbackRequest>();
  const settings = { status, consent, challenge, silent, reset };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const method = request.method ?? '';
    inbox.push({
      method,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks),
    });
    if (settings.silent) return;
    if (settings.reset) {
      request.socket.resetAndDestroy();
      return;
    }
    response.statusCode = method === 'POST' ? settings.status : settings.consent;
    response.end(settings.challenge(url.searchParams.get('hub.challenge') ?? ''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`, inbox, settings };
}

/** Posts a form to the hub. */
export function postForm(url: string, token: string, fields: Record<string, string>): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
    body: new URLSearchParams(fields),
  });
}

/** The fields of a subscription in the January 2019 draft. */
export function draftFields(
  session: TestSession,
  callback: string,
  events = 'open-patient-chart',
): Record<string, string> {
  return {
    'hub.mode': 'subscribe',
    'hub.topic': session.url,
    'hub.events': events,
    'hub.callback': callback,
    'hub.secret': 'a shared secret',
  };
}

/** The fields of a subscription in STU3. */
export function stuFields(session: TestSession, events = 'Patient-open', name = 'Viewer'): Record<string, string> {
  return {
    'hub.channel.type': 'websocket',
    'hub.mode': 'subscribe',
    'hub.topic': session.id,
    'hub.events': events,
    'subscriber.name': name,
  };
}

/** Posts an event to the hub. */
export function postEvent(
  url: string,
  token: string,
  topic: string,
  name: string,
  {
    id = 'event-1',
    timestamp = '2024-05-01T10:00:00.000Z',
    context = patientContext() as { key: string; resource: { resourceType: string; id: string } }[],
    type = 'application/fhir+json',
  } = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': type },
    body: JSON.stringify({ timestamp, id, event: { 'hub.topic': topic, 'hub.event': name, context } }),
  });
}

/** The context of an event about a patient. */
export function patientContext(id = 'p1') {
  return [{ key: 'patient', resource: { resourceType: 'Patient', id } }];
}

/** A frame of the hub. */
export type Frame = Record<string, unknown> & { id?: string; event?: Record<string, unknown> };

/**
 * A raw websocket at an endpoint: it answers events with `status`, or not when that is `silent`. What it cannot read is an
 * empty frame, and among the texts as it is.
 */
export function openSocket(endpoint: string, { status = '200' as string | number } = {}) {
  const inbox = new Inbox<Frame>();
  const texts: string[] = [];
  const socket = new WebSocket(endpoint);
  const settings = { status };
  const closed = once(socket, 'close').then(([code]) => code as number);
  socket.on('message', (data) => {
    texts.push(data.toString());
    const frame = readFrame(data.toString());
    inbox.push(frame);
    if (frame.id !== undefined && settings.status !== 'silent') {
      socket.send(JSON.stringify({ id: frame.id, status: settings.status }));
    }
  });
  onTestFinished(() => socket.terminate());
  return { socket, inbox, texts, settings, closed };
}

function readFrame(text: string): Frame {
  try {
    return JSON.parse(text) as Frame;
  } catch {
    return {};
  }
}

/** Subscribes by websocket, and waits for the confirmation. */
export async function subscribeSocket(
  hub: TestHub,
  session: TestSession,
  { events = 'Patient-open', name = 'Viewer', status = '200' as string | number } = {},
) {
  const response = await postForm(hub.url, session.accessToken, stuFields(session, events, name));
  const { 'hub.channel.endpoint': endpoint } = (await response.json()) as { 'hub.channel.endpoint': string };
  const opened = openSocket(endpoint, { status });
  const confirmation = await opened.inbox.next();
  return { ...opened, endpoint, confirmation };
}

/** Subscribes by webhook in the draft's way, and waits until the hub has verified. */
export async function subscribeCallback(
  hub: TestHub,
  session: TestSession,
  { events = 'open-patient-chart', status = 200 } = {},
) {
  const callback = await openCallback({ status });
  await postForm(hub.draftUrl, session.accessToken, draftFields(session, callback.url, events));
  await hub.waitFor(({ kind }) => kind === 'active');
  await callback.inbox.next();
  return callback;
}

/**
 * Runs a program in a process of its own, which ends when nothing keeps it alive any more.
 *
 * @param program a module in TypeScript, which imports from the root of the repository
 * @returns the exit code, and all that it printed
 */
export async function outcomeOf(program: string): Promise<[code: number | null, output: string]> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
  });
  const [code] = await once(child, 'close');
  return [code, output];
}
