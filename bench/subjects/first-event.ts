import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import WebSocket from 'ws';
import { loadMedplum, MEDPLUM_OPTIONS } from './medplum.ts';
import { ready } from './parent.ts';

// From the wish to follow a session to its first event, again and again. The first time is cold.
const [hubUrl = '', contender = '', times = '1'] = process.argv.slice(2);
const EVENTS = ['Patient-open'];

/** Follows a session until its first event, and leaves it. */
type Follow = (topic: string) => Promise<() => void>;

const bare: Follow = (topic) =>
  new Promise((resolve, reject) => {
    const form = {
      'hub.channel.type': 'websocket',
      'hub.mode': 'subscribe',
      'hub.topic': topic,
      'hub.events': 'Patient-open',
    };
    const post = request(hubUrl, { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
    post.on('response', async (response) => {
      const answer = (await json(response)) as Record<string, string>;
      const socket = new WebSocket(answer['hub.channel.endpoint'] ?? '');
      socket.on('error', reject);
      socket.on('message', (data) => {
        const message = JSON.parse(data.toString());
        if (!message.event) return;
        socket.send(JSON.stringify({ id: message.id, status: '200' }));
        resolve(() => socket.close());
      });
    });
    post.on('error', reject);
    post.end(new URLSearchParams(form).toString());
  });

const ours = async (): Promise<Follow> => {
  const { FhircastClient } = await import('fhircast-client');
  return (topic) =>
    new Promise((resolve, reject) => {
      const client = new FhircastClient({ hubUrl, topic, accessToken: 'token' });
      client.on('error', reject);
      client.on('Patient-open', () => resolve(() => void client.unsubscribe().catch(() => {})));
    });
};

const medplum = async (): Promise<Follow> => {
  const { MedplumClient } = await loadMedplum();
  return async (topic) => {
    const { origin } = new URL(hubUrl);
    const client = new MedplumClient({ baseUrl: `${origin}/`, fhircastHubUrl: '' });
    const connection = client.fhircastConnect(await client.fhircastSubscribe(topic, EVENTS), MEDPLUM_OPTIONS);
    await new Promise<void>((resolve) => connection.addEventListener('message', () => resolve()));
    return () => connection.disconnect();
  };
};

const follow = contender === 'client' ? await ours() : contender === 'medplum' ? await medplum() : bare;
const waits: number[] = [];
for (let time = 0; time < Number(times); time++) {
  const start = performance.now();
  const leave = await follow(`session-${time}`);
  waits.push(performance.now() - start);
  leave();
  await new Promise((resolve) => setTimeout(resolve, 20));
}
ready(JSON.stringify(waits));
