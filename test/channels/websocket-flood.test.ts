import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { FhircastClient } from '../../src/index.ts';

const MIB = 1024 * 1024;
const CONFIRMATION = {
  'hub.mode': 'subscribe',
  'hub.topic': 't',
  'hub.events': 'Patient-open',
  'hub.lease_seconds': 600,
};

/** A hub over real sockets that would compress, and that does to each connection as told. */
async function hubThat(onConnection: (socket: WebSocket, extensions: string) => void, status = () => 202) {
  const requests: string[] = [];
  const http = createServer((request, response) => {
    if (request.method === 'POST') requests.push(request.url ?? '');
    const code = request.method === 'POST' ? status() : 404;
    response.writeHead(code, { 'Retry-After': String(30 * 24 * 60 * 60) });
    const { port } = http.address() as AddressInfo;
    response.end(code === 202 ? JSON.stringify({ 'hub.channel.endpoint': `ws://127.0.0.1:${port}/socket` }) : '');
  });
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: { threshold: 0 } });
  sockets.on('connection', (socket) => {
    socket.on('error', () => {});
    onConnection(socket, socket.extensions);
    socket.send(JSON.stringify(CONFIRMATION));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const client = new FhircastClient({
    hubUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}/hub`,
    topic: 't',
    dialect: 'stu3',
    reconnect: { firstMs: 1, longestMs: 5 },
  });
  const errors: string[] = [];
  client.on('error', ({ code }) => void errors.push(code));
  onTestFinished(async () => {
    await client.unsubscribe().catch(() => {});
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    http.close();
    http.closeAllConnections();
  });
  return { client, errors, requests };
}

it('refuses a frame of 90 MB by its header, before it has read any of it, and says so; the next connection works', async () => {
  let connections = 0;
  const { client, errors } = await hubThat((socket) => {
    if (++connections > 1) return;
    // A text frame and its length: nothing of it follows.
    const header = Buffer.alloc(10);
    header.set([0x81, 127]);
    header.writeBigUInt64BE(BigInt(90 * MIB), 2);
    const { _socket: raw } = socket as unknown as { _socket: Socket };
    setImmediate(() => raw.write(header));
  });
  client.on('Patient-open', () => {});
  await client.ready();
  await expect.poll(() => [connections, client.state]).toEqual([2, 'active']);
  expect(errors).toEqual(['notification-too-large', 'channel-lost']);
});

it('takes no compressed frames, of which a small one unpacks to more than a process bears', async () => {
  let offered = 'unknown';
  const { client } = await hubThat((_, extensions) => {
    offered = extensions;
  });
  client.on('Patient-open', () => {});
  await client.ready();
  expect(offered).toBe('');
});

it('does not ask again at once where the hub wants a month of patience', async () => {
  const { client, requests } = await hubThat(
    () => {},
    () => 503,
  );
  client.on('Patient-open', () => {});
  await client.ready().catch(() => {});
  // As many turns of the clock as a timer of 1 ms would have used.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([client.state, requests.length]).toEqual(['reconnecting', 1]);
});
