import type { RequestListener } from 'node:http';
import { createCallbackEndpoint } from 'fhircast-client/callback';
import { memory } from './memory.ts';
import { ready, serve } from './parent.ts';

// Many subscriptions at one endpoint, of which a few get events. Tells what each of them takes.
const [count = '1', used = '1'] = process.argv.slice(2);

let listener: RequestListener | undefined;
const baseUrl = await serve((request, response) => listener?.(request, response));
const callback = createCallbackEndpoint({ baseUrl });
listener = callback.node;
let message: unknown;
const owner = {
  verify: () => true,
  deny: () => true,
  notify: (body: string) => {
    message = JSON.parse(body);
    return 200;
  },
  rejected: (error: Error) => {
    throw error;
  },
};
const [all, few] = [Number(count), Number(used)];
await callback.open(owner);
const before = memory().heap;
const targets: { url: string; secret: string }[] = [];
for (let index = 0; index < all; index++) {
  const { url, secret } = await callback.open(owner);
  // Spread over all of them, so that none is near the others.
  if (index % Math.floor(all / few) === 0 && targets.length < few) targets.push({ url, secret });
}
const bytes = (memory().heap - before) / all;
process.on('exit', () => {
  if (!message) console.error('No event was delivered.');
});
ready(JSON.stringify({ targets, bytes }));
