import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

/** A request as the hub got it. */
export interface Asked {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a hub answers: a status, headers and a body, or nothing where the test writes the answer itself. */
export type Answered = { status: number; headers?: Record<string, string>; body?: string } | undefined;

/** A real server that does what a test says and nothing by itself. */
export interface PlainHub {
  /** Its base URL. */
  readonly url: string;
  /** Where its websockets are. */
  readonly socketUrl: string;
  readonly asked: Asked[];
  readonly sockets: WebSocket[];
  /** What clients sent in frames. */
  readonly frames: string[];
  /** The requests by which a subscription was asked for. */
  readonly subscriptions: URLSearchParams[];
  /** Resolves when something holds that follows from what the hub gets. */
  until(holds: () => boolean): Promise<void>;
}

/** Whether somebody asks for the discovery document. */
export const isDiscovery = ({ path }: Asked): boolean => path.includes('/.well-known/');

/**
 * Starts a hub that ends with the test.
 *
 * @param answer what it answers
 * @param welcome what it does with a socket
 */
export async function startPlainHub(
  answer: (asked: Asked, hub: PlainHub, response: ServerResponse) => Answered,
  welcome: (socket: WebSocket, hub: PlainHub) => void = () => {},
): Promise<PlainHub> {
  const watchers = new Set<() => void>();
  const look = () => {
    for (const watch of [...watchers]) watch();
  };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
    hub.asked.push(asked);
    if (new URLSearchParams(body).get('hub.mode') === 'subscribe') hub.subscriptions.push(new URLSearchParams(body));
    look();
    const answered = answer(asked, hub, response);
    if (answered) response.writeHead(answered.status, answered.headers).end(answered.body);
  });
  const sockets = new WebSocketServer({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const hub: PlainHub = {
    url: `http://127.0.0.1:${port}/hub`,
    socketUrl: `ws://127.0.0.1:${port}/socket`,
    asked: [],
    sockets: [],
    frames: [],
    subscriptions: [],
    until(holds) {
      if (holds()) return Promise.resolve();
      return new Promise((resolve) => {
        const watch = () => {
          if (!holds()) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
      });
    },
  };
  sockets.on('connection', (socket) => {
    hub.sockets.push(socket);
    socket.on('message', (data) => {
      hub.frames.push(String(data));
      look();
    });
    welcome(socket, hub);
    look();
  });
  onTestFinished(async () => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return hub;
}

/** The usual answers: an endpoint for a subscription, nothing open, and no document. */
export const usual = ({ method, path, body }: Asked, { socketUrl }: PlainHub): Answered => {
  if (path.includes('/.well-known/')) return { status: 404 };
  if (method === 'GET') return { status: 200, body: '{"context.type":"","context":[]}' };
  const isSubscription = new URLSearchParams(body).get('hub.mode') === 'subscribe';
  return { status: 202, body: isSubscription ? JSON.stringify({ 'hub.channel.endpoint': socketUrl }) : '' };
};

/** Confirms as STU3 says. */
export const confirming =
  (topic: string) =>
  (socket: WebSocket): void =>
    socket.send(
      JSON.stringify({
        'hub.mode': 'subscribe',
        'hub.topic': topic,
        'hub.events': 'Patient-open',
        'hub.lease_seconds': 7200,
      }),
    );
