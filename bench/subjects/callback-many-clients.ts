import type { RequestListener } from 'node:http';
import { FhircastClient } from 'fhircast-client';
import { createCallbackEndpoint } from 'fhircast-client/callback';
import { memory } from './memory.ts';
import { ready, serve } from './parent.ts';

// Many whole clients behind one endpoint, each with a subscription that the hub has verified. Tells what each of them takes.
const [hubUrl = '', count = '1'] = process.argv.slice(2);
/** How many subscribe at the same time. */
const AT_ONCE = 50;

let listener: RequestListener | undefined;
const baseUrl = await serve((request, response) => listener?.(request, response));
const callback = createCallbackEndpoint({ baseUrl });
listener = callback.node;
const clients: FhircastClient[] = [];
const subscribe = async (index: number) => {
  const client = new FhircastClient({ hubUrl, topic: `${hubUrl}/session-${index}`, dialect: 'draft', callback });
  client.on('Patient-open', () => {});
  await client.ready();
  clients.push(client);
};
await subscribe(-1);
const before = memory().heap;
for (let index = 0; index < Number(count); index += AT_ONCE) {
  const length = Math.min(AT_ONCE, Number(count) - index);
  await Promise.all(Array.from({ length }, (_, place) => subscribe(index + place)));
}
// Connections that were only needed to subscribe are let go.
await new Promise((resolve) => setTimeout(resolve, 5_000));
const bytes = (memory().heap - before) / Number(count);
const live = clients.filter(({ state }) => state === 'active').length;
ready(JSON.stringify({ bytes, live }));
