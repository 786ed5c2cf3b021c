import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import type { Recorder } from '../ground/log.ts';
import type { HubTraits } from '../ground/traits.ts';
import type { HubShared } from '../session/hub-state.ts';
import type { TestSession } from '../session/test-session.ts';
import { strangerDenial, strangerFrame } from '../subscriptions/confirmation.ts';
import { readOriginal } from './published-event.ts';

/** What the way into the hub by websocket leads to. */
export interface SocketDoorSettings {
  readonly sockets: WebSocketServer;
  readonly traits: HubTraits;
  readonly shared: HubShared;
  readonly record: Recorder;
  sessions(): Iterable<TestSession>;
  findSession(topic: string): TestSession | undefined;
}

/** Takes a websocket, or refuses it with 404. */
export function openDoor(door: SocketDoorSettings, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  // Whoever is reset while being refused does not end the process.
  socket.on('error', () => undefined);
  const path = request.url ?? '';
  const isKnownPlace = door.traits.unknownEndpoints !== 'refused' && path.startsWith(`${door.traits.socketPath}/`);
  if (isKnownPlace && door.traits.frames !== 'answers') {
    door.sockets.handleUpgrade(request, socket, head, (opened) => letIn(door, opened, path));
    return;
  }
  for (const session of door.sessions()) {
    const subscription = session.directory.awaiting(path);
    if (subscription === undefined) continue;
    door.sockets.handleUpgrade(request, socket, head, (opened) => session.directory.attach(subscription, opened));
    return;
  }
  if (isKnownPlace) {
    door.sockets.handleUpgrade(request, socket, head, (opened) => ignore(door, opened, path));
    return;
  }
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}

/** Takes any socket, binds it to every subscription of its endpoint, and reads what comes as events. */
function letIn(door: SocketDoorSettings, socket: WebSocket, path: string): void {
  socket.on('error', () => undefined);
  socket.on('message', (data, isBinary) => void hear(door, isBinary ? '' : data.toString()));
  const bound = [...door.sessions()].flatMap(({ directory }) =>
    directory.bindable(path).map((subscription) => directory.attach(subscription, socket)),
  );
  if (bound.length === 0) ignore(door, socket, path);
}

/** Takes a socket that nothing will be sent on but what the hub says to any: that it is confirmed, or denied. */
function ignore({ traits, record }: SocketDoorSettings, socket: WebSocket, path: string): void {
  socket.on('error', () => undefined);
  const { unknownEndpoints } = traits;
  const body = unknownEndpoints === 'confirmed' ? strangerFrame(path, traits) : strangerDenial;
  if (unknownEndpoints === 'accepted' || body === undefined) return;
  const kind = unknownEndpoints === 'confirmed' ? 'confirm' : 'deny';
  record({ direction: 'out', kind, channel: 'websocket', body });
  socket.send(body, { binary: traits.frameType === 'binary' });
}

async function hear({ traits, shared, record, findSession }: SocketDoorSettings, text: string): Promise<void> {
  const event = readOriginal(text);
  const entry = { direction: 'in', channel: 'websocket', body: text } as const;
  if (event === undefined) {
    record({ ...entry, kind: 'malformed' });
    if (traits.frames === 'events-or-crash') shared.crash('a frame that is no event');
    return;
  }
  record({ ...entry, kind: 'publish', event: event.name, eventId: event.id });
  const broken = (await findSession(event.topic ?? '')?.distribute(event))?.broken;
  if (broken !== undefined && traits.frames === 'events-or-crash') shared.crash(broken);
}
