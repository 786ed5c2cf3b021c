import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { EventSource } from './event.ts';

/** A callback URL and its secret. */
export interface Target {
  readonly url: string;
  readonly secret: string;
}

/** A connection that is kept alive, as a hub's would be, and the one session whose events it carries. */
export interface Line {
  readonly socket: Socket;
  readonly target: Target;
  readonly next: EventSource;
}

/**
 * Opens a connection to a callback URL.
 *
 * @param next the events of its session: on one connection they arrive in their order
 */
export async function openLine(target: Target, next: EventSource): Promise<Line> {
  const { hostname, port } = new URL(target.url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  return { socket, target, next };
}

/** A signed callback, byte by byte. Every contender gets the headers of all. */
export function requestOf({ url, secret }: Target, body: string): Buffer {
  const { host, pathname } = new URL(url);
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const lines = [
    `POST ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Hub-Signature: ${signature}`,
    `X-Hub-Signature-256: ${signature}`,
    'X-GitHub-Event: push',
    'X-GitHub-Delivery: 00000000-0000-4000-8000-000000000000',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** Sends requests one after the other, each when the one before has been answered. */
function sendAll(socket: Socket, requests: readonly Buffer[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let answer = '';
    const settle = (finish: () => void) => {
      socket.off('data', take);
      socket.off('close', lost);
      finish();
    };
    const send = () => {
      const request = requests[sent++];
      answer = '';
      if (request) socket.write(request);
      else settle(resolve);
    };
    const take = (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      const head = answer.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(answer)?.[1]);
      if (answer.length < head + 4 + length) return;
      if (answer.startsWith('HTTP/1.1 200 ')) send();
      else settle(() => reject(new Error(`A callback was answered ${answer.slice(9, 12)}.`)));
    };
    const lost = () => settle(() => reject(new Error('The connection was closed.')));
    if (socket.destroyed) return lost();
    socket.on('data', take);
    socket.on('close', lost);
    send();
  });
}

/**
 * Prepares signed callbacks, the same number for each line.
 *
 * @param count how many in all
 * @returns what sends them, and resolves when each has been answered
 */
export function prepareCallbacks(lines: readonly Line[], count: number): () => Promise<void> {
  const each = Math.ceil(count / lines.length);
  const queues = lines.map((line) => ({
    line,
    requests: Array.from({ length: each }, () => requestOf(line.target, line.next())),
  }));
  return async () => {
    await Promise.all(queues.map(({ line, requests }) => sendAll(line.socket, requests)));
  };
}
