import { once } from 'node:events';
import WebSocket from 'ws';
import { ready } from './parent.ts';

const [url = ''] = process.argv.slice(2);
const socket = new WebSocket(url);
let context: unknown;
socket.on('message', (data) => {
  const message = JSON.parse(data.toString());
  context = message.event.context;
  socket.send(JSON.stringify({ id: message.id, status: '200' }));
});
await once(socket, 'open');
process.on('exit', () => {
  if (!context) console.error('No event was delivered.');
});
ready();
