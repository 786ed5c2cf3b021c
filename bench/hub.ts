import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './callback-load.ts';
import { acceptance, frameOf, readFrames } from './frames.ts';

/** The path of the websocket on which a subscription is confirmed. */
const SUBSCRIBER = '/subscriber';

/** Just enough of a hub to be subscribed to, so that nothing but the sending of events takes its time. */
export interface Hub {
  readonly url: string;
  /** The websocket of one who does not subscribe. */
  readonly bareUrl: string;
  /** The callback of each session whose subscription was verified. */
  readonly callbacks: ReadonlyMap<string, Target>;
  /** The connection below the next websocket that is opened. */
  nextSocket(): Promise<Duplex>;
  close(): void;
}

/** Who waits for its turn looks whether its connection is alive. While events are sent, whoever sends them reads the socket. */
const answerPings = (socket: Duplex): void => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    if (socket.listenerCount('data') > 1) return;
    const read = readFrames(Buffer.concat([rest, chunk]));
    rest = read.rest;
    for (const pong of read.pongs) socket.write(pong);
  });
};

/** How a hub differs from one that is near and silent. */
export interface HubOptions {
  /** How long it takes for each answer, in milliseconds. */
  readonly delayMs?: number;
  /** Makes the event of a session that it sends behind the confirmation. */
  greeting?(topic: string): string;
}

/** Starts the hub. */
export async function startHub({ delayMs = 0, greeting }: HubOptions = {}): Promise<Hub> {
  const callbacks = new Map<string, Target>();
  const opened = new EventEmitter();
  const topics: string[] = [];
  const sockets: Duplex[] = [];

  /** Answers a subscription by the websocket to open, or verifies its callback. */
  const subscribe = async (form: URLSearchParams, response: ServerResponse): Promise<void> => {
    const field = (name: string) => form.get(`hub.${name}`) ?? '';
    const topic = field('topic');
    if (!form.has('hub.callback')) {
      if (field('mode') === 'unsubscribe') return void response.writeHead(202).end();
      topics.push(topic);
      if (delayMs > 0) await sleep(delayMs);
      response
        .writeHead(202, { 'Content-Type': 'application/json' })
        .end(JSON.stringify({ 'hub.channel.endpoint': `${origin('ws')}${SUBSCRIBER}` }));
      return;
    }
    response.writeHead(202).end();
    const target = { url: field('callback'), secret: field('secret') };
    callbacks.set(topic, target);
    const query = new URLSearchParams({
      'hub.mode': field('mode'),
      'hub.topic': topic,
      'hub.events': field('events'),
      'hub.challenge': 'challenge',
    });
    await fetch(`${target.url}?${query}`);
  };

  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'POST') await subscribe(new URLSearchParams(await text(request)), response);
    // Neither a discovery document nor a context.
    else response.writeHead(404).end();
  });
  server.on('upgrade', async (request: IncomingMessage, socket: Duplex) => {
    if (delayMs > 0) await sleep(delayMs);
    socket.write(acceptance(request));
    if (delayMs > 0) await sleep(delayMs);
    if (request.url === SUBSCRIBER) {
      const topic = topics.shift() ?? '';
      socket.write(frameOf(JSON.stringify({ 'hub.mode': 'subscribe', 'hub.topic': topic })));
      if (greeting) socket.write(frameOf(greeting(topic)));
    }
    socket.on('error', () => {});
    answerPings(socket);
    sockets.push(socket);
    opened.emit('socket', socket);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const origin = (scheme: 'http' | 'ws') => `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url: origin('http'),
    bareUrl: `${origin('ws')}/bare`,
    callbacks,
    nextSocket: async () => {
      const [socket]: Duplex[] = await once(opened, 'socket');
      if (!socket) throw new Error('No websocket was opened.');
      return socket;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    },
  };
}
