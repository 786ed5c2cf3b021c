import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { Session } from 'node:inspector';
import type { AddressInfo } from 'node:net';
import { relative, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { WebSocket, WebSocketServer } from 'ws';
import { createCallbackEndpoint } from '../src/callback/index.ts';
import { FhircastClient, type WebSocketLike } from '../src/index.ts';
import { root } from './run.ts';

/** What runs from the arrival of a notification until the hub has its answer. */
export interface Way {
  /** The files on the call stack of the listener, and of what writes the answer: those that pass the event on. */
  readonly passing: readonly string[];
  /** All files of which a function ran: those that pass the event on, and those that they ask. */
  readonly files: readonly string[];
  /** How many functions of those files were called, each time counted. */
  readonly calls: number;
}

const TOPIC = 'topic';

/** A change of the context, as a hub of STU3 sends it. */
const notification = (id: string): string =>
  JSON.stringify({
    timestamp: new Date().toISOString(),
    id,
    event: {
      'hub.topic': TOPIC,
      'hub.event': 'Patient-open',
      'context.versionId': id,
      context: [{ key: 'patient', resource: { resourceType: 'Patient', id } }],
    },
  });

const sources = resolve(root, 'src');

/** The file of `src` that a URL or a path names; `undefined` for any other. */
function sourceOf(url: string): string | undefined {
  const file = relative(sources, url.replace(/^file:\/\//, '').replace(/\?.*$/, ''));
  return file.startsWith('..') ? undefined : file;
}

/** The files that are on the call stack at one of the points that are noted. */
class Stacks {
  readonly files = new Set<string>();

  /** Notes who has called. */
  note(): void {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = Number.POSITIVE_INFINITY;
    const { stack = '' } = new Error();
    Error.stackTraceLimit = stackTraceLimit;
    for (const [, place = ''] of stack.matchAll(/(?:\(| )((?:file:\/\/)?\/[^()]*?):\d+:\d+\)?$/gm)) {
      const file = sourceOf(place);
      if (file) this.files.add(file);
    }
  }
}

/** Counts the calls in `src` while something happens, as the engine counts them. */
async function counted(stacks: Stacks, happens: () => Promise<unknown>): Promise<Way> {
  stacks.files.clear();
  const inspector = new Session();
  inspector.connect();
  inspector.post('Profiler.enable');
  inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await happens();
  const files = new Map<string, number>();
  inspector.post('Profiler.takePreciseCoverage', (_, { result }) => {
    for (const { url, functions } of result) {
      const file = sourceOf(url);
      if (!file) continue;
      const calls = functions.reduce((sum, { ranges }) => sum + (ranges[0]?.count ?? 0), 0);
      if (calls > 0) files.set(file, (files.get(file) ?? 0) + calls);
    }
  });
  inspector.post('Profiler.stopPreciseCoverage');
  inspector.disconnect();
  const calls = [...files.values()].reduce((sum, count) => sum + count, 0);
  return { passing: [...stacks.files].sort(), files: [...files.keys()].sort(), calls };
}

/** A server on a port of its own. */
async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Waits until the hub has answered what it is asked beside the subscription. */
async function settled(client: FhircastClient): Promise<void> {
  while (client.syncStatus.state === 'behind') await new Promise((resolve) => setTimeout(resolve, 10));
}

/** The way of a notification that arrives by websocket, to a listener that follows and back as an answer. */
export async function websocketWay(): Promise<Way> {
  const http = await serve((request, response) => {
    const isPost = request.method === 'POST';
    response.writeHead(isPost ? 202 : 404);
    response.end(isPost ? JSON.stringify({ 'hub.channel.endpoint': `ws://127.0.0.1:${http.port}/socket` }) : '');
  });
  const hub = new WebSocketServer({ server: http.server });
  const connected = once(hub, 'connection');
  const stacks = new Stacks();
  const client = new FhircastClient({
    hubUrl: `http://127.0.0.1:${http.port}`,
    topic: TOPIC,
    dialect: 'stu3',
    webSocket(url) {
      const socket = new WebSocket(url);
      const send = socket.send.bind(socket) as (data: string) => void;
      socket.send = (data: string) => {
        stacks.note();
        send(data);
      };
      return socket as unknown as WebSocketLike;
    },
  });
  client.on('Patient-open', () => stacks.note());
  try {
    const [socket] = await connected;
    socket.send(JSON.stringify({ 'hub.mode': 'subscribe', 'hub.topic': TOPIC, 'hub.events': 'Patient-open' }));
    await client.ready();
    await settled(client);
    const send = async (id: string) => {
      const answered = once(socket, 'message');
      socket.send(notification(id));
      await answered;
    };
    await send('first');
    return await counted(stacks, () => send('second'));
  } finally {
    await client.unsubscribe().catch(() => {});
    hub.close();
    for (const socket of hub.clients) socket.terminate();
    http.close();
  }
}

/** The way of a notification that arrives by webhook at the endpoint's skin for Node, to a listener that follows and back. */
export async function webhookWay(): Promise<Way> {
  let node: RequestListener = () => {};
  const app = await serve((request, response) => node(request, response));
  const endpoint = createCallbackEndpoint({ baseUrl: `http://127.0.0.1:${app.port}` });
  const stacks = new Stacks();
  node = (request, response) => {
    const end = response.end.bind(response) as (body?: string) => typeof response;
    response.end = ((body?: string) => {
      stacks.note();
      return end(body);
    }) as typeof response.end;
    endpoint.node(request, response);
  };
  let callback = '';
  let secret = '';
  const hub = await serve(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    const field = (name: string) => form.get(`hub.${name}`) ?? '';
    response.writeHead(request.method === 'POST' ? 202 : 404).end();
    if (request.method !== 'POST') return;
    if (field('mode') === 'subscribe') [callback, secret] = [field('callback'), field('secret')];
    const verification = new URLSearchParams({
      'hub.mode': field('mode'),
      'hub.topic': field('topic'),
      'hub.events': field('events'),
      'hub.challenge': 'challenge',
    });
    // At the end nobody is left to answer.
    await fetch(`${callback}?${verification}`).catch(() => {});
  });
  const hubUrl = `http://127.0.0.1:${hub.port}`;
  const client = new FhircastClient({ hubUrl, topic: TOPIC, dialect: 'stu2', channel: 'webhook', callback: endpoint });
  client.on('Patient-open', () => stacks.note());
  try {
    await client.ready();
    await settled(client);
    const send = async (id: string) => {
      const body = notification(id);
      const signature = createHmac('sha256', secret).update(body).digest('hex');
      const headers = { 'Content-Type': 'application/json', 'X-Hub-Signature': `sha256=${signature}` };
      const { ok } = await fetch(callback, { method: 'POST', body, headers });
      if (!ok) throw new Error('The event was not followed.');
    };
    await send('first');
    return await counted(stacks, () => send('second'));
  } finally {
    await client.unsubscribe().catch(() => {});
    app.close();
    hub.close();
  }
}
