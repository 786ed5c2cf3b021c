import { once } from 'node:events';
import type { Socket } from 'node:net';
import WebSocket from 'ws';
import { ready } from './parent.ts';
import { noteWaits } from './waits.ts';

// The least code that follows, answering each event by itself. `together` answers all that one read brought in one write.
const [url = '', mode = ''] = process.argv.slice(2);
const socket = new WebSocket(url, { allowSynchronousEvents: true });
const note = noteWaits();
let context: unknown;
let connection: Socket | undefined;
socket.on('upgrade', (response) => {
  connection = response.socket;
});
let isCorked = false;
const cork = () => {
  if (isCorked) return;
  isCorked = true;
  connection?.cork();
  process.nextTick(() => {
    isCorked = false;
    connection?.uncork();
  });
};
socket.on('message', (data) => {
  const message = JSON.parse(data.toString());
  context = message.event.context;
  note(message.id);
  if (mode === 'together') cork();
  socket.send(JSON.stringify({ id: message.id, status: '200' }));
});
await once(socket, 'open');
process.on('exit', () => {
  if (!context) console.error('No event was delivered.');
});
ready();
