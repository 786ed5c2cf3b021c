/**
 * A subscriber without this package, in a process of its own: it takes every frame, says 200 and does nothing. When an honest event
 * reaches it says how long the hub and the machine needed, whatever an app does.
 */
import { WebSocket } from 'ws';

/** What it tells. */
export type PlainReport =
  | { readonly report: 'ready' }
  /** It has an honest event, at this moment, in milliseconds since 1970. */
  | { readonly report: 'has'; readonly number: number; readonly at: number };

const [hubUrl = '', topic = '', token = ''] = process.argv.slice(2);
const tell = (report: PlainReport) => process.send?.(report);

/** No honest event is longer. In characters. */
const LONGEST = 2_000;

const answer = await fetch(hubUrl, {
  method: 'POST',
  headers: { Authorization: `Bearer ${token}` },
  body: new URLSearchParams({
    'hub.channel.type': 'websocket',
    'hub.mode': 'subscribe',
    'hub.topic': topic,
    'hub.events': 'Patient-open',
    'subscriber.name': 'Plain',
  }),
});
const { 'hub.channel.endpoint': endpoint } = (await answer.json()) as { 'hub.channel.endpoint': string };
const socket = new WebSocket(endpoint, { perMessageDeflate: false });
socket.on('message', (data) => {
  const text = String(data);
  const [, id] = /"id":"([^"]{1,64})"/.exec(text.slice(0, LONGEST)) ?? [];
  if (id) socket.send(JSON.stringify({ id, status: '200' }));
  else if (text.includes('"hub.mode":"subscribe"')) tell({ report: 'ready' });
  const [, number] = text.length <= LONGEST ? (/-honest-(\d+)"/.exec(text) ?? []) : [];
  if (number) tell({ report: 'has', number: Number(number), at: Date.now() });
});
process.on('disconnect', () => socket.terminate());
