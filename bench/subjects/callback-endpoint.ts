import type { RequestListener } from 'node:http';
import { createCallbackEndpoint } from 'fhircast-client/callback';
import { ready, serve } from './parent.ts';

let listener: RequestListener | undefined;
const baseUrl = await serve((request, response) => listener?.(request, response));
const callback = createCallbackEndpoint({ baseUrl });
listener = callback.node;
let message: unknown;
const { url, secret } = await callback.open({
  verify: () => true,
  deny: () => true,
  notify: (body) => {
    message = JSON.parse(body);
    return 200;
  },
  rejected: (error) => {
    throw error;
  },
});
process.on('exit', () => {
  if (!message) console.error('No event was delivered.');
});
ready(JSON.stringify({ url, secret }));
